//! How a task repeats.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A recurrence as a client writes and reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    /// What the next occurrence counts from.
    #[serde(default)]
    pub anchor: Anchor,
    /// What happens to instants that passed while an instance was open.
    #[serde(default)]
    pub late_policy: LatePolicy,
    /// RFC 5545 RRULE without the `RRULE:` prefix, `FREQ=WEEKLY;BYDAY=MO`.
    #[schema(max_length = 512)]
    pub rrule: Box<str>,
}

/// What the next occurrence counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The rule's own schedule.
    #[default]
    Schedule,
    /// The day the previous instance was completed.
    Completion,
}

/// What happens to instants that passed while an instance was open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LatePolicy {
    /// The next instance is the first after now; the instants in between are recorded as missed.
    #[default]
    RollToFuture,
}
