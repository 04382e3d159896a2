//! The head: the one mutable key of an actor. It changes by compare-and-swap only, and is never deleted.

use bytes::Bytes;
use punctual_actors::ports::Head;
use punctual_events::{DecodeError, Digest, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    manifest::{ManifestRef, SegmentRef},
    names::Nonce,
};
use crate::dapr::frame;

/// The format this release writes; a newer one is refused.
pub(super) const HEAD_FORMAT: u16 = 1;

/// What a head holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredHead {
    /// What the port knows.
    pub(super) head: Head,
    /// The last commits in their stored form, up to `head.seq`; none where the last one was too large.
    pub(super) recent: Vec<Bytes>,
    /// Segments written since the manifest, in order.
    pub(super) segments: Vec<SegmentRef>,
    /// Pages and older segments.
    pub(super) manifest: Option<ManifestRef>,
    /// Keys that may be there and belong to nothing.
    pub(super) loose: Vec<Loose>,
}

/// A key that may be there although nothing names it. It is listed here before it is written and taken off by the head that names it, so that
/// nothing a lost process wrote is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Loose {
    /// What it is.
    pub(super) kind: LooseKind,
    /// Its sequence.
    pub(super) at: Seq,
    /// Its nonce, which all keys of one save share.
    pub(super) nonce: Nonce,
    /// When it was listed, or last said to be in use.
    pub(super) since: Timestamp,
}

/// What a loose key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LooseKind {
    /// A segment.
    Segment,
    /// A manifest and every key of its nonce that it names.
    Manifest,
}

#[derive(Serialize, Deserialize)]
struct Header {
    seq: Seq,
    hash: Digest,
    snapshot: Seq,
    zone_version: Box<str>,
    published: Seq,
    audited: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wake_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    segments: Vec<SegmentRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest: Option<ManifestRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    loose: Vec<Loose>,
}

impl StoredHead {
    /// The stored form.
    pub(super) fn encode(&self) -> Result<Bytes, DecodeError> {
        let Self {
            head,
            recent,
            segments,
            manifest,
            loose,
        } = self;
        let header = Header {
            seq: head.seq,
            hash: head.hash,
            snapshot: head.snapshot,
            zone_version: head.zone_version.clone(),
            published: head.published,
            audited: head.audited,
            wake_at: head.wake_at,
            segments: segments.clone(),
            manifest: *manifest,
            loose: loose.clone(),
        };
        frame::encode(HEAD_FORMAT, &header, recent)
    }

    /// Reads the stored form.
    pub(super) fn decode(bytes: &Bytes) -> Result<Self, DecodeError> {
        let (header, recent) = frame::decode::<Header>("a head", HEAD_FORMAT, bytes)?;
        if header.seq == Seq::ZERO {
            // It is written together with the first commit.
            return Err(DecodeError::Malformed("a head without a commit".into()));
        }
        if recent.len() as u64 > header.seq.0 {
            return Err(DecodeError::Malformed("a head with more commits than there are".into()));
        }
        Ok(Self {
            head: Head {
                seq: header.seq,
                hash: header.hash,
                snapshot: header.snapshot,
                zone_version: header.zone_version,
                published: header.published,
                audited: header.audited,
                wake_at: header.wake_at,
            },
            recent,
            segments: header.segments,
            manifest: header.manifest,
            loose: header.loose,
        })
    }

    /// The first commit that is in no segment yet: the next segment begins with it.
    pub(super) fn recent_from(&self) -> Seq {
        Seq(self.head.seq.0 - self.recent.len() as u64 + 1)
    }

    /// Bytes of the commits in the head itself.
    pub(super) fn recent_bytes(&self) -> usize {
        self.recent.iter().map(Bytes::len).sum()
    }
}
