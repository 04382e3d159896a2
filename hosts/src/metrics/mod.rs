//! What the server counts, for Prometheus.
//!
//! Whoever counts holds the counter itself, so that recording is an atomic addition and never a search by label.

mod histogram;
mod requests;
mod sampled;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, gauge::Gauge},
    registry::{Registry, Unit},
};

pub use self::{histogram::Histogram, requests::Requests};
use self::{requests::RequestsCollector, sampled::Sampled};
use crate::actor_host::Observer;

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// In milliseconds. Fine where a promise is kept or broken, then what an outage looks like.
const LATENESS_BOUNDS_MS: &[u64] = &[
    0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 60_000, 300_000, 3_600_000,
];
/// In microseconds: a commit is a flush of the disk.
const TURN_BOUNDS_US: &[u64] = &[
    50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 5_000_000,
];
const COMMAND_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

/// Everything the server counts.
#[derive(Debug)]
pub struct Metrics {
    /// Requests over HTTP.
    pub requests: Arc<Requests>,
    /// Of a turn that held commands: from taking them to their answers, in microseconds.
    pub turn_us: Histogram,
    /// Commands that shared a turn.
    pub turn_commands: Histogram,
    /// Of one transaction of the store, flush included, in microseconds.
    pub commit_us: Histogram,
    /// Commits that wait to be published.
    pub outbox: Gauge,
    /// Commits that were published and that a durable role has not yet taken.
    pub undelivered: Gauge,
    /// Events delivered again, because a role failed or the process had died.
    pub redeliveries: Counter,
    /// Of a reminder: from the instant it was due to the instant it fired, in milliseconds.
    pub reminder_lateness_ms: Histogram,
    /// Commits that audit has heard of and not yet written.
    pub audit_lag: Gauge,
    /// Open WebSockets.
    pub sockets: Gauge,
    /// Webhook requests that were answered with success.
    pub webhooks_delivered: Counter,
    /// Webhook requests that failed, each try by itself.
    pub webhooks_failed: Counter,
    registry: Mutex<Registry>,
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let mut metrics = Self {
            requests: Arc::default(),
            turn_us: Histogram::new(TURN_BOUNDS_US, 1e6),
            turn_commands: Histogram::new(COMMAND_BOUNDS, 1.0),
            commit_us: Histogram::new(TURN_BOUNDS_US, 1e6),
            outbox: Gauge::default(),
            undelivered: Gauge::default(),
            redeliveries: Counter::default(),
            reminder_lateness_ms: Histogram::new(LATENESS_BOUNDS_MS, 1e3),
            audit_lag: Gauge::default(),
            sockets: Gauge::default(),
            webhooks_delivered: Counter::default(),
            webhooks_failed: Counter::default(),
            registry: Mutex::default(),
        };
        let registry = metrics.register();
        metrics.registry = Mutex::new(registry);
        Arc::new(metrics)
    }

    fn register(&self) -> Registry {
        let mut all = Registry::default();
        all.register_with_unit(
            "process_resident_memory",
            "Memory of this process",
            Unit::Bytes,
            Sampled(sampled::resident_bytes),
        );
        let own = all.sub_registry_with_prefix("punctual");
        own.register_collector(Box::new(RequestsCollector(Arc::clone(&self.requests))));
        own.register_with_unit("turn_duration", "Turns of actors", Unit::Seconds, self.turn_us.clone());
        own.register(
            "turn_commands",
            "Commands that shared a turn",
            self.turn_commands.clone(),
        );
        own.register_with_unit(
            "commit",
            "Transactions of the store",
            Unit::Seconds,
            self.commit_us.clone(),
        );
        own.register(
            "outbox_commits",
            "Commits that wait to be published",
            self.outbox.clone(),
        );
        own.register(
            "undelivered_commits",
            "Commits a role has yet to take",
            self.undelivered.clone(),
        );
        own.register("redeliveries", "Events delivered again", self.redeliveries.clone());
        own.register_with_unit(
            "reminder_lateness",
            "From the instant a reminder was due to the instant it fired",
            Unit::Seconds,
            self.reminder_lateness_ms.clone(),
        );
        own.register(
            "audit_lag_commits",
            "Commits audit has yet to write",
            self.audit_lag.clone(),
        );
        own.register("sockets", "Open WebSockets", self.sockets.clone());
        own.register(
            "webhooks_delivered",
            "Webhook requests that succeeded",
            self.webhooks_delivered.clone(),
        );
        own.register(
            "webhooks_failed",
            "Webhook requests that failed",
            self.webhooks_failed.clone(),
        );
        all
    }

    /// Adds a gauge that is asked for its value whenever Prometheus asks.
    pub fn sample(&self, name: &str, help: &str, value: impl Fn() -> i64 + Send + Sync + 'static) {
        let mut all = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        all.register(format!("punctual_{name}"), help, Sampled(value));
    }

    /// Everything, in the text format of OpenMetrics.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let all = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &all);
        text
    }
}

impl Observer for Metrics {
    fn turn(&self, commands: usize, micros: u64) {
        self.turn_commands.record(commands as u64);
        self.turn_us.record(micros);
    }

    fn outbox(&self, change: i64) {
        self.outbox.inc_by(change);
    }
}
