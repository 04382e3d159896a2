//! Reading an actor's log from a place on.

use std::sync::Arc;

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, CloudEvent, Commit, Seq};

use super::position::{Position, Positions, TOPICS};
use crate::ports::Logs;

/// Commits read at once. Each may be followed by frames of some 2 KB, so this also bounds what a socket that catches up holds.
const BATCH: usize = 64;

/// A reader of one log.
pub(super) struct Replay<'a> {
    logs: &'a dyn Logs,
    actor: ActorId,
    after: Seq,
}

/// What a read found.
pub(super) enum Read {
    /// The commits that follow; none at the end of the log.
    Commits(Vec<Arc<Commit>>),
    /// The log no longer has what follows.
    TooOld,
}

impl<'a> Replay<'a> {
    pub(super) fn new(logs: &'a dyn Logs, actor: ActorId, after: Seq) -> Self {
        Self { logs, actor, after }
    }

    /// The next commits.
    pub(super) async fn next(&mut self) -> Result<Read, Failure> {
        let commits = self.logs.read(self.actor, self.after, BATCH).await?;
        for commit in &commits {
            if commit.header.seq != self.after.next() {
                return Ok(Read::TooOld);
            }
            self.after = commit.header.seq;
        }
        Ok(Read::Commits(commits))
    }
}

/// The events of `commit` on both topics that come after `positions`, in the order they were decided.
pub(super) fn events_after(commit: &Commit, positions: &Positions) -> Result<Vec<CloudEvent>, Failure> {
    let mut events = Vec::new();
    for topic in TOPICS {
        let on_topic = commit.cloud_events(topic).map_err(Failure::new)?;
        let passed = positions.on(topic);
        events.extend(on_topic.into_iter().filter(|event| Position::of(event) > passed));
    }
    events.sort_unstable_by_key(|event| event.index);
    Ok(events)
}
