//! The task as a resource: what the API answers and what `task-updates` carries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Moment, Recurrence, Reminder, SeriesId, TaskId, Timestamp};

/// A task. The instance of a recurring series is a task like every other, with `series` and `occurrence` set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Task {
    /// When it was completed.
    #[schema(read_only)]
    pub completed: Option<Timestamp>,
    /// When it was created.
    #[schema(read_only)]
    pub created: Timestamp,
    /// Free text, up to 16,384 characters.
    #[schema(max_length = 16384)]
    pub description: Option<Box<str>>,
    /// When it is due.
    pub due: Option<Moment>,
    /// The UID it was imported with.
    #[schema(max_length = 255)]
    pub external_uid: Option<Box<str>>,
    /// Identifies it.
    #[schema(read_only)]
    pub id: TaskId,
    /// The list it is in; null is the inbox.
    pub list: Option<Box<str>>,
    /// Which occurrence of its series it is, from 0.
    #[schema(read_only)]
    pub occurrence: Option<u32>,
    /// True when it is open and its due has passed (for an all-day due: when that day has ended in the user's zone).
    #[schema(read_only)]
    pub overdue: bool,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// How its series repeats.
    pub recurrence: Option<Box<Recurrence>>,
    /// When to remind of it, up to 20. One whose instant passed less than a minute before it was set fires at once; an older one stays silent.
    #[schema(max_items = 20)]
    pub reminders: Box<[Reminder]>,
    /// The series it is an instance of.
    #[schema(read_only)]
    pub series: Option<SeriesId>,
    /// When it can start.
    pub start: Option<Box<Moment>>,
    /// Open or done.
    #[schema(read_only)]
    pub status: Status,
    /// Words to find it by, up to 50 of up to 64 characters.
    #[schema(max_items = 50)]
    pub tags: Box<[Box<str>]>,
    /// What is to be done, 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub title: Box<str>,
    /// When it last changed.
    #[schema(read_only)]
    pub updated: Timestamp,
    /// Counts its edits from 1; the ETag is this number in quotes. An `instant` and `overdue` follow zones and clock without an edit.
    #[schema(read_only)]
    pub version: u64,
}

/// Open or done.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// To be done.
    #[default]
    Open,
    /// Completed.
    Done,
}

/// How urgent a task is, from low to urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// Ordinary.
    Medium,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

/// What is left of a deleted task on `task-updates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct TaskTombstone {
    /// Always true; tells a tombstone from a task.
    pub deleted: bool,
    /// The task.
    pub id: TaskId,
    /// The version of the deletion, higher than any the task had.
    pub version: u64,
}
