//! What the API asks of the audit service, by service invocation.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use punctual_actors::turn::TurnError;
use punctual_events::UserId;
use serde::{Deserialize, Serialize};

use super::App;
use crate::{
    dapr::wire::Outcome,
    ports::{AuditPage, AuditPlace, AuditQueries, AuditVerification, verify_within},
};

/// An answer, which says when what it would be read from is damaged.
pub(in crate::dapr) type Answer<T> = Result<Json<Outcome<T>>, (StatusCode, String)>;

/// Where a page of a user's trail is.
pub(super) const PAGE: &str = "/audit/{user}";
/// Where a user's trail is verified.
pub(super) const VERIFY: &str = "/audit/{user}/verify";

/// How long verifying may take. Less than the policy `question` allows (`components/resiliency.yaml`), so that whoever asks hears that it was cut, and the
/// sidecar counts no failure.
const VERIFYING: Duration = Duration::from_secs(8);

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
    let page = queries(&app)?.page(user, query.after, query.limit).await;
    answer(page.map_err(TurnError::Unknown))
}

pub(super) async fn verify(State(app): State<Arc<App>>, Path(user): Path<UserId>) -> Answer<AuditVerification> {
    answer(verify_within(VERIFYING, queries(&app)?, user).await)
}

fn queries(app: &App) -> Result<&dyn AuditQueries, (StatusCode, String)> {
    let queries = app.audit.as_deref();
    queries.ok_or((StatusCode::NOT_FOUND, "audit is not served here".to_owned()))
}

/// The sidecar asks again after a 503, which helps unless something is damaged.
pub(in crate::dapr) fn answer<T>(answer: Result<T, TurnError>) -> Answer<T> {
    match answer {
        Err(TurnError::Unknown(failure)) if !failure.is_damage() => {
            tracing::warn!(%failure, "an audit trail cannot be read");
            Err((StatusCode::SERVICE_UNAVAILABLE, failure.to_string()))
        }
        answer => Ok(Json(Outcome::of(answer))),
    }
}
