//! Appending.

use std::sync::Arc;

use bytes::Bytes;
use punctual_actors::ports::{EncodedCommit, Failure, Head, HeadUpdate};
use punctual_events::{ActorId, Digest, Seq, Timestamp};

use super::{
    RECENT_BYTES, Shared,
    head::StoredHead,
    live::{Known, Slot},
    names, segment,
};
use crate::dapr::keys::{Keys, Version, Written};

/// Segments a head names at most before they move into a manifest, save or no save.
const SEGMENTS_IN_HEAD: usize = 64;

/// An append that was not tried.
fn moved(last: Seq, expected: Seq) -> Failure {
    Failure::new(format_args!("the log is at {last}, not at {expected}"))
}

impl<K: Keys> Shared<K> {
    /// Appends by one write, which every so often is preceded by that of a segment.
    pub(super) async fn append(
        self: &Arc<Self>,
        expected: Seq,
        commit: EncodedCommit,
        update: HeadUpdate,
    ) -> Result<(), Failure> {
        let (actor, seq) = (commit.commit.header.actor, commit.commit.header.seq);
        if seq != expected.next() {
            return Err(moved(expected, seq));
        }
        let entry = self.live.entry(actor);
        let mut slot = Arc::clone(&entry.head).lock_owned().await;
        self.know(actor, &mut slot).await?;
        // Whatever comes of it, what was known is so no longer.
        let written = match std::mem::take(&mut slot.known) {
            Known::Present(head, version) if head.head.seq == expected => {
                self.append_to(&mut slot, (head, version), &commit, &update).await?
            }
            Known::Absent if expected == Seq::ZERO => self.create(&mut slot, &commit, &update).await?,
            Known::Present(head, _) => return Err(moved(head.head.seq, expected)),
            Known::Absent | Known::Nothing => return Err(moved(Seq::ZERO, expected)),
        };
        self.marks.written(actor, written.head.audited);
        self.know_soon(actor, slot);
        if written.segments.len() >= SEGMENTS_IN_HEAD && written.segments.len().is_multiple_of(SEGMENTS_IN_HEAD) {
            self.fold_soon(actor);
        }
        Ok(())
    }

    /// The first commit of an actor, whatever its size: there is no head yet that could say that a segment may be there.
    async fn create(
        &self,
        slot: &mut Slot,
        commit: &EncodedCommit,
        update: &HeadUpdate,
    ) -> Result<StoredHead, Failure> {
        let actor = commit.commit.header.actor;
        let mut next = StoredHead {
            head: Head {
                seq: Seq::ZERO,
                hash: Digest::ZERO,
                snapshot: Seq::ZERO,
                zone_version: "".into(),
                published: Seq::ZERO,
                audited: Seq::ZERO,
                wake_at: None,
            },
            recent: vec![commit.bytes.clone()],
            segments: Vec::new(),
            manifest: None,
            loose: Vec::new(),
        };
        advance(&mut next.head, commit, update);
        slot.reserve_ahead(&mut next, self.clock.now(), || self.nonce());
        let bytes = self.seal(actor, &mut next)?;
        self.keys.create(&names::head(actor), bytes).await?;
        Ok(next)
    }

    async fn append_to(
        &self,
        slot: &mut Slot,
        (mut next, mut version): (StoredHead, Version),
        commit: &EncodedCommit,
        update: &HeadUpdate,
    ) -> Result<StoredHead, Failure> {
        let actor = commit.commit.header.actor;
        let is_large = commit.bytes.len() > RECENT_BYTES;
        if is_large || next.recent_bytes() + commit.bytes.len() > RECENT_BYTES {
            (next, version) = self.assure_reserved(actor, slot, (next, version)).await?;
            let mut commits = std::mem::take(&mut next.recent);
            let from = Seq(next.head.seq.0 - commits.len() as u64 + 1);
            if is_large {
                commits.push(commit.bytes.clone());
            }
            self.write_segment(actor, slot, &mut next, from, &commits).await?;
        }
        if !is_large {
            next.recent.push(commit.bytes.clone());
        }
        advance(&mut next.head, commit, update);
        slot.reserve_ahead(&mut next, self.clock.now(), || self.nonce());
        let bytes = self.seal(actor, &mut next)?;
        match self.keys.replace(&names::head(actor), &version, bytes).await? {
            Written::Done => Ok(next),
            Written::Conflict => Err(Failure::new(format_args!("the log of {actor} is not where it was"))),
        }
    }

    /// Sees to it that the head lists a segment this process may write now.
    async fn assure_reserved(
        &self,
        actor: ActorId,
        slot: &mut Slot,
        (mut head, version): (StoredHead, Version),
    ) -> Result<(StoredHead, Version), Failure> {
        let now = self.clock.now();
        if slot.may_use_reserved(&head, now) {
            return Ok((head, version));
        }
        slot.reserved = None;
        slot.reserve(&mut head, now, || self.nonce());
        let bytes = self.seal(actor, &mut head)?;
        let key = names::head(actor);
        // Done or not, reading tells; and the version has to be read anyway.
        let _ = self.keys.replace(&key, &version, bytes.clone()).await?;
        match self.keys.get(&key).await? {
            Some((found, version)) if found == bytes => Ok((head, version)),
            _ => Err(Failure::new(format_args!("the log of {actor} is not where it was"))),
        }
    }

    /// Writes the reserved segment and has `next` name it.
    async fn write_segment(
        &self,
        actor: ActorId,
        slot: &mut Slot,
        next: &mut StoredHead,
        from: Seq,
        commits: &[Bytes],
    ) -> Result<(), Failure> {
        let nonce = slot
            .reserved
            .take()
            .ok_or_else(|| Failure::new("no segment is reserved"))?;
        let (named, value) = segment::encode(from, commits, nonce)?;
        self.keys.put(vec![(named.key(actor), value)]).await?;
        next.loose.retain(|loose| loose.nonce != nonce);
        next.segments.push(named);
        Ok(())
    }

    /// Moves the segments of the head into a manifest, behind the caller's back.
    fn fold_soon(self: &Arc<Self>, actor: ActorId) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(failure) = shared.compact_or_fold(actor, Timestamp::MIN, true).await {
                tracing::warn!(%actor, %failure, "the segments of a head could not be moved into a manifest");
            }
        });
    }
}

/// Moves the head on to `commit`.
fn advance(head: &mut Head, commit: &EncodedCommit, update: &HeadUpdate) {
    let header = &commit.commit.header;
    (head.seq, head.hash) = (header.seq, header.hash);
    head.zone_version = update.zone_version.as_ref().into();
    head.published = head.published.max(update.published);
    head.wake_at = update.wake_at;
}
