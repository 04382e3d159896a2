//! What an actor leaves behind when it leaves memory: nothing that nobody comes back for.

use std::sync::{Arc, atomic::Ordering};

use punctual_actors::{machine::Machine, outbox::Outbox, ports::Runtime, turn::Slot};

use super::{Cell, busy::survived};

/// What became of a guard that was owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::actor_host) enum Owed {
    /// It is armed.
    Armed,
    /// None was owed any more: audit has confirmed meanwhile.
    Nothing,
    /// It could not be armed.
    Still,
}

impl<M: Machine, R: Runtime> Cell<M, R> {
    /// True where a commit had to do without a guard: it must not leave memory before there is one.
    pub(in crate::actor_host) fn owes_guard(&self) -> bool {
        self.owes_guard.load(Ordering::Relaxed)
    }

    /// Tries once more to arm the guard that is owed.
    pub(in crate::actor_host) async fn arm_owed_guard(self: Arc<Self>) -> Owed {
        let mut slot = self.slot.lock().await;
        let outcome = survived(slot.arm_owed_guard(&*self.shared.runtime)).await.flatten();
        let outcome = self.heard(outcome);
        if let Err(failure) = &outcome {
            tracing::warn!(actor = %self.actor, %failure, "the guard of an actor could not be armed; it is tried again");
        }
        // It may have been overtaken.
        self.after_turn(&mut slot);
        self.publish_soon();
        match outcome {
            Ok(true) => Owed::Armed,
            Ok(false) => Owed::Nothing,
            Err(_) => Owed::Still,
        }
    }

    /// Lets go of an actor whose events cannot be published and of whom nobody wants anything: while the broker is away for long, not everybody who wrote
    /// may stay in memory. The log has the events, and the guard that is ahead brings the actor back for them.
    pub(in crate::actor_host) fn let_go(&self) {
        let Ok(mut slot) = self.slot.try_lock() else { return };
        let is_wanted = self.waiting().is_served || self.is_saving.load(Ordering::Relaxed) || !self.is_saved();
        if is_wanted || !slot.has_guard_ahead(&*self.shared.runtime) {
            return;
        }
        *slot = Slot::new(self.actor);
        self.snapshot.store(None);
        self.change_outbox(|outbox| *outbox = Outbox::default());
        self.publishing().failing_since_ms = None;
    }

    /// True where publishing has failed for a good part of the time after which an actor of whom nobody wants anything leaves memory, and nobody has
    /// wanted anything for all of it.
    pub(in crate::actor_host) fn is_stuck(&self) -> bool {
        let (now_ms, idle_ms) = (self.now_ms(), self.shared.config.idle_ms);
        let for_ms = |since_ms: i64| now_ms.saturating_sub(since_ms);
        let failing_since_ms = self.publishing().failing_since_ms;
        failing_since_ms.is_some_and(|since_ms| for_ms(since_ms) >= idle_ms / 4)
            && for_ms(self.asked_ms.load(Ordering::Relaxed)) >= idle_ms
    }
}
