//! The logs of actors: read straight from the store, waking nobody; changed by the actor itself, which is the only writer of its head.

use std::sync::Arc;

use punctual_actors::ports::{BoxFuture, Failure, Store};
use punctual_events::{ActorId, Commit, Seq};

use super::{actors::RemoteActors, wire};
use crate::ports::Logs;

/// The logs behind a store, and the actors they belong to.
pub struct SharedLogs<S> {
    store: Arc<S>,
    actors: RemoteActors,
}

impl<S: Store> SharedLogs<S> {
    /// Reads from `store`, has `actors` change.
    #[must_use]
    pub fn new(store: Arc<S>, actors: RemoteActors) -> Self {
        Self { store, actors }
    }
}

impl<S: Store> Logs for SharedLogs<S> {
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(async move {
            let head = self.store.head(actor).await?;
            Ok(head.map_or(Seq::ZERO, |head| head.seq))
        })
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        Box::pin(self.store.read_log(actor, after, limit))
    }

    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.actors.upkeep(actor, wire::CONFIRM_AUDITED, seq))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.actors.upkeep(actor, wire::ERASE, through))
    }
}
