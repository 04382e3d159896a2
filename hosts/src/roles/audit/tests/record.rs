//! A record whose contract is its code.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Digest, Seq, UserId};

use crate::ports::{AuditAppend, AuditBatch, AuditPlace, AuditStore, AuditStretch};

/// A record in memory.
#[derive(Debug, Default)]
pub(super) struct Record {
    kept: Mutex<Kept>,
    /// The next append is carried out, and its answer lost.
    pub(super) loses_answer: Mutex<bool>,
    /// Where it ends cannot be read.
    pub(super) has_no_end: AtomicBool,
}

#[derive(Debug, Default)]
struct Kept {
    batches: HashMap<ActorId, Vec<AuditBatch>>,
    /// Without the batches.
    places: HashMap<UserId, Vec<AuditStretch>>,
}

impl Kept {
    fn end(&self, owner: UserId) -> AuditPlace {
        let last = self.places.get(&owner).and_then(|places| places.last());
        last.map_or(AuditPlace::ZERO, AuditStretch::end)
    }

    fn append(&mut self, batch: AuditBatch) -> AuditAppend {
        let place = self.end(batch.owner).next();
        let batches = self.batches.entry(batch.actor).or_default();
        let last = batches.last().map_or(Seq::ZERO, |last| last.to);
        if batch.from != last.next() {
            return AuditAppend::Elsewhere(last);
        }
        self.places.entry(batch.owner).or_default().push(AuditStretch {
            place,
            actor: batch.actor,
            from: batch.from,
            to: batch.to,
            batch: None,
        });
        batches.push(batch);
        AuditAppend::Done
    }

    fn with_batch(&self, stretch: &AuditStretch) -> AuditStretch {
        let batches = self.batches.get(&stretch.actor);
        let batch = batches.and_then(|batches| batches.iter().find(|batch| batch.from == stretch.from));
        AuditStretch {
            batch: batch.cloned(),
            ..stretch.clone()
        }
    }
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    pub(super) fn batches(&self, actor: ActorId) -> Vec<AuditBatch> {
        self.lock().batches.get(&actor).cloned().unwrap_or_default()
    }

    /// Changes the batches of an actor behind everybody's back.
    pub(super) fn tamper(&self, actor: ActorId, change: impl FnOnce(&mut Vec<AuditBatch>)) {
        change(self.lock().batches.get_mut(&actor).unwrap());
    }

    /// Changes which batch is where.
    pub(super) fn tamper_places(&self, owner: UserId, change: impl FnOnce(&mut Vec<AuditStretch>)) {
        change(self.lock().places.get_mut(&owner).unwrap());
    }
}

impl AuditStore for Record {
    fn append(&self, batch: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>> {
        Box::pin(async move {
            let appended = self.lock().append(batch);
            if appended == AuditAppend::Done && std::mem::take(&mut *self.loses_answer.lock().unwrap()) {
                return Err(Failure::new("no answer"));
            }
            Ok(appended)
        })
    }

    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>> {
        let head = match self.has_no_end.load(Ordering::Relaxed) {
            true => Err(Failure::damaged("the last batch")),
            false => Ok(self.batches(actor).last().map(|last| (last.to, last.head))),
        };
        Box::pin(async move { head })
    }

    fn end(&self, owner: UserId) -> BoxFuture<'_, Result<AuditPlace, Failure>> {
        let end = self.lock().end(owner);
        Box::pin(async move { Ok(end) })
    }

    fn read(
        &self,
        owner: UserId,
        after: AuditPlace,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<AuditStretch>, Failure>> {
        let kept = self.lock();
        let places = kept.places.get(&owner).into_iter().flatten();
        let later = places.filter(|stretch| stretch.end() > after).take(limit);
        let later = later.map(|stretch| kept.with_batch(stretch)).collect();
        Box::pin(async move { Ok(later) })
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        for batch in self.lock().batches.entry(actor).or_default() {
            if batch.from <= through {
                batch.contents = None;
            }
        }
        Box::pin(async { Ok(()) })
    }
}
