//! What happens to a series besides its instances: a pause, and single occurrences that are to be unlike the others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Moment, OccurrenceOutcome, Priority, RecurrenceDate, Reminder, Timestamp};

/// What one occurrence of a series is to be unlike the others. What is absent is as the series says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct OccurrenceChanges {
    /// Description of its instance; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Box<str>>,
    /// When it is due, where it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Moment>,
    /// The UID it was imported with, and which date it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_uid: Option<Box<str>>,
    /// Priority of its instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Reminders of its instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Box<[Reminder]>>,
    /// How it ended without an instance of its own: it gets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// When it can start, where that was moved by itself. Without, the start keeps its distance to the due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Box<Moment>>,
    /// Tags of its instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Box<[Box<str>]>>,
    /// Title of its instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Box<str>>,
}

/// How an occurrence ended before it had an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Settled {
    /// When.
    pub closed: Timestamp,
    /// How.
    pub outcome: OccurrenceOutcome,
}

/// Data of `series.paused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesPaused {
    /// When. From then on no instance is made.
    pub paused: Timestamp,
}

/// Data of `series.resumed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesResumed {
    /// When. Dates up to then have no instance any more.
    pub resumed: Timestamp,
}

/// Data of `occurrence.changed`: one that is to come is to be unlike the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OccurrenceChanged {
    /// All that is special about it.
    pub changes: OccurrenceChanges,
    /// Which: its date by the rule.
    pub recurrence_id: RecurrenceDate,
}

/// Data of `occurrence.restored`: one that was to be unlike the others is like them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OccurrenceRestored {
    /// Which: its date by the rule.
    pub recurrence_id: RecurrenceDate,
}
