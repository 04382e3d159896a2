//! Keys in memory for tests: replies can be lost, and the process that writes can die between two writes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use punctual_actors::{
    ports::{Environment, Failure},
    reference::{SeededEntropy, VirtualClock},
    zone::BundledZones,
};
use punctual_events::Timestamp;

use super::keys::{Keys, Version, Written};

/// Keys in memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct TestKeys(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    values: BTreeMap<String, (Bytes, u64)>,
    writes: usize,
    reads: usize,
    /// Replacements under way, and how many were at most.
    replacing: usize,
    most_replacing: usize,
    /// Writes that still reach the store; then the process is dead to it.
    lives: Option<usize>,
    /// The write, counted from now, whose reply is lost.
    loses_reply: Option<usize>,
}

impl TestKeys {
    /// Every key and its value.
    pub(super) fn all(&self) -> Vec<(String, Bytes)> {
        let inner = self.0.lock().unwrap();
        inner
            .values
            .iter()
            .map(|(key, (value, _))| (key.clone(), value.clone()))
            .collect()
    }

    /// The names of all keys.
    pub(super) fn names(&self) -> Vec<String> {
        self.all().into_iter().map(|(key, _)| key).collect()
    }

    /// Puts another value where one is, as a disk that lies would.
    pub(super) fn tamper(&self, key: &str, value: Bytes) {
        self.0.lock().unwrap().values.get_mut(key).unwrap().0 = value;
    }

    /// After so many more writes, none reaches the store, until it is called again.
    pub(super) fn die_after(&self, writes: Option<usize>) {
        self.0.lock().unwrap().lives = writes;
    }

    /// Carries out the write that comes after so many others, and loses the reply.
    pub(super) fn lose_reply_after(&self, writes: usize) {
        self.0.lock().unwrap().loses_reply = Some(writes);
    }

    /// Writes that reached the store so far.
    pub(super) fn writes(&self) -> usize {
        self.0.lock().unwrap().writes
    }

    /// Reads so far.
    pub(super) fn reads(&self) -> usize {
        self.0.lock().unwrap().reads
    }

    /// How many replacements were under way at once, at most.
    pub(super) fn most_replacing(&self) -> usize {
        self.0.lock().unwrap().most_replacing
    }

    fn replaces(&self, ends: bool) {
        let mut inner = self.0.lock().unwrap();
        if ends {
            inner.replacing -= 1;
        } else {
            inner.replacing += 1;
            inner.most_replacing = inner.most_replacing.max(inner.replacing);
        }
    }

    fn write<T>(&self, write: impl FnOnce(&mut Inner) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut inner = self.0.lock().unwrap();
        match &mut inner.lives {
            Some(0) => return Err(Failure::new("dead")),
            Some(lives) => *lives -= 1,
            None => {}
        }
        inner.writes += 1;
        let is_lost = inner.loses_reply == Some(0);
        inner.loses_reply = inner.loses_reply.and_then(|left| left.checked_sub(1));
        let outcome = write(&mut inner);
        if is_lost {
            Err(Failure::new("the reply is lost"))
        } else {
            outcome
        }
    }
}

impl Inner {
    fn set(&mut self, key: &str, value: Bytes) {
        assert!(!value.is_empty(), "PostgreSQL refuses an empty value");
        let version = self.values.get(key).map_or(1, |(_, version)| version + 1);
        self.values.insert(key.to_owned(), (value, version));
    }
}

impl Keys for TestKeys {
    async fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, Failure> {
        tokio::task::yield_now().await;
        let mut inner = self.0.lock().unwrap();
        inner.reads += 1;
        let found = inner.values.get(key);
        Ok(found.map(|(value, version)| (value.clone(), Version::new(&version.to_string()))))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, Failure> {
        tokio::task::yield_now().await;
        let mut inner = self.0.lock().unwrap();
        inner.reads += 1;
        Ok(keys
            .iter()
            .map(|key| inner.values.get(key).map(|(value, _)| value.clone()))
            .collect())
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<(), Failure> {
        tokio::task::yield_now().await;
        self.write(|inner| {
            if inner.values.contains_key(key) {
                return Err(Failure::new("there is one"));
            }
            inner.set(key, value);
            Ok(())
        })
    }

    async fn replace(&self, key: &str, version: &Version, value: Bytes) -> Result<Written, Failure> {
        self.replaces(false);
        tokio::task::yield_now().await;
        self.replaces(true);
        self.write(|inner| {
            if inner.values.get(key).map(|(_, version)| version.to_string()).as_deref() != Some(version.as_str()) {
                return Ok(Written::Conflict);
            }
            inner.set(key, value);
            Ok(Written::Done)
        })
    }

    /// One write each, as on stores that have no call of their own for many.
    async fn put(&self, keys: Vec<(String, Bytes)>) -> Result<(), Failure> {
        for (key, value) in keys {
            tokio::task::yield_now().await;
            self.write(|inner| {
                inner.set(&key, value);
                Ok(())
            })?;
        }
        Ok(())
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Failure> {
        for key in keys {
            tokio::task::yield_now().await;
            self.write(|inner| {
                inner.values.remove(key);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// An environment whose clock stands still until it is moved.
pub(super) fn environment(seed: u64) -> (Environment, Arc<VirtualClock>) {
    let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
    let environment = Environment {
        clock: Arc::clone(&clock) as _,
        entropy: Arc::new(SeededEntropy::new(seed)),
        zones: Arc::new(BundledZones),
    };
    (environment, clock)
}
