//! Reading logs and states. Nothing is remembered and no actor is woken, so any process may do it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use punctual_actors::ports::{Failure, Head, Loaded, Page};
use punctual_events::{ActorId, Commit, Seq};

use super::{
    head::StoredHead,
    manifest::{Manifest, ManifestRef, Seal, SegmentRef},
    names, page, segment,
};
use crate::dapr::keys::{Keys, Version, batches};

/// Calls under way at once for one load.
const CONCURRENT_CALLS: usize = 4;

/// Attempts of a read whose keys are taken away under it.
const ATTEMPTS: usize = 4;

/// Reads the logs and states of actors.
#[derive(Clone, Debug)]
pub(in crate::dapr) struct Reader<K> {
    keys: Arc<K>,
}

/// Why a read did not get everything.
enum Missed {
    /// A key the head names is not there: it was superseded long ago, or is lost.
    Gone(String),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Missed {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<K: Keys> Reader<K> {
    pub(in crate::dapr) fn new(keys: Arc<K>) -> Self {
        Self { keys }
    }

    /// The head as it is stored, with its version.
    pub(super) async fn stored(&self, actor: ActorId) -> Result<Option<(StoredHead, Version)>, Failure> {
        match self.keys.get(&names::head(actor)).await? {
            Some((bytes, version)) => Ok(Some((StoredHead::decode(&bytes)?, version))),
            None => Ok(None),
        }
    }

    /// The head alone.
    pub(in crate::dapr) async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        Ok(self.stored(actor).await?.map(|(stored, _)| stored.head))
    }

    /// The manifest a head names; an empty one where it names none.
    pub(super) async fn manifest(&self, actor: ActorId, named: Option<ManifestRef>) -> Result<Manifest, Failure> {
        self.find_manifest(actor, named).await.map_err(gone_is_a_failure)
    }

    async fn find_manifest(&self, actor: ActorId, named: Option<ManifestRef>) -> Result<Manifest, Missed> {
        let Some(named) = named else {
            return Ok(Manifest::default());
        };
        let values = self.sealed(vec![(named.key(actor), named.seal)]).await?;
        let value = values.first().ok_or_else(|| Missed::Gone(named.key(actor)))?;
        Ok(Manifest::decode(value)?)
    }

    /// The commits of segments in their stored form, one list for each.
    pub(super) async fn segments(&self, actor: ActorId, named: &[SegmentRef]) -> Result<Vec<Vec<Bytes>>, Failure> {
        self.find_segments(actor, named).await.map_err(gone_is_a_failure)
    }

    async fn find_segments(&self, actor: ActorId, named: &[SegmentRef]) -> Result<Vec<Vec<Bytes>>, Missed> {
        let keys = named.iter().map(|named| (named.key(actor), named.seal));
        let values = self.sealed(keys.collect()).await?;
        let commits = named
            .iter()
            .zip(&values)
            .map(|(named, value)| segment::decode(named, value));
        Ok(commits.collect::<Result<_, _>>()?)
    }

    /// Head, pages and tail of one moment. `stored` is the head to begin with.
    pub(super) async fn load(
        &self,
        actor: ActorId,
        mut stored: Option<(StoredHead, Version)>,
    ) -> Result<Loaded, Failure> {
        for _ in 0..ATTEMPTS {
            let Some((head, version)) = &stored else {
                return Ok(Loaded::default());
            };
            match self.try_load(actor, head).await {
                Ok(loaded) => return Ok(loaded),
                Err(missed) => stored = self.newer(actor, version, missed).await?,
            }
        }
        Err(too_fast(actor))
    }

    async fn try_load(&self, actor: ActorId, stored: &StoredHead) -> Result<Loaded, Missed> {
        let manifest = self.find_manifest(actor, stored.manifest).await?;
        // The last commit is always wanted, also when the pages contain it.
        let after = stored.head.snapshot.min(Seq(stored.head.seq.0 - 1));
        let (pages, tail) = futures_util::future::try_join(
            self.pages(actor, &manifest),
            self.commits(actor, stored, &manifest, after, usize::MAX),
        )
        .await?;
        let expected = after.0 + 1..=stored.head.seq.0;
        if !tail.iter().map(|commit| commit.header.seq.0).eq(expected) {
            return Err(Failure::damaged(format_args!("the log of {actor} has a hole")).into());
        }
        Ok(Loaded {
            head: Some(stored.head.clone()),
            pages,
            tail,
        })
    }

    async fn pages(&self, actor: ActorId, manifest: &Manifest) -> Result<Vec<Page>, Missed> {
        let keys = manifest
            .pages
            .iter()
            .map(|(name, page)| (names::page(actor, name, page.at, page.nonce), page.seal));
        let values = self.sealed(keys.collect()).await?;
        let pages = manifest.pages.keys().zip(&values).map(|(name, value)| {
            let (name, bytes) = (name.clone(), page::decode(value)?);
            Ok(Page { name, bytes })
        });
        pages.collect()
    }

    /// Commits after `after`, at most `limit`, in order.
    pub(in crate::dapr) async fn read_log(
        &self,
        actor: ActorId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Arc<Commit>>, Failure> {
        let mut stored = self.stored(actor).await?;
        for _ in 0..ATTEMPTS {
            let Some((head, version)) = &stored else {
                return Ok(Vec::new());
            };
            match self.try_read_log(actor, head, after, limit).await {
                Ok(commits) => return Ok(commits),
                Err(missed) => stored = self.newer(actor, version, missed).await?,
            }
        }
        Err(too_fast(actor))
    }

    async fn try_read_log(
        &self,
        actor: ActorId,
        stored: &StoredHead,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Arc<Commit>>, Missed> {
        // The manifest is needed only for what is older than the segments of the head.
        let first = stored
            .segments
            .first()
            .map_or(stored.recent_from(), |segment| segment.from);
        let is_older = after.0.saturating_add(1) < first.0;
        let manifest = self.find_manifest(actor, stored.manifest.filter(|_| is_older)).await?;
        self.commits(actor, stored, &manifest, after, limit).await
    }

    /// Commits after `after`, at most `limit`, of the segments of `manifest`, those of the head and the head itself.
    async fn commits(
        &self,
        actor: ActorId,
        stored: &StoredHead,
        manifest: &Manifest,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Arc<Commit>>, Missed> {
        let until = Seq(after.0.saturating_add(limit as u64));
        let all = manifest.segments.iter().chain(&stored.segments);
        // Where older ones were dropped, `limit` counts from the first that is left.
        let until = all.clone().find(|segment| segment.to > after).map_or(until, |first| {
            until.max(Seq((first.from.0 - 1).saturating_add(limit as u64)))
        });
        let wanted: Vec<SegmentRef> = all
            .filter(|segment| segment.to > after && segment.from <= until)
            .copied()
            .collect();
        let segments = self.find_segments(actor, &wanted).await?;
        let in_segments = wanted
            .iter()
            .zip(&segments)
            .flat_map(|(named, commits)| (named.from.0..).zip(commits));
        let in_head = (stored.recent_from().0..).zip(&stored.recent);
        let commits = in_segments
            .chain(in_head)
            .filter(|(seq, _)| *seq > after.0)
            .take(limit)
            .map(|(seq, bytes)| commit(actor, seq, bytes));
        Ok(commits.collect::<Result<_, _>>()?)
    }

    /// The head to go on with where a key was gone: a newer one, for there may be none that names a key and is still the head.
    async fn newer(
        &self,
        actor: ActorId,
        version: &Version,
        missed: Missed,
    ) -> Result<Option<(StoredHead, Version)>, Failure> {
        let Missed::Gone(key) = missed else {
            return Err(gone_is_a_failure(missed));
        };
        let stored = self.stored(actor).await?;
        if stored.as_ref().is_some_and(|(_, newer)| newer == version) {
            return Err(gone_is_a_failure(Missed::Gone(key)));
        }
        Ok(stored)
    }

    /// The values of keys that never change, each checked against its seal.
    async fn sealed(&self, keys: Vec<(String, Seal)>) -> Result<Vec<Bytes>, Missed> {
        let batches = batches(&keys, |(key, seal)| key.len() + seal.len);
        let calls: Vec<_> = batches.into_iter().map(|batch| self.sealed_batch(batch)).collect();
        let values: Vec<Vec<Bytes>> = stream::iter(calls).buffered(CONCURRENT_CALLS).try_collect().await?;
        Ok(values.into_iter().flatten().collect())
    }

    async fn sealed_batch(&self, batch: &[(String, Seal)]) -> Result<Vec<Bytes>, Missed> {
        let names: Vec<String> = batch.iter().map(|(key, _)| key.clone()).collect();
        let values = self.keys.get_many(&names).await?;
        let checked = batch.iter().zip(values).map(|((key, seal), value)| match value {
            Some(value) => Ok(seal.check(key, value)?),
            None => Err(Missed::Gone(key.clone())),
        });
        checked.collect()
    }
}

fn commit(actor: ActorId, seq: u64, bytes: &Bytes) -> Result<Arc<Commit>, Failure> {
    let commit = Commit::decode(bytes)?;
    if commit.header.seq != Seq(seq) || commit.header.actor != actor {
        return Err(Failure::damaged(format_args!("commit {seq} of {actor} is another one")));
    }
    Ok(Arc::new(commit))
}

fn too_fast(actor: ActorId) -> Failure {
    Failure::new(format_args!("the state of {actor} changes faster than it can be read"))
}

fn gone_is_a_failure(missed: Missed) -> Failure {
    match missed {
        Missed::Gone(key) => Failure::damaged(format_args!("{key} is gone")),
        Missed::Failed(failure) => failure,
    }
}
