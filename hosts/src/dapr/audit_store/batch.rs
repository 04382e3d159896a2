//! A batch of the audit record as it is stored: the chain, and the content apart, which can be taken away.

use bytes::Bytes;
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, DecodeError, Digest, Seq, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    dapr::{frame, keys::MAX_VALUE_BYTES, store::Nonce},
    ports::AuditBatch,
};

/// The format this release writes; a newer one is refused.
const BATCH_FORMAT: u16 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    owner: UserId,
    from: Seq,
    to: Seq,
    head: Digest,
    #[serde(flatten)]
    mark: Mark,
}

/// What the store itself notes with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Tells a batch of this process from the same batch of another.
    pub(super) nonce: Nonce,
    /// The number of the entry in the owner's index from which on the batch's own is found.
    pub(super) index: u64,
}

/// The stored form.
pub(super) fn encode(batch: &AuditBatch, mark: Mark) -> Result<Bytes, Failure> {
    let header = Header {
        owner: batch.owner,
        from: batch.from,
        to: batch.to,
        head: batch.head,
        mark,
    };
    let parts: Vec<Bytes> = std::iter::once(batch.entries.clone())
        .chain(batch.contents.clone())
        .collect();
    let bytes = frame::encode(BATCH_FORMAT, &header, &parts)?;
    if bytes.len() > MAX_VALUE_BYTES {
        return Err(Failure::new("a batch too large to be kept"));
    }
    Ok(bytes)
}

/// Reads the stored form.
pub(super) fn decode(actor: ActorId, bytes: &Bytes) -> Result<(AuditBatch, Mark), DecodeError> {
    let (header, parts) = frame::decode::<Header>("a batch of the audit record", BATCH_FORMAT, bytes)?;
    let mut parts = parts.into_iter();
    let entries = parts.next();
    let batch = AuditBatch {
        actor,
        owner: header.owner,
        from: header.from,
        to: header.to,
        head: header.head,
        entries: entries.ok_or_else(|| DecodeError::Malformed("a batch of the audit record".into()))?,
        contents: parts.next(),
    };
    Ok((batch, header.mark))
}
