//! Actors that have armed anew: where one cannot, another that is asked once more says whether any can.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use punctual_events::ActorId;

use super::Arming;

/// What an actor says something about: one that waits for nothing arms nothing, so it can also while the Scheduler is away; and users and series live in
/// processes of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    is_user: bool,
    waits: bool,
}

/// The last of each kind that could.
pub(super) struct Witnesses(Mutex<HashMap<Kind, ActorId>>);

impl Witnesses {
    /// Of those who did it before, only where they were is known.
    pub(super) fn of(reached: Option<ActorId>) -> Self {
        let witnesses = Self(Mutex::default());
        if let Some(actor) = reached {
            witnesses.note(actor, false);
        }
        witnesses
    }

    /// An actor has armed anew, and waits for something or not.
    pub(super) fn note(&self, actor: ActorId, waits: bool) {
        let kind = Kind {
            is_user: is_user(actor),
            waits,
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(kind, actor);
    }

    /// Whether the one that is most like `actor`, and waits for something if any does, can be armed once more.
    pub(super) async fn can_still<'a>(&self, actor: ActorId, rearm: &(impl Fn(ActorId) -> Arming<'a> + Sync)) -> bool {
        match self.most_like(actor) {
            Some((witness, waits)) => rearm(witness).await.is_ok_and(|answer| !waits || answer.next.is_some()),
            None => false,
        }
    }

    fn most_like(&self, actor: ActorId) -> Option<(ActorId, bool)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = is_user(actor);
        let kinds = [(alike, true), (!alike, true), (alike, false), (!alike, false)];
        kinds
            .into_iter()
            .find_map(|(is_user, waits)| Some((*known.get(&Kind { is_user, waits })?, waits)))
    }
}

const fn is_user(actor: ActorId) -> bool {
    matches!(actor, ActorId::User(_))
}
