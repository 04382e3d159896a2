//! Reading the record: pages of what happened, over all logs of a user.

use std::iter;

use punctual_actors::{
    budget::Budget,
    ports::{BoxFuture, Failure},
    turn::TurnError,
};
use punctual_events::{ActorId, UserId};

use super::{
    AuditRole,
    entry::{Content, Entry, read},
};
use crate::ports::{AuditBatch, AuditEntry, AuditPage, AuditPlace, AuditQueries, AuditStretch, AuditVerification};

/// Batches read at once; each has up to 1 MiB.
pub(super) const BATCHES: usize = 16;
/// Bytes of an entry besides its data, about.
const ENTRY_BYTES: usize = 600;

impl AuditQueries for AuditRole {
    fn page(&self, user: UserId, after: AuditPlace, limit: usize) -> BoxFuture<'_, Result<AuditPage, Failure>> {
        Box::pin(self.read_page(user, after, limit.max(1)))
    }

    fn verify(&self, user: UserId) -> BoxFuture<'_, Result<AuditVerification, TurnError>> {
        Box::pin(async move { Ok(self.verify_record(user).await?) })
    }
}

/// The commits of a batch with their content, where it was not erased.
pub(super) fn commits(batch: &AuditBatch) -> Result<Vec<(Entry, Option<Content>)>, Failure> {
    let entries: Vec<Entry> = read(&batch.entries)?;
    let Some(contents) = &batch.contents else {
        return Ok(entries.into_iter().map(|entry| (entry, None)).collect());
    };
    let contents: Vec<Content> = read(contents)?;
    if contents.len() != entries.len() {
        return Err(Failure::new("a batch has content of another number of commits"));
    }
    Ok(entries.into_iter().zip(contents.into_iter().map(Some)).collect())
}

/// The events of a commit as they are shown.
fn items(
    actor: ActorId,
    place: AuditPlace,
    entry: Entry,
    content: Option<Content>,
) -> impl Iterator<Item = AuditEntry> {
    let data = content.unwrap_or_default().into_iter().map(Some);
    entry
        .events
        .into_iter()
        .zip(data.chain(iter::repeat(None)))
        .map(move |(event, data)| AuditEntry {
            actor,
            data: data.filter(|data| data.get() != "null"),
            digest: event.digest,
            hash: entry.hash,
            place,
            previous: entry.previous,
            principal: event.by,
            sequence: entry.seq,
            time: entry.time,
            event_type: event.event_type,
        })
}

/// What an entry weighs, in bytes.
fn weight(entry: &AuditEntry) -> usize {
    ENTRY_BYTES + entry.data.as_deref().map_or(0, |data| data.get().len())
}

/// A page being filled.
struct Filling {
    items: Vec<AuditEntry>,
    /// The last place that is in it.
    last: AuditPlace,
    limit: usize,
    room: Budget,
    /// There is no room for the commit after `last`.
    is_cut: bool,
}

impl Filling {
    fn is_full(&self) -> bool {
        self.is_cut || self.items.len() >= self.limit
    }

    /// Adds commits until the page is full. A batch that was lost is passed over; verifying tells of it.
    fn take(&mut self, stretch: &AuditStretch) -> Result<(), Failure> {
        let commits = stretch.batch.as_ref().map(commits).transpose()?.unwrap_or_default();
        let places = (stretch.place.0..=stretch.end().0).map(AuditPlace);
        for (place, (entry, content)) in places.zip(commits) {
            if place <= self.last {
                continue;
            }
            if self.is_full() {
                return Ok(());
            }
            let shown: Vec<AuditEntry> = items(stretch.actor, place, entry, content).collect();
            self.is_cut = !self.room.take(shown.len(), shown.iter().map(weight).sum());
            if self.is_cut {
                return Ok(());
            }
            self.items.extend(shown);
            self.last = place;
        }
        // Where the batch has fewer commits than it says, too, the next one is next.
        self.last = self.last.max(stretch.end());
        Ok(())
    }
}

impl AuditRole {
    async fn read_page(&self, owner: UserId, after: AuditPlace, limit: usize) -> Result<AuditPage, Failure> {
        let end = self.store.end(owner).await?;
        let mut page = Filling {
            items: Vec::new(),
            last: after,
            limit,
            room: Budget::of_a_page(),
            is_cut: false,
        };
        while page.last < end && !page.is_full() {
            let stretches = self.store.read(owner, page.last, BATCHES).await?;
            if stretches.is_empty() {
                break;
            }
            for stretch in &stretches {
                if page.is_full() {
                    break;
                }
                page.take(stretch)?;
            }
        }
        Ok(AuditPage {
            next: (page.last < end).then_some(page.last),
            items: page.items,
        })
    }
}
