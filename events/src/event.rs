//! What can happen to an actor: the types of `task-events`, each with its data.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    DecodeError, EventRecord, HandoverAcknowledged, HandoverOffered, HandoverReceived, MailChanged, Moment,
    Notification, OccurrenceChanged, OccurrenceOutcome, OccurrenceRestored, Principal, Priority, QuietChanged,
    Recurrence, Reminder, SeriesId, SeriesPaused, SeriesResumed, SessionId, Task, TaskId, Timestamp, UserId,
};

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// The type of an event, as CloudEvents writes it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl EventType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The CloudEvents `type`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

event_types! {
    /// An account got its actor.
    UserRegistered = "dev.punctual.user.registered.v1",
    /// Settings changed.
    UserChanged = "dev.punctual.user.changed.v1",
    /// The account was deleted with everything in it.
    UserDeleted = "dev.punctual.user.deleted.v1",
    /// What the user wants by mail changed, or the zone of it.
    MailChanged = "dev.punctual.mail.changed.v1",
    /// The hours changed in which a user wants to be left in peace.
    QuietChanged = "dev.punctual.quiet.changed.v1",
    /// Somebody signed in.
    SessionStarted = "dev.punctual.session.started.v1",
    /// A sign-in was revoked or expired.
    SessionEnded = "dev.punctual.session.ended.v1",
    /// A task was created.
    TaskCreated = "dev.punctual.task.created.v1",
    /// A task's fields changed.
    TaskUpdated = "dev.punctual.task.updated.v1",
    /// A task was completed.
    TaskCompleted = "dev.punctual.task.completed.v1",
    /// A completed task is open again.
    TaskReopened = "dev.punctual.task.reopened.v1",
    /// A task was deleted.
    TaskDeleted = "dev.punctual.task.deleted.v1",
    /// A reminder fired.
    ReminderFired = "dev.punctual.reminder.fired.v1",
    /// A notification was dismissed.
    ReminderDismissed = "dev.punctual.reminder.dismissed.v1",
    /// A notification was snoozed.
    ReminderSnoozed = "dev.punctual.reminder.snoozed.v1",
    /// A hand-over was made or repeated.
    HandoverOffered = "dev.punctual.handover.offered.v1",
    /// A hand-over of another actor was taken in.
    HandoverReceived = "dev.punctual.handover.received.v1",
    /// A hand-over arrived.
    HandoverAcknowledged = "dev.punctual.handover.acknowledged.v1",
    /// A series began.
    SeriesStarted = "dev.punctual.series.started.v1",
    /// The definition of a series changed.
    SeriesChanged = "dev.punctual.series.changed.v1",
    /// A series came to its end.
    SeriesEnded = "dev.punctual.series.ended.v1",
    /// A series was deleted with the account of its user.
    SeriesDeleted = "dev.punctual.series.deleted.v1",
    /// An occurrence got its instance.
    OccurrenceOpened = "dev.punctual.occurrence.opened.v1",
    /// An occurrence was completed, skipped or missed.
    OccurrenceClosed = "dev.punctual.occurrence.closed.v1",
    /// A completed occurrence is open again.
    OccurrenceReopened = "dev.punctual.occurrence.reopened.v1",
    /// A series is not to go on for now.
    SeriesPaused = "dev.punctual.series.paused.v1",
    /// A series that was paused goes on.
    SeriesResumed = "dev.punctual.series.resumed.v1",
    /// An occurrence to come was skipped, moved or made different otherwise.
    OccurrenceChanged = "dev.punctual.occurrence.changed.v1",
    /// An occurrence to come is as the series says again.
    OccurrenceRestored = "dev.punctual.occurrence.restored.v1",
    /// On `task-updates`: the whole task after a change.
    TaskState = "dev.punctual.task.state.v1",
    /// On `task-updates`: what is left of a deleted task.
    TaskRemoved = "dev.punctual.task.removed.v1",
}

/// What happened to a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
#[expect(missing_docs, reason = "each variant is the type of the same name")]
pub enum UserEvent {
    #[serde(rename = "dev.punctual.user.registered.v1")]
    UserRegistered(UserRegistered),
    #[serde(rename = "dev.punctual.user.changed.v1")]
    UserChanged(UserChanged),
    #[serde(rename = "dev.punctual.user.deleted.v1")]
    UserDeleted(UserDeleted),
    #[serde(rename = "dev.punctual.mail.changed.v1")]
    MailChanged(MailChanged),
    #[serde(rename = "dev.punctual.quiet.changed.v1")]
    QuietChanged(QuietChanged),
    #[serde(rename = "dev.punctual.session.started.v1")]
    SessionStarted(SessionStarted),
    #[serde(rename = "dev.punctual.session.ended.v1")]
    SessionEnded(SessionEnded),
    #[serde(rename = "dev.punctual.task.created.v1")]
    TaskCreated(TaskChange),
    #[serde(rename = "dev.punctual.task.updated.v1")]
    TaskUpdated(TaskChange),
    #[serde(rename = "dev.punctual.task.completed.v1")]
    TaskCompleted(TaskChange),
    #[serde(rename = "dev.punctual.task.reopened.v1")]
    TaskReopened(TaskChange),
    #[serde(rename = "dev.punctual.task.deleted.v1")]
    TaskDeleted(TaskChange),
    #[serde(rename = "dev.punctual.reminder.fired.v1")]
    ReminderFired(Notification),
    #[serde(rename = "dev.punctual.reminder.dismissed.v1")]
    ReminderDismissed(Notification),
    #[serde(rename = "dev.punctual.reminder.snoozed.v1")]
    ReminderSnoozed(Notification),
    #[serde(rename = "dev.punctual.handover.offered.v1")]
    HandoverOffered(HandoverOffered),
    #[serde(rename = "dev.punctual.handover.acknowledged.v1")]
    HandoverAcknowledged(HandoverAcknowledged),
}

/// What happened to a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
#[expect(missing_docs, reason = "each variant is the type of the same name")]
pub enum SeriesEvent {
    #[serde(rename = "dev.punctual.series.started.v1")]
    SeriesStarted(SeriesDefinition),
    #[serde(rename = "dev.punctual.series.changed.v1")]
    SeriesChanged(SeriesDefinition),
    #[serde(rename = "dev.punctual.series.ended.v1")]
    SeriesEnded(SeriesEnded),
    #[serde(rename = "dev.punctual.series.deleted.v1")]
    SeriesDeleted(SeriesDeleted),
    #[serde(rename = "dev.punctual.occurrence.opened.v1")]
    OccurrenceOpened(OccurrenceOpened),
    #[serde(rename = "dev.punctual.occurrence.closed.v1")]
    OccurrenceClosed(OccurrenceClosed),
    #[serde(rename = "dev.punctual.occurrence.reopened.v1")]
    OccurrenceReopened(OccurrenceReopened),
    #[serde(rename = "dev.punctual.series.paused.v1")]
    SeriesPaused(SeriesPaused),
    #[serde(rename = "dev.punctual.series.resumed.v1")]
    SeriesResumed(SeriesResumed),
    #[serde(rename = "dev.punctual.occurrence.changed.v1")]
    OccurrenceChanged(OccurrenceChanged),
    #[serde(rename = "dev.punctual.occurrence.restored.v1")]
    OccurrenceRestored(OccurrenceRestored),
    #[serde(rename = "dev.punctual.handover.offered.v1")]
    HandoverOffered(HandoverOffered),
    #[serde(rename = "dev.punctual.handover.received.v1")]
    HandoverReceived(HandoverReceived),
    #[serde(rename = "dev.punctual.handover.acknowledged.v1")]
    HandoverAcknowledged(HandoverAcknowledged),
}

/// Data of the `task.*` events: what changed, and the whole task afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskChange {
    /// The fields a person changed; empty where the type says it all.
    pub changed: Vec<TaskField>,
    /// The task after the change.
    pub task: Arc<Task>,
}

/// A field of a task that a person can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named after the fields of Task")]
pub enum TaskField {
    Description,
    Due,
    ExternalUid,
    List,
    Priority,
    Recurrence,
    Reminders,
    Start,
    Tags,
    Title,
}

/// Data of `user.registered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserRegistered {
    /// Key of the account record: a keyed hash, from which the e-mail address cannot be had.
    pub account: Box<str>,
    /// IANA zone the user lives in.
    pub time_zone: Box<str>,
}

/// Data of `user.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserChanged {
    /// IANA zone the user lives in.
    pub time_zone: Box<str>,
}

/// Data of `user.deleted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserDeleted {
    /// The name of the record the user signed in with, a keyed hash: what is to be forgotten with the user. Empty from releases that did not
    /// say.
    #[serde(default)]
    pub account: Box<str>,
    /// The series the user had. Each is told by a hand-over, and its content goes with its own `series.deleted`.
    pub series: Vec<SeriesId>,
}

/// Data of `session.started`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionStarted {
    /// When its token stops being valid.
    pub expires: Timestamp,
    /// The sign-in.
    pub session: SessionId,
}

/// Data of `session.ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionEnded {
    /// The sign-in.
    pub session: SessionId,
}

/// How a series repeats and what its instances look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesDefinition {
    /// Description of each instance.
    pub description: Option<Box<str>>,
    /// Due of the occurrence the definition starts at; the rule runs on it when it is there.
    pub due: Option<Moment>,
    /// Number of the occurrence the definition starts at.
    pub first_occurrence: u32,
    /// List of each instance.
    pub list: Option<Box<str>>,
    /// Whose series it is.
    pub owner: UserId,
    /// Priority of each instance.
    pub priority: Option<Priority>,
    /// Rule, anchor and late policy.
    pub recurrence: Box<Recurrence>,
    /// Relative reminders of each instance.
    pub reminders: Box<[Reminder]>,
    /// Where a change of this occurrence and the later ones has the rule begin anew: how many of `COUNT` there were before. None where the rule keeps its
    /// beginning or all of it moved, and from older releases, which did not tell the two apart where the occurrence stayed the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<u32>,
    /// Start of the occurrence the definition starts at; the rule runs on it when there is no due.
    pub start: Option<Box<Moment>>,
    /// Tags of each instance.
    pub tags: Box<[Box<str>]>,
    /// The zone the user lives in, in which all-day and floating occurrences are meant.
    pub time_zone: Box<str>,
    /// Title of each instance.
    pub title: Box<str>,
}

/// Data of `series.ended`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesEnded {
    /// True when the rule has no further occurrence, false when a person ended it.
    pub exhausted: bool,
}

/// Data of `series.deleted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesDeleted {
    /// Whose series it was.
    pub owner: UserId,
}

/// Data of `occurrence.opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OccurrenceOpened {
    /// What it is due (or starts) at.
    pub at: Moment,
    /// Counts the times this occurrence was opened, from 1.
    pub generation: u32,
    /// Which, from 0.
    pub occurrence: u32,
    /// Its instance: a function of series, occurrence and generation, or the one that was moved here from the occurrence before.
    pub task: TaskId,
}

/// Data of `occurrence.closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OccurrenceClosed {
    /// What it was due (or started) at.
    pub at: Moment,
    /// When it was closed.
    pub closed: Timestamp,
    /// Which, from 0.
    pub occurrence: u32,
    /// How.
    pub outcome: OccurrenceOutcome,
}

/// Data of `occurrence.reopened`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OccurrenceReopened {
    /// Which, from 0. Every later occurrence is withdrawn.
    pub occurrence: u32,
    /// When, where the late policy gives up an instance at the next instant: those before are not next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Timestamp>,
}

/// Events of one actor kind, between their enum and their stored records.
pub trait EventData: Sized + Clone + Send + Sync + 'static {
    /// The CloudEvents type.
    fn event_type(&self) -> EventType;

    /// The stored form.
    ///
    /// # Errors
    /// When the data cannot be written as JSON.
    fn to_record(&self, by: Principal) -> Result<EventRecord, serde_json::Error>;

    /// Reads the stored form. `None` when the content was erased.
    ///
    /// # Errors
    /// When the data is not what its type says.
    fn from_record(record: &EventRecord) -> Result<Option<Self>, DecodeError>;
}

macro_rules! event_data {
    ($kind:ident: $($variant:ident),+ $(,)?) => {
        impl EventData for $kind {
            fn event_type(&self) -> EventType {
                match self { $(Self::$variant(_) => EventType::$variant),+ }
            }

            fn to_record(&self, by: Principal) -> Result<EventRecord, serde_json::Error> {
                match self { $(Self::$variant(data) => EventRecord::new(EventType::$variant, by, data)),+ }
            }

            fn from_record(record: &EventRecord) -> Result<Option<Self>, DecodeError> {
                if record.is_erased() {
                    return Ok(None);
                }
                match record.event_type {
                    $(EventType::$variant => Ok(Some(Self::$variant(serde_json::from_str(record.data.get())?)))),+,
                    other => Err(DecodeError::Malformed(format!("{} in the log of a {}", other.as_str(), stringify!($kind)).into())),
                }
            }
        }
    };
}

event_data!(UserEvent: UserRegistered, UserChanged, UserDeleted, MailChanged, QuietChanged, SessionStarted, SessionEnded, TaskCreated, TaskUpdated, TaskCompleted,
    TaskReopened, TaskDeleted, ReminderFired, ReminderDismissed, ReminderSnoozed, HandoverOffered, HandoverAcknowledged);
event_data!(SeriesEvent: SeriesStarted, SeriesChanged, SeriesEnded, SeriesDeleted, OccurrenceOpened, OccurrenceClosed, OccurrenceReopened, SeriesPaused, SeriesResumed,
    OccurrenceChanged, OccurrenceRestored, HandoverOffered, HandoverReceived, HandoverAcknowledged);
