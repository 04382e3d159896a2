//! Links of the chain, checked one by one, and what is stored of them.

use punctual_actors::ports::Failure;
use punctual_events::{
    ActorId, CloudEvent, Commit, CommitHeader, Digest, EventRecord, EventType, Principal, Seq, Timestamp, UserId,
};
use serde_json::value::RawValue;

use super::entry::{Entry, EventEntry, Lines};
use crate::ports::AuditBatch;

/// A batch is stored when it has grown to this.
const FULL_BYTES: usize = 1 << 20;

/// A commit as audit looks at it, wherever it came from.
#[derive(Debug)]
pub(super) struct Link<'a> {
    header: &'a CommitHeader,
    events: Vec<LinkEvent<'a>>,
}

#[derive(Debug)]
struct LinkEvent<'a> {
    by: Principal,
    data: &'a RawValue,
    digest: Digest,
    event_type: EventType,
}

/// Why a commit does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it names another owner")]
    Owner,
    #[error("its sequence is not the next")]
    Sequence,
    #[error("it does not name the hash of the commit before it")]
    Previous,
    #[error("its hash is not what its events give")]
    Hash,
    #[error("the data of event {0} does not match its digest")]
    Digest(usize),
}

impl<'a> From<&'a Commit> for Link<'a> {
    fn from(commit: &'a Commit) -> Self {
        let events = commit.events.iter().map(|event| LinkEvent {
            by: event.by,
            data: &event.data,
            digest: event.digest,
            event_type: event.event_type,
        });
        Self {
            header: &commit.header,
            events: events.collect(),
        }
    }
}

impl<'a> Link<'a> {
    /// The commit whose events these are; `None` when some are missing. `task-events` carries every event of a commit, so they are numbered
    /// without a gap.
    pub(super) fn of_events(events: &'a [CloudEvent]) -> Option<Self> {
        let first = events.first()?;
        let is_whole = usize::from(first.parts) == events.len()
            && events
                .iter()
                .enumerate()
                .all(|(index, event)| usize::from(event.index) == index);
        let links = events.iter().map(|event| LinkEvent {
            by: event.by,
            data: &event.data,
            digest: event.digest,
            event_type: event.event_type,
        });
        is_whole.then(|| Self {
            header: &first.commit,
            events: links.collect(),
        })
    }
}

/// True when `data` is there and is not what the digest says. What was erased cannot be told; the chain holds its digest.
pub(super) fn is_forged(event_type: EventType, by: Principal, data: &RawValue, digest: &Digest) -> bool {
    data.get() != "null" && EventRecord::digest_of(event_type, by, data.get()) != *digest
}

/// Checks that a commit follows the one with this sequence and hash.
pub(super) fn check_place(
    actor: ActorId,
    (seq, time, previous, hash): (Seq, Timestamp, Digest, Digest),
    digests: impl IntoIterator<Item = Digest>,
    (last, last_hash): (Seq, Digest),
) -> Result<(), Flaw> {
    if seq != last.next() {
        return Err(Flaw::Sequence);
    }
    if previous != last_hash {
        return Err(Flaw::Previous);
    }
    if Commit::hash_of(actor, seq, time, &previous, digests) != hash {
        return Err(Flaw::Hash);
    }
    Ok(())
}

/// The end of an actor's chain, and the links that were checked and are not stored yet.
#[derive(Debug)]
pub(super) struct Chain {
    actor: ActorId,
    owner: UserId,
    head: (Seq, Digest),
    from: Seq,
    entries: Lines,
    contents: Lines,
}

impl Chain {
    /// The chain of an actor of `owner`, whose stored part ends with `head`; `None` when nothing is stored.
    pub(super) fn after(actor: ActorId, owner: UserId, head: Option<(Seq, Digest)>) -> Self {
        let head = head.unwrap_or((Seq::ZERO, Digest::ZERO));
        Self {
            actor,
            owner,
            head,
            from: head.0.next(),
            entries: Lines::default(),
            contents: Lines::default(),
        }
    }

    pub(super) fn actor(&self) -> ActorId {
        self.actor
    }

    /// The last commit, stored or not, and its hash.
    pub(super) fn head(&self) -> (Seq, Digest) {
        self.head
    }

    /// True when it is time to store.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() + self.contents.len() >= FULL_BYTES
    }

    /// Checks that `link` follows.
    pub(super) fn check(&self, link: &Link<'_>) -> Result<(), Flaw> {
        let header = link.header;
        // No hash has it in it, and it decides in whose record the commit is.
        if header.owner != self.owner {
            return Err(Flaw::Owner);
        }
        let place = (header.seq, header.time, header.previous, header.hash);
        check_place(
            self.actor,
            place,
            link.events.iter().map(|event| event.digest),
            self.head,
        )?;
        let is_forged = |event: &LinkEvent<'_>| is_forged(event.event_type, event.by, event.data, &event.digest);
        match link.events.iter().position(is_forged) {
            Some(index) => Err(Flaw::Digest(index)),
            None => Ok(()),
        }
    }

    /// Adds a link that was checked.
    pub(super) fn add(&mut self, link: &Link<'_>) -> Result<(), Failure> {
        let events = link.events.iter().map(|event| EventEntry {
            by: event.by,
            digest: event.digest,
            event_type: event.event_type,
        });
        let entry = Entry {
            events: events.collect(),
            hash: link.header.hash,
            previous: link.header.previous,
            seq: link.header.seq,
            time: link.header.time,
            traceparent: link.header.traceparent.clone(),
        };
        self.entries.push(&entry).map_err(Failure::new)?;
        let content: Vec<&RawValue> = link.events.iter().map(|event| event.data).collect();
        self.contents.push(&content).map_err(Failure::new)?;
        self.head = (link.header.seq, link.header.hash);
        Ok(())
    }

    /// Takes what is to be stored, if there is anything.
    pub(super) fn take_batch(&mut self) -> Option<AuditBatch> {
        let (to, head) = self.head;
        if to < self.from {
            return None;
        }
        let from = std::mem::replace(&mut self.from, to.next());
        let entries = std::mem::take(&mut self.entries);
        let contents = std::mem::take(&mut self.contents);
        Some(AuditBatch {
            actor: self.actor,
            owner: self.owner,
            from,
            to,
            head,
            entries: entries.into_bytes().into(),
            contents: Some(contents.into_bytes().into()),
        })
    }
}
