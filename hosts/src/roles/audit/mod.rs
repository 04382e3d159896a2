//! The audit role: keeps a second, verified record of every actor's log.
//!
//! The actors compute the chain of hashes; audit copies it, checks every link, reads from the log what was not delivered, and tells the log how
//! far it has come, before which nothing is dropped. It never guesses: a commit it cannot verify stops the copy of that actor, loudly, until
//! somebody looks.

mod chain;
mod copy;
mod entry;
mod erasure;
mod heads;
mod trail;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::{CloudEvent, Topic};

use self::heads::Heads;
use crate::ports::{AuditStore, EventHandler, Logs, Services};

/// How long a busy actor's commits are left to gather, so that they are stored together.
const GATHERS_MS: u64 = 100;

/// The audit role.
pub struct AuditRole {
    logs: Arc<dyn Logs>,
    store: Arc<dyn AuditStore>,
    clock: Arc<dyn Clock>,
    heads: Heads,
    refused: AtomicU64,
}

impl AuditRole {
    /// The role.
    #[must_use]
    pub fn new(services: &Services) -> Arc<Self> {
        Arc::new(Self {
            logs: Arc::clone(&services.logs),
            store: Arc::clone(&services.audit),
            clock: Arc::clone(&services.environment.clock),
            heads: Heads::default(),
            refused: AtomicU64::new(0),
        })
    }

    /// How many times a commit was refused because it could not be verified. Anything but zero is an alarm.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    async fn take(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        let Some(first) = events.first() else { return Ok(()) };
        let copied = self.copy(&first.commit, events).await;
        if copied.as_ref().is_err_and(|failure| !failure.is_damage()) {
            return copied;
        }
        // After the copy, and for commits that were copied before too: a crash may have come between. Where the record is damaged nothing more can be copied,
        // and what can be read of a person who left is erased all the same.
        self.erase_what_was_deleted(events).await.and(copied)
    }
}

impl EventHandler for AuditRole {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn gathers_ms(&self) -> u64 {
        GATHERS_MS
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.take(events))
    }
}
