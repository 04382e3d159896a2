//! Measures the promise the product is named after.

use std::sync::Arc;

use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::{CloudEvent, EventType, Notification, Topic};

use super::Metrics;
use crate::ports::EventHandler;

/// Hears every reminder that fired and records how late it was out: committed, and on its way to inbox, sockets and webhooks.
pub struct Lateness {
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl Lateness {
    /// Records into `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, clock: Arc<dyn Clock>) -> Self {
        Self { clock, metrics }
    }

    fn record(&self, event: &CloudEvent) {
        // One whose content was erased, or that cannot be read, has nothing to say here; its readers complain.
        if event.event_type == EventType::ReminderFired
            && let Ok(notification) = serde_json::from_str::<Notification>(event.data.get())
        {
            let late_ms = self.clock.now().as_millis() - notification.expected_at().as_millis();
            self.metrics
                .reminder_lateness_ms
                .record(u64::try_from(late_ms).unwrap_or(0));
        }
    }
}

impl EventHandler for Lateness {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Reminders]
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        events.iter().for_each(|event| self.record(event));
        Box::pin(std::future::ready(Ok(())))
    }
}
