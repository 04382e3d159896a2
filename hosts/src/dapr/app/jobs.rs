//! Jobs whose time has come.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};

use super::App;
use crate::dapr::jobs::{decode_name, decode_payload};

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
