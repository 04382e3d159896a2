//! One trace from a request through its events to the last reaction. The thread between them is the W3C `traceparent`: it comes with the
//! request, is kept in the commit and travels with every event (CloudEvents' distributed tracing extension).

use std::{
    collections::HashMap,
    env,
    sync::atomic::{AtomicBool, Ordering},
};

use opentelemetry::{
    Context,
    propagation::TextMapPropagator as _,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::{Level, Span, Subscriber, field::Empty, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use super::TelemetryError;

const SERVICE: &str = "punctual";
/// The header, the attribute of an event and the key of the propagator.
const TRACEPARENT: &str = "traceparent";
/// What is spoken to the collector, and the variables that may ask for something else: of both the first counts.
const PROTOCOL: &str = "http/protobuf";
const PROTOCOL_VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// What a span of OpenTelemetry keeps anyway.
const MAX_LINKS: usize = 128;

static IS_EXPORTING: AtomicBool = AtomicBool::new(false);

/// Whether spans are made at all.
#[must_use]
pub fn is_exporting() -> bool {
    IS_EXPORTING.load(Ordering::Relaxed)
}

/// The span of a request; `traceparent` is the header it came with. None at all when traces are not exported.
#[must_use]
pub fn request_span(method: &str, route: Option<&str>, traceparent: Option<&str>) -> Span {
    if !is_exporting() {
        return Span::none();
    }
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let span = info_span!(
        "request",
        otel.name = name,
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    follow(&span, traceparent);
    span
}

/// The span of what a role does about events; `traceparents` are theirs. It is the child of the first and linked to the others. None at all
/// when traces are not exported.
#[must_use]
pub fn reaction_span<'a>(role: &'static str, what: &str, traceparents: impl IntoIterator<Item = &'a str>) -> Span {
    if !is_exporting() {
        return Span::none();
    }
    let mut traceparents: Vec<&str> = traceparents.into_iter().collect();
    // The events of a commit have the same.
    traceparents.dedup();
    let (parent, others) = match traceparents.split_first() {
        Some((parent, others)) => (Some(*parent), others),
        None => (None, Default::default()),
    };
    let span = info_span!(
        "reaction",
        otel.name = format!("{role} {what}"),
        otel.kind = "consumer",
        role
    );
    follow(&span, parent);
    for other in others.iter().take(MAX_LINKS) {
        span.add_link(context_of(other).span().span_context().clone());
    }
    span
}

/// What a command of the present span carries, and so the events it leads to. `None` when traces are not exported.
#[must_use]
pub fn current_traceparent() -> Option<Box<str>> {
    if !is_exporting() {
        return None;
    }
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(TRACEPARENT).map(String::into_boxed_str)
}

/// Makes a span the child of the one that `traceparent` names. What is not a `traceparent` is passed over, as W3C demands.
fn follow(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else {
        return;
    };
    let parent = context_of(traceparent);
    if parent.span().span_context().is_valid() {
        // Fails only where no layer exports this span; then there is nothing to be child of.
        let _ = span.set_parent(parent);
    }
}

fn context_of(traceparent: &str) -> Context {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}

/// Sends spans to a collector.
#[derive(Debug)]
pub(super) struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    /// An exporter, if the standard variables name a collector; sampling, batching, headers and time-outs follow them too.
    pub(super) fn from_environment() -> Result<Option<Self>, TelemetryError> {
        let variable = |name: &str| env::var(name).ok();
        if !wants_export(&variable) {
            return Ok(None);
        }
        check_protocol(&variable)?;
        crate::tls::install_crypto_provider();
        let exporter = SpanExporter::builder().with_http().build()?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        IS_EXPORTING.store(true, Ordering::Relaxed);
        Ok(Some(Self { provider }))
    }

    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        // Only our own: the exporter's client makes requests too, and their spans would be exported by requests.
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE))
            .with_filter(Targets::new().with_target(SERVICE, Level::INFO))
    }

    pub(super) fn finish(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last spans may not have been exported");
        }
    }
}

fn wants_export(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let says = |name: &str, word: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    let endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    endpoints
        .iter()
        .any(|name| variable(name).is_some_and(|url| !url.is_empty()))
        && !says("OTEL_SDK_DISABLED", "true")
        && !says("OTEL_TRACES_EXPORTER", "none")
}

/// The exporter would take no notice of another protocol, and the collector none of the spans.
fn check_protocol(variable: &dyn Fn(&str) -> Option<String>) -> Result<(), TelemetryError> {
    let named = PROTOCOL_VARIABLES
        .into_iter()
        .find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)));
    match named {
        Some((variable, value)) if !value.eq_ignore_ascii_case(PROTOCOL) => {
            Err(TelemetryError::Protocol { variable, value })
        }
        _ => Ok(()),
    }
}

/// What the variables say of this process, and its name where they do not.
fn resource() -> Resource {
    let is_named = env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty())
        || env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|attributes| attributes.contains("service.name="));
    let resource = Resource::builder();
    if is_named {
        resource.build()
    } else {
        resource.with_service_name(SERVICE).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(variables: &[(&str, &str)]) -> bool {
        wants_export(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn traces_are_exported_only_where_a_collector_is_named() {
        assert!(!wants(&[]));
        assert!(!wants(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]));
        assert!(wants(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")]));
        assert!(wants(&[(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://127.0.0.1:4318/v1/traces"
        )]));
    }

    #[test]
    fn exporting_can_be_turned_off_by_the_standard_variables() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        assert!(!wants(&[endpoint, ("OTEL_SDK_DISABLED", "true")]));
        assert!(!wants(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]));
    }

    #[test]
    fn a_protocol_that_is_not_spoken_is_refused_by_name() {
        let refused = |variables: &[(&str, &str)]| {
            let found = |name: &str| variables.iter().find(|(known, _)| *known == name);
            let checked = check_protocol(&|name| found(name).map(|(_, value)| (*value).to_owned()));
            checked.err().map(|error| error.to_string())
        };
        let (of_all, of_traces) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
        for spoken in [
            &[][..],
            &[(of_all, "")],
            &[(of_all, "http/protobuf")],
            &[(of_all, "grpc"), (of_traces, "HTTP/protobuf")],
        ] {
            assert_eq!(refused(spoken), None);
        }
        for (variables, said) in [
            (&[(of_all, "grpc")][..], r#"OTEL_EXPORTER_OTLP_PROTOCOL is "grpc""#),
            (
                &[(of_all, "http/protobuf"), (of_traces, "http/json")],
                r#"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "http/json""#,
            ),
        ] {
            let error = refused(variables).unwrap();
            assert!(
                error.starts_with(said) && error.contains("http/protobuf only"),
                "{error}"
            );
        }
    }

    #[test]
    fn without_export_there_are_no_spans() {
        assert!(request_span("GET", Some("/v1/tasks"), None).is_none());
        assert!(reaction_span("audit", "task-events", []).is_none());
        assert_eq!(current_traceparent(), None);
    }
}
