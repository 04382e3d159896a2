//! Dropping commits from the front of the log, a segment at a time.

use std::sync::Arc;

use punctual_actors::ports::{Failure, Head};
use punctual_events::{ActorId, Seq, Timestamp};

use super::{
    Shared,
    manifest::{Manifest, SegmentRef},
};
use crate::dapr::keys::Keys;

impl<K: Keys> Shared<K> {
    /// Drops the segments that may go.
    pub(super) async fn compact(self: &Arc<Self>, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        self.compact_or_fold(actor, before, false).await
    }

    /// Drops the segments that may go; with `always`, the segments of the head move into a manifest even where none may.
    pub(super) async fn compact_or_fold(
        self: &Arc<Self>,
        actor: ActorId,
        before: Timestamp,
        always: bool,
    ) -> Result<(), Failure> {
        let entry = self.live.entry(actor);
        let _upkeep = entry.upkeep.lock().await;
        if !always && !self.has_droppable(actor, before).await? {
            return Ok(());
        }
        let Some(revision) = self.begin(actor, |head| Some(head.head.seq)).await? else {
            return Ok(());
        };
        let mut manifest = revision.successor(actor);
        let head = self.with_marks(actor, revision.base.head.clone());
        let count = droppable(&manifest.segments, &head, before);
        let dropped: Vec<SegmentRef> = manifest.segments.drain(..count).collect();
        let dropped = dropped.iter().map(|segment| revision.supersede(segment.key(actor)));
        manifest.superseded.extend(dropped);
        // Where another process was first, this is left for the next time.
        self.finish(actor, &revision, &manifest, Vec::new(), |_| true)
            .await
            .map(drop)
    }

    async fn has_droppable(&self, actor: ActorId, before: Timestamp) -> Result<bool, Failure> {
        let Some((stored, _)) = self.reader.stored(actor).await? else {
            return Ok(false);
        };
        let head = self.with_marks(actor, stored.head);
        if head.snapshot.min(head.audited) == Seq::ZERO {
            return Ok(false);
        }
        let Manifest { mut segments, .. } = self.reader.manifest(actor, stored.manifest).await?;
        segments.extend(stored.segments);
        Ok(droppable(&segments, &head, before) > 0)
    }
}

/// How many segments at the front hold nothing that anybody needs.
fn droppable(segments: &[SegmentRef], head: &Head, before: Timestamp) -> usize {
    let needed = head.snapshot.min(head.audited);
    let may_go = |segment: &&SegmentRef| segment.to <= needed && segment.to < head.seq && segment.latest < before;
    segments.iter().take_while(may_go).count()
}
