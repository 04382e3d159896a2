//! The logs of actors: read straight from the store, waking nobody; changed by the actor itself, which is the only writer of its head.

use std::sync::Arc;

use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Commit, Seq};

use super::{actors::RemoteActors, logs::LogReader, wire};
use crate::ports::Logs;

/// The logs in a store, and the actors they belong to.
pub struct SharedLogs {
    reader: LogReader,
    actors: RemoteActors,
}

impl SharedLogs {
    /// Reads by `reader`, has `actors` change.
    #[must_use]
    pub fn new(reader: LogReader, actors: RemoteActors) -> Self {
        Self { reader, actors }
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
        Box::pin(self.actors.upkeep(actor, wire::CONFIRM_AUDITED, seq))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.actors.upkeep(actor, wire::ERASE, through))
    }
}
