//! What became of commands lately, by their ids: a command that is delivered twice is carried out once.
//!
//! Commands that travel between processes are delivered at least once: whoever sent one and lost the answer sends it again, perhaps to another
//! process, perhaps after a crash. The log has the id of every command that changed something, and an id says when it was made (UUID version
//! 7), so what the log holds since then decides. This is the part of it that is in memory.

use std::collections::{HashMap, VecDeque};

use punctual_events::{CommandId, Commit, Seq, Timestamp};

use crate::{
    machine::Machine,
    refusal::Refusal,
    turn::{Answered, Outcome, TurnError},
};

/// By how much the clocks of sender and actor may differ, in milliseconds: a command may be committed this long before its id was made.
const MAX_SKEW_MS: i64 = 30_000;
/// How long what became of a command stays in memory, in milliseconds. Longer than a command travels and the skew together.
const KEPT_MS: i64 = 90_000;
/// A command that is older than this is not looked for any more: whoever sent it has stopped waiting long ago. In milliseconds. Hosts keep
/// commits for days, so that what was dropped from a log cannot hold a command that is younger.
const MAX_AGE_MS: i64 = 10 * 60_000;
/// Commands without a commit of their own that are remembered, at most.
const MAX_ANSWERED: usize = 4_096;

/// What is known of a command.
#[derive(Debug)]
pub(crate) enum Knowledge<M: Machine> {
    /// It was never carried out.
    New,
    /// It is in this commit.
    Committed(Seq),
    /// It was answered so, and nothing changed.
    Answered(Outcome<M>),
    /// Older commits have to be looked at.
    LookBack,
    /// Too old to find out.
    Lost,
}

/// The ids in a commit.
#[derive(Debug)]
struct Ids {
    seq: Seq,
    time: Timestamp,
    ids: Box<[CommandId]>,
}

/// Commands of the last commits, and of the last turns that committed nothing.
#[derive(Debug)]
pub(crate) struct Recent<M: Machine> {
    committed: HashMap<CommandId, Seq>,
    /// Consecutive commits, up to the last one.
    commits: VecDeque<Ids>,
    /// Every commit since this instant is in memory, as far as clocks agree.
    complete_since: Timestamp,
    answered: HashMap<CommandId, Result<Answered<M::Reply>, Refusal>>,
    answered_in_order: VecDeque<(Timestamp, CommandId)>,
}

impl<M: Machine> Recent<M> {
    /// What the last commits of a log say, which has nothing else when it begins with the first.
    pub(crate) fn of(tail: &[impl AsRef<Commit>]) -> Self {
        let mut recent = Self {
            committed: HashMap::new(),
            commits: VecDeque::new(),
            complete_since: Timestamp::MIN,
            answered: HashMap::new(),
            answered_in_order: VecDeque::new(),
        };
        if let Some(first) = tail.first().map(|first| &first.as_ref().header)
            && first.seq > Seq(1)
        {
            recent.complete_since = first.time;
        }
        for commit in tail {
            recent.committed(commit.as_ref());
        }
        recent
    }

    /// The first commit that is in memory.
    pub(crate) fn first(&self) -> Option<Seq> {
        self.commits.front().map(|ids| ids.seq)
    }

    /// Takes in the next commit, and forgets what is too old to matter.
    pub(crate) fn committed(&mut self, commit: &Commit) {
        let ids = self.take_in(commit);
        self.commits.push_back(ids);
        let forget_before = commit.header.time.plus_millis(-KEPT_MS);
        while let Some(old) = self.commits.pop_front_if(|ids| ids.time < forget_before) {
            self.complete_since = self.complete_since.max(old.time.plus_millis(1));
            for id in old.ids {
                self.committed.remove(&id);
            }
        }
    }

    /// Takes in the commits before those in memory. `is_all`: the log has none before them.
    pub(crate) fn prepend(&mut self, commits: &[impl AsRef<Commit>], is_all: bool) {
        for commit in commits.iter().rev() {
            let ids = self.take_in(commit.as_ref());
            self.complete_since = self.complete_since.min(ids.time);
            self.commits.push_front(ids);
        }
        if is_all {
            self.complete_since = Timestamp::MIN;
        }
    }

    fn take_in(&mut self, commit: &Commit) -> Ids {
        let seq = commit.header.seq;
        self.committed
            .extend(commit.commands.iter().map(|command| (command.id, seq)));
        Ids {
            seq,
            time: commit.header.time,
            ids: commit.commands.iter().map(|command| command.id).collect(),
        }
    }

    /// Remembers what a command was answered that no commit holds.
    pub(crate) fn answered(&mut self, id: CommandId, outcome: &Outcome<M>, now: Timestamp) {
        let known = match outcome {
            Ok(answered) => Ok(answered.clone()),
            Err(TurnError::Refused(refusal)) => Err(refusal.clone()),
            Err(TurnError::Unknown(_)) => return,
        };
        if self.committed.contains_key(&id) || self.answered.insert(id, known).is_some() {
            return;
        }
        self.answered_in_order.push_back((now, id));
        let forget_before = now.plus_millis(-KEPT_MS);
        let is_full = self.answered.len() > MAX_ANSWERED;
        while let Some((_, old)) = self
            .answered_in_order
            .pop_front_if(|(time, _)| *time < forget_before || is_full)
        {
            self.answered.remove(&old);
            if is_full {
                break;
            }
        }
    }

    /// What is known of a command.
    pub(crate) fn look_up(&self, id: CommandId, now: Timestamp) -> Knowledge<M> {
        if let Some(seq) = self.committed.get(&id) {
            return Knowledge::Committed(*seq);
        }
        if let Some(outcome) = self.answered.get(&id) {
            return Knowledge::Answered(outcome.clone().map_err(TurnError::Refused));
        }
        // An id that does not say its time is one that is not sent twice.
        let Some(made) = made(id) else { return Knowledge::New };
        if made.plus_millis(-MAX_SKEW_MS) >= self.complete_since {
            Knowledge::New
        } else if made < now.plus_millis(-MAX_AGE_MS) {
            Knowledge::Lost
        } else {
            Knowledge::LookBack
        }
    }
}

/// When an id was made, where it says so: UUID version 7 begins with the milliseconds since 1970.
fn made(id: CommandId) -> Option<Timestamp> {
    let is_v7 = id.0.get_version_num() == 7;
    is_v7.then(|| Timestamp::from_millis(i64::try_from(id.0.as_u128() >> 80).unwrap_or(i64::MAX)))
}
