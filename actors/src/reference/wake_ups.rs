//! Wake-ups, in memory. Whoever holds them delivers them: there is no task here that does.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use punctual_events::{ActorId, Timestamp};

use super::lock;
use crate::ports::{Failure, WakeUp, WakeUps};

/// A set of wake-ups. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryWakeUps {
    armed: Arc<Mutex<BTreeSet<(WakeUp, ActorId)>>>,
    guard_interval_ms: Option<u64>,
}

impl MemoryWakeUps {
    /// Wake-ups of a runtime whose actors keep a guard this far ahead.
    #[must_use]
    pub fn with_guard(guard_interval_ms: u64) -> Self {
        Self {
            guard_interval_ms: Some(guard_interval_ms),
            ..Self::default()
        }
    }

    /// Those to be delivered at `now`, the earliest first. They stay until they are [`done`](Self::done).
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<(ActorId, WakeUp)> {
        let armed = lock(&self.armed);
        let due = armed.iter().take_while(|(wake_up, _)| wake_up.at <= now);
        due.map(|(wake_up, actor)| (*actor, *wake_up)).collect()
    }

    /// Forgets a wake-up whose delivery succeeded.
    pub fn done(&self, actor: ActorId, wake_up: WakeUp) {
        lock(&self.armed).remove(&(wake_up, actor));
    }

    /// The instant of the earliest.
    #[must_use]
    pub fn earliest(&self) -> Option<Timestamp> {
        lock(&self.armed).first().map(|(wake_up, _)| wake_up.at)
    }
}

impl WakeUps for MemoryWakeUps {
    fn guard_interval_ms(&self) -> Option<u64> {
        self.guard_interval_ms
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        lock(&self.armed).insert((wake_up, actor));
        Ok(())
    }

    async fn cancel(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.done(actor, wake_up);
        Ok(())
    }
}
