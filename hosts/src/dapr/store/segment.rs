//! Segments: runs of commits that no longer fit into the head. Immutable.

use bytes::Bytes;
use punctual_actors::ports::Failure;
use punctual_events::{Commit, DecodeError, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    manifest::{Seal, SegmentRef},
    names::Nonce,
};
use crate::dapr::{frame, keys::MAX_VALUE_BYTES};

/// The format this release writes; a newer one is refused.
const SEGMENT_FORMAT: u16 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    from: Seq,
}

/// The stored form of the commits from `from` on, and what names it.
pub(super) fn encode(from: Seq, commits: &[Bytes], nonce: Nonce) -> Result<(SegmentRef, Bytes), Failure> {
    let value = frame::encode(SEGMENT_FORMAT, &Header { from }, commits)?;
    if value.len() > MAX_VALUE_BYTES {
        return Err(Failure::new("commits too large to be kept"));
    }
    let mut latest = Timestamp::MIN;
    for commit in commits {
        latest = latest.max(time_of(commit)?);
    }
    let named = SegmentRef {
        from,
        to: Seq(from.0 + commits.len() as u64 - 1),
        nonce,
        seal: Seal::of(&value),
        latest,
        erased: Seq::ZERO,
    };
    Ok((named, value))
}

/// When a commit was decided, without reading the rest of it.
fn time_of(commit: &[u8]) -> Result<Timestamp, DecodeError> {
    #[derive(Deserialize)]
    struct Timed {
        header: Time,
    }
    #[derive(Deserialize)]
    struct Time {
        time: Timestamp,
    }
    Ok(serde_json::from_slice::<Timed>(commit)?.header.time)
}

/// The commits of a segment in their stored form.
pub(super) fn decode(named: &SegmentRef, value: &Bytes) -> Result<Vec<Bytes>, DecodeError> {
    let (header, commits) = frame::decode::<Header>("a segment", SEGMENT_FORMAT, value)?;
    let count = (named.to.0 + 1).checked_sub(named.from.0);
    if header.from != named.from || Some(commits.len() as u64) != count {
        return Err(DecodeError::Malformed("a segment of other commits".into()));
    }
    Ok(commits)
}

/// A commit without the content of its events, in its stored form.
pub(super) fn erased(commit: &Bytes) -> Result<Bytes, DecodeError> {
    let mut commit = Commit::decode(commit)?;
    commit.events.iter_mut().for_each(|event| *event = event.erased());
    Ok(commit.encode()?.into())
}
