//! Dead letters: from the broker, and as an operator asks for them by service invocation.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use punctual_actors::ports::Failure;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, events::status_of};
use crate::dapr::{
    letters::{
        Desk, LetterPage, Origin, Replayed,
        remote::{AboutLetter, PageQuery},
    },
    wire::Outcome,
};

/// Where the sidecar delivers the messages of a role's dead-letter topic.
pub(super) const TAKE: &str = "/dead-letters/{role}";
/// Where they are listed.
pub(super) const LIST: &str = "/dead-letters/{role}/list";
/// Where one is replayed.
pub(super) const REPLAY: &str = "/dead-letters/{role}/replay";
/// Where one is thrown away.
pub(super) const DISCARD: &str = "/dead-letters/{role}/discard";

/// What the sidecar makes of a message of a subscription with `rawPayload`: nobody knows what a dead letter looks like, so it must not look.
#[derive(Deserialize)]
struct Raw {
    data_base64: String,
}

/// Takes one message. Whatever cannot be put aside now comes again.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    envelope: Bytes,
) -> Result<Json<Value>, StatusCode> {
    let (desk, role) = desk(&app, &name)?;
    let message = match serde_json::from_slice::<Raw>(&envelope).map(|raw| STANDARD.decode(raw.data_base64)) {
        Ok(Ok(message)) => message.into(),
        // A subscription without `rawPayload` after all: then this is the message.
        Ok(Err(_)) | Err(_) => envelope,
    };
    let verdict = desk.take(role, origin(&headers), &message).await;
    Ok(Json(json!({"status": status_of(verdict)})))
}

/// Where a message was before it died: its headers went with it.
fn origin(headers: &HeaderMap) -> Origin {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Origin {
        topic: text("__topic").unwrap_or_default().into(),
        partition: text("__partition").and_then(|text| text.parse().ok()),
        offset: text("__offset").and_then(|text| text.parse().ok()),
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Outcome<LetterPage>>, StatusCode> {
    let (desk, role) = desk(&app, &name)?;
    Ok(answer(desk.list(role, page.from).await))
}

pub(super) async fn replay(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Json(about): Json<AboutLetter>,
) -> Result<Json<Outcome<Replayed>>, StatusCode> {
    // In a task of its own: whoever asks may not wait for as long as a role takes, and must not stop it half way.
    let replay = tokio::spawn(async move {
        let (desk, role) = desk(&app, &name)?;
        Ok(answer(desk.replay(role, &about.id).await))
    });
    replay.await.unwrap_or(Err(StatusCode::INTERNAL_SERVER_ERROR))
}

pub(super) async fn discard(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Json(about): Json<AboutLetter>,
) -> Result<Json<Outcome<bool>>, StatusCode> {
    let (desk, role) = desk(&app, &name)?;
    Ok(answer(desk.discard(role, &about.id).await))
}

fn desk<'a>(app: &'a App, name: &str) -> Result<(&'a Desk, &'static str), StatusCode> {
    let desk = app.letters.as_ref().ok_or(StatusCode::NOT_FOUND)?;
    let role = desk.role(name).ok_or(StatusCode::NOT_FOUND)?;
    Ok((desk, role))
}

fn answer<T>(result: Result<T, Failure>) -> Json<Outcome<T>> {
    if let Err(failure) = &result {
        tracing::warn!(%failure, "dead letters cannot be read or changed");
    }
    Json(Outcome::of_port(result))
}
