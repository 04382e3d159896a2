//! Virtual time.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use punctual_events::Timestamp;

use super::lock;
use crate::ports::{BoxFuture, Clock};

/// A clock that moves only when it is told to.
#[derive(Debug)]
pub struct VirtualClock(Mutex<State>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    elapsed_ms: u64,
    sleeping: Vec<(u64, Waker)>,
}

impl VirtualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            now,
            elapsed_ms: 0,
            sleeping: Vec::new(),
        })))
    }

    /// Lets time pass; sleeps that are over complete.
    pub fn advance_ms(&self, ms: u64) {
        let mut state = lock(&self.0);
        state.elapsed_ms += ms;
        state.now = state.now.plus_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        let elapsed_ms = state.elapsed_ms;
        for (_, waker) in state.sleeping.extract_if(.., |(until_ms, _)| *until_ms <= elapsed_ms) {
            waker.wake();
        }
    }

    /// Sets the wall clock forward or back. No time passes: sleeps go on.
    pub fn jump_ms(&self, ms: i64) {
        let mut state = lock(&self.0);
        state.now = state.now.plus_millis(ms);
    }

    /// How long until the next sleep is over, if anybody sleeps.
    #[must_use]
    pub fn next_sleeper_ms(&self) -> Option<u64> {
        let state = lock(&self.0);
        let first = state.sleeping.iter().map(|(until_ms, _)| *until_ms).min()?;
        Some(first.saturating_sub(state.elapsed_ms))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        lock(&self.0).now
    }

    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        let until_ms = lock(&self.0).elapsed_ms.saturating_add(ms);
        Box::pin(Sleep { clock: self, until_ms })
    }
}

struct Sleep<'a> {
    clock: &'a VirtualClock,
    until_ms: u64,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.clock.0);
        if state.elapsed_ms >= self.until_ms {
            return Poll::Ready(());
        }
        state.sleeping.push((self.until_ms, context.waker().clone()));
        Poll::Pending
    }
}
