//! What Punctual's services say to each other: ids, instants, resources, events, commits and the CloudEvents that carry them.
//!
//! Nothing here decides anything and nothing here does IO. The types are the contract between the actors, the roles and everybody outside who
//! reads the topics; the JSON Schemas and the AsyncAPI document under `events/schemas/` are generated from them ([`contract`]).
//!
//! JSON written by this crate is canonical in the sense of RFC 8785: object members are in lexicographic order (the fields of the structs are
//! declared in that order; a test holds it) and there are no floating-point numbers. A digest of an event is therefore the same however a broker
//! re-encodes it.

mod cloud_event;
mod commit;
pub mod contract;
mod event;
mod handover;
mod id;
mod mail;
mod marker;
mod moment;
mod occurrence;
mod offset;
mod quiet;
mod recurrence;
mod reminder;
mod reminder_time;
mod sha256;
mod short_text;
mod task;
mod timestamp;
mod unreadable;

pub use cloud_event::{CloudEvent, CloudEventError, Topic};
pub use commit::{
    AnswerKind, COMMIT_FORMAT, Commit, CommitHeader, CommittedCommand, DecodeError, Digest, EventRecord,
    IdempotencyKey, Principal,
};
pub use event::{EventData, EventType, SeriesEvent, TaskChange, TaskField, UserEvent};
pub use event::{
    OccurrenceClosed, OccurrenceOpened, OccurrenceReopened, SeriesDefinition, SeriesDeleted, SeriesEnded, SessionEnded,
    SessionStarted, UserChanged, UserDeleted, UserRegistered,
};
pub use handover::{
    Handover, HandoverAcknowledged, HandoverMessage, HandoverOffered, HandoverReceived, OccurrenceOutcome,
};
pub use id::{
    ActorId, CommandId, IdError, NotificationId, ReminderId, Seq, SeriesId, SessionId, TaskId, UserId, WebhookId,
    derive_uuid,
};
pub use mail::{DailyDigest, MailChanged, MailSettings, TimeOfDay};
pub use marker::{MARKER_TYPE, Marker};
pub use moment::{Moment, WallTime};
pub use occurrence::{OccurrenceChanged, OccurrenceChanges, OccurrenceRestored, SeriesPaused, SeriesResumed, Settled};
pub use offset::Offset;
pub use quiet::{QuietChanged, QuietHours};
pub use recurrence::{Anchor, LatePolicy, Recurrence, RecurrenceDate};
pub use reminder::{Notification, Reminder, Repeat};
pub use reminder_time::{OnDay, Related, ReminderTime};
pub use task::{Priority, Status, Task, TaskTombstone};
pub use timestamp::{Timestamp, TimestampError};
