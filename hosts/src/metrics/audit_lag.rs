//! Measures how far audit is behind where a broker lies between it and the logs.

use std::sync::Arc;

use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::{CloudEvent, Topic};

use super::Metrics;
use crate::ports::EventHandler;

/// Hears every event that audit is offered, before audit does, and records how long ago it was decided: one that waits in the outbox, on the
/// broker or for another try is the older for it. Whatever comes several times counts each time, so that what is never taken shows too.
pub struct AuditLag {
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl AuditLag {
    /// Records into `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, clock: Arc<dyn Clock>) -> Self {
        Self { clock, metrics }
    }

    fn record(&self, event: &CloudEvent) {
        let age_ms = self.clock.now().as_millis() - event.commit.time.as_millis();
        self.metrics.audit_lag_ms.record(u64::try_from(age_ms).unwrap_or(0));
    }
}

impl EventHandler for AuditLag {
    fn name(&self) -> &'static str {
        "audit-lag"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        events.iter().for_each(|event| self.record(event));
        Box::pin(std::future::ready(Ok(())))
    }
}
