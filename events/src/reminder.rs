//! Reminders of a task, and the notifications they become.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::{NotificationId, ReminderId, TaskId, Timestamp};

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

/// A length of time as an ISO 8601 duration of weeks, days, hours, minutes and seconds, each a fixed length; `-` in front turns it around, so
/// `-PT10M` before is ten minutes after. At most ten years either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, examples("PT15M"))]
pub struct Offset(i64);

const MAX_OFFSET_S: i64 = 10 * 366 * 86_400;

impl Offset {
    /// From seconds; `None` beyond ten years.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        (-MAX_OFFSET_S..=MAX_OFFSET_S)
            .contains(&seconds)
            .then_some(Self(seconds))
    }

    /// In seconds.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        self.0
    }
}

impl FromStr for Offset {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "not an ISO 8601 duration of weeks, days, hours, minutes and seconds up to ten years";
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let mut rest = rest.strip_prefix('P').ok_or(BAD)?;
        let (mut total, mut in_time, mut last_unit) = (0_i64, false, 8_u8);
        if rest.is_empty() {
            return Err(BAD);
        }
        while !rest.is_empty() {
            if let Some(time) = rest.strip_prefix('T') {
                if in_time || time.is_empty() {
                    return Err(BAD);
                }
                (in_time, rest) = (true, time);
            }
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or(BAD)?;
            let amount: i64 = rest[..end].parse().map_err(|_| BAD)?;
            let (rank, unit_s) = match (rest.as_bytes()[end], in_time) {
                (b'W', false) => (7, 604_800),
                (b'D', false) => (6, 86_400),
                (b'H', true) => (5, 3600),
                (b'M', true) => (4, 60),
                (b'S', true) => (3, 1),
                _ => return Err(BAD),
            };
            if rank >= last_unit {
                return Err(BAD);
            }
            last_unit = rank;
            total = amount
                .checked_mul(unit_s)
                .and_then(|part| total.checked_add(part))
                .ok_or(BAD)?;
            rest = &rest[end + 1..];
        }
        Self::from_seconds(sign * total).ok_or(BAD)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.0.unsigned_abs();
        let (days, hours, minutes, seconds) = (total / 86_400, total / 3600 % 24, total / 60 % 60, total % 60);
        f.write_str(if self.0 < 0 { "-P" } else { "P" })?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if days == 0 || !total.is_multiple_of(86_400) {
            f.write_str("T")?;
        }
        for (amount, unit) in [(hours, 'H'), (minutes, 'M')] {
            if amount > 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        if seconds > 0 || total == 0 {
            write!(f, "{seconds}S")?;
        }
        Ok(())
    }
}

impl Serialize for Offset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Offset {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Offset".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "description": "ISO 8601 duration", "pattern": "^-?P"})
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, seconds, written) in [
            ("PT15M", 900, "PT15M"),
            ("P1W", 604_800, "P7D"),
            ("-P1DT2H", -93_600, "-P1DT2H"),
            ("PT0S", 0, "PT0S"),
            ("PT90S", 90, "PT1M30S"),
        ] {
            let offset: Offset = text.parse().unwrap();
            assert_eq!((offset.as_seconds(), offset.to_string().as_str()), (seconds, written));
        }
        for text in [
            "",
            "P",
            "PT",
            "15M",
            "P1M",
            "P1Y",
            "PT1.5S",
            "PT1H1H",
            "P99999999999D",
            "PTT1S",
            "P1DT",
            "PT-5M",
        ] {
            assert!(text.parse::<Offset>().is_err(), "{text}");
        }
    }
}
