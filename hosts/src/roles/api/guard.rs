//! The one layer around every handler: a request that takes too long and a handler that panics are answered too.

use std::{
    any::Any,
    convert::Infallible,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use punctual_actors::Code;
use tower::{Layer, Service};

use super::problem::Problem;

/// Makes [`Guarded`] services.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    timeout: Duration,
}

impl Guard {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout }
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            inner,
            timeout: self.timeout,
        }
    }
}

/// Answers in time, whatever the service inside does.
#[derive(Clone, Debug)]
pub(super) struct Guarded<S> {
    inner: S,
    timeout: Duration,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: axum::response::IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // Nothing the handler shares can be left half changed: what is behind it decides on copies.
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let in_time = tokio::time::timeout(self.timeout, answer);
        Box::pin(async move {
            Ok(match in_time.await {
                Ok(Ok(Ok(answer))) => answer.into_response(),
                Ok(Err(panic)) => Problem::internal(message(&*panic)).into_response(),
                Err(_) => Problem::new(
                    Code::RequestTimeout,
                    "it took too long; whether it took effect is not known",
                )
                .into_response(),
            })
        })
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a handler panicked: {}", text.unwrap_or("without a message"))
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::StatusCode, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    async fn status_of(path: &str) -> StatusCode {
        async fn panics() -> StatusCode {
            panic!("on purpose")
        }
        let router: Router = Router::new()
            .route("/slow", get(std::future::pending::<StatusCode>))
            .route("/panics", get(panics))
            .route_layer(Guard::new(Duration::ZERO));
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_answered_408() {
        assert_eq!(status_of("/slow").await, StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_500() {
        assert_eq!(status_of("/panics").await, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
