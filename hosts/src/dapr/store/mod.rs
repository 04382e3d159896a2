//! The logs of all actors, on the keys of the state API.
//!
//! **One mutable key per actor.** `head/<actor>` changes by compare-and-swap only, and an append is that one write: the head holds the last
//! commits itself. When they pass [`RECENT_BYTES`] they move into a *segment*, `log/<actor>/<from>.<nonce>`; a commit larger than that goes
//! into one at once. A save writes *pages* and a *manifest* that names them and the older segments. Segments, pages and manifests never change:
//! each is written under a name that was never used before, and only then named by a head, with its length and hash. So whatever a
//! reader finds in a head is whole, however many processes write and wherever they die.
//!
//! **Nothing is forgotten.** Keys cannot be listed, so whatever may be left over must be on record before it is written: the head lists
//! as *loose* the name of the next segment and of every save under way. The head that names them takes them off the list; what stays on it
//! for longer than [`GRACE_MS`] was left by somebody who is gone, and the next save deletes it. What is not wanted any more goes on a list of
//! the manifest, and is deleted after the same grace, which is longer than any load.
//!
//! **A write does not tell its version**, so each is followed by a read, behind the caller's back: the next append waits for that read instead
//! of beginning with one.

mod append;
mod change;
mod collect;
mod compact;
mod erase;
mod head;
mod live;
mod manifest;
mod marks;
mod names;
mod page;
mod reader;
mod revision;
mod save;
mod segment;
#[cfg(test)]
pub(super) mod tests;

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use punctual_actors::ports::{
    Clock, EncodedCommit, Entropy, Environment, Failure, Head, HeadUpdate, Loaded, PageSave, Store,
};
use punctual_events::{ActorId, Commit, Seq, Timestamp};

use self::{
    live::{Known, Live},
    marks::Marks,
};
pub(super) use self::{names::Nonce, reader::Reader};
use super::{keys::Keys, state::State};

/// Bytes of commits a head holds itself.
pub const RECENT_BYTES: usize = 16 * 1024;

/// How long a key that nothing names is left alone: longer than any load, any write under way, and twice any difference of clocks.
pub const GRACE_MS: i64 = 60 * 60 * 1_000;

/// How long a confirmation of audit may wait for a head that is written anyway.
const CONFIRMATION_WAITS: Duration = Duration::from_secs(30);

/// Heads written side by side where no append took their confirmations along. One after the other, a busy audit would fall behind its own confirmations.
const CONFIRMATIONS_AT_ONCE: usize = 16;

/// The [`Store`] of the Dapr runtime. Clones share what is remembered. One process needs one: it keeps its own writes apart.
#[derive(Debug)]
pub struct DaprStore<K = State> {
    shared: Arc<Shared<K>>,
}

impl<K> Clone for DaprStore<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

struct Shared<K> {
    keys: Arc<K>,
    reader: Reader<K>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    live: Live,
    marks: Marks,
}

impl<K> std::fmt::Debug for Shared<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl<K: Keys> DaprStore<K> {
    /// The logs in `keys`.
    #[must_use]
    pub fn new(keys: K, environment: &Environment) -> Self {
        Self::remembering(Live::default(), keys, environment)
    }

    fn remembering(live: Live, keys: K, environment: &Environment) -> Self {
        let keys = Arc::new(keys);
        Self {
            shared: Arc::new(Shared {
                reader: Reader::new(Arc::clone(&keys)),
                keys,
                clock: Arc::clone(&environment.clock),
                entropy: Arc::clone(&environment.entropy),
                live,
                marks: Marks::default(),
            }),
        }
    }

    /// Writes every confirmation of audit that still waits; to be called when the process is about to end.
    ///
    /// # Errors
    /// When some could not be written; audit confirms again.
    pub async fn flush(&self) -> Result<(), Failure> {
        self.shared.write_marks(Timestamp::MAX).await
    }

    /// Writes confirmations of audit that no append took along for a while, as long as the process lives.
    pub async fn flush_for_ever(&self) {
        let waits = i64::try_from(CONFIRMATION_WAITS.as_millis()).unwrap_or(i64::MAX);
        loop {
            let clock = &self.shared.clock;
            clock.sleep_ms(waits.unsigned_abs()).await;
            if let Err(failure) = self.shared.write_marks(clock.now().plus_millis(-waits)).await {
                tracing::warn!(%failure, "what audit confirmed could not be written; it is tried again");
            }
        }
    }
}

impl<K: Keys> Shared<K> {
    fn nonce(&self) -> Nonce {
        Nonce::draw(&*self.entropy)
    }

    /// A head as it was read, with what is known beyond it.
    fn with_marks(&self, actor: ActorId, mut head: Head) -> Head {
        head.audited = head.audited.max(self.marks.of(actor));
        head
    }

    async fn write_marks(self: &Arc<Self>, before: Timestamp) -> Result<(), Failure> {
        let mut writing = stream::iter(self.marks.waiting(before))
            .map(|actor| self.write_mark(actor))
            .buffer_unordered(CONFIRMATIONS_AT_ONCE);
        let mut outcome = Ok(());
        while let Some(written) = writing.next().await {
            outcome = outcome.and(written);
        }
        outcome
    }

    async fn write_mark(self: &Arc<Self>, actor: ActorId) -> Result<(), Failure> {
        let mark = self.marks.of(actor);
        self.change(actor, |head| (head.head.audited < mark).then_some(()))
            .await?;
        // Written, known to the head already, or of an actor that does not exist.
        self.marks.written(actor, mark);
        Ok(())
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        let stored = {
            let entry = self.live.entry(actor);
            let mut slot = entry.head.lock().await;
            let stored = self.reader.stored(actor).await?;
            slot.known = match &stored {
                Some((head, version)) => Known::Present(head.clone(), version.clone()),
                None => Known::Absent,
            };
            stored
        };
        let mut loaded = self.reader.load(actor, stored).await?;
        loaded.head = loaded.head.map(|head| self.with_marks(actor, head));
        Ok(loaded)
    }
}

impl<K: Keys> Store for DaprStore<K> {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        self.shared.append(expected, commit, update).await
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.shared.load(actor).await
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        let head = self.shared.reader.head(actor).await?;
        Ok(head.map(|head| self.shared.with_marks(actor, head)))
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.shared.reader.read_log(actor, after, limit).await
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        self.shared.save(actor, &save).await
    }

    /// Noted in memory, so it shows in this process's heads at once, and written with the next write of the head.
    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        if seq > Seq::ZERO {
            self.shared.marks.raise(actor, seq, self.shared.clock.now());
        }
        Ok(())
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        self.shared.compact(actor, before).await
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        self.shared.erase(actor, through).await
    }
}
