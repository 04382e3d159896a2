//! One trace from the request through the event to the last reaction, as a collector sees it.

use std::{fmt, sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, routing::post};
use futures_util::{SinkExt as _, StreamExt as _};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::program::{Server, client};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
/// On a way: any spans, or none.
const WHATEVER: &str = "…";
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
            .route("/hook", post(async || ()))
            .with_state(Arc::new(sender));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { endpoint, spans }
    }

    /// Waits until the trace has each of these ways: from a span, named first, by what it followed, up to the caller's request.
    async fn expect_ways(&mut self, ways: &[&[&str]]) {
        let mut trace = Trace::default();
        while let Some(missing) = ways.iter().find(|way| !trace.has(way)) {
            let next = timeout(PATIENCE, self.spans.recv()).await;
            let span = next.unwrap_or_else(|_| panic!("no {missing:?} in {trace:?}")).unwrap();
            trace.0.push(span);
        }
    }
}

/// The spans that were received, of whatever trace.
#[derive(Default)]
struct Trace(Vec<Span>);

impl fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let followed = |span: &Span| followed(span).map(hex).collect::<Vec<_>>();
        let spans = self
            .0
            .iter()
            .map(|span| (&span.name, hex(&span.span_id), followed(span)));
        formatter.debug_list().entries(spans).finish()
    }
}

impl Trace {
    fn has(&self, way: &[&str]) -> bool {
        self.0.iter().any(|span| self.goes(span, way))
    }

    /// Whether the way leads from a span, all of it in the caller's trace.
    fn goes(&self, span: &Span, way: &[&str]) -> bool {
        let [name, rest @ ..] = way else { return false };
        if *name == WHATEVER && (self.goes(span, rest) || self.goes_on(span, way)) {
            return true;
        }
        if span.name != *name {
            return false;
        }
        match rest {
            [] => hex(&span.trace_id) == TRACE && hex(&span.parent_span_id) == CALLER,
            _ => self.goes_on(span, rest),
        }
    }

    fn goes_on(&self, span: &Span, way: &[&str]) -> bool {
        let mut followed = followed(span).flat_map(|id| self.0.iter().filter(move |other| other.span_id == id));
        followed.any(|other| self.goes(other, way))
    }
}

/// What a span is the child of, and what else it is about: a reaction to several commits at once is the child of the first and linked to the others.
fn followed(span: &Span) -> impl Iterator<Item = &[u8]> {
    let links = span.links.iter().map(|link| &*link.span_id);
    std::iter::once(&*span.parent_span_id).chain(links)
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

/// A server that exports to the collector, and a user of it.
struct Stage {
    client: reqwest::Client,
    collector: Collector,
    server: Server,
    token: String,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn start() -> Self {
        let (collector, folder, client) = (Collector::start().await, tempdir().unwrap(), client());
        let endpoint = collector.endpoint.clone();
        let server = Server::start_with(folder.path(), |command| {
            command
                .args(["--webhook-allow", "127.0.0.0/8"])
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
                .env("OTEL_BSP_SCHEDULE_DELAY", "20")
        });
        Self {
            token: server.sign_up(&client).await,
            client,
            collector,
            server,
            _folder: folder,
        }
    }

    /// A request of the user, which tells where it comes from or does not.
    async fn post(&self, path: &str, body: &Value, is_traced: bool) -> Value {
        let mut request = self.client.post(format!("{}{path}", self.server.url)).json(body);
        if is_traced {
            request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
        }
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        answer.json().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_a_completion_through_the_series_to_whoever_hears_of_the_next_instance() {
    let mut stage = Stage::start().await;
    // Sync reacts to a user's events while somebody listens.
    let url = format!("{}/v1/sync", stage.server.url.replace("http://", "ws://"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let hello = json!({"type": "hello", "token": stage.token, "cursor": null});
    socket.send(Message::text(hello.to_string())).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let task = json!({
        "title": "Water the plants",
        "due": {"at": "2031-03-03T09:00:00", "time_zone": "Europe/Paris"},
        "recurrence": {"rrule": "FREQ=WEEKLY", "anchor": "schedule", "late_policy": "roll_to_future"}
    });
    let task = stage.post("/v1/tasks", &task, false).await;
    let complete = format!("/v1/tasks/{}/complete", task["id"].as_str().unwrap());
    stage.post(&complete, &json!({}), true).await;

    let request = "POST /v1/tasks/{id}/complete";
    let (to_series, back) = ("recurring hand-over", "recurring hand-over");
    stage
        .collector
        .expect_ways(&[
            &["recurring task-events", request],
            &["sync task-updates", request],
            &["audit task-events", request],
            // The series' turn, and its instance on the way back to the user.
            &["recurring task-events", to_series, request],
            &["audit task-events", to_series, request],
            &[back, to_series, request],
            // The series' commit once it heard that the instance arrived.
            &["audit task-events", back, to_series, request],
            // The instance's own commit. One that it shares with the news that the series was reached is in the trace by that.
            &["sync task-updates", "recurring hand-over", WHATEVER, request],
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_a_request_to_the_webhook_about_a_reminder_that_fired_with_it() {
    let mut stage = Stage::start().await;
    let hook = json!({"url": format!("{}/hook", stage.collector.endpoint)});
    stage.post("/v1/webhooks", &hook, false).await;
    // Of a minute ago at most: it fires in the commit that sets it.
    let just_passed = chrono::Utc::now() - chrono::TimeDelta::seconds(5);
    let task = json!({"title": "Water the plants", "reminders": [{"at": just_passed.to_rfc3339()}]});
    stage.post("/v1/tasks", &task, true).await;
    stage
        .collector
        .expect_ways(&[
            &["notification reminders", "POST /v1/tasks"],
            &["notification webhook", "POST /v1/tasks"],
        ])
        .await;
}
