//! `/healthz`, `/readyz` and `/metrics`: for those who run the server, without an account.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};

use crate::metrics::{self, Metrics};

/// Where in its life the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Not everything runs yet.
    Starting = 0,
    /// It takes requests.
    Ready = 1,
    /// It is to end, and requests should be sent elsewhere; those that still come are answered.
    Draining = 2,
    /// It finishes what it has begun and takes nothing new.
    Leaving = 3,
}

/// Says what a server that runs is waiting for, if for anything.
pub type Obstacle = Box<dyn Fn() -> Option<Cow<'static, str>> + Send + Sync>;

/// The stage, for all to see.
#[derive(Default)]
pub struct Health {
    stage: AtomicU8,
    obstacle: OnceLock<Obstacle>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.stage()).finish()
    }
}

impl Health {
    /// Has readiness depend on something outside the process, or on the disk. The first who says so is heard.
    pub fn depend_on(&self, obstacle: Obstacle) {
        let _ = self.obstacle.set(obstacle);
    }

    /// What a server is waiting for that would be ready otherwise.
    fn obstacle(&self) -> Option<Cow<'static, str>> {
        self.obstacle.get().and_then(|obstacle| obstacle())
    }

    /// Enters a stage.
    pub fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// The present stage.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Starting,
            1 => Stage::Ready,
            2 => Stage::Draining,
            _ => Stage::Leaving,
        }
    }
}

#[derive(Clone)]
struct Operations {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// The routes.
pub fn routes(health: Arc<Health>, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .with_state(Operations { health, metrics })
}

/// The process answers; that is all this says, so that a broker or a disk that is away makes nobody restart it.
async fn healthz() -> &'static str {
    "alive\n"
}

/// Whether requests should be sent here.
async fn readyz(State(operations): State<Operations>) -> impl IntoResponse {
    let (stage, obstacle) = (operations.health.stage(), operations.health.obstacle());
    match (stage, obstacle) {
        (Stage::Draining | Stage::Leaving, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining\n".into()),
        (_, Some(obstacle)) => (StatusCode::SERVICE_UNAVAILABLE, obstacle),
        (Stage::Starting, None) => (StatusCode::SERVICE_UNAVAILABLE, "starting\n".into()),
        (Stage::Ready, None) => (StatusCode::OK, "ready\n".into()),
    }
}

async fn show_metrics(State(operations): State<Operations>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)],
        operations.metrics.encode(),
    )
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::observe::Observe;

    async fn get(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_server_is_ready_between_its_start_and_its_end_and_alive_all_along() {
        let health = Arc::new(Health::default());
        let router = routes(Arc::clone(&health), Metrics::new());
        let mut readiness = Vec::new();
        for stage in [Stage::Starting, Stage::Ready, Stage::Draining, Stage::Leaving] {
            health.enter(stage);
            readiness.push(get(&router, "/readyz").await.0.as_u16());
            assert_eq!(get(&router, "/healthz").await.0, StatusCode::OK);
        }
        assert_eq!(readiness, [503, 200, 503, 503]);
    }

    #[tokio::test]
    async fn a_server_that_lacks_something_is_not_ready_and_says_what() {
        let health = Arc::new(Health::default());
        health.depend_on(Box::new(|| Some("the sidecar is away\n".into())));
        health.enter(Stage::Ready);
        let router = routes(Arc::clone(&health), Metrics::new());
        let answer = get(&router, "/readyz").await;
        assert_eq!(
            answer,
            (StatusCode::SERVICE_UNAVAILABLE, "the sidecar is away\n".to_owned())
        );
        assert_eq!(get(&router, "/healthz").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn an_observed_request_is_in_the_metrics() {
        let metrics = Metrics::new();
        let router = routes(Arc::default(), Arc::clone(&metrics)).layer(Observe::new(metrics));
        get(&router, "/healthz").await;
        get(&router, "/nothing").await;
        let (status, text) = get(&router, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        for labels in [
            r#"route="/healthz",method="GET",status="200"} 1"#,
            r#"route="none",method="GET",status="404"} 1"#,
        ] {
            assert!(text.contains(labels), "{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
