//! What the API asks of the audit service, by service invocation.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use punctual_actors::ports::Failure;
use punctual_events::UserId;
use serde::{Deserialize, Serialize};

use super::App;
use crate::{
    dapr::wire::Outcome,
    ports::{AuditPage, AuditPlace, AuditQueries, AuditVerification},
};

/// An answer, which says when what it would be read from is damaged.
pub(in crate::dapr) type Answer<T> = Result<Json<Outcome<T>>, (StatusCode, String)>;

/// Where a page of a user's trail is.
pub(super) const PAGE: &str = "/audit/{user}";
/// Where a user's trail is verified.
pub(super) const VERIFY: &str = "/audit/{user}/verify";

/// Where something is asked.
#[derive(Clone, Copy, Debug)]
pub enum AuditPath {
    /// A page of the user's trail.
    Page(UserId),
    /// Whether it is whole.
    Verify(UserId),
}

impl AuditPath {
    /// The path without its first slash, as an invocation has it.
    #[must_use]
    pub fn method(self) -> String {
        match self {
            Self::Page(user) => format!("audit/{user}"),
            Self::Verify(user) => format!("audit/{user}/verify"),
        }
    }
}

/// Which page.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PageQuery {
    /// The commits after this place.
    pub after: AuditPlace,
    /// About how many events.
    pub limit: usize,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(user): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> Answer<AuditPage> {
    answer(queries(&app)?.page(user, query.after, query.limit).await)
}

pub(super) async fn verify(State(app): State<Arc<App>>, Path(user): Path<UserId>) -> Answer<AuditVerification> {
    answer(queries(&app)?.verify(user).await)
}

fn queries(app: &App) -> Result<&dyn AuditQueries, (StatusCode, String)> {
    let queries = app.audit.as_deref();
    queries.ok_or((StatusCode::NOT_FOUND, "audit is not served here".to_owned()))
}

/// The sidecar asks again after a 503, which helps unless something is damaged.
pub(in crate::dapr) fn answer<T>(answer: Result<T, Failure>) -> Answer<T> {
    match answer {
        Err(failure) if !failure.is_damage() => {
            tracing::warn!(%failure, "an audit trail cannot be read");
            Err((StatusCode::SERVICE_UNAVAILABLE, failure.to_string()))
        }
        answer => Ok(Json(Outcome::of_port(answer))),
    }
}
