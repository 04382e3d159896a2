//! How a task repeats.

use std::{fmt, str::FromStr};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::{Moment, WallTime, timestamp::TimestampError};

/// A recurrence as a client writes and reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    /// What the next occurrence counts from.
    #[serde(default)]
    pub anchor: Anchor,
    /// RFC 5545 EXDATE: occurrences there are not. In wall time, `2026-12-01T09:00:00`, in the zone of the due (or start), or days where that is a day.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    #[schema(max_items = 366)]
    pub exdate: Box<[RecurrenceDate]>,
    /// What happens to instants that passed while an instance was open.
    #[serde(default)]
    pub late_policy: LatePolicy,
    /// RFC 5545 RDATE: occurrences besides those of the rule, written as `exdate` is.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    #[schema(max_items = 366)]
    pub rdate: Box<[RecurrenceDate]>,
    /// RFC 5545 RRULE without the `RRULE:` prefix, `FREQ=WEEKLY;BYDAY=MO`.
    #[schema(max_length = 512)]
    pub rrule: Box<str>,
    /// True to count workdays, Monday to Friday, where the rule says days: `FREQ=DAILY;INTERVAL=3` is the third workday after. Only with the anchor `completion`, and
    /// a rule of days that names none.
    #[serde(default, skip_serializing_if = "is_false")]
    pub workdays: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
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
    /// The next instance is the one after, also when its instant has passed: every occurrence is made up for.
    CatchUp,
    /// The open instance stays, and its due moves to each instant that comes; the occurrences before are recorded as missed.
    KeepOneOpen,
    /// At each instant the open instance is deleted as skipped, and a new one is made.
    Skip,
}

const PATTERN: &str = r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$";

/// An occurrence that is added or taken away: a wall time, `2026-12-01T09:00:00`, or of all-day occurrences a day, `2026-12-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecurrenceDate {
    /// A day.
    Day(NaiveDate),
    /// A wall time.
    Time(WallTime),
}

impl RecurrenceDate {
    /// True for a day.
    #[must_use]
    pub fn is_day(self) -> bool {
        matches!(self, Self::Day(_))
    }

    /// The wall time; of a day, its midnight.
    #[must_use]
    pub fn wall(self) -> NaiveDateTime {
        match self {
            Self::Day(date) => date.and_time(NaiveTime::MIN),
            Self::Time(at) => at.get(),
        }
    }
}

impl RecurrenceDate {
    /// The date by as much later, as a day or a wall time. `None` outside the years 1 to 9999.
    #[must_use]
    pub fn moved(self, by: TimeDelta, to_day: bool) -> Option<Self> {
        let at = WallTime::new(self.wall().checked_add_signed(by)?)?;
        Some(if to_day {
            Self::Day(at.get().date())
        } else {
            Self::Time(at)
        })
    }
}

impl From<&Moment> for RecurrenceDate {
    fn from(moment: &Moment) -> Self {
        match moment {
            Moment::Day { date, .. } => Self::Day(*date),
            Moment::Time { at, .. } => Self::Time(*at),
        }
    }
}

impl fmt::Display for RecurrenceDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{date}"),
            Self::Time(at) => write!(f, "{at}"),
        }
    }
}

impl FromStr for RecurrenceDate {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        if text.len() != 10 {
            return text.parse().map(Self::Time);
        }
        // What a wall time on that day may be, the day may be.
        let midnight: WallTime = format!("{text}T00:00:00").parse()?;
        Ok(Self::Day(midnight.get().date()))
    }
}

impl Serialize for RecurrenceDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecurrenceDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            serde::de::Error::custom("neither a wall time like 2026-12-01T09:00:00 nor a day like 2026-12-01")
        })
    }
}

impl JsonSchema for RecurrenceDate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RecurrenceDate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": PATTERN})
    }
}

impl utoipa::PartialSchema for RecurrenceDate {
    fn schema() -> RefOr<Schema> {
        let description = "A wall time, `2026-12-01T09:00:00`, or of all-day occurrences a day, `2026-12-01`.";
        let object = ObjectBuilder::new().schema_type(Type::String).pattern(Some(PATTERN));
        object.description(Some(description)).into()
    }
}

impl ToSchema for RecurrenceDate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recurrence_without_dates_is_written_as_before_there_were_any() {
        let old = r#"{"anchor":"schedule","late_policy":"roll_to_future","rrule":"FREQ=DAILY"}"#;
        let recurrence: Recurrence = serde_json::from_str(old).expect("it is read");
        assert_eq!(
            (recurrence.rdate.len(), recurrence.exdate.len(), recurrence.workdays),
            (0, 0, false)
        );
        assert_eq!(serde_json::to_string(&recurrence).expect("it is written"), old);
    }

    #[test]
    fn a_date_is_a_day_or_a_wall_time_and_nothing_else() {
        for text in ["2026-12-01", "2026-12-01T09:00:00", "0001-01-01"] {
            let date: RecurrenceDate = text.parse().expect(text);
            assert_eq!((date.to_string(), date.is_day()), (text.to_owned(), text.len() == 10));
        }
        for text in [
            "",
            "2026-12-1",
            "2026-02-30",
            "0000-01-01",
            "2026-12-01T09:00",
            "2026-12-01T09:00:00Z",
            "+026-12-01",
        ] {
            assert!(text.parse::<RecurrenceDate>().is_err(), "{text}");
        }
    }
}
