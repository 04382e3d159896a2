//! How far somebody has got in an actor's log: one place per topic, because nothing says in which order the topics of one commit arrive.

use punctual_events::{CloudEvent, CommitHeader, Seq, Topic};

/// The topics a socket carries.
pub const TOPICS: [Topic; 2] = [Topic::TaskUpdates, Topic::Reminders];

/// A place among an actor's events on one topic: everything up to and including it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) seq: Seq,
    /// How many of the commit's events on the topic; [`WHOLE`] for all of them.
    pub(super) part: u16,
}

/// Higher than every number of a part, so that positions compare as they should.
pub(super) const WHOLE: u16 = u16::MAX;

/// What an event is to somebody who has got to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Known: delivered again.
    Passed,
    /// The one that follows.
    Next,
    /// Something between is missing.
    Hole,
}

impl Position {
    /// After the whole of a commit.
    pub(super) fn after(seq: Seq) -> Self {
        Self { seq, part: WHOLE }
    }

    /// After `event`.
    pub(super) fn of(event: &CloudEvent) -> Self {
        let part = if event.part == event.parts { WHOLE } else { event.part };
        Self {
            seq: event.commit.seq,
            part,
        }
    }

    /// The last commit of which nothing is missing on the topic.
    pub(super) fn complete(self) -> Seq {
        match self.part {
            WHOLE => self.seq,
            _ => Seq(self.seq.0.saturating_sub(1)),
        }
    }

    /// What `event`, of this position's topic, is.
    pub(super) fn step_to(self, event: &CloudEvent) -> Step {
        let seq = event.commit.seq;
        let follows = if seq == self.seq {
            event.part == self.part.saturating_add(1)
        } else {
            event.part == 1 && event.previous_on_topic() <= self.complete()
        };
        match (Self::of(event) <= self, follows) {
            (true, _) => Step::Passed,
            (false, true) => Step::Next,
            (false, false) => Step::Hole,
        }
    }
}

/// A position on each topic a socket carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Positions {
    pub(super) updates: Position,
    pub(super) reminders: Position,
}

impl Positions {
    /// After the whole of a commit.
    pub(super) fn after(seq: Seq) -> Self {
        Self {
            updates: Position::after(seq),
            reminders: Position::after(seq),
        }
    }

    pub(super) fn on(&self, topic: Topic) -> Position {
        match topic {
            Topic::Reminders => self.reminders,
            Topic::TaskEvents | Topic::TaskUpdates => self.updates,
        }
    }

    fn on_mut(&mut self, topic: Topic) -> &mut Position {
        match topic {
            Topic::Reminders => &mut self.reminders,
            Topic::TaskEvents | Topic::TaskUpdates => &mut self.updates,
        }
    }

    /// The last commit of which nothing is missing.
    pub(super) fn complete(&self) -> Seq {
        self.updates.complete().min(self.reminders.complete())
    }

    /// The furthest commit of which something is done with.
    pub(super) fn furthest(&self) -> Seq {
        self.updates.seq.max(self.reminders.seq)
    }

    /// True when these are at least as far as `other` everywhere.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.updates >= other.updates && self.reminders >= other.reminders
    }

    /// The further of both on each topic.
    pub(super) fn max(&self, other: &Self) -> Self {
        Self {
            updates: self.updates.max(other.updates),
            reminders: self.reminders.max(other.reminders),
        }
    }

    /// Takes `event`, which is the next on its topic.
    pub(super) fn advance(&mut self, event: &CloudEvent) {
        *self.on_mut(event.topic) = Position::of(event);
        for other in TOPICS.into_iter().filter(|other| *other != event.topic) {
            self.skip_quiet(other, &event.commit);
        }
    }

    /// Moves a topic on which nothing happened for a while up to the commit before `commit`. A cursor would otherwise stay at the last reminder,
    /// months ago, and be too old when it is used.
    fn skip_quiet(&mut self, topic: Topic, commit: &CommitHeader) {
        let position = self.on_mut(topic);
        let before = Position::after(Seq(commit.seq.0.saturating_sub(1)));
        if position.part == WHOLE && commit.previous_on_topic[topic.index()] <= position.seq && before > *position {
            *position = before;
        }
    }
}
