//! An ordinary HTTP client.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

/// Long enough for a loaded machine, for five processes after a crash, and for a cluster, which does not start at once again what has died several times; reached
/// only when a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A client, signed in or not.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) user: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, after checking the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// The problem's code, after checking the status.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self.expect(status)["code"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        punctual::tls::install_crypto_provider();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            http,
            url: url.to_owned(),
            token: String::new(),
            user: String::new(),
        }
    }

    /// The same client at another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) async fn register(&mut self, email: &str, time_zone: &str) {
        let body = json!({"email": email, "password": PASSWORD, "time_zone": time_zone});
        let body = self.post("/v1/users", &body).await.expect(201);
        self.token = body["token"].as_str().unwrap().to_owned();
        self.user = body["user"]["id"].as_str().unwrap().to_owned();
    }

    /// Sends a request; an error when no answer came.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, headers, body })
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, &[], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Imports a calendar and gives the report.
    pub(crate) async fn import(&self, calendar: &str) -> Value {
        let request = self
            .http
            .post(format!("{}/v1/import", self.url))
            .bearer_auth(&self.token);
        let request = request
            .header("content-type", "text/calendar")
            .body(calendar.to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// Creates a task and gives it.
    pub(crate) async fn create(&self, task: Value) -> Value {
        self.post("/v1/tasks", &task).await.expect(201)
    }

    pub(crate) async fn complete(&self, task: &Value) -> Answer {
        self.post(&format!("/v1/tasks/{}/complete", id(task)), &json!({})).await
    }

    pub(crate) async fn task(&self, task: &Value) -> Answer {
        self.get(&format!("/v1/tasks/{}", id(task))).await
    }

    /// All tasks with this status, page by page.
    pub(crate) async fn all_tasks(&self, status: &str) -> Vec<Value> {
        let (mut tasks, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self
                .get(&format!("/v1/tasks?status={status}&limit=200{cursor}"))
                .await
                .expect(200);
            tasks.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => {
                    assert_eq!(page["total"].as_u64(), Some(tasks.len() as u64));
                    return tasks;
                }
            }
        }
    }

    /// Asserts that audit holds everything and that its chain verifies, waiting until it has caught up. No event says that it has, so this asks again.
    pub(crate) async fn audit_verifies(&self) -> Value {
        self.audit_verifies_with(|_| true).await
    }

    /// Waits until the audit verifies and is as it is to be: audit copies after the answer, and no event says that it has.
    pub(crate) async fn audit_verifies_with(&self, is_there: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            // Between processes that have just started, audit may be away for a moment.
            let answer = self.get("/v1/audit/verify").await;
            let last = match answer.status.as_u16() {
                // On a busy machine right after a fault it may take longer than a verification may, too.
                503 | 422 => answer.body,
                _ => answer.expect(200),
            };
            if last["valid"] == true && last["gaps"].as_array().is_some_and(Vec::is_empty) && is_there(&last) {
                return last;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the audit does not verify, or not what it is to: {last}"
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

/// The id of a resource.
#[track_caller]
pub(crate) fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}
