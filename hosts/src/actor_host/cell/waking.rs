//! Wake-ups of an actor.

use std::sync::{Arc, atomic::Ordering};

use punctual_actors::{
    machine::Machine,
    ports::{DAMAGE_PAUSE_MS, Failure, Runtime, WakeUp, WakeUps as _},
    turn::Rearmed,
};

use super::{Cell, busy::survived, wake_command};

/// Deliveries of wake-ups of an actor that may wait for it. Each goes on when whoever delivers has given up and delivers again: where a turn hangs, they would
/// be more and more, and commands behind all of them.
pub(super) const AT_ONCE: usize = 4;

impl<M: Machine, R: Runtime> Cell<M, R> {
    /// Delivers a wake-up. In a task of its own, as commands are carried out: whoever delivers may give up half way, and what is committed then is to be
    /// published, and shown to readers, all the same.
    pub(in crate::actor_host) async fn wake(self: Arc<Self>, wake_up: WakeUp) -> Result<(), Failure> {
        let Ok(place) = Arc::clone(&self.waking).try_acquire_owned() else {
            return Err(Failure::new("as many wake-ups of the actor as may wait do so already"));
        };
        let waking = tokio::spawn(async move {
            let outcome = self.take_wake_up(wake_up).await;
            drop(place);
            outcome
        });
        waking.await.map_err(Failure::new)?
    }

    async fn take_wake_up(self: Arc<Self>, wake_up: WakeUp) -> Result<(), Failure> {
        self.used_ms.store(self.now_ms(), Ordering::Relaxed);
        let mut slot = self.slot.lock().await;
        let runtime = &*self.shared.runtime;
        let outcome = survived(async { slot.wake(wake_up, wake_command::<M, R>(runtime), runtime).await }).await;
        if outcome.is_err() {
            slot.cut_off();
        }
        self.after_turn(&mut slot);
        self.publish_soon();
        drop(slot);
        match self.heard(outcome?) {
            Err(failure) if failure.is_damage() => self.put_off(wake_up, &failure).await,
            outcome => outcome,
        }
    }

    /// Arms everything anew, in a task of its own.
    pub(in crate::actor_host) async fn rearm(self: Arc<Self>) -> Result<Rearmed, Failure> {
        let arming = tokio::spawn(self.arm_anew());
        arming.await.map_err(Failure::new)?
    }

    async fn arm_anew(self: Arc<Self>) -> Result<Rearmed, Failure> {
        // Nobody uses it, unless somebody asked before: who walks over all actors is not to keep them in memory beyond the next sweep.
        if self.asked_ms.load(Ordering::Relaxed) == i64::MIN {
            self.used_ms.store(0, Ordering::Relaxed);
        }
        let mut slot = self.slot.lock().await;
        let runtime = &*self.shared.runtime;
        let outcome = survived(async { slot.rearm(wake_command::<M, R>(runtime), runtime).await }).await;
        if outcome.is_err() {
            slot.cut_off();
        }
        self.after_turn(&mut slot);
        self.publish_soon();
        self.heard(outcome?)
    }

    /// Who delivers wake-ups tries again within a second or so, for ever. That is of no use to an actor that cannot be read; but once it can be
    /// again it has to be woken.
    async fn put_off(&self, wake_up: WakeUp, failure: &Failure) -> Result<(), Failure> {
        tracing::error!(actor = %self.actor, %failure, "an actor cannot be woken; it is tried again later");
        let runtime = &*self.shared.runtime;
        let pause_ms = i64::try_from(DAMAGE_PAUSE_MS).unwrap_or(i64::MAX);
        let at = runtime.environment().clock.now().plus_millis(pause_ms);
        runtime.wake_ups().arm(self.actor, WakeUp { at, ..wake_up }).await
    }
}
