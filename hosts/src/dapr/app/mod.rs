//! What the sidecar asks of this process, on a listener of its own: its configuration, calls of actors, events, jobs, webhooks on their way
//! out, and questions of other services. The routes are ours rather than the SDK's; `docs/decisions/0008-own-routes-for-the-sidecar.md` says why.
//!
//! Everything but `/healthz` wants the token that only the sidecar knows, where one is set.

mod actors;
mod audit;
mod checkup;
mod config;
mod egress;
mod events;
mod jobs;
mod letters;
mod token;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    middleware,
    routing::{MethodRouter, delete, get, post, put},
};

pub(in crate::dapr) use self::egress::{EGRESS, TARGET_HEADER};
pub use self::{
    actors::HostedActors,
    audit::{AuditPath, PageQuery},
    checkup::Checkup,
    token::AppToken,
};
use super::{letters::Desk, sidecar::MAX_MESSAGE_BYTES, subscriber::Subscriber};
use crate::{
    health::{Health, Stage},
    ports::{AuditQueries, JobHandler},
    webhooks::DirectSender,
};

/// What this process has to offer its sidecar.
pub struct App {
    /// The actors placement may send here, by the names of their types; none where there are no [`actors`](Self::actors).
    pub types: Vec<&'static str>,
    /// How long the sidecar keeps an actor nobody calls. Longer than we do, so that it finds nothing to drop.
    pub actor_idle: Duration,
    /// The actors.
    pub actors: Option<Arc<dyn HostedActors>>,
    /// Events for the roles here.
    pub subscriber: Subscriber,
    /// Events that the roles here refused.
    pub letters: Option<Desk>,
    /// Jobs.
    pub jobs: Option<Arc<dyn JobHandler>>,
    /// Answers for the API.
    pub audit: Option<Arc<dyn AuditQueries>>,
    /// By what webhooks leave that the sidecar was asked to send.
    pub egress: Option<DirectSender>,
    /// What the sidecar proves itself with.
    pub token: Option<AppToken>,
    /// Where in its life this process is.
    pub health: Arc<Health>,
    /// Whether it says that it is well.
    pub checkup: Arc<Checkup>,
}

impl App {
    /// The routes.
    pub fn router(self) -> Router {
        let app = Arc::new(self);
        let guarded = guarded()
            .into_iter()
            .fold(Router::new(), |routes, (path, answers)| routes.route(path, answers))
            .layer(DefaultBodyLimit::max(MAX_MESSAGE_BYTES))
            .layer(middleware::from_fn_with_state(Arc::clone(&app), token::require));
        Router::new()
            .route("/healthz", get(healthz))
            .merge(guarded)
            .with_state(app)
    }
}

/// What is for the sidecar alone. A list, so that a test can try each without the token.
fn guarded() -> [(&'static str, MethodRouter<Arc<App>>); 15] {
    [
        ("/dapr/config", get(config::show)),
        ("/dapr/subscribe", get(config::no_subscriptions)),
        ("/actors/{type}/{id}", delete(actors::deactivate)),
        ("/actors/{type}/{id}/method/{method}", put(actors::call)),
        ("/actors/{type}/{id}/method/remind/{name}", put(actors::remind)),
        ("/events/{topic}", post(events::take)),
        (letters::TAKE, post(letters::take)),
        (letters::LIST, get(letters::list)),
        (letters::REPLAY, post(letters::replay)),
        (letters::DISCARD, post(letters::discard)),
        ("/job/{name}", post(jobs::run)),
        (jobs::REARM, post(jobs::rearm)),
        (EGRESS, post(egress::send)),
        (audit::PAGE, get(audit::page)),
        (audit::VERIFY, get(audit::verify)),
    ]
}

/// The sidecar asks this every second or so. One that hears no takes its actors and events elsewhere, which is what a process that ends wants.
async fn healthz(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match app.health.stage() {
        Stage::Leaving => (StatusCode::SERVICE_UNAVAILABLE, "leaving\n"),
        // One that drains still answers clients, who need their sidecar and the actors here: a sidecar that is told to end too leaves when it hears no.
        Stage::Draining => (StatusCode::OK, "draining\n"),
        Stage::Starting | Stage::Ready if !app.checkup.passes() => {
            (StatusCode::SERVICE_UNAVAILABLE, "without subscriptions\n")
        }
        Stage::Starting | Stage::Ready => (StatusCode::OK, "alive\n"),
    }
}

#[cfg(test)]
pub(in crate::dapr) use self::audit::answer as audit_answer;
#[cfg(test)]
mod tests;
