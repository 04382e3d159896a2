//! Which commits were handed over lately, and which were refused.

use std::collections::{HashMap, VecDeque};

use punctual_events::{ActorId, CommitHeader, Digest, Seq, Topic};

/// Commits that were handed over with their first event or ahead of it and are remembered, at most. Their events follow each other in a
/// partition, so few are ever needed.
const MAX_REMEMBERED: usize = 4_096;

/// A commit, as one topic has it. A store that was put back to an earlier state has other commits of the same numbers.
pub(super) type CommitOnTopic = (Topic, ActorId, Seq, Digest);

pub(super) fn on(topic: Topic, commit: &CommitHeader) -> CommitOnTopic {
    (topic, commit.actor, commit.seq, commit.hash)
}

/// What is remembered of commits of several events.
#[derive(Default)]
pub(super) struct Memory {
    /// Their events were handed over together; whether the last of them has passed since.
    pub(super) handed_over: Remembered<bool>,
    /// They were refused, the last time when this event of theirs came, by its place in the commit.
    pub(super) refused: Remembered<u16>,
}

/// The latest of many, at most [`MAX_REMEMBERED`].
pub(super) struct Remembered<V> {
    pub(super) known: HashMap<CommitOnTopic, V>,
    in_order: VecDeque<CommitOnTopic>,
}

impl<V> Default for Remembered<V> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            in_order: VecDeque::new(),
        }
    }
}

impl Remembered<bool> {
    /// True where the commit was handed over and this event of it need not be. One that begins anew after its last event has passed is meant: somebody
    /// publishes it once more.
    pub(super) fn passes(&mut self, commit: &CommitOnTopic, index: u16, is_last: bool) -> bool {
        let Some(has_passed) = self.known.get_mut(commit) else {
            return false;
        };
        let is_anew = *has_passed && index == 0;
        *has_passed |= is_last;
        !is_anew
    }
}

impl<V> Remembered<V> {
    pub(super) fn insert(&mut self, commit: CommitOnTopic, value: V) {
        if self.known.insert(commit, value).is_none() {
            self.in_order.push_back(commit);
        }
        if self.in_order.len() > MAX_REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}
