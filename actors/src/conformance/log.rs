//! Commits for the suites.

use std::sync::Arc;

use punctual_events::{
    ActorId, AnswerKind, COMMIT_FORMAT, CommandId, Commit, CommitHeader, CommittedCommand, Digest, EventRecord,
    EventType, IdempotencyKey, Principal, Seq, SeriesId, Timestamp, Topic, UserId,
};
use serde::Serialize;
use uuid::Uuid;

use crate::ports::{EncodedCommit, Failure, HeadUpdate, Store};

/// The instant of a writer's first commit; the next ones are a minute apart.
pub(super) const FIRST_COMMIT: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Data of the commits' events. No port reads it, so it can be anything.
#[derive(Serialize)]
struct Data<'a> {
    seq: Seq,
    text: &'a str,
}

/// Writes the log of an actor, commit by commit.
#[derive(Clone, Debug)]
pub struct LogWriter {
    actor: ActorId,
    tip: Option<Arc<Commit>>,
}

impl LogWriter {
    /// Of the user with this number.
    #[must_use]
    pub fn user(number: u128) -> Self {
        Self::of(ActorId::User(UserId(Uuid::from_u128(number))))
    }

    /// Of the series with this number.
    #[must_use]
    pub fn series(number: u128) -> Self {
        Self::of(ActorId::Series(SeriesId(Uuid::from_u128(number))))
    }

    fn of(actor: ActorId) -> Self {
        Self { actor, tip: None }
    }

    /// Whose log it is.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// The last commit.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.tip.as_ref().map_or(Seq::ZERO, |tip| tip.header.seq)
    }

    /// The next commit, a minute after the one before, with one event that carries `text`. It is not taken in yet.
    #[must_use]
    pub fn draft(&self, text: &str) -> EncodedCommit {
        let time = self
            .tip
            .as_ref()
            .map_or(FIRST_COMMIT, |tip| tip.header.time.plus_millis(60_000));
        self.draft_at(time, text)
    }

    /// The next commit, decided at `time`.
    #[must_use]
    pub fn draft_at(&self, time: Timestamp, text: &str) -> EncodedCommit {
        let seq = self.seq().next();
        let record = EventRecord::new(EventType::UserChanged, Principal::System, &Data { seq, text });
        let events = vec![record.expect("plain data is JSON")];
        let previous = self.tip.as_ref().map_or(Digest::ZERO, |tip| tip.header.hash);
        let mut previous_on_topic = [Seq::ZERO; 3];
        previous_on_topic[Topic::TaskEvents.index()] = self.seq();
        let hash = Commit::hash_of(
            self.actor,
            seq,
            time,
            &previous,
            events.iter().map(|event| event.digest),
        );
        encode(Commit {
            format: COMMIT_FORMAT,
            header: CommitHeader {
                actor: self.actor,
                hash,
                owner: UserId(self.actor.uuid()),
                previous,
                previous_on_topic,
                seq,
                time,
                traceparent: None,
            },
            commands: vec![CommittedCommand {
                answer: AnswerKind::Done,
                events: 1,
                id: CommandId(Uuid::from_u128(u128::from(seq.0))),
                key: Some(IdempotencyKey {
                    body: u128::MAX,
                    key: seq.0.into(),
                }),
                traceparent: None,
            }],
            events,
        })
    }

    /// Goes on from `commit`.
    pub fn take_in(&mut self, commit: &EncodedCommit) {
        self.tip = Some(Arc::clone(&commit.commit));
    }

    /// Appends `commit` as the next one.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn try_append(&self, store: &impl Store, commit: EncodedCommit) -> Result<(), Failure> {
        store.append(self.seq(), commit, update(None)).await
    }

    /// Appends a commit and goes on from it.
    pub async fn append(&mut self, store: &impl Store, text: &str) -> Arc<Commit> {
        let commit = self.draft(text);
        self.append_this(store, commit).await
    }

    /// Appends `commit` and goes on from it.
    pub async fn append_this(&mut self, store: &impl Store, commit: EncodedCommit) -> Arc<Commit> {
        let outcome = self.try_append(store, commit.clone()).await;
        outcome.expect("an append on the last sequence succeeds");
        self.take_in(&commit);
        commit.commit
    }

    /// Appends `count` small commits.
    pub async fn append_many(&mut self, store: &impl Store, count: usize) -> Vec<Arc<Commit>> {
        let mut commits = Vec::new();
        for _ in 0..count {
            commits.push(self.append(store, "one of many").await);
        }
        commits
    }
}

/// `commit` with its stored form.
pub(super) fn encode(commit: Commit) -> EncodedCommit {
    EncodedCommit {
        bytes: commit.encode().expect("a commit is JSON").into(),
        commit: Arc::new(commit),
    }
}

/// What an append changes besides the log.
pub(super) fn update(wake_at: Option<Timestamp>) -> HeadUpdate {
    HeadUpdate {
        wake_at,
        zone_version: "2026a".into(),
        published: Seq::ZERO,
    }
}

/// Panics unless the two are the same commits, byte for byte.
#[track_caller]
pub(super) fn assert_same(found: &[Arc<Commit>], expected: &[Arc<Commit>]) {
    let seqs = |commits: &[Arc<Commit>]| -> Vec<Seq> { commits.iter().map(|commit| commit.header.seq).collect() };
    assert_eq!(seqs(found), seqs(expected), "sequences of the commits");
    let bytes = |commit: &Commit| commit.encode().expect("a commit is JSON");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(bytes(found), bytes(expected), "commit {}", expected.header.seq);
    }
}
