//! An application beside a sidecar: it remembers what it is told, and answers as the tests need it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Longer than anything here takes, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that reached the application.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The application; it ends when this is dropped.
pub(crate) struct App {
    pub(crate) port: u16,
    calls: Receiver<Call>,
    _runtime: Runtime,
}

impl App {
    /// Starts it as the host of an actor type, if one is named.
    pub(crate) fn start(actor_type: Option<&'static str>) -> App {
        let runtime = Runtime::new().unwrap();
        let (sender, calls) = mpsc::channel();
        let entities: Vec<&str> = actor_type.into_iter().collect();
        let configuration = json!({ "entities": entities });
        let router = Router::new()
            .route("/healthz", get(|| async {}))
            .route("/dapr/config", get(|| async { Json(configuration) }))
            .fallback(answer)
            .with_state(sender);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async { axum::serve(listener, router).await });
        App {
            port,
            calls,
            _runtime: runtime,
        }
    }

    /// Waits for a call that `wanted` knows; others on the way are forgotten.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&Call) -> bool) -> Call {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let call = self
                .calls
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("never heard of {what}"));
            if wanted(&call) {
                return call;
            }
        }
    }

    /// The Kafka partitions that the calls so far came from that `wanted` knows; all are forgotten.
    pub(crate) fn partitions_of(&self, wanted: impl Fn(&Call) -> bool) -> Vec<u32> {
        let calls = self.calls.try_iter().filter(wanted);
        calls
            .filter_map(|call| call.header("__partition")?.parse().ok())
            .collect()
    }

    /// How many of the calls so far `wanted` knows; all are forgotten.
    pub(crate) fn count(&self, wanted: impl Fn(&Call) -> bool) -> usize {
        self.calls.try_iter().filter(wanted).count()
    }
}

/// Actor methods and invocations get their body back. An event that says so is refused for good.
async fn answer(
    State(calls): State<Sender<Call>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let is_event = uri.path().starts_with("/events/");
    let call = Call {
        method,
        path: uri.path().to_owned(),
        headers,
        body: body.clone(),
    };
    // A test that has what it wanted no longer listens.
    let _nobody_waits = calls.send(call);
    if !is_event {
        return body.into_response();
    }
    let status = if body.contains("poison") { "DROP" } else { "SUCCESS" };
    Json(json!({ "status": status })).into_response()
}
