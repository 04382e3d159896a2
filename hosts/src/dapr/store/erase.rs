//! Erasing the content of commits, and every page unless they are of a later commit.

use std::sync::Arc;

use bytes::Bytes;
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Seq, Timestamp};

use super::{
    Shared,
    head::StoredHead,
    manifest::{Manifest, SegmentRef, Superseded},
    names,
    revision::{ATTEMPTS, Revision},
    segment,
};
use crate::dapr::keys::Keys;

/// Segments rewritten by one revision, so that a long log needs little memory.
const SEGMENTS_PER_REVISION: usize = 64;

/// Since when erased content is not wanted: for so long that no grace applies.
const LONG_AGO: Timestamp = Timestamp::from_millis(0);

impl<K: Keys> Shared<K> {
    /// Erases, and deletes every key that held what was erased.
    pub(super) async fn erase(self: &Arc<Self>, actor: ActorId, through: Seq) -> Result<(), Failure> {
        let entry = self.live.entry(actor);
        let _upkeep = entry.upkeep.lock().await;
        let mut attempts = 0;
        while attempts < ATTEMPTS {
            let Some(revision) = self.begin(actor, |head| Some(head.head.seq)).await? else {
                return Ok(());
            };
            let (manifest, values) = self.without_content(actor, &revision, through).await?;
            let adjust = |head: &mut StoredHead| erase_in_head(head, through);
            if !self.finish(actor, &revision, &manifest, values, adjust).await? {
                attempts += 1;
                continue;
            }
            self.delete_superseded(actor, &revision, &manifest).await?;
            // Appends went on: what was rolled into a segment meanwhile has to be looked at as well.
            if self.is_erased(actor, &manifest, through).await? {
                return Ok(());
            }
        }
        Err(Failure::new(format_args!(
            "the log of {actor} changes faster than it can be erased"
        )))
    }

    /// The manifest without pages that are no later and without the content of some segments, and those segments as they are to be.
    async fn without_content(
        &self,
        actor: ActorId,
        revision: &Revision,
        through: Seq,
    ) -> Result<(Manifest, Vec<(String, Bytes)>), Failure> {
        let mut manifest = revision.successor(actor);
        let head = &revision.base.head;
        if through.min(head.seq) >= head.snapshot {
            let pages = std::mem::take(&mut manifest.pages);
            let pages = pages
                .iter()
                .map(|(name, page)| names::page(actor, name, page.at, page.nonce));
            manifest.superseded.extend(pages.map(|key| revision.supersede(key)));
        }
        let mut values = Vec::new();
        let holding = manifest
            .segments
            .iter_mut()
            .filter(|segment| holds_content(segment, through));
        for named in holding.take(SEGMENTS_PER_REVISION) {
            let mut commits = self.reader.segments(actor, std::slice::from_ref(named)).await?.concat();
            for (_, commit) in (named.from.0..=through.0).zip(&mut commits) {
                *commit = segment::erased(commit)?;
            }
            manifest.superseded.push(revision.supersede(named.key(actor)));
            let (mut rewritten, value) = segment::encode(named.from, &commits, revision.nonce())?;
            rewritten.erased = through.min(named.to);
            values.push((rewritten.key(actor), value));
            *named = rewritten;
        }
        for Superseded { since, .. } in &mut manifest.superseded {
            *since = LONG_AGO;
        }
        Ok((manifest, values))
    }

    /// Deletes at once what would otherwise wait for the grace. What a save under way still writes stays listed, and is deleted later.
    async fn delete_superseded(&self, actor: ActorId, revision: &Revision, manifest: &Manifest) -> Result<(), Failure> {
        let keys = manifest.superseded.iter().map(|entry| entry.key.to_string()).collect();
        let of_others: Vec<_> = revision.others().collect();
        self.delete_loose(actor, &of_others, keys).await
    }

    async fn is_erased(&self, actor: ActorId, manifest: &Manifest, through: Seq) -> Result<bool, Failure> {
        let Some((stored, _)) = self.reader.stored(actor).await? else {
            return Ok(true);
        };
        let mut segments = manifest.segments.iter().chain(&stored.segments);
        Ok(!segments.any(|segment| holds_content(segment, through)))
    }
}

fn holds_content(segment: &SegmentRef, through: Seq) -> bool {
    segment.from <= through && segment.erased < through.min(segment.to)
}

/// Erases what the head itself holds. `false` where it cannot be read.
fn erase_in_head(head: &mut StoredHead, through: Seq) -> bool {
    let from = head.recent_from();
    for (_, commit) in (from.0..=through.0).zip(&mut head.recent) {
        match segment::erased(commit) {
            Ok(erased) => *commit = erased,
            Err(_) => return false,
        }
    }
    head.head.snapshot = head.head.snapshot.max(through.min(head.head.seq));
    true
}
