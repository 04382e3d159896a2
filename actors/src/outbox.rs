//! The publisher of an actor: sends what was committed, in order, outside the turn. When the broker is away the events wait in the log and a
//! breaker, shared by all actors of a process, keeps the tries cheap. No answer to a command depends on it. As long as there is room, commits that
//! wait are at hand too; beyond that only their numbers are.

mod batch;
mod room;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use punctual_events::{ActorId, Commit, Seq};

use self::room::{Place, weight};
pub use self::{batch::Batch, room::Room};
use crate::ports::Clock;

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
    waiting: VecDeque<Waiting>,
    len: u64,
}

#[derive(Debug)]
enum Waiting {
    Kept {
        commit: Arc<Commit>,
        /// Given back when it is published.
        _place: Place,
    },
    Logged {
        actor: ActorId,
        first: Seq,
        last: Seq,
    },
}

impl Waiting {
    fn first_and_last(&self) -> (Seq, Seq) {
        match self {
            Self::Kept { commit, .. } => (commit.header.seq, commit.header.seq),
            Self::Logged { first, last, .. } => (*first, *last),
        }
    }

    /// How many commits.
    fn count(&self) -> u64 {
        let (first, last) = self.first_and_last();
        last.0 - first.0 + 1
    }
}

/// Commits in one call of the publisher, at most.
pub(crate) const BATCH: usize = 64;

impl Outbox {
    /// Adds commits, in the order of the log. They are kept while there is room, and the first that waits is in any case: one per actor, whose state is
    /// in memory anyway, so that nobody reads a log to find out that the broker is still away.
    pub fn extend(&mut self, commits: impl IntoIterator<Item = Arc<Commit>>, room: &Arc<Room>) {
        for commit in commits {
            let (actor, seq, bytes) = (commit.header.actor, commit.header.seq, weight(&commit));
            let place = match self.waiting.back_mut() {
                None => Some(room.place_beyond(bytes)),
                Some(Waiting::Kept { .. }) => room.place(bytes),
                Some(Waiting::Logged { last, .. }) => {
                    self.len += seq.0.saturating_sub(last.0);
                    *last = seq.max(*last);
                    continue;
                }
            };
            self.waiting.push_back(match place {
                Some(place) => Waiting::Kept { commit, _place: place },
                None => Waiting::Logged {
                    actor,
                    first: seq,
                    last: seq,
                },
            });
            self.len += 1;
        }
    }

    /// What is to be published next; `None` when nothing waits. It waits until it is [`taken`](Self::taken).
    #[must_use]
    pub fn next(&self) -> Option<Batch> {
        match self.waiting.front()? {
            Waiting::Kept { .. } => {
                let kept = self.waiting.iter().map_while(|waiting| match waiting {
                    Waiting::Kept { commit, .. } => Some(Arc::clone(commit)),
                    Waiting::Logged { .. } => None,
                });
                Some(Batch::Kept(kept.take(BATCH).collect()))
            }
            Waiting::Logged { actor, first, last } => Some(Batch::Logged {
                actor: *actor,
                first: *first,
                last: *last,
            }),
        }
    }

    /// Everything up to `through` is published.
    pub fn taken(&mut self, through: Seq) {
        while let Some(front) = self.waiting.pop_front_if(|front| front.first_and_last().1 <= through) {
            self.len -= front.count();
        }
        if let Some(Waiting::Logged { first, .. }) = self.waiting.front_mut() {
            let next = through.next().max(*first);
            self.len -= next.0 - first.0;
            *first = next;
        }
    }

    /// How many commits wait.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX)
    }

    /// True when nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests;
