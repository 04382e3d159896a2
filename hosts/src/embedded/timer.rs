//! A queue of entries with instants that sleeps until the earliest is due, without polling.

mod alarm;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use punctual_actors::ports::Clock;
use punctual_events::Timestamp;
use tokio::sync::Notify;

pub use self::alarm::Alarm;

/// Entries in the order of their instants. Equal entries at equal instants are one. Clones share the queue.
pub struct Timer<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    clock: Arc<dyn Clock>,
    entries: Mutex<BTreeSet<(Timestamp, T)>>,
    /// The earliest entry became an earlier one.
    earlier: Notify,
}

impl<T> Clone for Timer<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T: Clone + Ord> Timer<T> {
    /// An empty queue.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                entries: Mutex::default(),
                earlier: Notify::new(),
            }),
        }
    }

    /// Adds an entry.
    pub fn insert(&self, at: Timestamp, entry: T) {
        let mut entries = self.entries();
        let earlier = entries.first().is_none_or(|(first, _)| at < *first);
        entries.insert((at, entry));
        drop(entries);
        if earlier {
            self.shared.earlier.notify_one();
        }
    }

    /// Adds many entries.
    pub fn extend(&self, entries: impl IntoIterator<Item = (Timestamp, T)>) {
        self.entries().extend(entries);
        self.shared.earlier.notify_one();
    }

    /// Removes an entry; true when it was there.
    pub fn remove(&self, at: Timestamp, entry: &T) -> bool {
        // The alarm may go off for it; nothing is due then and it is set anew.
        self.entries().remove(&(at, entry.clone()))
    }

    /// The instant of the first entry.
    #[must_use]
    pub fn earliest(&self) -> Option<Timestamp> {
        self.entries().first().map(|(at, _)| *at)
    }

    /// Entries that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// True when none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// Waits until entries are due and takes them, in order, at most `limit`: never before their instant by the wall clock, and right after it
    /// also when the clock jumps or the machine was asleep. Only one task may wait at a time.
    pub async fn due(&self, alarm: &Alarm, limit: usize) -> Vec<(Timestamp, T)> {
        loop {
            // Before the look: an entry added after it is announced.
            let earlier = self.shared.earlier.notified();
            let due = self.take_due(limit);
            if !due.is_empty() {
                return due;
            }
            let first = self.earliest();
            tokio::select! {
                () = earlier => {}
                () = alarm.wait(first, &*self.shared.clock) => {}
            }
        }
    }

    fn take_due(&self, limit: usize) -> Vec<(Timestamp, T)> {
        let now = self.shared.clock.now();
        let mut entries = self.entries();
        let mut due = Vec::new();
        while due.len() < limit
            && entries.first().is_some_and(|(at, _)| *at <= now)
            && let Some(entry) = entries.pop_first()
        {
            due.push(entry);
        }
        due
    }

    fn entries(&self) -> MutexGuard<'_, BTreeSet<(Timestamp, T)>> {
        // Only an `Ord` that panics could poison it, and then the set is still whole.
        self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use punctual_actors::ports::BoxFuture;

    use super::*;
    use crate::environment::SystemClock;

    fn in_ms(ms: i64) -> Timestamp {
        SystemClock.now().plus_millis(ms)
    }

    fn real() -> (Timer<u32>, Alarm) {
        (Timer::new(Arc::new(SystemClock)), Alarm::system().unwrap())
    }

    #[tokio::test]
    async fn entries_come_in_order_and_never_early() {
        let (timer, alarm) = real();
        let (first, second) = (in_ms(20), in_ms(40));
        timer.insert(second, 2);
        timer.insert(first, 1);
        assert_eq!(timer.due(&alarm, 1).await, [(first, 1)]);
        assert!(SystemClock.now() >= first);
        assert_eq!(timer.due(&alarm, 1).await, [(second, 2)]);
        assert!(SystemClock.now() >= second);
    }

    #[tokio::test]
    async fn an_earlier_entry_added_while_waiting_comes_first() {
        let (timer, alarm) = real();
        timer.insert(in_ms(3_600_000), 1);
        let adding = timer.clone();
        let at = in_ms(10);
        let (due, ()) = tokio::join!(timer.due(&alarm, 10), async { adding.insert(at, 2) });
        assert_eq!(due, [(at, 2)]);
        assert_eq!(timer.len(), 1);
    }

    #[tokio::test]
    async fn a_removed_entry_does_not_come() {
        let (timer, alarm) = real();
        let (gone, stays) = (in_ms(5), in_ms(20));
        timer.insert(gone, 1);
        timer.insert(stays, 2);
        assert!(timer.remove(gone, &1));
        assert!(!timer.remove(gone, &1));
        assert_eq!(timer.due(&alarm, 10).await, [(stays, 2)]);
    }

    #[tokio::test]
    async fn what_was_due_before_1970_comes_at_once() {
        let (timer, alarm) = real();
        timer.insert(Timestamp::MIN, 1);
        assert_eq!(timer.due(&alarm, 10).await, [(Timestamp::MIN, 1)]);
    }

    #[tokio::test]
    async fn no_more_than_asked_for_are_taken_at_once() {
        let (timer, alarm) = real();
        timer.extend((0..5).map(|entry| (Timestamp::from_millis(1), entry)));
        assert_eq!(timer.due(&alarm, 3).await.len(), 3);
        assert_eq!(timer.due(&alarm, 3).await.len(), 2);
    }

    /// A clock on which waiting takes no time, and which is set to a day later after three waits.
    #[derive(Default)]
    struct SetLater {
        longest_wait_ms: AtomicU64,
        waits: AtomicU64,
    }

    const TOMORROW: Timestamp = Timestamp::from_millis(86_400_000);

    impl Clock for SetLater {
        fn now(&self) -> Timestamp {
            if self.waits.load(Ordering::SeqCst) < 3 {
                Timestamp::from_millis(0)
            } else {
                TOMORROW
            }
        }

        fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
            self.longest_wait_ms.fetch_max(ms, Ordering::SeqCst);
            self.waits.fetch_add(1, Ordering::SeqCst);
            Box::pin(std::future::ready(()))
        }
    }

    #[tokio::test]
    async fn where_nothing_tells_of_a_clock_that_was_set_it_is_looked_at_every_second() {
        let clock = Arc::new(SetLater::default());
        let timer = Timer::new(Arc::clone(&clock) as Arc<dyn Clock>);
        timer.insert(TOMORROW, 1);
        assert_eq!(timer.due(&Alarm::looking(), 1).await, [(TOMORROW, 1)]);
        assert_eq!(clock.longest_wait_ms.load(Ordering::SeqCst), 1_000);
    }
}
