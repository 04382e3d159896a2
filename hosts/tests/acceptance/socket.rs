//! A client of `GET /v1/sync`.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use crate::client::{Client, PATIENCE};

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The last cursor the server gave.
    pub(crate) cursor: String,
}

impl Socket {
    /// Connects and waits for `ready`.
    pub(crate) async fn open(client: &Client, cursor: Option<&str>) -> Self {
        let mut socket = Self::connect(client).await;
        socket
            .send(&json!({"type": "hello", "token": client.token, "cursor": cursor}))
            .await;
        let ready = socket.next().await.expect("ready");
        assert_eq!(ready["type"], "ready", "{ready}");
        socket.cursor = ready["cursor"].as_str().unwrap().to_owned();
        socket
    }

    /// Connects and says nothing.
    pub(crate) async fn connect(client: &Client) -> Self {
        Self::try_connect(client).await.unwrap()
    }

    /// Connects and says nothing; `None` where nobody answers.
    pub(crate) async fn try_connect(client: &Client) -> Option<Self> {
        let url = format!("{}/v1/sync", client.url.replace("http://", "ws://"));
        let (stream, _) = tokio_tungstenite::connect_async(url).await.ok()?;
        Some(Self {
            stream,
            cursor: String::new(),
        })
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        assert!(self.try_send(message).await, "the socket is gone");
    }

    /// Whether it could be sent.
    pub(crate) async fn try_send(&mut self, message: &Value) -> bool {
        self.stream.send(Message::text(message.to_string())).await.is_ok()
    }

    /// The next message; `None` when the server closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        self.next_or_code().await.ok()
    }

    /// The next message, or the code the server closes with, if it says one.
    pub(crate) async fn next_or_code(&mut self) -> Result<Value, Option<u16>> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next())
                .await
                .expect("nothing came");
            match message.ok_or(None)? {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => return Err(frame.map(|frame| frame.code.into())),
                Err(_) => return Err(None),
                Ok(_) => {}
            }
        }
    }

    /// The CloudEvent of the next frame, its cursor stored.
    pub(crate) async fn event(&mut self) -> Value {
        let frame = self.next().await.expect("the socket was closed");
        assert_eq!(frame["type"], "event", "{frame}");
        self.cursor = frame["cursor"].as_str().unwrap().to_owned();
        frame["event"].clone()
    }

    /// The first event of this type; others are passed over.
    pub(crate) async fn event_of(&mut self, event_type: &str) -> Value {
        loop {
            let event = self.event().await;
            if event["type"].as_str().unwrap().contains(event_type) {
                return event;
            }
        }
    }

    /// The task of the next update that `wanted` accepts.
    pub(crate) async fn task(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let task = self.event_of("task.state").await["data"].clone();
            if wanted(&task) {
                return task;
            }
        }
    }

    /// The code the server closes with.
    pub(crate) async fn close_code(mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.next_or_code().await {
                return code;
            }
        }
    }
}
