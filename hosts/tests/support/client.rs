//! A client that keeps what it saw.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde_json::Value;

/// How long to wait for what has to come, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends requests as somebody.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// Null when there was no body, or one that is not JSON.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a problem, after a look at whether it is a whole one.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let code = self.body["code"].as_str().unwrap();
        assert_eq!(self.body["status"], self.status);
        assert_eq!(self.body["type"], format!("/docs/errors.md#{code}"));
        assert!(
            self.body["title"].is_string() && self.body["detail"].is_string(),
            "{self:?}"
        );
        (self.status, code)
    }

    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self::from_address(address, Ipv4Addr::LOCALHOST)
    }

    pub(crate) fn from_address(address: SocketAddr, own: Ipv4Addr) -> Self {
        punctual::tls::install_crypto_provider();
        let http = reqwest::Client::builder().no_proxy().local_address(IpAddr::V4(own));
        Self {
            http: http.build().unwrap(),
            base: format!("http://{address}"),
            token: None,
        }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// A request to be sent with [`send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// A POST without a body.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        send(self.request(Method::POST, path)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// A POST of bytes that claim to be JSON.
    pub(crate) async fn post_bytes(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path);
        send(request.header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Creates a task.
    pub(crate) async fn create(&self, task: &Value) -> Answer {
        let answer = self.post("/v1/tasks", task).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    }
}

/// Asks until there is an answer: what follows from events comes a moment after the call that caused them.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("{what} never came");
}
