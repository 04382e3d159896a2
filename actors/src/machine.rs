//! What an actor is: a state that decides commands into events and evolves by events, and nothing else.

use std::fmt::Debug;

use punctual_events::{ActorId, AnswerKind, DecodeError, EventData, Principal, Timestamp, UserId};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    ports::{Page, PageWrite, uuid_v7},
    refusal::Refusal,
    zone::ZoneData,
};

/// What a decision may depend on besides the state and the command.
pub struct Context<'a> {
    /// Who acts.
    pub by: Principal,
    /// The instant of the decision.
    pub now: Timestamp,
    /// Zone data.
    pub zones: &'a dyn ZoneData,
    seed: u128,
    ids_made: u32,
}

impl<'a> Context<'a> {
    /// A context. `seed` is random and belongs to the attempt: deciding the attempt again makes the same ids.
    #[must_use]
    pub fn new(by: Principal, now: Timestamp, zones: &'a dyn ZoneData, seed: u128) -> Self {
        Self {
            by,
            now,
            zones,
            seed,
            ids_made: 0,
        }
    }

    /// A new id that sorts after those made earlier.
    pub fn new_uuid(&mut self) -> Uuid {
        // An odd multiplier visits every value once; the counter keeps the ids of one command apart and the seed those of different ones.
        let random = self
            .seed
            .wrapping_add(u128::from(self.ids_made).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        self.ids_made += 1;
        uuid_v7(self.now, random)
    }
}

/// What a command leads to.
#[derive(Clone, Debug)]
pub struct Decision<E, R> {
    /// What happened; nothing when the command changes nothing.
    pub events: Vec<E>,
    /// What its sender is told.
    pub reply: R,
}

/// An answer that is remembered for its idempotency key.
pub trait Reply: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Which answer it is.
    fn kind(&self) -> AnswerKind;

    /// About how many bytes it takes when saved.
    fn weight(&self) -> usize;
}

/// A pure actor. Cloning must be cheap: a turn works on a clone and throws it away when the append does not succeed.
pub trait Machine: Clone + Send + Sync + 'static {
    /// What it can be asked to do.
    type Command: Send + Sync + 'static;
    /// What can happen to it.
    type Event: EventData;
    /// What it answers.
    type Reply: Reply;

    /// The state before the first commit.
    fn new(actor: ActorId) -> Self;

    /// The user it belongs to.
    fn owner(&self) -> UserId;

    /// The command that a wake-up is.
    fn wake() -> Self::Command;

    /// Whether `by` may act at all.
    ///
    /// # Errors
    /// When not.
    fn authorise(&self, by: Principal, now: Timestamp) -> Result<(), Refusal>;

    /// What happens when `command` is carried out now.
    ///
    /// # Errors
    /// A refusal is final for this command on this state.
    fn decide(
        &self,
        command: &Self::Command,
        context: &mut Context<'_>,
    ) -> Result<Decision<Self::Event, Self::Reply>, Refusal>;

    /// True for a command whose events must not share a commit with those of commands before it: a deletion, because everything before its
    /// commit is erased, and the commit itself stays.
    fn begins_commit(_: &Self::Command) -> bool {
        false
    }

    /// True once everything was deleted: answers given before are forgotten with it.
    fn is_deleted(&self) -> bool {
        false
    }

    /// Takes in what happened.
    fn evolve(&mut self, event: &Self::Event, zones: &dyn ZoneData);

    /// The earliest instant at which [`wake`](Self::wake) would decide something. Derived from the state, so that nobody can forget it.
    fn next_wakeup(&self) -> Option<Timestamp>;

    /// The answer a committed command was given, from its events.
    fn recollect(kind: AnswerKind, events: &[Self::Event]) -> Option<Self::Reply>;

    /// The pages that differ from those of `since`.
    ///
    /// # Errors
    /// When something cannot be written.
    fn save(&self, since: Option<&Self>, zone_version: &str) -> Result<Vec<PageWrite>, DecodeError>;

    /// Reads back what [`save`](Self::save) wrote, and says whether the pages are as they would be written now: not when they were written with
    /// other zone data, after which every instant derived from a wall time is derived anew.
    ///
    /// # Errors
    /// When a page is of a newer format or damaged.
    fn restore(actor: ActorId, pages: &[Page], zones: &dyn ZoneData) -> Result<(Self, bool), DecodeError>;
}
