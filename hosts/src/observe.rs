//! Around every request: it is counted, timed and, where traces are exported, put into a span.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use axum::{
    extract::MatchedPath,
    http::{Method, Request, Response},
};
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, instrument::Instrumented};

use crate::{metrics::Metrics, telemetry};

/// Observes the requests of a router. To be added with `Router::layer`, which runs after routing: the route's template is known then.
#[derive(Clone, Debug)]
pub struct Observe {
    metrics: Arc<Metrics>,
}

impl Observe {
    /// Counts into `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics }
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, service: S) -> Observed<S> {
        Observed {
            service,
            metrics: Arc::clone(&self.metrics),
        }
    }
}

/// A service that is observed.
#[derive(Clone, Debug)]
pub struct Observed<S> {
    service: S,
    metrics: Arc<Metrics>,
}

impl<S, B, A> Service<Request<B>> for Observed<S>
where
    S: Service<Request<B>, Response = Response<A>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ObservedAnswer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let begun = Instant::now();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let method = request.method().clone();
        let span = span_of(&request, route.as_ref());
        let answer = span.in_scope(|| self.service.call(request));
        ObservedAnswer {
            answer: answer.instrument(span.clone()),
            span,
            begun,
            route,
            method,
            metrics: Arc::clone(&self.metrics),
        }
    }
}

fn span_of<B>(request: &Request<B>, route: Option<&MatchedPath>) -> Span {
    if !telemetry::is_exporting() {
        return Span::none();
    }
    let traceparent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    telemetry::request_span(request.method().as_str(), route.map(MatchedPath::as_str), traceparent)
}

pin_project! {
    /// The answer of a service that is observed.
    #[derive(Debug)]
    pub struct ObservedAnswer<F> {
        #[pin]
        answer: Instrumented<F>,
        span: Span,
        begun: Instant,
        route: Option<MatchedPath>,
        method: Method,
        metrics: Arc<Metrics>,
    }
}

impl<F, A, E> Future for ObservedAnswer<F>
where
    F: Future<Output = Result<Response<A>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let outcome = ready!(this.answer.poll(context));
        if let Ok(answer) = &outcome {
            this.span.record("http.response.status_code", answer.status().as_u16());
            let route = this.route.as_ref().map(MatchedPath::as_str);
            let took = this.begun.elapsed();
            this.metrics.requests.record(route, this.method, answer.status(), took);
        }
        Poll::Ready(outcome)
    }
}
