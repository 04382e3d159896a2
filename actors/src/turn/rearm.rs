//! Arming anew, after whatever holds the wake-ups was lost or put back to an earlier state.

use punctual_events::{Seq, Timestamp};

use super::{Pending, Slot, TurnError};
use crate::{
    machine::Machine,
    ports::{Failure, Runtime},
};

/// What became of an actor whose wake-ups were to be armed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rearmed {
    /// It never committed: there is nothing it could wait for.
    Absent,
    /// It waits for this instant, if for any, and its wake-up is armed.
    Armed(Option<Timestamp>),
}

impl<M: Machine> Slot<M> {
    /// Has the actor do what is due by now, and arms what comes next and its guard, as if nothing had ever been armed.
    ///
    /// It ends in an append, if only of an empty commit, like a wake-up that another activation armed: a commit in flight, and an activation
    /// elsewhere that still counts on a wake-up which is gone, lose against it, load anew, and find the head covered by what was armed here.
    /// Wake-ups that are there after all are harmless, and so is arming twice.
    ///
    /// # Errors
    /// When it has to be done again.
    pub async fn rearm<R: Runtime>(&mut self, command: Pending<M::Command>, runtime: &R) -> Result<Rearmed, Failure> {
        self.recheck(runtime).await?;
        // The head, and what an activation that is loaded from now on makes of it, count on nothing either.
        self.is_woken = true;
        let activation = self.activate(runtime).await?;
        if activation.tip.seq == Seq::ZERO {
            self.is_woken = false;
            return Ok(Rearmed::Absent);
        }
        activation.distrust_wake_ups();
        self.fence = true;
        if let Some(Err(TurnError::Unknown(failure))) = self.take_turn(&[command], runtime).await.pop() {
            return Err(failure);
        }
        self.ensure_guard(runtime).await?;
        let next = self.activate(runtime).await?.snapshot.machine.next_wakeup();
        Ok(Rearmed::Armed(next))
    }
}
