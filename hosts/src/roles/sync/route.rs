//! The HTTP side: the request that becomes a WebSocket.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use punctual_actors::Code;
use serde_json::json;

use super::{SyncRole, session::Session};

/// A client sends one message, a hello of some 300 bytes.
const MAX_MESSAGE_BYTES: usize = 4096;
/// Kept per socket for as long as it lives, so just enough for a hello.
const READ_BUFFER_BYTES: usize = 512;
/// Frames are gathered up to this size before the system is called; the buffer grows only when it is used.
const WRITE_BUFFER_BYTES: usize = 4096;

pub(super) fn router(role: &Arc<SyncRole>) -> Router {
    Router::new()
        .route("/v1/sync", any(upgrade))
        .with_state(Arc::clone(role))
}

async fn upgrade(
    State(role): State<Arc<SyncRole>>,
    request: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match request {
        Ok(upgrade) => upgrade,
        Err(rejection) => return not_a_web_socket(&rejection),
    };
    let registration = role.hub.open(role.capacity());
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .on_upgrade(move |socket| Session::run(role, socket, registration))
}

/// The problem of a request that does not ask for a WebSocket.
fn not_a_web_socket(rejection: &WebSocketUpgradeRejection) -> Response {
    let status = rejection.status();
    let code = match status {
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        _ => Code::BadRequest,
    };
    let problem = json!({
        "type": format!("/docs/errors.md#{}", code.as_str()),
        "title": code.meaning().trim_end_matches('.'),
        "status": status.as_u16(),
        "code": code.as_str(),
        "detail": rejection.body_text(),
    });
    let mut response = (status, Json(problem)).into_response();
    let problem_json = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
    response
}
