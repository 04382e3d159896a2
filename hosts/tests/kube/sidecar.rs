//! A sidecar of a pod, as its service reaches it: on the pod's own loopback, by a port-forward.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Stdio},
};

use reqwest::Method;
use serde_json::Value;

use crate::cluster::Cluster;

/// Where every sidecar listens in its pod.
const PORT: &str = ":3500";

/// A sidecar that can be asked.
pub(crate) struct Sidecar {
    forward: Child,
    /// Kept open: it says a line for every connection, and ends where nobody listens.
    _said: BufReader<ChildStdout>,
    url: String,
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
        let mut command = cluster.kubectl_command();
        command.args(["port-forward", pod, PORT]).stdout(Stdio::piped());
        let mut forward = command.spawn().unwrap();
        let mut said = BufReader::new(forward.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // `Forwarding from 127.0.0.1:40617 -> 3500`
        let address = line.split_whitespace().nth(2).unwrap();
        punctual::tls::install_crypto_provider();
        Self {
            forward,
            _said: said,
            url: format!("http://{address}/v1.0"),
            token: token.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// What it answers.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url));
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
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        let _ = self.forward.kill();
        let _ = self.forward.wait();
    }
}
