//! Which actors there are, in memory.

use std::{
    collections::BTreeSet,
    ops::Bound,
    sync::{Arc, Mutex},
};

use punctual_events::ActorId;

use super::lock;
use crate::ports::{Directory, Failure};

/// A set of actors. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDirectory(Arc<Mutex<BTreeSet<ActorId>>>);

impl Directory for MemoryDirectory {
    async fn register(&self, actor: ActorId) -> Result<(), Failure> {
        lock(&self.0).insert(actor);
        Ok(())
    }

    async fn list(&self, after: Option<ActorId>, limit: usize) -> Result<Vec<ActorId>, Failure> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(lock(&self.0)
            .range((from, Bound::Unbounded))
            .take(limit)
            .copied()
            .collect())
    }
}
