//! One trace from the request through the event to the last reaction, as a collector sees it.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, routing::post};
use futures_util::{SinkExt as _, StreamExt as _};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message as _;
use serde_json::json;
use tempfile::tempdir;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::program::{Server, client};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
/// Between two spans, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Receives spans over OTLP.
struct Collector {
    endpoint: String,
    spans: mpsc::UnboundedReceiver<Span>,
}

impl Collector {
    async fn start() -> Self {
        let (sender, spans) = mpsc::unbounded_channel();
        let routes = Router::new()
            .route("/v1/traces", post(receive))
            .with_state(Arc::new(sender));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { endpoint, spans }
    }

    /// Waits until the trace has a span of each of `names`, and from each a way up to the caller's span.
    async fn expect_trace(&mut self, names: &[&str]) {
        let mut trace: Vec<Span> = Vec::new();
        while !names.iter().all(|name| is_led_to(&trace, name)) {
            let next = timeout(PATIENCE, self.spans.recv()).await;
            let span = next.unwrap_or_else(|_| panic!("only {trace:#?}")).unwrap();
            if hex(&span.trace_id) == TRACE {
                trace.push(span);
            }
        }
    }
}

/// Whether a way leads from the caller's span to one called `name`.
fn is_led_to(trace: &[Span], name: &str) -> bool {
    let parent_of = |span: &&Span| trace.iter().find(|other| other.span_id == span.parent_span_id);
    trace.iter().filter(|span| span.name == name).any(|span| {
        let top = std::iter::successors(Some(span), parent_of).last();
        top.is_some_and(|top| hex(&top.parent_span_id) == CALLER)
    })
}

async fn receive(State(spans): State<Arc<mpsc::UnboundedSender<Span>>>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|resource| resource.scope_spans);
    for span in scopes.flat_map(|scope| scope.spans) {
        spans.send(span).unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_the_request_through_its_events_to_the_reactions() {
    let mut collector = Collector::start().await;
    let folder = tempdir().unwrap();
    let endpoint = collector.endpoint.clone();
    let server = Server::start_with(folder.path(), |command| {
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .env("OTEL_BSP_SCHEDULE_DELAY", "20")
    });
    let client = client();
    let token = server.sign_up(&client).await;
    // Sync reacts to a user's events while somebody listens.
    let url = format!("{}/v1/sync", server.url.replace("http://", "ws://"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let hello = json!({"type": "hello", "token": token, "cursor": null});
    socket.send(Message::text(hello.to_string())).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let task = json!({
        "title": "Water the plants",
        "due": {"at": "2031-03-03T09:00:00", "time_zone": "Europe/Paris"},
        "recurrence": {"rrule": "FREQ=WEEKLY", "anchor": "schedule", "late_policy": "roll_to_future"}
    });
    let created = client
        .post(format!("{}/v1/tasks", server.url))
        .bearer_auth(token)
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .json(&task);
    assert_eq!(created.send().await.unwrap().status(), 201);

    // The series answers with an instance: the last reactions are to what a reaction brought about.
    let names = [
        "POST /v1/tasks",
        "recurring task-events",
        "audit task-events",
        "sync task-updates",
    ];
    collector.expect_trace(&names).await;
}
