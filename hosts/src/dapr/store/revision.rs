//! Replacing the manifest: what saving, dropping and erasing have in common.
//!
//! Four steps, each of which may be the last: the head lists the new manifest as loose; the manifest is written, which names all that is to be
//! written with it; pages and segments are written; the head names the manifest and takes it off the list.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Seq, Timestamp};

use super::{
    Shared,
    collect::Collected,
    head::{Loose, LooseKind, StoredHead},
    manifest::{Manifest, ManifestRef, Seal, SegmentRef, Superseded},
    names::Nonce,
};
use crate::dapr::keys::{Keys, MAX_VALUE_BYTES, batches};

/// Attempts of a revision that other processes get ahead of.
pub(super) const ATTEMPTS: usize = 4;

/// Writes under way at once.
const CONCURRENT_PUTS: usize = 4;

/// A manifest on its way.
pub(super) struct Revision {
    /// Its place in the head's list; all keys written for it carry its nonce.
    loose: Loose,
    /// The head that lists it.
    pub(super) base: StoredHead,
    /// The manifest it replaces.
    pub(super) old: Manifest,
    collected: Collected,
}

impl Revision {
    /// The nonce of its keys.
    pub(super) fn nonce(&self) -> Nonce {
        self.loose.nonce
    }

    /// When it began.
    pub(super) fn now(&self) -> Timestamp {
        self.loose.since
    }

    /// What else the head lists: what others write at present, or have left behind.
    pub(super) fn others(&self) -> impl Iterator<Item = Loose> {
        self.base.loose.iter().filter(|loose| **loose != self.loose).copied()
    }

    /// All segments of the log.
    pub(super) fn segments(&self) -> impl Iterator<Item = &SegmentRef> {
        self.old.segments.iter().chain(&self.base.segments)
    }

    /// The manifest to come if nothing changes but that it takes over the segments of the head.
    pub(super) fn successor(&self, actor: ActorId) -> Manifest {
        let mut superseded = self.old.superseded.clone();
        superseded.retain(|entry| !self.collected.superseded.contains(entry));
        superseded.extend(self.base.manifest.map(|manifest| self.supersede(manifest.key(actor))));
        Manifest {
            pages: self.old.pages.clone(),
            segments: self.segments().copied().collect(),
            superseded,
        }
    }

    /// The entry for a key that is not wanted from now on.
    pub(super) fn supersede(&self, key: String) -> Superseded {
        Superseded {
            key: key.into(),
            since: self.now(),
        }
    }

    /// The last commit that is in a segment the new manifest takes over.
    fn taken_over(&self) -> Seq {
        self.base.segments.last().map_or(Seq::ZERO, |segment| segment.to)
    }
}

impl<K: Keys> Shared<K> {
    /// Begins a revision, if `check` gives the sequence it is of. What nobody wants any more is deleted on this occasion.
    pub(super) async fn begin(
        self: &Arc<Self>,
        actor: ActorId,
        mut check: impl FnMut(&StoredHead) -> Option<Seq>,
    ) -> Result<Option<Revision>, Failure> {
        let (nonce, now) = (self.nonce(), self.clock.now());
        let list = |head: &mut StoredHead| {
            let loose = Loose {
                kind: LooseKind::Manifest,
                at: check(head)?,
                nonce,
                since: now,
            };
            head.loose.push(loose);
            Some(loose)
        };
        let Some((loose, base)) = self.change(actor, list).await? else {
            return Ok(None);
        };
        let old = self.reader.manifest(actor, base.manifest).await?;
        let collected = self.collect(actor, &base.loose, &old, now).await;
        Ok(Some(Revision {
            loose,
            base,
            old,
            collected,
        }))
    }

    /// Writes `manifest` and what goes with it, and has the head name it. `adjust` makes the other changes of the head; where it gives `false`,
    /// or another process has replaced the manifest meanwhile, the head is left alone and so is the answer.
    pub(super) async fn finish(
        self: &Arc<Self>,
        actor: ActorId,
        revision: &Revision,
        manifest: &Manifest,
        values: Vec<(String, Bytes)>,
        mut adjust: impl FnMut(&mut StoredHead) -> bool,
    ) -> Result<bool, Failure> {
        let bytes = manifest.encode()?;
        if bytes.len() > MAX_VALUE_BYTES {
            return Err(Failure::new(format_args!(
                "the manifest of {actor} is too large to be kept"
            )));
        }
        let named = ManifestRef {
            at: revision.loose.at,
            nonce: revision.loose.nonce,
            seal: Seal::of(&bytes),
        };
        self.keys.put(vec![(named.key(actor), bytes)]).await?;
        let batches = batches(&values, |(key, value)| key.len() + value.len());
        let puts: Vec<_> = batches.into_iter().map(|batch| self.keys.put(batch.to_vec())).collect();
        stream::iter(puts).buffered(CONCURRENT_PUTS).try_collect::<()>().await?;
        let name = |head: &mut StoredHead| {
            let is_overtaken = head.manifest != revision.base.manifest || !head.loose.contains(&revision.loose);
            if is_overtaken || !adjust(head) {
                return None;
            }
            head.manifest = Some(named);
            head.segments.retain(|segment| segment.from > revision.taken_over());
            head.loose
                .retain(|loose| *loose != revision.loose && !revision.collected.loose.contains(loose));
            Some(())
        };
        Ok(self.change(actor, name).await?.is_some())
    }
}
