//! What this process remembers of the actors it writes: the head it last read or wrote, so that an append is one write.

use std::sync::Arc;

use dashmap::DashMap;
use punctual_events::{ActorId, Timestamp};
use tokio::sync::Mutex as AsyncMutex;

use super::{
    GRACE_MS,
    head::{Loose, LooseKind, StoredHead},
    names::Nonce,
};
use crate::dapr::keys::Version;

/// Actors that are remembered. At the limit those nobody is busy with are forgotten at once: finding one again is one read.
const REMEMBERED_ACTORS: usize = 8_192;

/// Segments a head lists as loose, at most, for one more to be reserved ahead. Who has forgotten an actor, or is new to it, lists another, and those
/// before it stay for the grace: a head must not grow by one with every append. Beyond this a segment is listed when it is needed, by a write of its own.
const LISTED_AHEAD: usize = 8;

/// What is known of a head.
#[derive(Debug, Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one per actor, and it is hardly ever another variant"
)]
pub(super) enum Known {
    /// Nothing: it has to be read.
    #[default]
    Nothing,
    /// There was none.
    Absent,
    /// It was this. Another process may have changed it since: a write says so.
    Present(StoredHead, Version),
}

/// The head of one actor, to be held while it is written.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) known: Known,
    /// The nonce this process may write the next segment with, if the head lists it.
    pub(super) reserved: Option<Nonce>,
}

impl Slot {
    /// Where `head` lists the segment that is reserved for this process and unused.
    fn reservation(&self, head: &StoredHead) -> Option<usize> {
        let (at, reserved) = (head.recent_from(), self.reserved?);
        let is_it = |loose: &Loose| loose.kind == LooseKind::Segment && loose.at == at && loose.nonce == reserved;
        head.loose.iter().position(is_it)
    }

    /// True when `head` lists a segment this process may write now, and nobody can take it for something left over meanwhile.
    pub(super) fn may_use_reserved(&self, head: &StoredHead, now: Timestamp) -> bool {
        self.reservation(head).is_some_and(|index| {
            let age = now.as_millis() - head.loose[index].since.as_millis();
            (0..GRACE_MS / 2).contains(&age)
        })
    }

    /// Has the next version of `head` list a nonce for the segment after it, unless many are listed.
    pub(super) fn reserve_ahead(&mut self, head: &mut StoredHead, now: Timestamp, draw: impl FnOnce() -> Nonce) {
        let segments = head.loose.iter().filter(|loose| loose.kind == LooseKind::Segment);
        if self.reservation(head).is_some() || segments.count() < LISTED_AHEAD {
            self.reserve(head, now, draw);
        }
    }

    /// Has the next version of `head` list a nonce for the segment after it; `draw` makes one where there is none yet.
    pub(super) fn reserve(&mut self, head: &mut StoredHead, now: Timestamp, draw: impl FnOnce() -> Nonce) {
        if let Some(index) = self.reservation(head) {
            let loose = &mut head.loose[index];
            // The head is written anyway, so renewing the date costs nothing.
            if now.as_millis() - loose.since.as_millis() > GRACE_MS / 8 {
                loose.since = now;
            }
            return;
        }
        let nonce = draw();
        self.reserved = Some(nonce);
        head.loose.push(Loose {
            kind: LooseKind::Segment,
            at: head.recent_from(),
            nonce,
            since: now,
        });
    }
}

/// One actor.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its head: one write at a time.
    pub(super) head: Arc<AsyncMutex<Slot>>,
    /// Held by what replaces the manifest: one at a time, while appends go on.
    pub(super) upkeep: AsyncMutex<()>,
}

/// The actors of this process.
#[derive(Debug)]
pub(super) struct Live {
    entries: DashMap<ActorId, Arc<Entry>>,
    limit: usize,
}

impl Default for Live {
    fn default() -> Self {
        Self::of(REMEMBERED_ACTORS)
    }
}

impl Live {
    /// So many at most.
    pub(super) fn of(limit: usize) -> Self {
        Self {
            entries: DashMap::new(),
            limit,
        }
    }

    /// The entry of an actor.
    pub(super) fn entry(&self, actor: ActorId) -> Arc<Entry> {
        if let Some(entry) = self.entries.get(&actor) {
            return Arc::clone(&entry);
        }
        if self.entries.len() >= self.limit {
            // Whoever is busy with an actor holds its entry or, in the background, its head.
            self.entries
                .retain(|_, entry| Arc::strong_count(entry) > 1 || Arc::strong_count(&entry.head) > 1);
        }
        Arc::clone(&self.entries.entry(actor).or_default())
    }
}
