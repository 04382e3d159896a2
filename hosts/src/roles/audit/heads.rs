//! Where the record of an actor ends, as this process left it. The store knows too, and decides: an append that does not join what is there is not
//! done. So an end remembered wrongly costs a try, and one remembered rightly saves a read per batch.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use punctual_events::{ActorId, Digest, Seq};

/// Actors that are remembered. At the limit all are forgotten at once: finding one again is a read.
const KNOWN_ACTORS: usize = 16_384;

/// The ends of records.
#[derive(Debug, Default)]
pub(super) struct Heads(Mutex<HashMap<ActorId, (Seq, Digest)>>);

impl Heads {
    /// Takes out what is remembered of an actor: whoever appends puts it back once the append has succeeded.
    pub(super) fn take(&self, actor: ActorId) -> Option<(Seq, Digest)> {
        self.lock().remove(&actor)
    }

    /// Remembers the last commit of an actor's record, and its hash.
    pub(super) fn put(&self, actor: ActorId, head: (Seq, Digest)) {
        let mut heads = self.lock();
        if heads.len() >= KNOWN_ACTORS {
            heads.clear();
        }
        heads.insert(actor, head);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ActorId, (Seq, Digest)>> {
        // Nothing that holds the lock can panic half way, so a poisoned map is a whole map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
