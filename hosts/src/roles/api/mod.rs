//! The API role: HTTP under `/v1` for the actors, which decide everything; a handler turns a request into a command or a question and the reply into
//! an answer.
//!
//! One file per route group. What they share: `auth` (who asks), `body`, `query` and `path` (reading requests), `idempotency` and `etag`
//! (their headers), `answer` and `problem` (answering), `guard` (time-outs and panics), `zone_data` (a header) and `query::Refuse`, the parts of the
//! only layer, `accounts` (records of people).

mod accounts;
mod answer;
mod audit;
mod auth;
mod body;
mod command;
mod config;
mod documents;
mod etag;
mod guard;
mod guesses;
mod idempotency;
mod import;
mod list;
mod mail;
mod me;
mod notifications;
mod occurrences;
pub mod openapi;
mod origin;
mod path;
mod problem;
mod query;
mod quick;
mod quiet;
mod recurrence;
mod series;
mod sessions;
mod tasks;
mod trace;
mod users;
mod webhooks;
mod zone_data;

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};
use ipnet::IpNet;
use punctual_actors::Code;
use punctual_events::{Timestamp, UserId};

pub use self::config::{ApiConfig, Limits, Registration};
use self::{guard::Guard, guesses::Guesses, problem::Problem};
use crate::{
    accounts::{AccountKeys, Accounts, Hasher, SigningKey, Tokens},
    limits::{Limiter, Origin},
    ports::{AuditQueries, Services},
    webhooks::{AddressPolicy, Registry},
};

/// Everything the handlers need.
pub struct Api {
    services: Services,
    tokens: Tokens,
    account_keys: AccountKeys,
    accounts: Accounts,
    audit: Arc<dyn AuditQueries>,
    hasher: Hasher,
    per_user: Option<Limiter<UserId>>,
    per_origin: Option<Limiter<Origin>>,
    guesses: Option<Guesses>,
    registration: Registration,
    sends_mail: bool,
    trusted_proxies: Box<[IpNet]>,
    webhooks: Registry,
    webhook_addresses: AddressPolicy,
    limits: Limits,
}

impl Api {
    /// The API of a runtime, under the key of its installation.
    #[must_use]
    pub fn new(config: &ApiConfig, services: Services, audit: Arc<dyn AuditQueries>, key: &SigningKey) -> Arc<Self> {
        Arc::new(Self {
            tokens: Tokens::new(key),
            account_keys: AccountKeys::new(key),
            audit,
            accounts: Accounts::new(Arc::clone(&services.records)),
            hasher: Hasher::new(config.hashes_at_once, config.hashes_waiting),
            per_user: config
                .user_quota()
                .map(|quota| Limiter::new(quota, config.max_limited_keys)),
            per_origin: config
                .origin_quota()
                .map(|quota| Limiter::new(quota, config.max_limited_keys)),
            guesses: Guesses::new(config),
            registration: config.registration,
            sends_mail: config.sends_mail,
            trusted_proxies: config.trusted_proxies.clone(),
            webhooks: Registry::new(Arc::clone(&services.records)),
            webhook_addresses: config.webhook_addresses.clone(),
            limits: config.limits,
            services,
        })
    }

    /// The routes, to be merged with those of the other roles. Unknown paths are answered for, and so are unknown methods on these paths.
    ///
    /// Serve it with `ConnectInfo<SocketAddr>`: without it, all anonymous requests count as of one origin.
    pub fn router(self: &Arc<Self>) -> Router {
        let Limits {
            import_timeout,
            request_timeout,
            ..
        } = self.limits;
        let named = zone_data::named(&*self.services.environment.zones);
        // What is around a route is one layer of several parts: each layer is a clone of all that is in it, and a box, per request.
        let around = |timeout| (named.clone(), Guard::new(timeout));
        let routes = asking()
            .route_layer(around(request_timeout))
            .merge(plain().route_layer((around(request_timeout), query::Refuse)));
        let import = Router::new()
            .route("/v1/import", post(import::import))
            // An import that takes too long ends itself, to say what was taken.
            .route_layer((around(import_timeout + request_timeout), query::Refuse));
        let routes = routes.merge(import).merge(documents::routes());
        answer_the_rest(routes.with_state(Arc::clone(self)))
    }

    fn now(&self) -> Timestamp {
        self.services.environment.clock.now()
    }
}

/// The routes whose handlers read a [`Query`](query::Query).
fn asking() -> Router<Arc<Api>> {
    Router::new()
        .route("/v1/tasks", get(list::list))
        .route("/v1/tasks/{id}", delete(tasks::delete).patch(tasks::change))
        .route("/v1/series/{id}/occurrences", get(occurrences::list))
        .route("/v1/notifications", get(notifications::list))
        .route("/v1/audit", get(audit::list))
}

/// The routes without query parameters.
fn plain() -> Router<Arc<Api>> {
    Router::new()
        .route("/v1/users", post(users::register))
        .route("/v1/sessions", post(sessions::sign_in))
        .route("/v1/sessions/current", delete(sessions::sign_out))
        .route("/v1/me", get(me::show).patch(me::change).delete(me::delete))
        .route("/v1/me/mail", get(mail::show).patch(mail::change))
        .route("/v1/me/reminders", get(quiet::show).patch(quiet::change))
        .route("/v1/tasks", post(tasks::create))
        .route("/v1/tasks/quick", post(quick::create))
        .route("/v1/tasks/{id}", get(tasks::show))
        .route("/v1/tasks/{id}/complete", post(tasks::complete))
        .route("/v1/tasks/{id}/reopen", post(tasks::reopen))
        .route("/v1/series/{id}", get(series::show))
        .route("/v1/series/{id}/pause", post(series::pause))
        .route("/v1/series/{id}/resume", post(series::resume))
        .route("/v1/series/{id}/end", post(series::end))
        .route(
            "/v1/series/{id}/occurrences/{date}",
            delete(occurrences::skip).patch(occurrences::change),
        )
        .route("/v1/series/{id}/occurrences/{date}/restore", post(occurrences::restore))
        .route("/v1/recurrence/preview", post(recurrence::preview))
        .route("/v1/notifications/{id}/dismiss", post(notifications::dismiss))
        .route("/v1/notifications/{id}/snooze", post(notifications::snooze))
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{id}", delete(webhooks::delete))
        .route("/v1/audit/verify", get(audit::verify))
}

/// Has a router answer unknown paths, and unknown methods on the paths it has, with a problem. For a router that other routes were merged into.
pub fn answer_the_rest(router: Router) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
}

/// The answer of a server that cannot answer yet.
pub async fn not_yet() -> Response {
    Problem::unavailable("the server is starting").into_response()
}

async fn unknown_path() -> Problem {
    Problem::new(Code::NotFound, "there is nothing at this path")
}

async fn unknown_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "`Allow` names the methods this path takes")
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, header},
    };
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_router_of_another_role_answers_with_problems_too() {
        let other = Router::new().route("/v1/sync", get(async || "hello"));
        let routes = answer_the_rest(answer_the_rest(Router::new()).merge(other));
        for (path, status) in [("/v1/sync", 405), ("/v1/nothing", 404)] {
            let request = Request::post(path).body(Body::empty()).unwrap();
            let answer = routes.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], problem::PROBLEM_JSON);
        }
    }
}
