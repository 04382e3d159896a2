//! The audit record: `audit/<actor>/<ordinal>`, a key per batch, each created once and changed only to take its content away. Where the batches
//! of an actor end is found by looking for the first ordinal that is not there, from `audit/<actor>` on, which says how far they were some time
//! ago. The batch is written first and its place in the owner's record (`places`) after it: a crash in between leaves an actor's last batch
//! without a place, which it gets before anything is said of that actor by whoever has not seen the place.

mod batch;
mod erase;
mod hint;
mod places;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use dashmap::DashMap;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use punctual_actors::ports::{BoxFuture, Entropy, Failure};
use punctual_events::{ActorId, Digest, Seq, UserId};

use self::{
    batch::Mark,
    hint::{HINT_EVERY, gone},
    places::{Entered, Entry, Places},
};
use super::{
    keys::{Keys, Version},
    state::State,
    store::Nonce,
};
use crate::ports::{AuditAppend, AuditBatch, AuditPlace, AuditStore, AuditStretch};

/// Actors and owners whose record's end is remembered. At the limit all are forgotten: finding one again takes a few reads.
const REMEMBERED: usize = 65_536;

/// Calls that read batches at once.
const CONCURRENT_READS: usize = 4;

/// Batches read by one call, at most.
const READ_TOGETHER: usize = 32;

/// The [`AuditStore`] of the Dapr runtime. Clones share what is remembered.
#[derive(Clone)]
pub struct DaprAudit<K = State> {
    keys: K,
    entropy: Arc<dyn Entropy>,
    /// Last batches, which have a place.
    ends: Arc<DashMap<ActorId, End>>,
    places: Places<K>,
    /// Up to which batch an actor's have no content any more, as far as this process has erased.
    erased: Arc<DashMap<ActorId, u64>>,
}

/// The last batch of an actor.
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

/// A batch as it was found.
struct Found {
    batch: AuditBatch,
    mark: Mark,
    version: Version,
}

impl Found {
    fn end(&self, ordinal: u64) -> End {
        End {
            ordinal,
            to: self.batch.to,
            head: self.batch.head,
        }
    }
}

fn hint_name(actor: ActorId) -> String {
    format!("audit/{actor}")
}

fn name(actor: ActorId, ordinal: u64) -> String {
    format!("audit/{actor}/{ordinal}")
}

fn entered(batch: &AuditBatch, ordinal: u64) -> Entered {
    Entered {
        actor: batch.actor,
        ordinal,
        from: batch.from,
        to: batch.to,
    }
}

impl<K: Keys + Clone> DaprAudit<K> {
    /// The record in `keys`.
    #[must_use]
    pub fn new(keys: K, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            places: Places::new(keys.clone()),
            keys,
            entropy,
            ends: Arc::default(),
            erased: Arc::default(),
        }
    }

    fn remember(&self, actor: ActorId, end: End) {
        if self.ends.len() >= REMEMBERED {
            self.ends.clear();
        }
        self.ends.insert(actor, end);
    }

    async fn found(&self, actor: ActorId, ordinal: u64) -> Result<Option<Found>, Failure> {
        let Some((bytes, version)) = self.keys.get(&name(actor, ordinal)).await? else {
            return Ok(None);
        };
        let (batch, mark) = batch::decode(actor, &bytes)?;
        Ok(Some(Found { batch, mark, version }))
    }

    /// The last batch there is. It has a place once this answers.
    async fn last(&self, actor: ActorId) -> Result<End, Failure> {
        let known = self.ends.get(&actor).map(|end| *end);
        let (mut end, mut last) = match known {
            Some(end) => (end, None),
            None => self.hinted(actor).await?,
        };
        let looked_from = end.ordinal;
        while let Some(next) = self.found(actor, end.ordinal + 1).await? {
            end = next.end(end.ordinal + 1);
            last = Some(next);
        }
        if let Some(Found { batch, mark, .. }) = last {
            let batch_entered = entered(&batch, end.ordinal);
            self.places.enter_from(batch.owner, mark.index, batch_entered).await?;
        }
        if end.ordinal - looked_from >= HINT_EVERY {
            hint::write(&self.keys, &hint_name(actor), end.ordinal).await;
        }
        self.remember(actor, end);
        Ok(end)
    }

    async fn hinted(&self, actor: ActorId) -> Result<(End, Option<Found>), Failure> {
        let ordinal = hint::read(&self.keys, &hint_name(actor)).await?;
        if ordinal == 0 {
            return Ok((START, None));
        }
        let found = self.found(actor, ordinal).await?;
        let found = found.ok_or_else(|| gone(name(actor, ordinal)))?;
        Ok((found.end(ordinal), Some(found)))
    }

    async fn try_append(&self, batch: AuditBatch) -> Result<AuditAppend, Failure> {
        if batch.from == Seq::ZERO || batch.to < batch.from {
            return Err(Failure::new("a batch of no commits"));
        }
        let (actor, known) = (batch.actor, self.ends.get(&batch.actor).map(|end| *end));
        let end = match known.filter(|end| batch.from == end.to.next()) {
            Some(end) => end,
            None => self.last(actor).await?,
        };
        if batch.from != end.to.next() {
            return Ok(AuditAppend::Elsewhere(end.to));
        }
        let (ordinal, before) = (end.ordinal + 1, self.places.last_known(batch.owner).await?);
        let mark = Mark {
            nonce: Nonce::draw(&*self.entropy),
            index: before.number + 1,
        };
        // Known again once the batch has its place.
        self.ends.remove(&actor);
        if !self.create(&batch, ordinal, mark).await? {
            return Ok(AuditAppend::Elsewhere(self.last(actor).await?.to));
        }
        self.places.enter(batch.owner, before, entered(&batch, ordinal)).await?;
        let (to, head) = (batch.to, batch.head);
        self.remember(actor, End { ordinal, to, head });
        if ordinal.is_multiple_of(HINT_EVERY) {
            hint::write(&self.keys, &hint_name(actor), ordinal).await;
        }
        Ok(AuditAppend::Done)
    }

    /// Writes a batch; `false` where another has its ordinal.
    async fn create(&self, batch: &AuditBatch, ordinal: u64, mark: Mark) -> Result<bool, Failure> {
        let created = self
            .keys
            .create(&name(batch.actor, ordinal), batch::encode(batch, mark)?)
            .await;
        let Err(failure) = created else { return Ok(true) };
        // One that is there already is an error like any other, and so is a lost reply.
        match self.found(batch.actor, ordinal).await? {
            Some(found) => Ok(found.mark.nonce == mark.nonce),
            None => Err(failure),
        }
    }

    async fn try_read(&self, owner: UserId, after: AuditPlace, limit: usize) -> Result<Vec<AuditStretch>, Failure> {
        let entries = self.places.read(owner, after, limit).await?;
        let reads: Vec<_> = entries.chunks(READ_TOGETHER).map(|run| self.stretches(run)).collect();
        let read: Vec<Vec<AuditStretch>> = stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Batches are small as a rule, so one call reads many; where they are too large for that, one by one.
    async fn values(&self, names: &[String]) -> Result<Vec<Option<Bytes>>, Failure> {
        if let Ok(values) = self.keys.get_many(names).await {
            return Ok(values);
        }
        let mut values = Vec::with_capacity(names.len());
        for name in names {
            values.push(self.keys.get(name).await?.map(|(bytes, _)| bytes));
        }
        Ok(values)
    }

    async fn stretches(&self, entries: &[Entry]) -> Result<Vec<AuditStretch>, Failure> {
        let names: Vec<String> = entries
            .iter()
            .map(|entry| name(entry.batch.actor, entry.batch.ordinal))
            .collect();
        let values = self.values(&names).await?;
        let stretch = |(Entry { place, batch }, value): (&Entry, Option<Bytes>)| {
            let found = value.map(|bytes| batch::decode(batch.actor, &bytes)).transpose()?;
            Ok(AuditStretch {
                place: *place,
                actor: batch.actor,
                from: batch.from,
                to: batch.to,
                batch: found.map(|(batch, _)| batch),
            })
        };
        entries.iter().zip(values).map(stretch).collect()
    }
}

impl<K: Keys + Clone> AuditStore for DaprAudit<K> {
    fn append(&self, batch: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>> {
        Box::pin(self.try_append(batch))
    }

    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>> {
        Box::pin(async move {
            let end = self.last(actor).await?;
            Ok((end.ordinal > 0).then_some((end.to, end.head)))
        })
    }

    fn end(&self, owner: UserId) -> BoxFuture<'_, Result<AuditPlace, Failure>> {
        Box::pin(async move { Ok(self.places.last(owner).await?.place) })
    }

    fn read(
        &self,
        owner: UserId,
        after: AuditPlace,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<AuditStretch>, Failure>> {
        Box::pin(self.try_read(owner, after, limit))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.try_erase(actor, through))
    }
}
