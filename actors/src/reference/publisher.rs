//! Events, in memory.

use std::sync::{Arc, Mutex};

use punctual_events::{ActorId, Commit};

use super::lock;
use crate::ports::{Failure, Publisher};

/// Keeps what it is given. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryPublisher(Arc<Mutex<Vec<Arc<Commit>>>>);

impl MemoryPublisher {
    /// Every commit that was published, in the order of the calls.
    #[must_use]
    pub fn published(&self) -> Vec<Arc<Commit>> {
        lock(&self.0).clone()
    }

    /// Those of one actor.
    #[must_use]
    pub fn published_by(&self, actor: ActorId) -> Vec<Arc<Commit>> {
        let mut commits = self.published();
        commits.retain(|commit| commit.header.actor == actor);
        commits
    }
}

impl Publisher for MemoryPublisher {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        lock(&self.0).extend(commits.iter().cloned());
        Ok(())
    }
}
