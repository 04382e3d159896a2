//! The store of a simulation.

use std::sync::Arc;

use punctual_actors::ports::{EncodedCommit, Failure, Head, HeadUpdate, Loaded, PageSave, Store};
use punctual_events::{ActorId, Commit, Seq, Timestamp};

/// What is stored is read from another store; what happens in the simulation is kept nowhere. That is enough for actors that stay in memory, each the only
/// one of its name: they read what is stored when they begin, and again only after an append that failed, and none does.
#[derive(Clone)]
pub(super) struct Unkept<S>(pub S);

impl<S: Store> Store for Unkept<S> {
    async fn append(&self, _: Seq, _: EncodedCommit, _: HeadUpdate) -> Result<(), Failure> {
        Ok(())
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.0.load(actor).await
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        self.0.head(actor).await
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.0.read_log(actor, after, limit).await
    }

    async fn save(&self, _: ActorId, _: PageSave) -> Result<bool, Failure> {
        Ok(true)
    }

    async fn confirm_audited(&self, _: ActorId, _: Seq) -> Result<(), Failure> {
        Ok(())
    }

    async fn compact(&self, _: ActorId, _: Timestamp) -> Result<(), Failure> {
        Ok(())
    }

    async fn erase(&self, _: ActorId, _: Seq) -> Result<(), Failure> {
        Ok(())
    }
}
