//! How far audit and the event loop have come, per actor. They are noted in memory and written with later batches, about once a second:
//! losing the last second costs a repeated confirmation and some repeated deliveries, while writing each at once would cost a row per commit.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use punctual_events::{ActorId, Seq};

/// How far an actor's commits have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Audit holds everything up to here.
    pub(super) audited: Seq,
    /// Every durable subscriber has handled everything up to here.
    pub(super) drained: Seq,
}

/// The marks that are not in the file yet.
#[derive(Default)]
pub(super) struct Watermarks {
    unwritten: Mutex<HashMap<ActorId, Marks>>,
}

impl Watermarks {
    /// Raises marks; they never move back. True when nothing was waiting to be written before.
    pub(super) fn raise(&self, actor: ActorId, marks: Marks) -> bool {
        let mut unwritten = self.lock();
        let first = unwritten.is_empty();
        let entry = unwritten.entry(actor).or_default();
        entry.audited = entry.audited.max(marks.audited);
        entry.drained = entry.drained.max(marks.drained);
        first
    }

    /// The marks of an actor that are not in the file yet, to be read together with those that are.
    pub(super) fn of(&self, actor: ActorId) -> Marks {
        self.lock().get(&actor).copied().unwrap_or_default()
    }

    /// Some marks to write.
    pub(super) fn some(&self, limit: usize) -> Vec<(ActorId, Marks)> {
        self.lock()
            .iter()
            .take(limit)
            .map(|(actor, marks)| (*actor, *marks))
            .collect()
    }

    /// Forgets marks that were written, unless they were raised since. True when others still wait.
    pub(super) fn written(&self, marks: &[(ActorId, Marks)]) -> bool {
        let mut unwritten = self.lock();
        for (actor, written) in marks {
            if unwritten.get(actor) == Some(written) {
                unwritten.remove(actor);
            }
        }
        !unwritten.is_empty()
    }

    /// True when nothing waits to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ActorId, Marks>> {
        // Nothing that holds the lock can panic half way, so a poisoned map is a whole map.
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use punctual_events::UserId;

    use super::*;

    const ACTOR: ActorId = ActorId::User(UserId(uuid::Uuid::nil()));

    #[test]
    fn marks_never_move_back() {
        let watermarks = Watermarks::default();
        assert!(watermarks.raise(
            ACTOR,
            Marks {
                audited: Seq(5),
                drained: Seq(1)
            }
        ));
        assert!(!watermarks.raise(
            ACTOR,
            Marks {
                audited: Seq(3),
                drained: Seq(2)
            }
        ));
        assert_eq!(
            watermarks.of(ACTOR),
            Marks {
                audited: Seq(5),
                drained: Seq(2)
            }
        );
    }

    #[test]
    fn marks_raised_while_they_were_written_are_kept() {
        let watermarks = Watermarks::default();
        watermarks.raise(
            ACTOR,
            Marks {
                audited: Seq(5),
                drained: Seq(5),
            },
        );
        let written = watermarks.some(10);
        watermarks.raise(
            ACTOR,
            Marks {
                audited: Seq(6),
                drained: Seq(5),
            },
        );
        assert!(watermarks.written(&written));
        assert!(!watermarks.written(&watermarks.some(10)));
        assert!(watermarks.is_empty());
    }
}
