//! Logs and traces.
//!
//! Logs go to standard error: lines for people on a terminal, JSON otherwise. Traces are exported over OTLP when one of the standard
//! variables names a collector; when none does there are no spans at all, and what would make them costs one look at a flag.

mod logs;
mod traces;

use tracing_subscriber::{Layer as _, Registry, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::traces::Exporter;
pub use self::{
    logs::Appearance,
    traces::{current_traceparent, is_exporting, reaction_span, request_span},
};
use crate::config::LogFilter;

/// Why there can be no logs or traces.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// They ask for what is not spoken here.
    #[error(
        "{variable} is {value:?}: traces leave by http/protobuf only. Set it to that, and the endpoint to the collector's port for it, which is 4318 as a rule"
    )]
    Protocol {
        /// Which of them does.
        variable: &'static str,
        /// What it asks for.
        value: String,
    },
    /// The OTEL_* variables make no sense.
    #[error("OpenTelemetry: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Logging was set up before.
    #[error(transparent)]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Logs and traces, under way.
#[derive(Debug)]
pub struct Telemetry {
    exporter: Option<Exporter>,
}

impl Telemetry {
    /// Begins to log for the whole process, and to export traces if the `OTEL_*` variables say where to.
    ///
    /// # Errors
    /// When those variables make no sense, or this was called before.
    pub fn start(appearance: Appearance, filter: &LogFilter) -> Result<Self, TelemetryError> {
        let exporter = Exporter::from_environment()?;
        let traces = exporter.as_ref().map(Exporter::layer);
        let logs = logs::layer::<Registry, _>(appearance, std::io::stderr).with_filter(logs::filter(filter));
        Registry::default().with(logs).with(traces).try_init()?;
        Ok(Self { exporter })
    }

    /// Sends what was not yet sent, which may take seconds. Not to be called on a thread that runs async tasks.
    pub fn finish(self) {
        if let Some(exporter) = self.exporter {
            exporter.finish();
        }
    }
}
