//! Every actor there is, in lists: `directory/<bucket>/<page>`, each of up to a thousand ids, changed by compare-and-swap. Registrations of one
//! process that wait for the same bucket share a write.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use punctual_actors::ports::{Directory, Failure};
use punctual_events::{ActorId, DecodeError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use super::{
    frame,
    keys::{Keys, Version, Written},
    state::State,
};

/// The format this release writes; a newer one is refused.
const PAGE_FORMAT: u16 = 1;

/// Buckets; part of the format.
const BUCKETS: u8 = u8::MAX;

/// Ids of a page: about 45 KB.
const IDS_PER_PAGE: usize = 1_000;

/// Pages read by one call.
const PAGES_PER_READ: u32 = 32;

/// Attempts of a registration that other processes get ahead of.
const ATTEMPTS: usize = 16;

/// Actors this process remembers to have registered. At the limit all are forgotten: registering again is harmless.
const REMEMBERED_ACTORS: usize = 65_536;

/// The [`Directory`] of the Dapr runtime. Clones share what waits.
#[derive(Clone)]
pub struct DaprDirectory<K = State> {
    shared: Arc<Shared<K>>,
}

struct Shared<K> {
    keys: K,
    buckets: Vec<Bucket>,
    registered: Mutex<HashSet<ActorId>>,
}

/// An actor to be registered, and who waits for it.
type Waiting = (ActorId, oneshot::Sender<Result<(), Failure>>);

/// What is under way in a bucket.
#[derive(Default)]
struct Bucket {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by who writes for all that wait.
    writing: AsyncMutex<()>,
    /// The last page that was not full when this process looked.
    last_page: AtomicU32,
}

#[derive(Serialize, Deserialize)]
struct Page {
    actors: Vec<ActorId>,
}

fn name(bucket: u8, page: u32) -> String {
    format!("directory/{bucket}/{page}")
}

/// The bucket of an actor: a function of its name alone, for ever.
fn bucket_of(actor: ActorId) -> u8 {
    Sha256::digest(actor.to_string())[0]
}

fn decode(bytes: &Bytes) -> Result<Vec<ActorId>, DecodeError> {
    let (Page { actors }, _) = frame::decode("a page of the directory", PAGE_FORMAT, bytes)?;
    Ok(actors)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half way, so what is poisoned is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Keys> DaprDirectory<K> {
    /// The directory in `keys`.
    #[must_use]
    pub fn new(keys: K) -> Self {
        Self {
            shared: Arc::new(Shared {
                keys,
                buckets: (0..=BUCKETS).map(|_| Bucket::default()).collect(),
                registered: Mutex::default(),
            }),
        }
    }
}

impl<K: Keys> Directory for DaprDirectory<K> {
    async fn register(&self, actor: ActorId) -> Result<(), Failure> {
        self.shared.register(actor).await
    }

    /// In the order of the buckets, and of the ids in each.
    async fn list(&self, after: Option<ActorId>, limit: usize) -> Result<Vec<ActorId>, Failure> {
        self.shared.list(after, limit).await
    }
}

impl<K: Keys> Shared<K> {
    async fn register(&self, actor: ActorId) -> Result<(), Failure> {
        if lock(&self.registered).contains(&actor) {
            return Ok(());
        }
        let number = bucket_of(actor);
        let bucket = &self.buckets[usize::from(number)];
        let (answer, outcome) = oneshot::channel();
        lock(&bucket.waiting).push((actor, answer));
        {
            let _writing = bucket.writing.lock().await;
            // Whoever had the lock before may have written for this caller as well.
            let waiting = std::mem::take(&mut *lock(&bucket.waiting));
            if !waiting.is_empty() {
                let actors: BTreeSet<ActorId> = waiting.iter().map(|(actor, _)| *actor).collect();
                let written = self.write(number, actors).await;
                for (_, answer) in waiting {
                    // Nobody listens where the caller has gone.
                    let _ = answer.send(written.clone());
                }
            }
        }
        outcome
            .await
            .unwrap_or_else(|_| Err(Failure::new("the registration was cut off")))?;
        self.remember(actor);
        Ok(())
    }

    fn remember(&self, actor: ActorId) {
        let mut registered = lock(&self.registered);
        if registered.len() >= REMEMBERED_ACTORS {
            registered.clear();
        }
        registered.insert(actor);
    }

    /// Adds actors to a bucket, as many to a page as fit.
    async fn write(&self, number: u8, mut actors: BTreeSet<ActorId>) -> Result<(), Failure> {
        let last_page = &self.buckets[usize::from(number)].last_page;
        let mut attempts = 0;
        while attempts < ATTEMPTS {
            let page = last_page.load(Ordering::Relaxed);
            let stored = self.keys.get(&name(number, page)).await?;
            let (mut there, version) = match stored {
                Some((bytes, version)) => (decode(&bytes)?, Some(version)),
                None => (Vec::new(), None),
            };
            actors.retain(|actor| !there.contains(actor));
            if actors.is_empty() {
                return Ok(());
            }
            if there.len() >= IDS_PER_PAGE {
                last_page.store(page + 1, Ordering::Relaxed);
                continue;
            }
            let added: Vec<ActorId> = actors.iter().take(IDS_PER_PAGE - there.len()).copied().collect();
            there.extend(&added);
            if self.write_page(&name(number, page), version, there).await? {
                actors.retain(|actor| !added.contains(actor));
            } else {
                attempts += 1;
            }
            if actors.is_empty() {
                return Ok(());
            }
        }
        Err(Failure::new("the directory changes faster than it can be written"))
    }

    /// Writes a page; `false` where it has to be read again to know.
    async fn write_page(&self, key: &str, version: Option<Version>, actors: Vec<ActorId>) -> Result<bool, Failure> {
        let bytes = frame::encode(PAGE_FORMAT, &Page { actors }, &[])?;
        match version {
            Some(version) => Ok(self.keys.replace(key, &version, bytes).await? == Written::Done),
            // A page that another process has created meanwhile is an error like any other.
            None => match self.keys.create(key, bytes).await {
                Ok(()) => Ok(true),
                Err(failure) if self.keys.get(key).await?.is_none() => Err(failure),
                Err(_) => Ok(false),
            },
        }
    }

    async fn list(&self, after: Option<ActorId>, limit: usize) -> Result<Vec<ActorId>, Failure> {
        let mut listed = Vec::new();
        let mut next = after.map_or(0, |after| u32::from(bucket_of(after)));
        while listed.len() < limit && next <= u32::from(BUCKETS) {
            let count = PAGES_PER_READ.min(u32::from(BUCKETS) - next + 1);
            // Their first pages by one call: most buckets have no other.
            let buckets: Vec<u8> = (next..next + count)
                .filter_map(|bucket| u8::try_from(bucket).ok())
                .collect();
            let names: Vec<String> = buckets.iter().map(|bucket| name(*bucket, 0)).collect();
            for (bucket, first) in buckets.into_iter().zip(self.keys.get_many(&names).await?) {
                let Some(first) = first else { continue };
                let actors = self.bucket(bucket, &first).await?;
                let is_later = |actor: &ActorId| after.is_none_or(|after| (bucket, *actor) > (bucket_of(after), after));
                listed.extend(actors.into_iter().filter(is_later));
                if listed.len() >= limit {
                    break;
                }
            }
            next += count;
        }
        listed.truncate(limit);
        Ok(listed)
    }

    /// The actors of a bucket, whose first page is `first`. One that two processes registered at once may be on two pages.
    async fn bucket(&self, bucket: u8, first: &Bytes) -> Result<BTreeSet<ActorId>, Failure> {
        let mut page = decode(first)?;
        let mut actors = BTreeSet::new();
        let mut from = 1;
        loop {
            let is_full = page.len() >= IDS_PER_PAGE;
            actors.extend(page);
            if !is_full {
                return Ok(actors);
            }
            let names: Vec<String> = (from..from + PAGES_PER_READ).map(|page| name(bucket, page)).collect();
            page = Vec::new();
            for bytes in self.keys.get_many(&names).await?.into_iter().flatten() {
                actors.extend(std::mem::replace(&mut page, decode(&bytes)?));
            }
            from += PAGES_PER_READ;
        }
    }
}
