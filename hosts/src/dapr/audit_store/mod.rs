//! The audit record: `audit/<actor>/<ordinal>`, a key per batch, each created once and changed only to take its content away. Where the record
//! ends is found by looking for the first ordinal that is not there, from `audit/<actor>` on, which says how far it was some time ago.

mod batch;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dashmap::DashMap;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use punctual_actors::ports::{BoxFuture, Entropy, Failure};
use punctual_events::{ActorId, Digest, Seq};
use serde::{Deserialize, Serialize};

use super::{
    frame,
    keys::{Keys, Version, Written},
    state::State,
    store::Nonce,
};
use crate::ports::{AuditAppend, AuditBatch, AuditStore};

/// The format of the hint this release writes; a newer one is refused.
const HINT_FORMAT: u16 = 1;

/// Every how many batches the hint is written: as many reads find the end again.
const HINT_EVERY: u64 = 8;

/// Actors whose record's end is remembered. At the limit all are forgotten: finding one again takes a few reads.
const REMEMBERED_ACTORS: usize = 65_536;

/// Batches read at once.
const CONCURRENT_READS: usize = 8;

/// The [`AuditStore`] of the Dapr runtime. Clones share what is remembered.
#[derive(Clone)]
pub struct DaprAudit<K = State> {
    keys: K,
    entropy: Arc<dyn Entropy>,
    ends: Arc<DashMap<ActorId, End>>,
    /// Where the last read of a record stopped, so that the next portion begins without a search.
    stops: Arc<DashMap<ActorId, End>>,
}

/// The last batch of a record, or of a part of it.
#[derive(Clone, Copy, Debug)]
struct End {
    ordinal: u64,
    to: Seq,
    head: Digest,
}

/// Before the first batch.
const START: End = End {
    ordinal: 0,
    to: Seq::ZERO,
    head: Digest::ZERO,
};

#[derive(Serialize, Deserialize)]
struct Hint {
    ordinal: u64,
}

fn hint_name(actor: ActorId) -> String {
    format!("audit/{actor}")
}

fn name(actor: ActorId, ordinal: u64) -> String {
    format!("audit/{actor}/{ordinal}")
}

fn remember(ends: &DashMap<ActorId, End>, actor: ActorId, end: End) {
    if ends.len() >= REMEMBERED_ACTORS {
        ends.clear();
    }
    ends.insert(actor, end);
}

impl<K: Keys> DaprAudit<K> {
    /// The record in `keys`.
    #[must_use]
    pub fn new(keys: K, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            keys,
            entropy,
            ends: Arc::default(),
            stops: Arc::default(),
        }
    }

    async fn batch(&self, actor: ActorId, ordinal: u64) -> Result<Option<(AuditBatch, Nonce, Version)>, Failure> {
        let Some((bytes, version)) = self.keys.get(&name(actor, ordinal)).await? else {
            return Ok(None);
        };
        let (batch, nonce) = batch::decode(actor, &bytes)?;
        Ok(Some((batch, nonce, version)))
    }

    async fn end_at(&self, actor: ActorId, ordinal: u64) -> Result<Option<End>, Failure> {
        let batch = self.batch(actor, ordinal).await?;
        Ok(batch.map(|(batch, ..)| End {
            ordinal,
            to: batch.to,
            head: batch.head,
        }))
    }

    /// The last batch there is.
    async fn end(&self, actor: ActorId) -> Result<End, Failure> {
        let known = self.ends.get(&actor).map(|end| *end);
        let mut end = match known {
            Some(end) => end,
            None => self.hinted(actor).await?,
        };
        let hinted = end.ordinal;
        while let Some(next) = self.end_at(actor, end.ordinal + 1).await? {
            end = next;
        }
        if end.ordinal - hinted >= HINT_EVERY {
            self.hint(actor, end.ordinal).await;
        }
        remember(&self.ends, actor, end);
        Ok(end)
    }

    async fn hinted(&self, actor: ActorId) -> Result<End, Failure> {
        let Some((bytes, _)) = self.keys.get(&hint_name(actor)).await? else {
            return Ok(START);
        };
        let (Hint { ordinal }, _) = frame::decode("a hint of the audit record", HINT_FORMAT, &bytes)?;
        let end = self.end_at(actor, ordinal).await?;
        end.ok_or_else(|| {
            Failure::new(format_args!(
                "damaged: batch {ordinal} of the audit record of {actor} is gone"
            ))
        })
    }

    /// Notes how far the record is. Of several writers any may be last: from an older hint the end is found as well.
    async fn hint(&self, actor: ActorId, ordinal: u64) {
        let written = match frame::encode(HINT_FORMAT, &Hint { ordinal }, &[]) {
            Ok(bytes) => self.keys.put(vec![(hint_name(actor), bytes)]).await,
            Err(error) => Err(error.into()),
        };
        if let Err(failure) = written {
            tracing::warn!(%actor, %failure, "how far the audit record is could not be noted; it will be searched for");
        }
    }

    async fn try_append(&self, batch: AuditBatch) -> Result<AuditAppend, Failure> {
        if batch.from == Seq::ZERO || batch.to < batch.from {
            return Err(Failure::new("a batch of no commits"));
        }
        let (actor, known) = (batch.actor, self.ends.get(&batch.actor).map(|end| *end));
        let end = match known.filter(|end| batch.from == end.to.next()) {
            Some(end) => end,
            None => self.end(actor).await?,
        };
        if batch.from != end.to.next() {
            return Ok(AuditAppend::Elsewhere(end.to));
        }
        let (ordinal, nonce) = (end.ordinal + 1, Nonce::draw(&*self.entropy));
        let created = self
            .keys
            .create(&name(actor, ordinal), batch::encode(&batch, nonce)?)
            .await;
        if let Err(failure) = created {
            // One that is there already is an error like any other, and so is a lost reply.
            self.ends.remove(&actor);
            match self.batch(actor, ordinal).await? {
                Some((_, found, _)) if found == nonce => {}
                Some((won, ..)) => return Ok(AuditAppend::Elsewhere(won.to)),
                None => return Err(failure),
            }
        }
        let end = End {
            ordinal,
            to: batch.to,
            head: batch.head,
        };
        remember(&self.ends, actor, end);
        if ordinal.is_multiple_of(HINT_EVERY) {
            self.hint(actor, ordinal).await;
        }
        Ok(AuditAppend::Done)
    }

    /// The ordinal of the batch that holds the commit after `after`, or of the one after the last.
    async fn ordinal_after(&self, actor: ActorId, after: Seq, end: &End) -> Result<u64, Failure> {
        if after >= end.to {
            return Ok(end.ordinal + 1);
        }
        let stop = self.stops.get(&actor).map(|stop| *stop);
        if let Some(stop) = stop.filter(|stop| stop.to == after) {
            return Ok(stop.ordinal + 1);
        }
        // The first whose last commit is later than `after`.
        let (mut low, mut high) = (1, end.ordinal);
        while low < high && after > Seq::ZERO {
            let middle = low + (high - low) / 2;
            let there = self.end_at(actor, middle).await?;
            let there =
                there.ok_or_else(|| Failure::new(format_args!("damaged: the audit record of {actor} has a hole")))?;
            if there.to > after {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    async fn try_read(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<AuditBatch>, Failure> {
        let end = self.end(actor).await?;
        let first = self.ordinal_after(actor, after, &end).await?;
        let ordinals = (first..=end.ordinal).take(limit);
        let reads: Vec<_> = ordinals.map(|ordinal| self.batch(actor, ordinal)).collect();
        let batches: Vec<_> = stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        let batches: Option<Vec<AuditBatch>> = batches.into_iter().map(|found| Some(found?.0)).collect();
        let batches =
            batches.ok_or_else(|| Failure::new(format_args!("damaged: the audit record of {actor} has a hole")))?;
        if let Some(last) = batches.last() {
            let stop = End {
                ordinal: first + batches.len() as u64 - 1,
                to: last.to,
                head: last.head,
            };
            remember(&self.stops, actor, stop);
        }
        Ok(batches)
    }

    async fn try_erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        let mut ordinal = 1;
        while let Some((batch, nonce, version)) = self.batch(actor, ordinal).await? {
            if batch.from > through {
                break;
            }
            if batch.contents.is_some() {
                let erased = AuditBatch {
                    contents: None,
                    ..batch
                };
                let bytes = batch::encode(&erased, nonce)?;
                if self.keys.replace(&name(actor, ordinal), &version, bytes).await? == Written::Conflict {
                    return Err(Failure::new("the audit record is being erased by another process"));
                }
            }
            ordinal += 1;
        }
        Ok(())
    }
}

impl<K: Keys> AuditStore for DaprAudit<K> {
    fn append(&self, batch: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>> {
        Box::pin(self.try_append(batch))
    }

    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>> {
        Box::pin(async move {
            let end = self.end(actor).await?;
            Ok((end.ordinal > 0).then_some((end.to, end.head)))
        })
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<AuditBatch>, Failure>> {
        Box::pin(self.try_read(actor, after, limit))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.try_erase(actor, through))
    }
}
