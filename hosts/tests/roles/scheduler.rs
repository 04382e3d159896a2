//! Whoever keeps wake-ups, when it is away.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use punctual_actors::{
    ports::{Failure, WakeUp, WakeUps},
    reference::MemoryWakeUps,
};
use punctual_events::ActorId;

/// Wake-ups that cannot be armed while it is away.
#[derive(Clone, Default)]
pub(crate) struct Scheduler {
    pub(crate) armed: MemoryWakeUps,
    pub(crate) is_away: Arc<AtomicBool>,
    /// How often something was to be armed.
    pub(crate) asked: Arc<AtomicUsize>,
}

impl WakeUps for Scheduler {
    fn guard_interval_ms(&self) -> Option<u64> {
        self.armed.guard_interval_ms()
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Failure::new("away"));
        }
        self.armed.arm(actor, wake_up).await
    }
}
