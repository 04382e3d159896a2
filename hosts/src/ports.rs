//! What the roles ask of a runtime besides the ports of the core. All of it is behind trait objects: a role does not know which runtime it is on.

use std::sync::Arc;

use bytes::Bytes;
use punctual_actors::{
    Refusal,
    ports::{BoxFuture, Environment, Failure},
    series::{SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Outcome, Pending, TurnError},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{
    ActorId, CloudEvent, Commit, Digest, EventType, Principal, Seq, SeriesId, Timestamp, Topic, UserId,
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Actors, wherever they are.
pub trait Actors: Send + Sync + 'static {
    /// Has a user's actor carry out a command.
    fn command_user(&self, user: UserId, command: Pending<UserCommand>) -> BoxFuture<'_, Outcome<UserActor>>;

    /// Asks a user's actor, which checks that `by` may ask.
    fn ask_user<'a>(
        &'a self,
        user: UserId,
        by: Principal,
        question: &'a UserQuestion,
    ) -> BoxFuture<'a, Result<UserAnswer, TurnError>>;

    /// Has a series' actor carry out a command.
    fn command_series(&self, series: SeriesId, command: Pending<SeriesCommand>) -> BoxFuture<'_, Outcome<SeriesActor>>;

    /// Asks a series' actor, which checks that `by` is its owner.
    fn ask_series<'a>(
        &'a self,
        series: SeriesId,
        by: Principal,
        question: &'a SeriesQuestion,
    ) -> BoxFuture<'a, Result<SeriesAnswer, TurnError>>;
}

/// The logs of actors, read and kept without waking the actors.
pub trait Logs: Send + Sync + 'static {
    /// The last commit; zero for an actor that never committed.
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Seq, Failure>>;

    /// Commits after `after`, at most `limit`, in order; the first may be later than `after + 1` when older ones were dropped.
    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>>;

    /// Notes that audit holds everything up to `seq`.
    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> BoxFuture<'_, Result<(), Failure>>;

    /// Erases the data of every event up to `through` in the log, and the saved pages.
    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>>;
}

/// A service that reacts to events.
///
/// Delivery is at least once and in order per actor; the events of one call are of one actor and one or more whole commits. A failure means: not
/// taken, deliver again.
pub trait EventHandler: Send + Sync + 'static {
    /// Identifies the service to the broker: its consumer group.
    fn name(&self) -> &'static str;

    /// The topics it hears. Events of different topics come in different calls.
    fn topics(&self) -> &'static [Topic];

    /// True for a service that must hear every event at least once, even across a crash. One that is not hears what happens while it runs, and
    /// reads logs for the rest.
    fn is_durable(&self) -> bool;

    /// False when a commit is of no use to the service though it has events on its topics. A runtime that has the commit at hand then builds no
    /// events from it; another may deliver them all the same.
    fn wants(&self, _commit: &Commit) -> bool {
        true
    }

    /// Takes events.
    fn handle<'a>(&'a self, topic: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>>;
}

/// A version of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Etag(pub u64);

/// Records outside any actor: accounts, webhooks, deliveries.
pub trait Records: Send + Sync + 'static {
    /// The record of `key`.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<(Bytes, Etag)>, Failure>>;

    /// Creates the record; `false` when there is one already (the first write wins).
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, Failure>>;

    /// Replaces the version `etag`; `None` when the record has another version or is gone.
    fn replace<'a>(&'a self, key: &'a str, etag: Etag, value: Bytes) -> BoxFuture<'a, Result<Option<Etag>, Failure>>;

    /// Deletes the record; harmless when there is none.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Work at an instant, kept by something that outlives the process.
pub trait Jobs: Send + Sync + 'static {
    /// Schedules `payload` for the handler at `at`; replaces a job of the same name.
    fn schedule<'a>(&'a self, name: &'a str, at: Timestamp, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>>;

    /// Cancels; harmless when there is none.
    fn cancel<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>>;

    /// Cancels every job whose name begins with `prefix`; harmless when there is none.
    fn cancel_all<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Carries out jobs. A job whose handler fails is delivered again, later; one that succeeds is gone, unless the handler scheduled it anew.
pub trait JobHandler: Send + Sync + 'static {
    /// Does the job.
    fn run<'a>(&'a self, name: &'a str, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Consecutive commits of one actor as audit keeps them: the chain without content, and the content apart, which can be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditBatch {
    /// Whose.
    pub actor: ActorId,
    /// The first commit.
    pub from: Seq,
    /// The last commit.
    pub to: Seq,
    /// Hash of the last commit.
    pub head: Digest,
    /// The chain: headers, types, principals and digests.
    pub entries: Bytes,
    /// The data of the events; `None` once erased.
    pub contents: Option<Bytes>,
}

/// What became of an [`AuditStore::append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAppend {
    /// It is there, durably.
    Done,
    /// It does not join what is there, which ends with this commit.
    Elsewhere(Seq),
}

/// The audit record: append-only, contiguous per actor.
pub trait AuditStore: Send + Sync + 'static {
    /// Appends if `batch.from` follows what is there.
    fn append(&self, batch: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>>;

    /// The last commit that is there and its hash.
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>>;

    /// Batches that hold commits after `after`, in order, at most `limit`.
    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<AuditBatch>, Failure>>;

    /// Erases the contents of every batch up to and including the one that holds `through`.
    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>>;
}

/// An event in a user's audit trail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Whose log it is in.
    #[schema(value_type = String, examples("user/018f2a6e-0000-7000-8000-000000000000"))]
    pub actor: ActorId,
    /// What it says; null once erased.
    #[schema(value_type = Option<Object>)]
    pub data: Option<Arc<RawValue>>,
    /// SHA-256 of type, principal and data; it stays when the data is erased.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub digest: Digest,
    /// The hash of its commit.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub hash: Digest,
    /// The hash of the commit before.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub previous: Digest,
    /// Who did it.
    #[schema(value_type = String, examples("system"))]
    pub principal: Principal,
    /// The number of its commit; events committed together share it.
    pub sequence: Seq,
    /// When it was committed.
    pub time: Timestamp,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(value_type = String, examples("dev.punctual.task.created.v1"))]
    pub event_type: EventType,
}

/// A page of an audit trail: whole commits, in order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The events.
    pub items: Vec<AuditEntry>,
    /// The `after` of the next page; null on the last.
    pub next: Option<Seq>,
}

/// Where a verified audit trail ends. Who keeps it can check later that nothing before it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditHead {
    /// SHA-256 of the last commit, which all before it went into.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub hash: Digest,
    /// The number of the last commit.
    pub sequence: Seq,
}

/// Commits that are missing from an audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditGap {
    /// The first that is missing.
    pub from: Seq,
    /// The last that is missing.
    pub to: Seq,
}

/// What verifying an audit trail found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditVerification {
    /// How many events were looked at. Events committed together are an entry each.
    pub entries: u64,
    /// Commits that are missing.
    pub gaps: Vec<AuditGap>,
    /// The last commit; null when there is none.
    pub head: Option<AuditHead>,
    /// True when nothing is missing and every hash and digest is what it has to be.
    pub valid: bool,
}

/// What the API asks of the audit role.
pub trait AuditQueries: Send + Sync + 'static {
    /// The commits of a user's log after `after`, about `limit` events.
    fn page(&self, user: UserId, after: Seq, limit: usize) -> BoxFuture<'_, Result<AuditPage, Failure>>;

    /// Computes the chain of a user's log anew.
    fn verify(&self, user: UserId) -> BoxFuture<'_, Result<AuditVerification, Failure>>;
}

/// A runtime, as the roles see it.
#[derive(Clone)]
pub struct Services {
    /// Actors.
    pub actors: Arc<dyn Actors>,
    /// Their logs.
    pub logs: Arc<dyn Logs>,
    /// Records outside actors.
    pub records: Arc<dyn Records>,
    /// Timed work.
    pub jobs: Arc<dyn Jobs>,
    /// The audit record.
    pub audit: Arc<dyn AuditStore>,
    /// Time, randomness, zones.
    pub environment: Environment,
}

/// The refusal in a turn error, if it is one.
#[must_use]
pub fn refusal(error: &TurnError) -> Option<&Refusal> {
    match error {
        TurnError::Refused(refusal) => Some(refusal),
        TurnError::Unknown(_) => None,
    }
}

/// A command of Punctual itself, made out of nothing a client sent.
#[must_use]
pub fn system_command<C>(environment: &Environment, command: C, traceparent: Option<Box<str>>) -> Pending<C> {
    Pending {
        id: punctual_events::CommandId(environment.new_uuid()),
        by: Principal::System,
        command,
        key: None,
        seed: environment.entropy.random(),
        traceparent,
    }
}
