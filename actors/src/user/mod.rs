//! The actor of a user: their tasks, reminders, notifications and sessions.

mod command;
pub mod draft;
mod inbox;
mod instances;
mod late;
mod later;
mod mail;
pub mod merge;
mod passing;
mod question;
mod quiet;
pub mod record;
mod reminding;
pub mod search;
mod series;
mod sessions;
mod snooze;
mod state;
mod tasks;
#[cfg(test)]
mod tests;
pub mod validate;

pub use command::{UserCommand, UserReply};
pub use inbox::MAX_NOTIFICATIONS;
pub use mail::MailPatch;
pub use question::{
    NotificationFilter, OCCURRENCE_UID, SeriesSummary, TaskBeside, TaskItems, UserAnswer, UserQuestion,
};
pub use record::{TaskRecord, Tasks};
pub use reminding::{FollowUp, Remains, Reminding};
pub use series::SeriesRef;
pub use snooze::SnoozeUntil;
pub use state::{Profile, UserActor};
pub use tasks::check_draft;
