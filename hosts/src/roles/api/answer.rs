//! Answers. Bodies are written straight to bytes: on the fast paths that is most of what is left to do.

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use punctual_events::Task;
use serde::Serialize;

/// Room for a usual task, so that its text is not moved while it grows.
const TASK_BYTES: usize = 768;

/// An answer with a JSON body.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    json_sized(status, value, TASK_BYTES)
}

/// 200 with a JSON body.
pub(super) fn ok(value: &impl Serialize) -> Response {
    json(StatusCode::OK, value)
}

/// 200 with a JSON body of about so many tasks.
pub(super) fn list(value: &impl Serialize, tasks: usize) -> Response {
    json_sized(StatusCode::OK, value, (tasks + 1) * TASK_BYTES)
}

/// 204.
pub(super) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A task with its `ETag`.
pub(super) fn task(status: StatusCode, task: &Task) -> Response {
    with_etag(json(status, task), task.version)
}

/// The answer with the version of the task it is about.
pub(super) fn with_etag(mut response: Response, version: u64) -> Response {
    response.headers_mut().insert(header::ETAG, etag(version));
    response
}

/// 201 for a new thing that is at `location`.
pub(super) fn created(mut response: Response, location: String) -> Response {
    *response.status_mut() = StatusCode::CREATED;
    set(&mut response, header::LOCATION, location);
    response
}

fn json_sized(status: StatusCode, value: &impl Serialize, size_bytes: usize) -> Response {
    let mut bytes = Vec::with_capacity(size_bytes);
    if let Err(error) = serde_json::to_writer(&mut bytes, value) {
        // What we serialise has string keys and no maps of our making; were it otherwise, a test would have shown it.
        tracing::error!(%error, "an answer could not be written");
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    }
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A version as an entity tag: the number in quotes.
fn etag(version: u64) -> HeaderValue {
    header_value(format!("\"{version}\""))
}

fn set(response: &mut Response, name: HeaderName, value: String) {
    response.headers_mut().insert(name, header_value(value));
}

/// A value we made ourselves, of visible ASCII.
pub(super) fn header_value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or_else(|_| HeaderValue::from_static(""))
}
