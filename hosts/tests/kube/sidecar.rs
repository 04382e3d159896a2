//! A sidecar of a pod, as its service reaches it: on the pod's own loopback, by a port-forward.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Stdio},
};

use dapr::dapr::proto::runtime::v1::{
    SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsRequestInitialAlpha1, dapr_client::DaprClient,
    subscribe_topic_events_request_alpha1::SubscribeTopicEventsRequestType,
};
use futures_util::stream;
use reqwest::Method;
use serde_json::Value;
use tonic::{Request, Status};

use crate::cluster::Cluster;

/// Where every sidecar listens in its pod, for HTTP and for gRPC.
const HTTP_PORT: &str = ":3500";
const GRPC_PORT: &str = ":50001";

/// A port of a pod on this machine.
struct Forward {
    kubectl: Child,
    /// Kept open: it says a line for every connection, and ends where nobody listens.
    _said: BufReader<ChildStdout>,
    url: String,
}

impl Forward {
    fn to(cluster: &Cluster, pod: &str, port: &str) -> Self {
        let mut command = cluster.kubectl_command();
        command.args(["port-forward", pod, port]).stdout(Stdio::piped());
        let mut kubectl = command.spawn().unwrap();
        let mut said = BufReader::new(kubectl.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // `Forwarding from 127.0.0.1:40617 -> 3500`
        let url = format!("http://{}", line.split_whitespace().nth(2).unwrap());
        Self {
            kubectl,
            _said: said,
            url,
        }
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

/// A sidecar that can be asked.
pub(crate) struct Sidecar {
    http_port: Forward,
    grpc_port: Forward,
    token: String,
    http: reqwest::Client,
}

/// What a sidecar answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Null where it is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The code of an error.
    pub(crate) fn code(&self) -> &str {
        self.body["errorCode"].as_str().unwrap_or_default()
    }

    /// It is an error of this code.
    #[track_caller]
    pub(crate) fn refused(&self, code: &str) {
        assert!(self.status >= 400 && self.code() == code, "{self:?}");
    }
}

impl Sidecar {
    /// That of this pod, which asks for this token.
    pub(crate) fn of(cluster: &Cluster, pod: &str, token: &str) -> Self {
        punctual::tls::install_crypto_provider();
        Self {
            http_port: Forward::to(cluster, pod, HTTP_PORT),
            grpc_port: Forward::to(cluster, pod, GRPC_PORT),
            token: token.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// What it answers.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = self.http.request(method, format!("{}/v1.0{path}", self.http_port.url));
        let request = request.header("dapr-api-token", &self.token).body(body.to_owned());
        // Events come as they are sent; without this the sidecar would put each into an event of its own.
        let request = request.header("content-type", "application/cloudevents+json");
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
        Answer { status, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "").await
    }

    /// What it says to a service that wants to hear a topic from now on. HTTP knows no such wish: it is a stream, which ends here at once.
    pub(crate) async fn hear(&self, component: &str, topic: &str) -> Result<(), Status> {
        let initial = SubscribeTopicEventsRequestInitialAlpha1 {
            pubsub_name: component.to_owned(),
            topic: topic.to_owned(),
            ..Default::default()
        };
        let wish = SubscribeTopicEventsRequestAlpha1 {
            subscribe_topic_events_request_type: Some(SubscribeTopicEventsRequestType::InitialRequest(initial)),
        };
        let mut request = Request::new(stream::iter([wish]));
        if !self.token.is_empty() {
            request
                .metadata_mut()
                .insert("dapr-api-token", self.token.parse().unwrap());
        }
        let mut client = DaprClient::connect(self.grpc_port.url.clone()).await.unwrap();
        let mut answers = client.subscribe_topic_events_alpha1(request).await?.into_inner();
        answers.message().await.map(|_| ())
    }
}
