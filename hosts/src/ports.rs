//! What the roles ask of a runtime besides the ports of the core. All of it is behind trait objects: a role does not know which runtime it is on.

mod audit;
#[cfg(test)]
pub(crate) mod contract;

use std::sync::Arc;

use bytes::Bytes;
use punctual_actors::{
    Refusal,
    ports::{BoxFuture, Environment, Failure},
    series::{SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Outcome, Pending, TurnError},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{ActorId, CloudEvent, Commit, Principal, Seq, SeriesId, Timestamp, Topic, UserId};

pub use self::audit::{
    AuditAppend, AuditBatch, AuditEntry, AuditFlaw, AuditGap, AuditHead, AuditPage, AuditPlace, AuditQueries,
    AuditStore, AuditStretch, AuditVerification, verify_within,
};

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

    /// False for an event whose content the service has to know and cannot read: no other try would help. The runtime keeps such an event from it and,
    /// where it has somewhere to put it, puts it aside; the others of its commit are handled.
    fn can_read(&self, _event: &CloudEvent) -> bool {
        true
    }

    /// After a small delivery, how long the next one of the same actor had better be left to gather, in milliseconds. For a runtime that delivers
    /// many commits at once; one that delivers them one by one would only be late.
    fn gathers_ms(&self) -> u64 {
        0
    }

    /// Takes events.
    fn handle<'a>(&'a self, topic: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>>;
}

/// A version of a record, opaque, of the runtime's own making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(Arc<str>);

impl Etag {
    /// The version a runtime calls by this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The runtime's text for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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

    /// Schedules anew what a user has coming by their records, after whatever keeps jobs has lost them. Harmless when it has not.
    fn rearm(&self, _user: UserId) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }
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
