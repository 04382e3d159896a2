//! Webhooks: signed, the same id on every try, not to addresses inside.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::mpsc;

use crate::server::{Data, Server};

pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A receiver on loopback that refuses the first `refusals` deliveries; its URL and what it gets.
pub(crate) async fn receiver(refusals: usize) -> (String, mpsc::UnboundedReceiver<Received>) {
    let (sender, received) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    let take = move |State(()): State<()>, headers: HeaderMap, body: Bytes| {
        let (sender, count) = (sender.clone(), Arc::clone(&count));
        async move {
            let place = count.fetch_add(1, Ordering::Relaxed);
            sender.send(Received { headers, body }).unwrap();
            if place < refusals {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::NO_CONTENT
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(take)).with_state(());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, received)
}

/// Checks a delivery by the Standard Webhooks specification, written out anew so as not to trust the sender's code.
pub(crate) fn verify(secret: &str, received: &Received) -> Value {
    let key = base64::engine::general_purpose::STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(received.header("webhook-id").as_bytes());
    mac.update(b".");
    mac.update(received.header("webhook-timestamp").as_bytes());
    mac.update(b".");
    mac.update(&received.body);
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(received.header("webhook-signature"), format!("v1,{signature}"));
    serde_json::from_slice(&received.body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_tried_again_with_the_same_id_and_a_right_signature() {
    let data = Data::new();
    let server = Server::start_with(&data, &["--webhook-allow", "127.0.0.0/8"]);
    let client = server.user("hook").await;
    let (url, mut received) = receiver(1).await;
    let hook = client.post("/v1/webhooks", &json!({"url": url})).await.expect(201);
    let secret = hook["secret"].as_str().unwrap();
    let listed = client.get("/v1/webhooks").await.expect(200);
    assert!(!listed.to_string().contains(secret), "the secret is shown once only");
    let at = chrono::Utc::now() + chrono::TimeDelta::milliseconds(300);
    client
        .create(json!({"title": "call", "reminders": [{"at": at.to_rfc3339()}]}))
        .await;
    let first = received.recv().await.unwrap();
    verify(secret, &first);
    // The second try comes some seconds after the first was refused.
    let second = received.recv().await.unwrap();
    verify(secret, &second);
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_to_an_address_inside_is_refused() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("inside").await;
    for url in [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::ffff:192.168.0.1]/",
        "http://0.0.0.0/",
        "ftp://example.com/",
        "nonsense",
    ] {
        let refused = client.post("/v1/webhooks", &json!({"url": url})).await;
        assert_eq!(refused.status, 422, "{url}: {}", refused.body);
    }
}
