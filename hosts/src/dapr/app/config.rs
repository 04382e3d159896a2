//! What the sidecar learns about this process when it first meets it.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};

use super::App;

/// How long the sidecar waits for calls under way when placement changes. While it waits nothing can be registered with it, and a turn that is to
/// arm a wake-up waits for that: a long time here is a deadlock until it has passed, and placement cuts off a sidecar that takes longer than its own
/// limit (8 s). A call that is cut off goes on in the actor's task, and whoever made it makes it again with the same ids.
const DRAIN_S: u32 = 2;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Configuration {
    entities: Vec<&'static str>,
    actor_idle_timeout: String,
    drain_ongoing_call_timeout: String,
    drain_rebalanced_actors: bool,
    reentrancy: Value,
}

/// The types of actors that live here, and how the sidecar is to treat them.
pub(super) async fn show(State(app): State<Arc<App>>) -> Json<Configuration> {
    Json(Configuration {
        entities: app.types.clone(),
        actor_idle_timeout: format!("{}s", app.actor_idle.as_secs()),
        drain_ongoing_call_timeout: format!("{DRAIN_S}s"),
        drain_rebalanced_actors: true,
        // No actor calls another from within a turn.
        reentrancy: json!({"enabled": false}),
    })
}

/// Subscriptions are declared in files, where an operator sees them.
pub(super) async fn no_subscriptions() -> Json<[Value; 0]> {
    Json([])
}
