//! The guard: when it is to come, where a commit had to do without one, and what may leave memory because one is ahead.

use punctual_events::{Seq, Timestamp};

use super::Slot;
use crate::{
    activation::Activation,
    machine::Machine,
    ports::{Failure, Runtime, WakeUp, WakeUps},
};

/// A guard that is closer than this is renewed: an append may take that long and must not be outlived by its guard. In milliseconds.
const STORE_TIMEOUT_MS: i64 = 60_000;
/// A guard that only waits for audit is twice as far ahead each time, this often: five minutes become some three hours.
const MOST_DOUBLINGS: u32 = 5;

impl<M: Machine> Slot<M> {
    /// True where something would be left behind if this process were lost, and no guard is ahead that would find it.
    #[must_use]
    pub fn owes_guard<R: Runtime>(&self, runtime: &R) -> bool {
        let is_guarded = runtime.wake_ups().guard_interval_ms().is_some();
        let activation = self.activation.as_ref().filter(|_| is_guarded);
        activation.is_some_and(|activation| activation.needs_guard() && activation.guard.is_none())
    }

    /// Arms the guard that is owed. What audit has confirmed meanwhile needs none: then it is false.
    ///
    /// # Errors
    /// When it is still owed.
    pub async fn arm_owed_guard<R: Runtime>(&mut self, runtime: &R) -> Result<bool, Failure> {
        if !self.owes_guard(runtime) {
            return Ok(false);
        }
        self.recheck(runtime).await?;
        if !self.owes_guard(runtime) {
            return Ok(false);
        }
        let actor = self.actor;
        let Some(activation) = &mut self.activation else {
            return Ok(false);
        };
        let (now, seq) = (runtime.environment().clock.now(), activation.tip.seq);
        if let Some(guard) = next(activation, now, seq, runtime) {
            runtime.wake_ups().arm_guard(actor, guard).await?;
            activation.guard = Some(guard);
        }
        Ok(true)
    }

    /// The guard before is gone. A commit does without the next one where it cannot be armed at once; an actor that is woken, and may stay quiet after
    /// that, does not.
    pub(super) async fn ensure_guard<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        let actor = self.actor;
        let activation = self.activate(runtime).await?;
        if !activation.needs_guard() {
            return Ok(());
        }
        let (now, seq) = (runtime.environment().clock.now(), activation.tip.seq);
        if let Some(guard) = next(activation, now, seq, runtime) {
            runtime.wake_ups().arm(actor, guard).await?;
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

/// The guard to arm, where none is far enough ahead, and not too far.
pub(super) fn next<M: Machine, R: Runtime>(
    activation: &mut Activation<M>,
    now: Timestamp,
    seq: Seq,
    runtime: &R,
) -> Option<WakeUp> {
    let interval_ms = runtime.wake_ups().guard_interval_ms()?;
    // While audit is away for long, nobody wakes everybody every few minutes. How long it has been away is read off the commit that waits for it, for an
    // actor leaves memory between two guards: what it has waited, and an interval more, is twice what it was the last time.
    let waits_ms = activation
        .waits_for_audit_since
        .map_or(0, |since| now.as_millis() - since.as_millis());
    let longest_ms = interval_ms << MOST_DOUBLINGS;
    let ahead_ms = interval_ms.saturating_add(u64::try_from(waits_ms).unwrap_or(0));
    let at = now.plus_millis(i64::try_from(ahead_ms.min(longest_ms)).unwrap_or(i64::MAX));
    let soon = now.plus_millis(STORE_TIMEOUT_MS);
    if activation.guard.is_some_and(|guard| (soon..=at).contains(&guard.at)) {
        return None;
    }
    Some(WakeUp {
        is_guard: true,
        ..activation.new_wake_up(at, seq)
    })
}
