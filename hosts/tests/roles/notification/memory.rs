//! Records and jobs in memory, which fail when a test says so.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::future::join_all;
use punctual::ports::{Etag, JobHandler, Jobs, Records};
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::Timestamp;

/// Records and jobs.
#[derive(Default)]
pub(super) struct Memory {
    records: Mutex<BTreeMap<String, (Bytes, u64)>>,
    jobs: Mutex<BTreeMap<String, Job>>,
    count: AtomicU64,
    scheduled: AtomicU64,
    pub(super) is_away: AtomicBool,
}

#[derive(Clone)]
struct Job {
    at: Timestamp,
    nonce: u64,
    payload: Bytes,
}

impl Memory {
    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn check(&self) -> Result<(), Failure> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Failure::new("away"));
        }
        Ok(())
    }

    /// Everything that is stored, as text.
    pub(super) fn text(&self) -> String {
        let (records, jobs) = (self.records.lock().unwrap(), self.jobs.lock().unwrap());
        let values = records.values().map(|(value, _)| value);
        let values = values.chain(jobs.values().map(|job| &job.payload));
        values
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    }

    /// Makes every record something that cannot be read.
    pub(super) fn damage_records(&self) {
        for (value, _) in self.records.lock().unwrap().values_mut() {
            *value = "{".into();
        }
    }

    /// When the next job is due.
    pub(super) fn next_job(&self) -> Option<Timestamp> {
        self.jobs.lock().unwrap().values().map(|job| job.at).min()
    }

    pub(super) fn jobs(&self) -> usize {
        self.jobs.lock().unwrap().len()
    }

    /// Name and payload of some job.
    pub(super) fn any_job(&self) -> (String, Bytes) {
        let jobs = self.jobs.lock().unwrap();
        let (name, job) = jobs.first_key_value().unwrap();
        (name.clone(), job.payload.clone())
    }

    /// As a Scheduler that comes back without its data.
    pub(super) fn lose_jobs(&self) {
        self.jobs.lock().unwrap().clear();
    }

    /// How often a job was scheduled.
    pub(super) fn scheduled(&self) -> u64 {
        self.scheduled.load(Ordering::Relaxed)
    }

    /// Jobs that are due later than `instant`.
    pub(super) fn scheduled_after(&self, instant: Timestamp) -> usize {
        self.jobs
            .lock()
            .unwrap()
            .values()
            .filter(|job| job.at > instant)
            .count()
    }

    /// Does what is due, all at the same time. What fails stays.
    pub(super) async fn run_due(self: &Arc<Self>, now: Timestamp, handler: &dyn JobHandler) {
        let mut due: Vec<(String, Job)> = Vec::new();
        for (name, job) in self.jobs.lock().unwrap().iter().filter(|(_, job)| job.at <= now) {
            due.push((name.clone(), job.clone()));
        }
        join_all(due.iter().map(async |(name, job)| {
            if handler.run(name, job.payload.clone()).await.is_ok() {
                let mut jobs = self.jobs.lock().unwrap();
                if jobs.get(name).is_some_and(|present| present.nonce == job.nonce) {
                    jobs.remove(name);
                }
            }
        }))
        .await;
    }
}

impl Records for Memory {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<(Bytes, Etag)>, Failure>> {
        Box::pin(async move {
            self.check()?;
            let records = self.records.lock().unwrap();
            Ok(records
                .get(key)
                .map(|(value, etag)| (value.clone(), Etag::new(&etag.to_string()))))
        })
    }

    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            self.check()?;
            let mut records = self.records.lock().unwrap();
            let is_new = !records.contains_key(key);
            if is_new {
                records.insert(key.to_owned(), (value, self.next()));
            }
            Ok(is_new)
        })
    }

    fn replace<'a>(&'a self, key: &'a str, etag: Etag, value: Bytes) -> BoxFuture<'a, Result<Option<Etag>, Failure>> {
        Box::pin(async move {
            self.check()?;
            let mut records = self.records.lock().unwrap();
            let Some(record) = records
                .get_mut(key)
                .filter(|(_, present)| present.to_string() == etag.as_str())
            else {
                return Ok(None);
            };
            *record = (value, self.next());
            Ok(Some(Etag::new(&record.1.to_string())))
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.check()?;
            self.records.lock().unwrap().remove(key);
            Ok(())
        })
    }
}

impl Jobs for Memory {
    fn schedule<'a>(&'a self, name: &'a str, at: Timestamp, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.check()?;
            let nonce = self.next();
            let job = Job { at, nonce, payload };
            self.jobs.lock().unwrap().insert(name.to_owned(), job);
            self.scheduled.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }

    fn cancel<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.check()?;
            self.jobs.lock().unwrap().remove(name);
            Ok(())
        })
    }

    fn cancel_all<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.check()?;
            self.jobs.lock().unwrap().retain(|name, _| !name.starts_with(prefix));
            Ok(())
        })
    }
}
