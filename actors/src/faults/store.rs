//! A store that goes wrong.

use std::sync::Arc;

use punctual_events::{ActorId, Commit, Seq, Timestamp};

use super::Faulty;
use crate::ports::{EncodedCommit, Failure, Head, HeadUpdate, Loaded, PageSave, Store};

impl<S: Store + Clone> Store for Faulty<S> {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        let append = || {
            let (store, commit, update) = (self.inner.clone(), commit.clone(), update.clone());
            async move { store.append(expected, commit, update).await }
        };
        self.faults.write(append).await
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.faults.read(self.inner.load(actor)).await
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        self.faults.read(self.inner.head(actor)).await
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.faults.read(self.inner.read_log(actor, after, limit)).await
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        let save = || {
            let (store, save) = (self.inner.clone(), save.clone());
            async move { store.save(actor, save).await }
        };
        self.faults.write(save).await
    }

    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        let confirm = || {
            let store = self.inner.clone();
            async move { store.confirm_audited(actor, seq).await }
        };
        self.faults.write(confirm).await
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        let compact = || {
            let store = self.inner.clone();
            async move { store.compact(actor, before).await }
        };
        self.faults.write(compact).await
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        let erase = || {
            let store = self.inner.clone();
            async move { store.erase(actor, through).await }
        };
        self.faults.write(erase).await
    }
}
