//! The manifest: what the saved state and the older log consist of. Immutable; the head names one by name, length and hash.

use std::collections::BTreeMap;

use bytes::Bytes;
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, DecodeError, Digest, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::names::{self, Nonce};
use crate::dapr::frame;

/// The format this release writes; a newer one is refused.
pub(super) const MANIFEST_FORMAT: u16 = 1;

/// Length and hash of a value that is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    /// SHA-256.
    pub(super) hash: Digest,
    /// Length in bytes.
    pub(super) len: usize,
}

impl Seal {
    /// The seal of `value`.
    pub(super) fn of(value: &[u8]) -> Self {
        Self {
            hash: Digest(Sha256::digest(value).into()),
            len: value.len(),
        }
    }

    /// `value`, if it is what was sealed.
    pub(super) fn check(&self, key: &str, value: Bytes) -> Result<Bytes, Failure> {
        if Self::of(&value) == *self {
            return Ok(value);
        }
        Err(Failure::damaged(format_args!("{key} is not what was written")))
    }
}

/// Names a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ManifestRef {
    pub(super) at: Seq,
    pub(super) nonce: Nonce,
    #[serde(flatten)]
    pub(super) seal: Seal,
}

impl ManifestRef {
    /// Its key.
    pub(super) fn key(&self, actor: ActorId) -> String {
        names::manifest(actor, self.at, self.nonce)
    }
}

/// Names a segment of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SegmentRef {
    /// The first commit.
    pub(super) from: Seq,
    /// The last commit.
    pub(super) to: Seq,
    pub(super) nonce: Nonce,
    #[serde(flatten)]
    pub(super) seal: Seal,
    /// The latest instant a commit in it was decided at.
    pub(super) latest: Timestamp,
    /// Content up to here was erased.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) erased: Seq,
}

impl SegmentRef {
    /// Its key.
    pub(super) fn key(&self, actor: ActorId) -> String {
        names::segment(actor, self.from, self.nonce)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(seq: &Seq) -> bool {
    *seq == Seq::ZERO
}

/// Names a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageRef {
    /// The save that wrote it.
    pub(super) at: Seq,
    pub(super) nonce: Nonce,
    #[serde(flatten)]
    pub(super) seal: Seal,
}

/// A key that was named and is not any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Superseded {
    /// Which.
    pub(super) key: Box<str>,
    /// Since when. Loads that began before may still read it.
    pub(super) since: Timestamp,
}

/// A manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The state as of the head's snapshot.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) pages: BTreeMap<Box<str>, PageRef>,
    /// The log before the segments of the head, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) segments: Vec<SegmentRef>,
    /// To be deleted once no load can want them any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) superseded: Vec<Superseded>,
}

impl Manifest {
    /// The stored form.
    pub(super) fn encode(&self) -> Result<Bytes, DecodeError> {
        frame::encode(MANIFEST_FORMAT, self, &[])
    }

    /// Reads the stored form.
    pub(super) fn decode(bytes: &Bytes) -> Result<Self, DecodeError> {
        Ok(frame::decode("a manifest", MANIFEST_FORMAT, bytes)?.0)
    }

    /// Keys that were written with it, by their nonce.
    pub(super) fn keys_of(&self, actor: ActorId, nonce: Nonce) -> Vec<String> {
        let pages = self.pages.iter().filter(|(_, page)| page.nonce == nonce);
        let pages = pages.map(|(name, page)| names::page(actor, name, page.at, nonce));
        let segments = self.segments.iter().filter(|segment| segment.nonce == nonce);
        pages.chain(segments.map(|segment| segment.key(actor))).collect()
    }
}
