//! The publisher of an actor: sends what was committed, in order, outside the turn. When the broker is away the events wait in the log and a
//! breaker, shared by all actors of a process, keeps the tries cheap. No answer to a command depends on it.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use punctual_events::{Commit, Seq};

use crate::ports::{Clock, Failure, Publisher, Runtime};

/// After this many failures in a row nobody tries until the pause is over.
const TRIP_AFTER: u32 = 5;
const FIRST_PAUSE_MS: u64 = 50;
const LONGEST_PAUSE_MS: u64 = 5_000;

/// A circuit breaker: closed while publishing works; open, for a pause that doubles, after failures in a row.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: AtomicU32,
    open_until_ms: AtomicI64,
}

impl Breaker {
    /// How long to wait before trying, in milliseconds; zero while the breaker is closed or its pause is over.
    fn wait_ms(&self, clock: &dyn Clock) -> u64 {
        let wait = self.open_until_ms.load(Ordering::Relaxed) - clock.now().as_millis();
        // A clock that was set back must not keep the breaker open for longer than a pause.
        u64::try_from(wait).unwrap_or(0).min(LONGEST_PAUSE_MS)
    }

    fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.open_until_ms.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure and says how long the caller should pause.
    fn failed(&self, clock: &dyn Clock) -> u64 {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        let pause = (FIRST_PAUSE_MS << failures.min(10)).min(LONGEST_PAUSE_MS);
        if failures >= TRIP_AFTER {
            let until = clock.now().plus_millis(i64::try_from(pause).unwrap_or(i64::MAX));
            self.open_until_ms.store(until.as_millis(), Ordering::Relaxed);
        }
        pause
    }

    /// True while nobody tries.
    #[must_use]
    pub fn is_open(&self, clock: &dyn Clock) -> bool {
        self.wait_ms(clock) > 0
    }
}

/// What an actor still has to publish.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Arc<Commit>>,
}

/// Commits in one call of the publisher, at most.
pub(crate) const BATCH: usize = 64;

impl Outbox {
    /// Adds commits, in the order of the log.
    pub fn extend(&mut self, commits: impl IntoIterator<Item = Arc<Commit>>) {
        self.waiting.extend(commits);
    }

    /// What waits, taken out.
    pub fn into_waiting(self) -> impl Iterator<Item = Arc<Commit>> {
        self.waiting.into_iter()
    }

    /// How many commits wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// True when nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Publishes one batch, waiting out the breaker first.
    ///
    /// # Errors
    /// When it was not taken: the batch stays, and the pause before the next try is over.
    pub async fn publish_some<R: Runtime>(&mut self, runtime: &R, breaker: &Breaker) -> Result<Option<Seq>, Failure> {
        let clock = &*runtime.environment().clock;
        let batch: Vec<Arc<Commit>> = self.waiting.iter().take(BATCH).cloned().collect();
        let Some(last) = batch.last().map(|commit| commit.header.seq) else {
            return Ok(None);
        };
        let wait_ms = breaker.wait_ms(clock);
        if wait_ms > 0 {
            clock.sleep_ms(wait_ms).await;
        }
        match runtime.publisher().publish(&batch).await {
            Ok(()) => {
                breaker.succeeded();
                self.waiting.drain(..batch.len());
                Ok(Some(last))
            }
            Err(failure) => {
                clock.sleep_ms(breaker.failed(clock)).await;
                Err(failure)
            }
        }
    }
}

#[cfg(test)]
mod tests;
