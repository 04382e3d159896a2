//! Wake-ups as they are delivered.

use std::sync::Arc;

use punctual_events::{Commit, Seq, Timestamp};

use super::{Pending, Slot, TurnError, draft::Draft};
use crate::{
    activation::Activation,
    machine::Machine,
    outbox::BATCH,
    ports::{Failure, Publisher, Runtime, Store, WakeUp, WakeUps},
};

/// A wake-up that is early by this clock waits this long at most, in milliseconds; one that is earlier is delivered again.
const MAX_EARLY_MS: u64 = 1_000;
/// Publishing holds up a wake-up for this long at most, in milliseconds, however long the broker takes: a person waits to be reminded, and who
/// delivers gives up.
const PUBLISHING_MS: u64 = 1_000;

impl<M: Machine> Slot<M> {
    /// A wake-up was delivered.
    ///
    /// A commit in flight that counts on it must not land once it is gone. Where there may be one, the delivery ends in an append, if only of an
    /// empty commit, so that the other loses, and whoever sent it arms again: when the head is behind the sequence the wake-up was armed for, and
    /// when another process may own the actor, unless this very activation armed it, whose commits are none in flight. Otherwise a wake-up that
    /// finds nothing due appends nothing. Either way what comes next is armed when this returns.
    ///
    /// A guard is fenced alike, for a commit in flight does without one of its own where this one is ahead. But nobody counts on it for what comes next:
    /// what was armed for that still is.
    ///
    /// # Errors
    /// When it has to be delivered again.
    pub async fn wake<R: Runtime>(
        &mut self,
        wake_up: WakeUp,
        command: Pending<M::Command>,
        runtime: &R,
    ) -> Result<(), Failure> {
        let clock = &*runtime.environment().clock;
        let early_ms = u64::try_from(wake_up.at.as_millis() - clock.now().as_millis()).unwrap_or(0);
        if early_ms > MAX_EARLY_MS {
            return Err(Failure::new("this clock is behind that of the wake-ups"));
        }
        if early_ms > 0 {
            clock.sleep_ms(early_ms).await;
        }
        let was_woken = self.is_woken;
        self.is_woken |= !wake_up.is_guard;
        let delivered = self.deliver(wake_up, command, runtime).await;
        // Whatever keeps wake-ups for several processes delivers it again a second later, until what comes next is armed: whoever commits meanwhile may count on
        // that. What is damaged is put off for long; and alone, the pauses grow, but arming cannot fail.
        let comes_again = runtime.has_others() && matches!(&delivered, Err(failure) if !failure.is_damage());
        if comes_again && !wake_up.is_guard && !was_woken {
            self.is_woken = false;
            if let Some(activation) = &mut self.activation {
                activation.trust_head();
            }
        }
        delivered
    }

    async fn deliver<R: Runtime>(
        &mut self,
        wake_up: WakeUp,
        command: Pending<M::Command>,
        runtime: &R,
    ) -> Result<(), Failure> {
        let is_own = self.activation.as_ref().is_some_and(|active| active.has_made(wake_up));
        let activation = self.activate(runtime).await?;
        let is_behind = activation.tip.seq < wake_up.seq;
        let has_to_note = activation.delivered(wake_up);
        self.fence |= is_behind || has_to_note || (runtime.has_others() && !is_own);
        self.publish_leftovers(runtime).await?;
        self.remind_audit(runtime).await?;
        if let Some(Err(TurnError::Unknown(failure))) = self.take_turn(&[command], runtime).await.pop() {
            return Err(failure);
        }
        self.cover_next(runtime).await?;
        self.ensure_guard(runtime).await
    }

    /// Where nothing was appended, what comes next is armed all the same: this may have been the wake-up that was counted on.
    async fn cover_next<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        if !self.is_woken {
            return Ok(());
        }
        let actor = self.actor;
        let activation = self.activate(runtime).await?;
        let (draft, seq) = (Draft::new(activation, runtime.environment()), activation.tip.seq);
        draft.cover(actor, activation, seq, runtime).await?;
        self.is_woken = false;
        Ok(())
    }

    /// A guard fired, or a wake-up that is not needed any more: what a lost process left behind is published before the commit that may follow,
    /// which notes it, so that the guard is the last.
    async fn publish_leftovers<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        let now = runtime.environment().clock.now();
        let is_due = |activation: &Activation<M>| {
            let next = activation.snapshot.machine.next_wakeup();
            next.is_some_and(|at| at <= now)
        };
        if is_due(self.activate(runtime).await?) {
            return Ok(());
        }
        if runtime.has_others() {
            self.recheck(runtime).await?;
        }
        let activation = self.activate(runtime).await?;
        // What was handed to the outbox of this process is on its way, and comes first.
        let is_outbox_empty = activation.handed_over <= activation.published;
        if is_due(activation) || !is_outbox_empty {
            return Ok(());
        }
        // What is left the outbox publishes, with its pauses, beside the turns that come; if that is lost too, the guard that is armed before this ends.
        tokio::select! {
            biased;
            () = publish_all(activation, runtime.publisher()) => {}
            () = runtime.environment().clock.sleep_ms(PUBLISHING_MS) => {}
        }
        Ok(())
    }

    /// A guard fired, and audit has not confirmed the last commit, long after it was published: whoever delivers may have lost it, and an actor that
    /// stays quiet would never be in the record whole. It is published once more, to audit; what is missing before it audit reads from the log.
    /// Until audit confirms, there is another guard ahead.
    async fn remind_audit<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        let (now, actor) = (runtime.environment().clock.now(), self.actor);
        let Some(interval_ms) = runtime.wake_ups().guard_interval_ms() else {
            return Ok(());
        };
        // Only a head that was just read says how far audit is.
        let is_known = self.is_fresh(now, 0) || !runtime.has_others();
        if self.owed_to_audit(now).is_some() && !is_known {
            self.recheck(runtime).await?;
        }
        let Some(owed) = self.owed_to_audit(now) else {
            return Ok(());
        };
        let before = Seq(owed.0.saturating_sub(1));
        let read = runtime.store().read_log(actor, before, 1).await?;
        let long_ms = i64::try_from(interval_ms / 2).unwrap_or(i64::MAX);
        let waits_long = |commit: &&Arc<Commit>| now.as_millis() - commit.header.time.as_millis() >= long_ms;
        if let Some(commit) = read.first().filter(waits_long) {
            // Where the broker is away, the next guard tries again.
            let _ = runtime.publisher().publish_for_audit(commit).await;
            if let Some(activation) = &mut self.activation {
                activation.waits_for_audit_since = Some(commit.header.time);
            }
        }
        Ok(())
    }

    /// The last commit audit has to copy and has not confirmed, where this activation has nothing else to do for it to get there.
    fn owed_to_audit(&self, now: Timestamp) -> Option<Seq> {
        let activation = self.activation.as_ref()?;
        let is_due = activation.snapshot.machine.next_wakeup().is_some_and(|at| at <= now);
        activation
            .owed_to_audit()
            .filter(|_| !is_due && !activation.owes_events())
    }
}

/// Publishes what an activation has not handed over, until a batch is not taken. What is given up half way is published again.
async fn publish_all<M: Machine>(activation: &mut Activation<M>, publisher: &impl Publisher) {
    while let Some(last) = activation.unpublished.iter().take(BATCH).next_back() {
        let (last, count) = (last.header.seq, activation.unpublished.len().min(BATCH));
        if publisher.publish(&activation.unpublished[..count]).await.is_err() {
            return;
        }
        activation.unpublished.drain(..count);
        activation.handed_over = last;
        activation.published(last);
    }
}
