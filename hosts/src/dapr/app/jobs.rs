//! Jobs whose time has come, and jobs that were lost.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use punctual_actors::turn::TurnError;
use punctual_events::UserId;

use super::{
    App,
    audit::{Answer, answer},
};
use crate::dapr::jobs::{decode_name, decode_payload};

/// Where the jobs of a user are made anew, for another service to ask.
pub(super) const REARM: &str = "/jobs/{user}/rearm";

/// Runs a job. Anything but a 200 has it delivered again.
pub(super) async fn run(State(app): State<Arc<App>>, Path(name): Path<String>, body: Bytes) -> StatusCode {
    let Some(handler) = &app.jobs else {
        tracing::error!(name, "a job for a service that takes none");
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let (Some(name), Ok(payload)) = (decode_name(&name), decode_payload(&body)) else {
        // It would be delivered for ever, and never be one of ours.
        tracing::error!(name, "a job that cannot be read");
        return StatusCode::OK;
    };
    match handler.run(&name, payload).await {
        Ok(()) => StatusCode::OK,
        Err(failure) => {
            tracing::warn!(name, %failure, "a job is to be delivered again");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// Makes the jobs of a user anew.
pub(super) async fn rearm(State(app): State<Arc<App>>, Path(user): Path<UserId>) -> Answer<()> {
    let handler = app.jobs.as_ref();
    let handler = handler.ok_or_else(|| (StatusCode::NOT_FOUND, "no jobs are done here".to_owned()))?;
    answer(handler.rearm(user).await.map_err(TurnError::Unknown))
}
