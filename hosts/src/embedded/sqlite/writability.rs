//! Whether the database can be written, going by the last write. A full disk is no reason to end the process, for reads go on; but whoever asks
//! whether requests should be sent here is told.

use std::sync::{Mutex, MutexGuard, PoisonError};

use punctual_actors::ports::Clock;
use punctual_events::Timestamp;

use super::{Database, session::Session, writer::Operation};

/// Between two writes that are tried only to see whether they work again, in milliseconds, at least.
const PAUSE_MS: u64 = 2_000;

/// What a trial writes, in bytes: as much as a small commit, so that room for it is room for one.
const TRIAL_BYTES: i64 = 16 << 10;

/// How the last write ended.
#[derive(Default)]
pub(super) struct Writability {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Why the last write failed, if it did.
    failure: Option<Box<str>>,
    /// When a trial was last begun.
    tried_at: Option<Timestamp>,
}

/// What somebody who looks finds while writes fail.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    failure: Box<str>,
    /// A trial is due, and counts as begun.
    is_trial_due: bool,
}

impl Writability {
    /// A transaction became durable.
    pub(super) fn worked(&self) {
        self.lock().failure = None;
    }

    /// A transaction did not.
    pub(super) fn failed(&self, cause: impl std::fmt::Display) {
        self.lock().failure = Some(cause.to_string().into());
    }

    /// `None` while writes work.
    fn look(&self, now: Timestamp) -> Option<Found> {
        let mut state = self.lock();
        let failure = state.failure.clone()?;
        // By the distance, not by the order: the clock may have been set back.
        let is_early = |tried: Timestamp| now.as_millis().abs_diff(tried.as_millis()) < PAUSE_MS;
        let is_trial_due = !state.tried_at.is_some_and(is_early);
        if is_trial_due {
            state.tried_at = Some(now);
        }
        Some(Found { failure, is_trial_due })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can panic half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database {
    /// Why the last write failed; `None` where it worked. While writes fail a look begins a small one, now and then, and a later look finds how
    /// that ended: a database that nobody writes to is found well again too.
    #[must_use]
    pub fn write_failure(&self, clock: &dyn Clock) -> Option<Box<str>> {
        let found = self.shared.writability.look(clock.now())?;
        if found.is_trial_due {
            self.write_unanswered(Trial);
        }
        Some(found.failure)
    }
}

/// A write that leaves nothing behind but the knowledge that it worked.
struct Trial;

impl Operation for Trial {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let connection = session.connection;
        connection
            .prepare_cached("INSERT INTO records (key, etag, value) VALUES ('trial', 0, zeroblob(?1))")?
            .execute([TRIAL_BYTES])?;
        connection
            .prepare_cached("DELETE FROM records WHERE key = 'trial'")?
            .execute([])
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + i64::try_from(ms).unwrap())
    }

    #[test]
    fn the_last_write_decides() {
        let writability = Writability::default();
        assert_eq!(writability.look(at(0)), None);
        writability.failed("full");
        assert_eq!(&*writability.look(at(0)).unwrap().failure, "full");
        writability.worked();
        assert_eq!(writability.look(at(0)), None);
    }

    #[test]
    fn trials_keep_their_distance_however_often_somebody_looks() {
        let writability = Writability::default();
        writability.failed("full");
        let is_trial_due = |ms| writability.look(at(ms)).unwrap().is_trial_due;
        assert!(is_trial_due(0));
        assert!(!is_trial_due(0) && !is_trial_due(PAUSE_MS - 1));
        assert!(is_trial_due(PAUSE_MS));
        writability.failed("still full");
        assert!(
            !is_trial_due(PAUSE_MS + 1),
            "a trial that failed is no reason for another"
        );
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_put_trials_off() {
        let writability = Writability::default();
        writability.failed("full");
        assert!(writability.look(at(900_000)).unwrap().is_trial_due);
        assert!(writability.look(at(0)).unwrap().is_trial_due);
    }
}
