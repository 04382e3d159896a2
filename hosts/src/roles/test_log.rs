//! Logs in memory, with a true hash chain, for the tests of roles that read them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{
    ActorId, COMMIT_FORMAT, Commit, CommitHeader, Digest, EventRecord, EventType, Principal, Seq, Timestamp, Topic,
    UserId,
};
use serde_json::Value;
use uuid::Uuid;

use crate::ports::Logs;

/// Logs of some actors.
#[derive(Debug, Default)]
pub(super) struct TestLogs(Mutex<HashMap<ActorId, TestLog>>);

#[derive(Debug, Default)]
struct TestLog {
    commits: Vec<Arc<Commit>>,
    audited: Seq,
    failure: Option<Failure>,
}

/// A user by number.
pub(super) fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

impl TestLogs {
    fn lock(&self) -> MutexGuard<'_, HashMap<ActorId, TestLog>> {
        self.0.lock().unwrap()
    }

    fn with<T>(&self, actor: ActorId, change: impl FnOnce(&mut TestLog) -> T) -> T {
        change(self.lock().entry(actor).or_default())
    }

    /// Appends a commit with these events.
    pub(super) fn append(&self, actor: ActorId, events: &[(EventType, Value)]) -> Arc<Commit> {
        self.append_of(UserId(actor.uuid()), actor, events)
    }

    /// Appends a commit with these events to the log of an actor of `owner`.
    pub(super) fn append_of(&self, owner: UserId, actor: ActorId, events: &[(EventType, Value)]) -> Arc<Commit> {
        let events: Vec<EventRecord> = events
            .iter()
            .map(|(event_type, data)| EventRecord::new(*event_type, Principal::System, data).unwrap())
            .collect();
        self.with(actor, |log| {
            let last = log.commits.last();
            let seq = last.map_or(Seq(1), |last| last.header.seq.next());
            let previous = last.map_or(Digest::ZERO, |last| last.header.hash);
            let previous_on_topic = Topic::ALL.map(|topic| {
                let on_topic = log.commits.iter().rev().find(|commit| commit.is_on(topic));
                on_topic.map_or(Seq::ZERO, |commit| commit.header.seq)
            });
            let time = Timestamp::from_millis(1_800_000_000_000 + i64::try_from(seq.0).unwrap());
            let digests = events.iter().map(|event| event.digest);
            let commit = Arc::new(Commit {
                format: COMMIT_FORMAT,
                header: CommitHeader {
                    actor,
                    hash: Commit::hash_of(actor, seq, time, &previous, digests),
                    owner,
                    previous,
                    previous_on_topic,
                    seq,
                    time,
                    traceparent: None,
                },
                commands: Vec::new(),
                events,
            });
            log.commits.push(Arc::clone(&commit));
            commit
        })
    }

    /// The commits of an actor that are still there.
    pub(super) fn commits(&self, actor: ActorId) -> Vec<Arc<Commit>> {
        self.with(actor, |log| log.commits.clone())
    }

    /// Drops the commits up to `through`, as compaction does.
    pub(super) fn forget(&self, actor: ActorId, through: Seq) {
        self.with(actor, |log| log.commits.retain(|commit| commit.header.seq > through));
    }

    /// Up to where audit confirmed.
    pub(super) fn audited(&self, actor: ActorId) -> Seq {
        self.with(actor, |log| log.audited)
    }

    /// Changes a commit behind everybody's back.
    pub(super) fn tamper(&self, actor: ActorId, seq: Seq, change: impl FnOnce(&mut Commit)) {
        self.with(actor, |log| {
            let commit = log.commits.iter_mut().find(|commit| commit.header.seq == seq).unwrap();
            change(Arc::make_mut(commit));
        });
    }

    /// Has reads fail, or work again.
    pub(super) fn set_failing(&self, actor: ActorId, fails: bool) {
        self.with(actor, |log| {
            log.failure = fails.then(|| Failure::new("the store is away"))
        });
    }

    /// Has reads find the log damaged.
    pub(super) fn set_damaged(&self, actor: ActorId) {
        self.with(actor, |log| log.failure = Some(Failure::damaged("the log")));
    }
}

impl TestLog {
    fn check(&self) -> Result<&Self, Failure> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(self),
        }
    }
}

impl Logs for TestLogs {
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.with(actor, |log| {
                Ok(log.check()?.commits.last().map_or(Seq::ZERO, |last| last.header.seq))
            })
        })
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.with(actor, |log| {
                let later = log.check()?.commits.iter().filter(|commit| commit.header.seq > after);
                Ok(later.take(limit).cloned().collect())
            })
        })
    }

    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.with(actor, |log| {
                log.check()?;
                log.audited = log.audited.max(seq);
                Ok(())
            })
        })
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.with(actor, |log| {
                log.check()?;
                for commit in log.commits.iter_mut().filter(|commit| commit.header.seq <= through) {
                    let erased = Commit {
                        events: commit.events.iter().map(EventRecord::erased).collect(),
                        ..Commit::clone(commit)
                    };
                    *commit = Arc::new(erased);
                }
                Ok(())
            })
        })
    }
}
