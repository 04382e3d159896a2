//! When a reminder fires.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Offset, TimeOfDay, Timestamp};

/// When a reminder fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderTime {
    /// At this instant.
    At(Timestamp),
    /// This long before the task is due; for an all-day due, before 09:00 of that day in the user's zone.
    Before(Offset),
    /// This long before the task can start; for an all-day start, before 09:00 of that day in the user's zone.
    BeforeStart(Offset),
    /// At a time of day, on the day the task is due or can start or so many days before it.
    OnDay(OnDay),
}

/// A time on the day a task is due or can start, or days before it, by the clocks of the zone the due or the start is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnDay {
    /// What the clocks show.
    pub time: TimeOfDay,
    /// How many days before.
    pub days_before: i32,
    /// Which day.
    pub related: Related,
}

impl OnDay {
    fn new(time: TimeOfDay, before: Option<Offset>, related: Related) -> Result<Self, &'static str> {
        if before.is_some_and(|before| before.seconds() != 0) {
            return Err("beside `time`, `before` is of whole days");
        }
        Ok(Self {
            time,
            days_before: before.map_or(0, Offset::days),
            related,
        })
    }

    /// The days before as they are written; none for the day itself.
    #[must_use]
    pub fn before(self) -> Option<Offset> {
        let before = Offset::new(self.days_before.into(), 0);
        before.filter(|_| self.days_before != 0)
    }
}

impl ReminderTime {
    /// From the members of a reminder.
    ///
    /// # Errors
    /// When there is not one time but none or two.
    pub fn new(
        at: Option<Timestamp>,
        before: Option<Offset>,
        related: Related,
        time: Option<TimeOfDay>,
    ) -> Result<Self, &'static str> {
        match (at, before, related, time) {
            (Some(at), None, Related::Due, None) => Ok(Self::At(at)),
            (None, Some(before), Related::Due, None) => Ok(Self::Before(before)),
            (None, Some(before), Related::Start, None) => Ok(Self::BeforeStart(before)),
            (None, before, related, Some(time)) => OnDay::new(time, before, related).map(Self::OnDay),
            (Some(_), None, Related::Start, None) => Err("`related` says what `before` and `time` count from"),
            _ => Err("a reminder has either `at`, or `before`, `time` or both"),
        }
    }

    /// True for one that moves with the due or the start.
    #[must_use]
    pub fn is_relative(self) -> bool {
        !matches!(self, Self::At(_))
    }
}

/// What a reminder counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Related {
    /// When the task is due.
    #[default]
    Due,
    /// When the task can start.
    Start,
}

impl Related {
    pub(crate) fn is_due(&self) -> bool {
        *self == Self::Due
    }
}
