//! The logs of actors: read straight from the store, waking nobody; changed by the actor itself, which is the only writer of its head.

use std::sync::Arc;

use dashmap::DashMap;
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Commit, Seq};

use super::{actors::RemoteActors, logs::LogReader, wire};
use crate::ports::Logs;

/// An actor that was told of a commit is told again when audit has these many more.
const CONFIRM_EVERY: u64 = 32;
/// Actors whose last confirmation is remembered. At the limit all are forgotten: telling one again is a call.
const REMEMBERED: usize = 65_536;

/// The logs in a store, and the actors they belong to.
pub struct SharedLogs {
    reader: LogReader,
    actors: RemoteActors,
    confirmed: Confirmed,
}

impl SharedLogs {
    /// Reads by `reader`, has `actors` change.
    #[must_use]
    pub fn new(reader: LogReader, actors: RemoteActors) -> Self {
        Self {
            reader,
            actors,
            confirmed: Confirmed::default(),
        }
    }

    async fn confirm(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        if self.confirmed.is_recent(actor, seq) {
            return Ok(());
        }
        self.actors.upkeep(actor, wire::CONFIRM_AUDITED, seq).await?;
        self.confirmed.put(actor, seq);
        Ok(())
    }
}

/// What actors were told last. A confirmation costs a call to the actor, and all that a missing one does is that the log keeps some commits
/// longer, so not each is passed on.
#[derive(Default)]
struct Confirmed(DashMap<ActorId, Seq>);

impl Confirmed {
    /// True when the actor was told of this commit, or of one shortly before it.
    fn is_recent(&self, actor: ActorId, seq: Seq) -> bool {
        let told = self.0.get(&actor).map(|told| *told);
        told.is_some_and(|told| seq.0 < told.0.saturating_add(CONFIRM_EVERY))
    }

    fn put(&self, actor: ActorId, seq: Seq) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(actor, seq);
    }
}

impl Logs for SharedLogs {
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(self.reader.head(actor))
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        Box::pin(self.reader.read(actor, after, limit))
    }

    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.confirm(actor, seq))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.actors.upkeep(actor, wire::ERASE, through))
    }
}

#[cfg(test)]
mod tests {
    use punctual_events::UserId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_actor_is_told_at_first_and_then_now_and_then() {
        let (confirmed, mut told) = (Confirmed::default(), Vec::new());
        let actor = ActorId::User(UserId(Uuid::from_u128(1)));
        for seq in (5..=100).map(Seq) {
            if !confirmed.is_recent(actor, seq) {
                confirmed.put(actor, seq);
                told.push(seq.0);
            }
        }
        assert_eq!(told, [5, 37, 69]);
        assert!(!confirmed.is_recent(ActorId::User(UserId(Uuid::from_u128(2))), Seq(100)));
    }
}
