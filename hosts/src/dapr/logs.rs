//! Reading the logs of actors straight from the state store: no actor is woken, and the process need not host any.

use std::sync::Arc;

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Commit, Seq};

use super::{keys::Keys, state::State, store::Reader};

/// The reading half of [`crate::ports::Logs`]. The other half writes the head, which is the actor's own affair.
#[derive(Clone, Debug)]
pub struct LogReader<K = State> {
    reader: Reader<K>,
}

impl<K: Keys> LogReader<K> {
    /// The logs in `keys`.
    #[must_use]
    pub fn new(keys: K) -> Self {
        Self {
            reader: Reader::new(Arc::new(keys)),
        }
    }

    /// The last commit; zero for an actor that never committed.
    ///
    /// # Errors
    /// When the store is away or what it holds cannot be read.
    pub async fn head(&self, actor: ActorId) -> Result<Seq, Failure> {
        let head = self.reader.head(actor).await?;
        Ok(head.map_or(Seq::ZERO, |head| head.seq))
    }

    /// Commits after `after`, at most `limit`, in order; the first may be later than `after + 1` when older ones were dropped.
    ///
    /// # Errors
    /// When the store is away or what it holds cannot be read.
    pub async fn read(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.reader.read_log(actor, after, limit).await
    }
}
