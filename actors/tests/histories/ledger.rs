//! A store that remembers every commit it ever took, for the checks: compaction does not reach the ledger.
//!
//! This one is in memory. The histories know nothing else of the store they take place on: whoever puts another ledger in the place of this
//! module plays them on another store.

use std::sync::{Arc, Mutex, MutexGuard};

use punctual_actors::{
    faults::{Faults, Faulty},
    ports::{EncodedCommit, Environment, Failure, Head, HeadUpdate, Loaded, PageSave, Store},
    reference::MemoryStore,
};
use punctual_events::{ActorId, Commit, Seq, Timestamp};

/// The reference store and its ledger. Clones share both.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) store: MemoryStore,
    commits: Arc<Mutex<Vec<Arc<Commit>>>>,
}

/// The store as one process has it.
pub(crate) type ProcessStore = Faulty<Ledger>;

impl Ledger {
    /// The store as a process that starts has it, going wrong as `faults` say.
    pub(crate) fn for_process(&self, faults: &Faults, _: &Environment) -> ProcessStore {
        Faulty::new(self.clone(), faults)
    }

    /// Every commit of `actor`, in order.
    pub(crate) fn of(&self, actor: ActorId) -> Vec<Arc<Commit>> {
        let mut commits = self.commits().clone();
        commits.retain(|commit| commit.header.actor == actor);
        commits
    }

    /// How many commits there are of all actors.
    pub(crate) fn len(&self) -> usize {
        self.commits().len()
    }

    fn commits(&self) -> MutexGuard<'_, Vec<Arc<Commit>>> {
        self.commits.lock().expect("no panic before")
    }
}

impl Store for Ledger {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        let taken = Arc::clone(&commit.commit);
        self.store.append(expected, commit, update).await?;
        self.commits().push(taken);
        Ok(())
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.store.load(actor).await
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        self.store.head(actor).await
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.store.read_log(actor, after, limit).await
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        self.store.save(actor, save).await
    }

    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.store.confirm_audited(actor, seq).await
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        self.store.compact(actor, before).await
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        self.store.erase(actor, through).await
    }
}
