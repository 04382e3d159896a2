//! What audit confirmed and no head says yet. It goes out with the next write of the head, whatever that is for; a crash before that forgets the
//! confirmation, never the commits, and audit confirms again when it has copied more.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use punctual_events::{ActorId, Seq, Timestamp};

#[derive(Clone, Copy, Debug)]
struct Mark {
    audited: Seq,
    since: Timestamp,
}

/// Confirmations that wait.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<HashMap<ActorId, Mark>>);

impl Marks {
    /// Notes a confirmation; none moves back.
    pub(super) fn raise(&self, actor: ActorId, audited: Seq, now: Timestamp) {
        let mut marks = self.lock();
        let mark = marks.entry(actor).or_insert(Mark { audited, since: now });
        mark.audited = mark.audited.max(audited);
    }

    /// What waits for an actor.
    pub(super) fn of(&self, actor: ActorId) -> Seq {
        self.lock().get(&actor).map_or(Seq::ZERO, |mark| mark.audited)
    }

    /// Notes that a head says `audited`.
    pub(super) fn written(&self, actor: ActorId, audited: Seq) {
        let mut marks = self.lock();
        if marks.get(&actor).is_some_and(|mark| mark.audited <= audited) {
            marks.remove(&actor);
        }
    }

    /// Actors whose confirmation waits since `before` or longer.
    pub(super) fn waiting(&self, before: Timestamp) -> Vec<ActorId> {
        let marks = self.lock();
        let waits = marks.iter().filter(|(_, mark)| mark.since <= before);
        waits.map(|(actor, _)| *actor).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ActorId, Mark>> {
        // Nothing that holds the lock can panic half way, so a poisoned map is a whole map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use punctual_events::UserId;

    use super::*;

    const ACTOR: ActorId = ActorId::User(UserId(uuid::Uuid::nil()));
    const NOW: Timestamp = Timestamp::from_millis(1_000);

    #[test]
    fn a_confirmation_waits_until_a_head_says_it() {
        let marks = Marks::default();
        marks.raise(ACTOR, Seq(5), NOW);
        marks.raise(ACTOR, Seq(3), NOW.plus_millis(1));
        assert_eq!(marks.of(ACTOR), Seq(5));
        assert_eq!(marks.waiting(NOW.plus_millis(-1)), []);
        assert_eq!(marks.waiting(NOW), [ACTOR]);
        marks.written(ACTOR, Seq(4));
        assert_eq!(marks.of(ACTOR), Seq(5));
        marks.written(ACTOR, Seq(5));
        assert_eq!(marks.of(ACTOR), Seq::ZERO);
    }
}
