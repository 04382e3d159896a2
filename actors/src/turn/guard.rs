//! The guard, where a commit had to do without one, and what may leave memory because one is ahead.

use super::{Slot, draft::Draft};
use crate::{
    machine::Machine,
    ports::{Failure, Runtime, WakeUps},
};

impl<M: Machine> Slot<M> {
    /// True where something would be left behind if this process were lost, and no guard is ahead that would find it.
    #[must_use]
    pub fn owes_guard<R: Runtime>(&self, runtime: &R) -> bool {
        let is_guarded = runtime.wake_ups().guard_interval_ms().is_some();
        let activation = self.activation.as_ref().filter(|_| is_guarded);
        activation.is_some_and(|activation| activation.needs_guard() && activation.guard.is_none())
    }

    /// Arms the guard that is owed. What audit has confirmed meanwhile needs none.
    ///
    /// # Errors
    /// When it is still owed.
    pub async fn arm_owed_guard<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        if !self.owes_guard(runtime) {
            return Ok(());
        }
        self.recheck(runtime).await?;
        if !self.owes_guard(runtime) {
            return Ok(());
        }
        let actor = self.actor;
        let Some(activation) = &mut self.activation else {
            return Ok(());
        };
        let (draft, seq) = (Draft::new(activation, runtime.environment()), activation.tip.seq);
        if let Some(guard) = draft.next_guard(activation, seq, runtime) {
            runtime.wake_ups().arm_guard(actor, guard).await?;
            activation.guard = Some(guard);
        }
        Ok(())
    }

    /// True where everything here may leave memory though events wait to be published: the log has them, and a guard is ahead that comes back for them.
    #[must_use]
    pub fn has_guard_ahead<R: Runtime>(&self, runtime: &R) -> bool {
        let now = runtime.environment().clock.now();
        let guard = self.activation.as_ref().and_then(|activation| activation.guard);
        !self.is_in_doubt() && !self.is_woken && guard.is_some_and(|guard| guard.at > now)
    }
}
