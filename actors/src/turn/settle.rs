//! What becomes of commands after an append with an unknown outcome.

use punctual_events::{Commit, EventData, Seq};

use super::{Answered, Outcome, Pending, Slot, TurnError};
use crate::{
    machine::Machine,
    ports::{Failure, Runtime, Store},
};

/// Commits read at once.
const PORTION: usize = 64;

impl<M: Machine> Slot<M> {
    /// After an append on `doubt` with an unknown outcome: commands of ours that are in the log are answered from it.
    pub(super) async fn settle<R: Runtime>(
        &mut self,
        doubt: Seq,
        commands: &[Pending<M::Command>],
        outcomes: &mut [Option<Outcome<M>>],
        runtime: &R,
    ) -> Result<(), Failure> {
        if self.activate(runtime).await?.tip.seq <= doubt {
            return Ok(());
        }
        // The log has moved past the doubtful place, so the append is there or can never be.
        let (mut after, mut has_gap) = (doubt, false);
        loop {
            let commits = runtime.store().read_log(self.actor, after, PORTION).await?;
            let (Some(first), Some(last)) = (commits.first(), commits.last()) else {
                break;
            };
            has_gap |= first.header.seq > after.next();
            after = last.header.seq;
            for commit in &commits {
                settle_from::<M>(commit, commands, outcomes)?;
            }
        }
        self.doubt = None;
        if has_gap {
            give_up::<M>(outcomes);
        }
        Ok(())
    }
}

/// The commit in doubt was dropped since, if it was there, and with it the answer to whether it was.
fn give_up<M: Machine>(outcomes: &mut [Option<Outcome<M>>]) {
    let open = outcomes.iter_mut().filter(|outcome| outcome.is_none());
    open.for_each(|outcome| *outcome = Some(Err(TurnError::Unknown(Failure::new("the log was compacted meanwhile")))));
}

/// Answers those of `commands` that `commit` holds.
pub(super) fn settle_from<M: Machine>(
    commit: &Commit,
    commands: &[Pending<M::Command>],
    outcomes: &mut [Option<Outcome<M>>],
) -> Result<(), Failure> {
    for (place, committed) in commit.commands.iter().enumerate() {
        let mut open = commands.iter().zip(&mut *outcomes);
        let Some((_, outcome)) = open.find(|(pending, outcome)| pending.id == committed.id && outcome.is_none()) else {
            continue;
        };
        let events: Vec<M::Event> = commit
            .events_of(place)
            .iter()
            .filter_map(|record| M::Event::from_record(record).transpose())
            .collect::<Result<_, _>>()?;
        let reply = M::recollect(committed.answer, &events)
            .ok_or_else(|| Failure::damaged("a committed answer cannot be recollected"))?;
        *outcome = Some(Ok(Answered {
            reply,
            replayed: false,
            seq: commit.header.seq,
        }));
    }
    Ok(())
}
