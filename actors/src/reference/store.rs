//! Logs, in memory. Commits are kept as their bytes, so that what is read went through their stored form.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use punctual_events::{ActorId, Commit, EventRecord, Seq, Timestamp};

use super::lock;
use crate::ports::{EncodedCommit, Failure, Head, HeadUpdate, Loaded, Page, PageSave, Store};

/// Logs and pages. Clones share them, as connections to one database would.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<ActorId, Kept>>>);

/// What is kept of one actor.
#[derive(Debug)]
struct Kept {
    head: Head,
    log: BTreeMap<Seq, Bytes>,
    pages: BTreeMap<Box<str>, Bytes>,
}

impl Kept {
    fn commits(&self, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        let stored = self.log.range(after.next()..).take(limit);
        stored.map(|(_, bytes)| Ok(Arc::new(Commit::decode(bytes)?))).collect()
    }

    fn load(&self) -> Result<Loaded, Failure> {
        let before_last = Seq(self.head.seq.0.saturating_sub(1));
        let pages = self.pages.iter().map(|(name, bytes)| Page {
            name: name.clone(),
            bytes: bytes.clone(),
        });
        Ok(Loaded {
            head: Some(self.head.clone()),
            pages: pages.collect(),
            tail: self.commits(self.head.snapshot.min(before_last), usize::MAX)?,
        })
    }

    fn save(&mut self, save: PageSave) -> bool {
        let Head { snapshot, seq, .. } = self.head;
        if save.at <= snapshot || save.at > seq || save.since.is_some_and(|since| since != snapshot) {
            return false;
        }
        if save.since.is_none() {
            self.pages.clear();
        }
        for write in save.pages {
            match write.bytes {
                Some(bytes) => self.pages.insert(write.name, bytes),
                None => self.pages.remove(&write.name),
            };
        }
        self.head.snapshot = save.at;
        true
    }

    fn compact(&mut self, before: Timestamp) -> Result<(), Failure> {
        let Head {
            snapshot, audited, seq, ..
        } = self.head;
        while let Some(first) = self.log.first_entry() {
            let is_needed = *first.key() > snapshot.min(audited) || *first.key() == seq;
            if is_needed || Commit::decode(first.get())?.header.time >= before {
                break;
            }
            first.remove();
        }
        Ok(())
    }

    fn erase(&mut self, through: Seq) -> Result<(), Failure> {
        for bytes in self.log.range_mut(..=through).map(|(_, bytes)| bytes) {
            let mut commit = Commit::decode(bytes)?;
            commit.events = commit.events.iter().map(EventRecord::erased).collect();
            *bytes = commit.encode().map_err(Failure::new)?.into();
        }
        let through = through.min(self.head.seq);
        if through >= self.head.snapshot {
            self.pages.clear();
            self.head.snapshot = through;
        }
        Ok(())
    }
}

impl MemoryStore {
    /// Calls `change` with what is kept of `actor`; nothing is kept of an actor without a commit.
    fn with<T: Default>(
        &self,
        actor: ActorId,
        change: impl FnOnce(&mut Kept) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        lock(&self.0).get_mut(&actor).map_or_else(|| Ok(T::default()), change)
    }
}

impl Store for MemoryStore {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        let header = &commit.commit.header;
        let mut actors = lock(&self.0);
        let before = actors.get(&header.actor).map(|kept| &kept.head);
        let last = before.map_or(Seq::ZERO, |head| head.seq);
        if last != expected || header.seq != expected.next() {
            return Err(Failure::new(format!("the log is at {last}, not at {expected}")));
        }
        let head = Head {
            seq: header.seq,
            hash: header.hash,
            snapshot: before.map_or(Seq::ZERO, |head| head.snapshot),
            zone_version: update.zone_version.as_ref().into(),
            published: update.published,
            audited: before.map_or(Seq::ZERO, |head| head.audited),
            wake_at: update.wake_at,
        };
        let kept = actors.entry(header.actor).or_insert_with(|| Kept {
            head: head.clone(),
            log: BTreeMap::new(),
            pages: BTreeMap::new(),
        });
        kept.head = head;
        kept.log.insert(header.seq, commit.bytes);
        Ok(())
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.with(actor, |kept| kept.load())
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        self.with(actor, |kept| Ok(Some(kept.head.clone())))
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.with(actor, |kept| kept.commits(after, limit))
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        self.with(actor, |kept| Ok(kept.save(save)))
    }

    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.with(actor, |kept| {
            kept.head.audited = kept.head.audited.max(seq);
            Ok(())
        })
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        self.with(actor, |kept| kept.compact(before))
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        self.with(actor, |kept| kept.erase(through))
    }
}
