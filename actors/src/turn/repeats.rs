//! Commands that were delivered before.

use std::sync::Arc;

use punctual_events::{Commit, Seq};

use super::{Outcome, Pending, Slot, TurnError, settle::settle_from};
use crate::{
    machine::Machine,
    ports::{Failure, Runtime, Store},
    recent::Knowledge,
};

/// Commits read at once.
const PORTION: u64 = 64;

impl<M: Machine> Slot<M> {
    /// Answers those of `commands` that were carried out before. Where no other process can own the actor, commands come from this one, each
    /// once, and nothing is looked up.
    pub(super) async fn answer_repeats<R: Runtime>(
        &mut self,
        commands: &[Pending<M::Command>],
        outcomes: &mut [Option<Outcome<M>>],
        runtime: &R,
    ) -> Result<(), Failure> {
        for (index, pending) in commands.iter().enumerate() {
            if outcomes[index].is_some() {
                continue;
            }
            match self.knowledge_of(pending, runtime).await? {
                Knowledge::New => {}
                Knowledge::Answered(outcome) => outcomes[index] = Some(outcome),
                Knowledge::Committed(seq) => self.answer_from_log(seq, commands, outcomes, runtime).await?,
                Knowledge::LookBack | Knowledge::Lost => {
                    let failure = Failure::new("too old to know whether it was carried out");
                    outcomes[index] = Some(Err(TurnError::Unknown(failure)));
                }
            }
        }
        Ok(())
    }

    /// What is known of a command once the log was read as far back as it takes.
    async fn knowledge_of<R: Runtime>(
        &mut self,
        pending: &Pending<M::Command>,
        runtime: &R,
    ) -> Result<Knowledge<M>, Failure> {
        let actor = self.actor;
        let now = runtime.environment().clock.now();
        let Some(recent) = self
            .activation
            .as_mut()
            .and_then(|activation| activation.recent.as_mut())
        else {
            return Ok(Knowledge::New);
        };
        let mut knowledge = recent.look_up(pending.id, now);
        while let (Knowledge::LookBack, Some(first)) = (&knowledge, recent.first()) {
            let after = Seq(first.0.saturating_sub(1 + PORTION));
            let limit = usize::try_from(first.0 - 1 - after.0).unwrap_or(usize::MAX);
            let commits = runtime.store().read_log(actor, after, limit).await?;
            let is_first = |commit: &Arc<Commit>| commit.header.seq == Seq(1) || commit.header.seq > after.next();
            recent.prepend(&commits, commits.first().is_none_or(is_first));
            knowledge = recent.look_up(pending.id, now);
        }
        Ok(knowledge)
    }

    async fn answer_from_log<R: Runtime>(
        &self,
        seq: Seq,
        commands: &[Pending<M::Command>],
        outcomes: &mut [Option<Outcome<M>>],
        runtime: &R,
    ) -> Result<(), Failure> {
        let before = Seq(seq.0.saturating_sub(1));
        let commits = runtime.store().read_log(self.actor, before, 1).await?;
        let commit = commits.first().filter(|commit| commit.header.seq == seq);
        let commit = commit.ok_or_else(|| Failure::new("the log was compacted meanwhile"))?;
        settle_from::<M>(commit, commands, outcomes)
    }
}
