//! Virtual time.

use std::{
    collections::BTreeMap,
    future::poll_fn,
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
    /// By when their sleep is over, and a number of their own.
    sleeping: BTreeMap<(u64, u64), Waker>,
    sleepers: u64,
    /// Who waits until somebody sleeps.
    watchers: Vec<Waker>,
}

impl VirtualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            now,
            elapsed_ms: 0,
            sleeping: BTreeMap::new(),
            sleepers: 0,
            watchers: Vec::new(),
        })))
    }

    /// Lets time pass; sleeps that are over complete.
    pub fn advance_ms(&self, ms: u64) {
        let mut state = lock(&self.0);
        state.elapsed_ms += ms;
        state.now = state.now.plus_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        let later = state.elapsed_ms.saturating_add(1);
        let still = state.sleeping.split_off(&(later, 0));
        for waker in std::mem::replace(&mut state.sleeping, still).into_values() {
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
        let ((until_ms, _), _) = state.sleeping.first_key_value()?;
        Some(until_ms.saturating_sub(state.elapsed_ms))
    }

    /// Waits until somebody sleeps.
    pub async fn until_somebody_sleeps(&self) {
        poll_fn(|context| {
            let mut state = lock(&self.0);
            if !state.sleeping.is_empty() {
                return Poll::Ready(());
            }
            state.watchers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        lock(&self.0).now
    }

    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        let mut state = lock(&self.0);
        state.sleepers += 1;
        Box::pin(Sleep {
            clock: self,
            id: (state.elapsed_ms.saturating_add(ms), state.sleepers),
        })
    }
}

struct Sleep<'a> {
    clock: &'a VirtualClock,
    id: (u64, u64),
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.clock.0);
        if state.elapsed_ms >= self.id.0 {
            return Poll::Ready(());
        }
        state.sleeping.insert(self.id, context.waker().clone());
        state.watchers.drain(..).for_each(Waker::wake);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        lock(&self.clock.0).sleeping.remove(&self.id);
    }
}
