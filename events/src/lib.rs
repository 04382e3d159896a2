//! What Punctual's services say to each other: ids, instants, resources, events, commits and the CloudEvents that carry them.
mod id;
mod moment;
mod recurrence;
mod reminder;
mod task;
mod timestamp;

pub use id::{
    ActorId, CommandId, IdError, NotificationId, ReminderId, Seq, SeriesId, SessionId, TaskId, UserId, WebhookId,
    derive_uuid,
};
pub use moment::{Moment, WallTime};
pub use recurrence::{Anchor, LatePolicy, Recurrence};
pub use reminder::{Notification, Offset, Reminder, ReminderTime};
pub use task::{Priority, Status, Task, TaskTombstone};
pub use timestamp::{Timestamp, TimestampError};
