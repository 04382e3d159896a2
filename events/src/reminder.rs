//! Reminders of a task, and the notifications they become.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{NotificationId, Offset, ReminderId, TaskId, Timestamp};

/// A reminder of a task: at an instant, or some time before the task is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ReminderForm", into = "ReminderForm")]
pub struct Reminder {
    /// Identifies it within the task.
    pub id: ReminderId,
    /// When it fires.
    pub time: ReminderTime,
}

/// When a reminder fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderTime {
    /// At this instant.
    At(Timestamp),
    /// This long before the task is due; for an all-day due, before 09:00 of that day in the user's zone.
    Before(Offset),
}

/// A reminder as it is written: `{"id", "at"}` or `{"id", "before"}`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, ToSchema)]
#[schema(as = Reminder)]
#[schemars(rename = "Reminder")]
pub(crate) struct ReminderForm {
    /// An instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// An ISO 8601 duration before the due, `PT15M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Offset>,
    /// Identifies it within the task.
    id: ReminderId,
}

impl From<Reminder> for ReminderForm {
    fn from(reminder: Reminder) -> Self {
        let (at, before) = match reminder.time {
            ReminderTime::At(at) => (Some(at), None),
            ReminderTime::Before(before) => (None, Some(before)),
        };
        Self {
            at,
            before,
            id: reminder.id,
        }
    }
}

impl TryFrom<ReminderForm> for Reminder {
    type Error = &'static str;

    fn try_from(form: ReminderForm) -> Result<Self, Self::Error> {
        let time = match (form.at, form.before) {
            (Some(at), None) => ReminderTime::At(at),
            (None, Some(before)) => ReminderTime::Before(before),
            _ => return Err("a reminder has either `at` or `before`"),
        };
        Ok(Self { id: form.id, time })
    }
}

impl JsonSchema for Reminder {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        ReminderForm::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        ReminderForm::json_schema(generator)
    }
}

impl utoipa::PartialSchema for Reminder {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ReminderForm::schema()
    }
}

impl ToSchema for Reminder {
    fn name() -> std::borrow::Cow<'static, str> {
        "Reminder".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        ReminderForm::schemas(schemas);
    }
}

/// A reminder that fired, as the inbox, the socket and webhooks show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Notification {
    /// When a person dismissed it, on any device.
    pub dismissed: Option<Timestamp>,
    /// When it should have fired.
    pub due_at: Timestamp,
    /// When it did fire.
    pub fired_at: Timestamp,
    /// A function of task, reminder and instant: the same firing always has the same id.
    pub id: NotificationId,
    /// True when it fired more than a second after it should have, after an outage for example.
    pub late: bool,
    /// The reminder that fired.
    pub reminder: ReminderId,
    /// The task it belongs to.
    pub task: TaskId,
    /// The task's title when it fired.
    pub title: Box<str>,
}
