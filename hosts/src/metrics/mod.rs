//! What the server counts, for Prometheus.
//!
//! Whoever counts holds the counter itself, so that recording is an atomic addition and never a search by label.

mod audit_lag;
mod behind;
mod damaged;
mod histogram;
mod lateness;
mod requests;
mod sampled;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, gauge::Gauge},
    registry::{Registry, Unit},
};

pub use self::{
    audit_lag::AuditLag, behind::Behind, damaged::WatchedLogs, histogram::Histogram, lateness::Lateness,
    requests::Requests,
};
use self::{behind::BehindCollector, damaged::DamagedActors, requests::RequestsCollector, sampled::Sampled};
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
    pub transaction_us: Histogram,
    /// Commits that wait to be published.
    pub outbox: Gauge,
    damaged: DamagedActors,
    /// Events that were put aside for an operator to look at.
    pub dead_letters: Counter,
    /// Deliveries that failed and are tried again.
    pub redeliveries: Counter,
    /// Of a reminder: from the instant it was due to the instant it was out, in milliseconds.
    pub reminder_lateness_ms: Histogram,
    /// Of an event that audit is offered beside a sidecar: from the instant it was decided, in milliseconds.
    pub audit_lag_ms: Histogram,
    /// Mails that the mail server took.
    pub mails_sent: Counter,
    /// Mails that it did not take, each try by itself.
    pub mails_failed: Counter,
    /// Webhook requests that were answered with success.
    pub webhooks_delivered: Counter,
    /// Webhooks that failed for 24 hours and hear nothing more.
    pub webhooks_disabled: Counter,
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
            transaction_us: Histogram::new(TURN_BOUNDS_US, 1e6),
            outbox: Gauge::default(),
            damaged: DamagedActors::default(),
            dead_letters: Counter::default(),
            redeliveries: Counter::default(),
            reminder_lateness_ms: Histogram::new(LATENESS_BOUNDS_MS, 1e3),
            audit_lag_ms: Histogram::new(LATENESS_BOUNDS_MS, 1e3),
            mails_sent: Counter::default(),
            mails_failed: Counter::default(),
            webhooks_delivered: Counter::default(),
            webhooks_disabled: Counter::default(),
            webhooks_failed: Counter::default(),
            registry: Mutex::default(),
        };
        metrics.registry = Mutex::new(metrics.register());
        Arc::new(metrics)
    }

    fn register(&self) -> Registry {
        let mut all = Registry::default();
        let memory = Sampled(sampled::resident_bytes);
        all.register_with_unit("process_resident_memory", "Memory of this process", Unit::Bytes, memory);
        let own = all.sub_registry_with_prefix("punctual");
        own.register_collector(Box::new(RequestsCollector(Arc::clone(&self.requests))));
        own.register(
            "turn_commands",
            "Commands that shared a turn",
            self.turn_commands.clone(),
        );
        for (name, help, histogram) in [
            ("turn_duration", "Turns of actors", &self.turn_us),
            (
                "commit_latency",
                "Transactions of the store, flush included",
                &self.transaction_us,
            ),
            (
                "reminder_lateness",
                "From the instant due to the instant out",
                &self.reminder_lateness_ms,
            ),
            (
                "audit_lag",
                "From the instant an event was decided to the instant audit was offered it, beside a sidecar",
                &self.audit_lag_ms,
            ),
        ] {
            own.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        own.register(
            "outbox_commits",
            "Commits that wait to be published",
            self.outbox.clone(),
        );
        own.register(
            "damaged_actors",
            "Actors of whom something stored was met that cannot be read; an alarm",
            self.damaged.count.clone(),
        );
        for (name, help, counter) in [
            (
                "dead_letters",
                "Events that were put aside, for `punctual dead-letters`",
                &self.dead_letters,
            ),
            (
                "redeliveries",
                "Deliveries of events that failed and are tried again",
                &self.redeliveries,
            ),
            ("mails_sent", "Mails that the mail server took", &self.mails_sent),
            (
                "mails_failed",
                "Mails that the mail server did not take",
                &self.mails_failed,
            ),
            (
                "webhooks_delivered",
                "Webhook requests that succeeded",
                &self.webhooks_delivered,
            ),
            (
                "webhooks_disabled",
                "Webhooks that failed for 24 hours and were disabled",
                &self.webhooks_disabled,
            ),
            ("webhooks_failed", "Webhook requests that failed", &self.webhooks_failed),
        ] {
            own.register(name, help, counter.clone());
        }
        all
    }

    /// Adds gauges that say how far roles are behind, asked for whenever Prometheus asks.
    pub fn watch_roles(&self, roles: impl Fn() -> Vec<Behind> + Send + Sync + 'static) {
        self.registry().register_collector(Box::new(BehindCollector(roles)));
    }

    /// Adds a gauge that is asked for its value whenever Prometheus asks.
    pub fn sample(&self, name: &str, help: &str, value: impl Fn() -> i64 + Send + Sync + 'static) {
        self.registry()
            .register(format!("punctual_{name}"), help, Sampled(value));
    }

    /// Everything, in the text format of OpenMetrics.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &self.registry());
        text
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn transaction(&self, micros: u64) {
        self.transaction_us.record(micros);
    }

    fn redelivery(&self) {
        self.redeliveries.inc();
    }

    fn damaged(&self, actor: &str) {
        self.damaged.note(actor);
    }
}
