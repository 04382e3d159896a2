//! The one layer around every handler: a request that takes too long and a handler that panics are answered too. Whose time it took decides how: the
//! client's, whose body does not come, or ours.

use std::{
    any::Any,
    convert::Infallible,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use hyper::body::{Frame, SizeHint};
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
        let is_awaited = Arc::<AtomicBool>::default();
        let request = request.map(|body| watched(body, &is_awaited));
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let in_time = tokio::time::timeout(self.timeout, answer);
        Box::pin(async move {
            Ok(match in_time.await {
                Ok(Ok(Ok(answer))) => answer.into_response(),
                Ok(Err(panic)) => Problem::internal(message(&*panic)).into_response(),
                Err(_) if is_awaited.load(Ordering::Relaxed) => {
                    Problem::new(Code::RequestTimeout, "its body took too long to arrive").into_response()
                }
                Err(_) => Problem::unavailable("it was not answered in time").into_response(),
            })
        })
    }
}

/// The body, which notes whether somebody waits for more of it.
fn watched(body: Body, is_awaited: &Arc<AtomicBool>) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(Watched {
        body,
        is_awaited: Arc::clone(is_awaited),
    })
}

struct Watched {
    body: Body,
    is_awaited: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.is_awaited.store(frame.is_pending(), Ordering::Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
    use axum::{
        Router,
        http::{StatusCode, header::RETRY_AFTER},
        routing::{get, post},
    };
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(request: Request) -> Response {
        async fn panics() -> StatusCode {
            panic!("on purpose")
        }
        async fn slow_after_its_body(_: Bytes) -> StatusCode {
            std::future::pending().await
        }
        let router: Router = Router::new()
            .route("/slow", get(std::future::pending::<StatusCode>))
            .route("/slow", post(slow_after_its_body))
            .route("/panics", get(panics))
            .route_layer(Guard::new(Duration::from_millis(20)));
        router.oneshot(request).await.unwrap()
    }

    fn request(method: &str, path: &str, body: Body) -> Request {
        Request::builder().method(method).uri(path).body(body).unwrap()
    }

    #[tokio::test]
    async fn a_request_whose_body_does_not_come_is_answered_408() {
        let begun = futures_util::stream::iter([Ok::<_, Infallible>("{")]);
        let endless = Body::from_stream(futures_util::StreamExt::chain(begun, futures_util::stream::pending()));
        let answer = answer(request("POST", "/slow", endless)).await;
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_request_that_takes_us_too_long_is_to_be_repeated() {
        for (method, body) in [
            ("GET", Body::empty()),
            ("POST", Body::empty()),
            ("POST", Body::from("{}")),
        ] {
            let answer = answer(request(method, "/slow", body)).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{method}");
            assert_eq!(answer.headers()[RETRY_AFTER], "1");
        }
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_500() {
        let answer = answer(request("GET", "/panics", Body::empty())).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
