//! A receiver on loopback.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    routing::post,
};
use tokio::sync::mpsc;

/// What arrived.
pub(super) struct Received {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A receiver that answers `/hook` with a status that can be changed, and `/silent` never.
pub(super) struct Receiver {
    address: std::net::SocketAddr,
    pub(super) arrived: mpsc::UnboundedReceiver<Received>,
    status: Arc<AtomicU16>,
}

#[derive(Clone)]
struct Hook {
    arrived: mpsc::UnboundedSender<Received>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        async fn take(State(hook): State<Hook>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
            hook.arrived.send(Received { headers, body }).unwrap();
            let status = StatusCode::from_u16(hook.status.load(Ordering::Relaxed)).unwrap();
            // Looked at only by whoever follows redirects.
            (status, HeaderMap::from_iter([(LOCATION, "/hook".parse().unwrap())]))
        }
        let (sender, arrived) = mpsc::unbounded_channel();
        let status = Arc::new(AtomicU16::new(204));
        let hook = Hook {
            arrived: sender,
            status: Arc::clone(&status),
        };
        let router = Router::new()
            .route("/hook", post(take))
            .route("/silent", post(std::future::pending::<StatusCode>))
            .with_state(hook);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            arrived,
            status,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on `/hook` answers with this.
    pub(super) fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// How much arrived that nobody has looked at.
    pub(super) fn count(&mut self) -> usize {
        std::iter::from_fn(|| self.arrived.try_recv().ok()).count()
    }
}
