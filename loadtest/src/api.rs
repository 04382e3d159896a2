//! Single requests with JSON in and out, for everything around a measurement.

use std::{io, net::SocketAddr};

use serde_json::{Value, json};

use crate::{corpus::TIME_ZONE, http::Connection, request::Request};

/// A connection that speaks for one user.
pub(crate) struct Api {
    address: SocketAddr,
    connection: Connection,
    token: String,
}

impl Api {
    /// Connects; an empty token for what needs none.
    pub(crate) async fn open(address: SocketAddr, token: &str) -> io::Result<Self> {
        Ok(Self {
            address,
            connection: Connection::open(address).await?,
            token: token.to_owned(),
        })
    }

    /// Connects anew, after a while in which the server may have closed the connection because nothing came.
    pub(crate) async fn reconnect(&mut self) -> io::Result<()> {
        self.connection = Connection::open(self.address).await?;
        Ok(())
    }

    /// Reads; anything but 200 is an error.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<Value> {
        let request = Request::get(path, &self.token);
        self.send(&request, 200).await
    }

    /// Sends content; any status but the expected is an error.
    pub(crate) async fn send_body(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        expected: u16,
    ) -> io::Result<Value> {
        let request = Request::with_body(method, path, &self.token, &body.to_string());
        self.send(&request, expected).await
    }

    /// Posts without content; anything but 200 is an error.
    pub(crate) async fn post(&mut self, path: &str) -> io::Result<Value> {
        let request = Request::with_body("POST", path, &self.token, "");
        self.send(&request, 200).await
    }

    /// Registers a user; answers the token.
    pub(crate) async fn register(&mut self, email: &str) -> io::Result<String> {
        let body = json!({ "email": email, "password": "correct horse battery", "time_zone": TIME_ZONE });
        let answer = self.send_body("POST", "/v1/users", &body, 201).await?;
        string(&answer, "token")
    }

    /// Creates a task; answers its id.
    pub(crate) async fn create(&mut self, task: &Value) -> io::Result<String> {
        let answer = self.send_body("POST", "/v1/tasks", task, 201).await?;
        string(&answer, "id")
    }

    async fn send(&mut self, request: &Request, expected: u16) -> io::Result<Value> {
        let answer = self.connection.exchange(request.bytes()).await?;
        if answer.status != expected {
            let line = String::from_utf8_lossy(request.bytes());
            return Err(io::Error::other(format!(
                "{} answered {} instead of {expected}: {}",
                line.split(" HTTP").next().unwrap_or_default(),
                answer.status,
                String::from_utf8_lossy(answer.body)
            )));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(answer.body).map_err(io::Error::other)
    }
}

/// A property that has to be a string.
pub(crate) fn string(value: &Value, property: &str) -> io::Result<String> {
    let found = value.get(property).and_then(Value::as_str);
    found
        .map(Into::into)
        .ok_or_else(|| io::Error::other(format!("an answer without `{property}`: {value}")))
}
