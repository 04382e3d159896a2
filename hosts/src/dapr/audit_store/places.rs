//! Which batch is at which place of a user's record: `audit-index/<user>/<number>`, a key per batch, each created once, the next only after the
//! one before it. Two processes that enter batches at once are at the same number: one creates it, the other takes the next.

use std::sync::Arc;

use dashmap::DashMap;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Seq, UserId};
use serde::{Deserialize, Serialize};

use super::{
    REMEMBERED,
    hint::{self, HINT_EVERY, gone},
};
use crate::{
    dapr::{
        frame,
        keys::{Keys, MAX_BULK_KEYS},
    },
    ports::AuditPlace,
};

/// The format this release writes; a newer one is refused.
const ENTRY_FORMAT: u16 = 1;

/// Calls that read entries at once.
const CONCURRENT_READS: usize = 4;

/// A batch, as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entered {
    pub(super) actor: ActorId,
    pub(super) ordinal: u64,
    pub(super) from: Seq,
    pub(super) to: Seq,
}

/// A batch and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) place: AuditPlace,
    #[serde(flatten)]
    pub(super) batch: Entered,
}

impl Entry {
    /// The place of its last commit.
    fn end(&self) -> AuditPlace {
        AuditPlace(
            self.place
                .0
                .saturating_add(self.batch.to.0.saturating_sub(self.batch.from.0)),
        )
    }
}

/// An entry, by its number and its last place. Zero is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) number: u64,
    pub(super) place: AuditPlace,
}

impl Stop {
    fn at(number: u64, entry: &Entry) -> Self {
        Self {
            number,
            place: entry.end(),
        }
    }
}

/// The places of all records. Clones share what is remembered.
#[derive(Clone)]
pub(super) struct Places<K> {
    keys: K,
    lasts: Arc<DashMap<UserId, Stop>>,
    /// Where the last read of a record stopped, so that the next portion begins without a search.
    stops: Arc<DashMap<UserId, Stop>>,
}

fn hint_name(owner: UserId) -> String {
    format!("audit-index/{owner}")
}

fn name(owner: UserId, number: u64) -> String {
    format!("audit-index/{owner}/{number}")
}

fn remember(stops: &DashMap<UserId, Stop>, owner: UserId, stop: Stop) {
    if stops.len() >= REMEMBERED {
        stops.clear();
    }
    stops.insert(owner, stop);
}

impl<K: Keys> Places<K> {
    pub(super) fn new(keys: K) -> Self {
        Self {
            keys,
            lasts: Arc::default(),
            stops: Arc::default(),
        }
    }

    async fn entry(&self, owner: UserId, number: u64) -> Result<Option<Entry>, Failure> {
        let found = self.keys.get(&name(owner, number)).await?;
        found.map(|(bytes, _)| decode(&bytes)).transpose()
    }

    /// The entry of this number, which has to be there.
    async fn stop(&self, owner: UserId, number: u64) -> Result<Stop, Failure> {
        if number == 0 {
            return Ok(Stop::default());
        }
        let entry = self.entry(owner, number).await?;
        entry
            .map(|entry| Stop::at(number, &entry))
            .ok_or_else(|| gone(name(owner, number)))
    }

    /// The last entry there is.
    pub(super) async fn last(&self, owner: UserId) -> Result<Stop, Failure> {
        let known = self.lasts.get(&owner).map(|last| *last);
        let mut last = match known {
            Some(last) => last,
            None => {
                self.stop(owner, hint::read(&self.keys, &hint_name(owner)).await?)
                    .await?
            }
        };
        let looked_from = last.number;
        while let Some(entry) = self.entry(owner, last.number + 1).await? {
            last = Stop::at(last.number + 1, &entry);
        }
        if last.number - looked_from >= HINT_EVERY {
            hint::write(&self.keys, &hint_name(owner), last.number).await;
        }
        remember(&self.lasts, owner, last);
        Ok(last)
    }

    /// An entry after which nothing of a batch to come can be: the last, as far as this process knows.
    pub(super) async fn last_known(&self, owner: UserId) -> Result<Stop, Failure> {
        let known = self.lasts.get(&owner).map(|last| *last);
        match known {
            Some(last) => Ok(last),
            None => self.last(owner).await,
        }
    }

    /// Enters a batch that is not entered at `before` or earlier, unless it is there already.
    pub(super) async fn enter(&self, owner: UserId, before: Stop, batch: Entered) -> Result<(), Failure> {
        // An entry that is there already is an error like any other; so is a lost reply.
        if self.create(owner, before, batch).await.is_ok() {
            return Ok(());
        }
        self.find_or_enter(owner, before, batch).await
    }

    /// Enters a batch unless an entry of this number or a later one holds it.
    pub(super) async fn enter_from(&self, owner: UserId, number: u64, batch: Entered) -> Result<(), Failure> {
        if self
            .entry(owner, number)
            .await?
            .is_some_and(|entry| entry.batch == batch)
        {
            return Ok(());
        }
        let before = self.stop(owner, number.saturating_sub(1)).await?;
        self.find_or_enter(owner, before, batch).await
    }

    async fn find_or_enter(&self, owner: UserId, mut before: Stop, batch: Entered) -> Result<(), Failure> {
        let mut failed = None;
        loop {
            let number = before.number + 1;
            match (self.entry(owner, number).await?, failed.take()) {
                (Some(entry), _) => {
                    before = Stop::at(number, &entry);
                    remember(&self.lasts, owner, before);
                    if entry.batch == batch {
                        return Ok(());
                    }
                }
                (None, Some(failure)) => return Err(failure),
                (None, None) => match self.create(owner, before, batch).await {
                    Ok(()) => return Ok(()),
                    Err(failure) => failed = Some(failure),
                },
            }
        }
    }

    async fn create(&self, owner: UserId, before: Stop, batch: Entered) -> Result<(), Failure> {
        let (number, place) = (before.number + 1, before.place.next());
        let entry = Entry { place, batch };
        let bytes = frame::encode(ENTRY_FORMAT, &entry, &[])?;
        self.keys.create(&name(owner, number), bytes).await?;
        remember(&self.lasts, owner, Stop::at(number, &entry));
        if number.is_multiple_of(HINT_EVERY) {
            hint::write(&self.keys, &hint_name(owner), number).await;
        }
        Ok(())
    }

    /// Entries with places after `after`, in order, at most `limit`.
    pub(super) async fn read(&self, owner: UserId, after: AuditPlace, limit: usize) -> Result<Vec<Entry>, Failure> {
        let last = self.last(owner).await?;
        let first = self.number_after(owner, after, last).await?;
        let names: Vec<String> = (first..=last.number)
            .take(limit)
            .map(|number| name(owner, number))
            .collect();
        let reads: Vec<_> = names
            .chunks(MAX_BULK_KEYS)
            .map(|names| self.keys.get_many(names))
            .collect();
        let read: Vec<_> = stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        let mut entries = Vec::with_capacity(names.len());
        for (name, bytes) in names.iter().zip(read.into_iter().flatten()) {
            entries.push(decode(&bytes.ok_or_else(|| gone(name))?)?);
        }
        if let Some(entry) = entries.last() {
            remember(&self.stops, owner, Stop::at(first + entries.len() as u64 - 1, entry));
        }
        Ok(entries)
    }

    /// The number of the entry that holds the place after `after`, or of the one after the last.
    async fn number_after(&self, owner: UserId, after: AuditPlace, last: Stop) -> Result<u64, Failure> {
        if after >= last.place {
            return Ok(last.number + 1);
        }
        let stop = self.stops.get(&owner).map(|stop| *stop);
        if let Some(stop) = stop.filter(|stop| stop.place == after) {
            return Ok(stop.number + 1);
        }
        // The first whose last place is later than `after`.
        let (mut low, mut high) = (1, last.number);
        while low < high && after > AuditPlace::ZERO {
            let middle = low + (high - low) / 2;
            if self.stop(owner, middle).await?.place > after {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }
}

fn decode(bytes: &bytes::Bytes) -> Result<Entry, Failure> {
    let (entry, _) = frame::decode("an entry of the audit index", ENTRY_FORMAT, bytes)?;
    Ok(entry)
}
