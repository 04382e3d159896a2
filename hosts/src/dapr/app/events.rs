//! Events of the topics this service subscribes to.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use punctual_events::Topic;
use serde_json::{Value, json};

use super::App;
use crate::dapr::subscriber::Verdict;

/// The header in which the sidecar passes on the partition of a message of Kafka.
const PARTITION: &str = "__partition";

/// Takes one event. At a verdict the sidecar acknowledges, delivers again within the bounds of its policy, or puts among the dead letters.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    Path(topic): Path<String>,
    headers: HeaderMap,
    message: Bytes,
) -> Result<Json<Value>, StatusCode> {
    let known = Topic::ALL.into_iter().find(|known| known.as_str() == topic);
    let topic = known.ok_or(StatusCode::NOT_FOUND)?;
    let partition = headers
        .get(PARTITION)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let verdict = app.subscriber.take(topic, partition, &message).await;
    Ok(Json(json!({"status": status_of(verdict)})))
}

/// A verdict in the sidecar's words.
pub(super) fn status_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Taken => "SUCCESS",
        Verdict::Again => "RETRY",
        Verdict::Dead => "DROP",
    }
}
