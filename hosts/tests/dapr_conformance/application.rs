//! An application beside sidecars that takes every event and every reminder, and remembers them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use punctual::dapr::{wakeups::wake_up_of, wire::USER_ACTOR};
use punctual_actors::conformance::Delivery;
use punctual_events::{ActorId, CloudEvent};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use crate::beside::environment;

/// Longer than anything takes that is to be delivered, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came, in the order in which it came.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) events: Mutex<Vec<CloudEvent>>,
    pub(crate) wake_ups: Mutex<Vec<Delivery>>,
    something: Notify,
}

impl Heard {
    /// Waits until what came is enough.
    pub(crate) async fn until(&self, what: &str, is_enough: impl Fn() -> bool) {
        let enough = async {
            loop {
                let news = self.something.notified();
                if is_enough() {
                    return;
                }
                news.await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, enough).await;
        assert!(waited.is_ok(), "not everything came: {what}");
    }
}

/// Starts it as the host of actors of these types; it ends with the Tokio runtime. Its port, and what it heard.
pub(crate) async fn start(types: &'static [&'static str]) -> (u16, Arc<Heard>) {
    let heard = Arc::<Heard>::default();
    let configuration = json!({"entities": types});
    let router = Router::new()
        .route("/healthz", get(|| async {}))
        .route("/dapr/config", get(|| async { Json(configuration) }))
        .route("/events/{topic}", post(take))
        .route("/actors/{type}/{id}/method/remind/{name}", put(remind))
        // Deactivations, and whatever else a sidecar may ask.
        .fallback(|| async {})
        .with_state(Arc::clone(&heard));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async { axum::serve(listener, router).await });
    (port, heard)
}

async fn take(State(heard): State<Arc<Heard>>, message: Bytes) -> Json<Value> {
    let mut event = CloudEvent::from_json(&message).unwrap();
    // To an event that says nothing of a trace, as those of the suite, the sidecar adds where it was itself. Nothing else may differ.
    event.traceparent = None;
    heard.events.lock().unwrap().push(event);
    heard.something.notify_waiters();
    Json(json!({"status": "SUCCESS"}))
}

async fn remind(
    State(heard): State<Arc<Heard>>,
    Path((actor_type, id, name)): Path<(String, String, String)>,
) -> StatusCode {
    let delivered = environment().clock.now();
    let actor = match actor_type == USER_ACTOR {
        true => ActorId::User(id.parse().unwrap()),
        false => ActorId::Series(id.parse().unwrap()),
    };
    let wake_up = wake_up_of(&name).unwrap();
    heard.wake_ups.lock().unwrap().push(Delivery {
        actor,
        wake_up,
        delivered,
    });
    heard.something.notify_waiters();
    StatusCode::OK
}
