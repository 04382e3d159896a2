//! The floor of a command on Dapr: a call, through a sidecar, of an actor that does nothing, and one write with an ETag to the state component
//! of the same sidecar. The actor lives in this process.

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    routing::{delete, get, put},
};
use dapr::{
    client::ApiTokenInterceptor,
    dapr::proto::{
        common::v1::{Etag, StateItem, StateOptions},
        runtime::v1::{GetStateRequest, InvokeActorRequest, SaveStateRequest, dapr_client::DaprClient},
    },
};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

use super::stage::Stage;
use crate::histogram::Histogram;

const NAME: &str = "floor";
const ACTOR_TYPE: &str = "NothingActor";
/// About what an event of a created task takes.
const VALUE_BYTES: usize = 1_024;
/// How long the sidecar and placement may take to make the actor known.
const PATIENCE: Duration = Duration::from_secs(30);
/// `CONCURRENCY_FIRST_WRITE` and `CONSISTENCY_STRONG`, as the product writes.
const OPTIONS: StateOptions = StateOptions {
    concurrency: 1,
    consistency: 2,
};

type Client = DaprClient<InterceptedService<Channel, ApiTokenInterceptor>>;

/// What was seen of the floor.
pub(super) struct Seen {
    /// Of a call and a write.
    pub(super) latency: Histogram,
    /// How long it lasted.
    length: Duration,
}

impl Seen {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub(super) fn rate(&self) -> f64 {
        self.latency.count() as f64 / self.length.as_secs_f64()
    }
}

/// A sidecar with an actor behind it that does nothing.
pub(super) struct Floor {
    client: Client,
    app: tokio::task::JoinHandle<io::Result<()>>,
}

impl Floor {
    /// Starts both and waits until the actor answers.
    pub(super) async fn start(stage: &Stage) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let app = tokio::spawn(async move { axum::serve(listener, application()).await });
        // The state component is scoped to the roles.
        let sidecar = stage
            .with(move |environment| environment.add_sidecar(NAME, "api", Some(port)))
            .await?;
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", sidecar.port("grpc")));
        let channel = endpoint.map_err(io::Error::other)?.tcp_nodelay(true).connect_lazy();
        let token = sidecar.variables.get("DAPR_API_TOKEN").cloned();
        let token = ApiTokenInterceptor::try_new(token).map_err(io::Error::other)?;
        let client = DaprClient::new(InterceptedService::new(channel, token));
        let begin = Instant::now();
        while let Err(status) = call(&mut client.clone(), "0").await {
            if begin.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("the floor's actor does not answer: {status}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { client, app })
    }

    /// So many callers, each with an actor and a key of its own, call and write for so long, and rest in between.
    pub(super) async fn measure(&self, callers: usize, length: Duration, rest: Duration) -> io::Result<Seen> {
        let end = Instant::now() + length;
        let mut running = JoinSet::new();
        for number in 0..callers {
            running.spawn(repeat(self.client.clone(), number.to_string(), end, rest));
        }
        let mut latency = Histogram::default();
        while let Some(part) = running.join_next().await {
            latency.merge(&part.map_err(io::Error::other)??);
        }
        Ok(Seen { latency, length })
    }

    /// Ends both.
    pub(super) async fn stop(self, stage: &Stage) -> io::Result<()> {
        stage
            .with(|environment| environment.stop(&super::stage::sidecar_of(NAME)))
            .await?;
        self.app.abort();
        Ok(())
    }
}

/// What the sidecar asks of an application that hosts actors.
fn application() -> Router {
    let config = json!({ "entities": [ACTOR_TYPE], "actorIdleTimeout": "1h" });
    Router::new()
        .route("/healthz", get(async || ""))
        .route("/dapr/config", get(async || Json(config)))
        .route("/dapr/subscribe", get(async || Json(json!([]))))
        .route("/actors/{kind}/{id}/method/{method}", put(async || "{}"))
        .route("/actors/{kind}/{id}", delete(async || ""))
}

/// Calls and writes until `end`. A write does not tell its ETag, so it is read before the next one; that is not counted.
async fn repeat(mut client: Client, id: String, end: Instant, rest: Duration) -> io::Result<Histogram> {
    let key = format!("loadtest/floor/{id}");
    write(&mut client, &key, None).await?;
    let mut latency = Histogram::default();
    while Instant::now() < end {
        let etag = etag(&mut client, &key).await?;
        let begin = Instant::now();
        call(&mut client, &id).await.map_err(io::Error::other)?;
        write(&mut client, &key, Some(etag)).await?;
        latency.record(begin.elapsed());
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }
    Ok(latency)
}

async fn call(client: &mut Client, id: &str) -> Result<(), tonic::Status> {
    let request = InvokeActorRequest {
        actor_type: ACTOR_TYPE.to_owned(),
        actor_id: id.to_owned(),
        method: "nothing".to_owned(),
        data: Vec::new(),
        metadata: HashMap::new(),
    };
    client.invoke_actor(request).await.map(drop)
}

async fn write(client: &mut Client, key: &str, etag: Option<Etag>) -> io::Result<()> {
    let item = StateItem {
        key: key.to_owned(),
        value: vec![b'x'; VALUE_BYTES],
        options: etag.is_some().then_some(OPTIONS),
        etag,
        metadata: HashMap::new(),
    };
    let request = SaveStateRequest {
        store_name: "statestore".to_owned(),
        states: vec![item],
    };
    client.save_state(request).await.map(drop).map_err(io::Error::other)
}

async fn etag(client: &mut Client, key: &str) -> io::Result<Etag> {
    let request = GetStateRequest {
        store_name: "statestore".to_owned(),
        key: key.to_owned(),
        consistency: OPTIONS.consistency,
        metadata: HashMap::new(),
    };
    let answer = client.get_state(request).await.map_err(io::Error::other)?;
    Ok(Etag {
        value: answer.into_inner().etag,
    })
}
