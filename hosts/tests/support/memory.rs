//! The services around the actors, in memory.

use std::{
    collections::HashMap,
    future::ready,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use punctual::ports::{
    AuditAppend, AuditBatch, AuditGap, AuditPage, AuditPlace, AuditQueries, AuditStore, AuditStretch,
    AuditVerification, Etag, Jobs, Records,
};
use punctual_actors::{
    ports::{BoxFuture, Failure},
    turn::TurnError,
};
use punctual_events::{ActorId, Digest, Seq, Timestamp, UserId};

fn done<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, Result<T, Failure>> {
    Box::pin(async { Ok(value) })
}

/// Records, in memory.
#[derive(Default)]
pub(crate) struct MemoryRecords(Mutex<HashMap<String, (Bytes, Etag)>>);

impl Records for MemoryRecords {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<(Bytes, Etag)>, Failure>> {
        done(self.0.lock().unwrap().get(key).cloned())
    }

    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, Failure>> {
        let mut records = self.0.lock().unwrap();
        let is_new = !records.contains_key(key);
        if is_new {
            records.insert(key.to_owned(), (value, Etag::new("1")));
        }
        done(is_new)
    }

    fn replace<'a>(&'a self, key: &'a str, etag: Etag, value: Bytes) -> BoxFuture<'a, Result<Option<Etag>, Failure>> {
        let mut records = self.0.lock().unwrap();
        let replaced = records.get_mut(key).filter(|record| record.1 == etag).map(|record| {
            *record = (value, Etag::new(&format!("{}+", etag.as_str())));
            record.1.clone()
        });
        done(replaced)
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        self.0.lock().unwrap().remove(key);
        done(())
    }
}

impl MemoryRecords {
    /// Everything that is there.
    pub(crate) fn all(&self) -> Vec<(String, Bytes)> {
        let records = self.0.lock().unwrap();
        records
            .iter()
            .map(|(key, (value, _))| (key.clone(), value.clone()))
            .collect()
    }
}

/// No job, and an audit store nobody asks.
pub(crate) struct Nothing;

impl Jobs for Nothing {
    fn schedule<'a>(&'a self, _: &'a str, _: Timestamp, _: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        done(())
    }

    fn cancel<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        done(())
    }

    fn cancel_all<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        done(())
    }
}

impl AuditStore for Nothing {
    fn append(&self, _: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>> {
        done(AuditAppend::Done)
    }

    fn head(&self, _: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>> {
        done(None)
    }

    fn end(&self, _: UserId) -> BoxFuture<'_, Result<AuditPlace, Failure>> {
        done(AuditPlace::ZERO)
    }

    fn read(&self, _: UserId, _: AuditPlace, _: usize) -> BoxFuture<'_, Result<Vec<AuditStretch>, Failure>> {
        done(Vec::new())
    }

    fn erase(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        done(())
    }
}

/// An audit trail that lacks its first commit, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct GappyAudit(pub(crate) Arc<Mutex<Vec<(AuditPlace, usize)>>>);

impl AuditQueries for GappyAudit {
    fn page(&self, _: UserId, after: AuditPlace, limit: usize) -> BoxFuture<'_, Result<AuditPage, Failure>> {
        self.0.lock().unwrap().push((after, limit));
        let next = Some(after.next());
        done(AuditPage {
            items: Vec::new(),
            next,
        })
    }

    fn verify(&self, user: UserId) -> BoxFuture<'_, Result<AuditVerification, TurnError>> {
        let gap = AuditGap {
            actor: ActorId::User(user),
            from: Seq(1),
            to: Seq(1),
        };
        let gaps = vec![gap];
        Box::pin(ready(Ok(AuditVerification {
            entries: 0,
            gaps,
            head: None,
            flaws: Vec::new(),
            valid: false,
        })))
    }
}
