//! A task as a client writes it: whole, or as a JSON Merge Patch (RFC 7396).

use chrono::{NaiveDate, NaiveTime};
use punctual_events::{
    Moment, Offset, Priority, Recurrence, Related, ReminderId, Repeat, TimeOfDay, Timestamp, WallTime,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    refusal::{Code, Refusal},
    user::merge::{MomentPatch, RecurrencePatch, full_date, nullable},
    zone::{ZoneData, is_within_range},
};

/// An array, or null for an empty one.
fn array<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A new task.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskDraft {
    /// Free text, up to 16,384 characters.
    #[schema(max_length = 16384)]
    pub description: Option<String>,
    /// When it is due.
    pub due: Option<MomentInput>,
    /// A UID it has elsewhere.
    #[schema(max_length = 255)]
    pub external_uid: Option<String>,
    /// The list it goes to; null is the inbox.
    pub list: Option<String>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// How it repeats; needs a due or a start.
    pub recurrence: Option<Recurrence>,
    /// When to remind of it, up to 20. One whose instant passed less than a minute before it was set fires at once; an older one stays silent.
    #[serde(deserialize_with = "array")]
    #[schema(value_type = Option<Vec<ReminderInput>>, max_items = 20)]
    pub reminders: Vec<ReminderInput>,
    /// When it can start.
    pub start: Option<MomentInput>,
    /// Words to find it by, up to 50 of up to 64 characters.
    #[serde(deserialize_with = "array")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    pub tags: Vec<String>,
    /// What is to be done, 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500, required)]
    pub title: String,
}

/// What only an import can set. An imported task is there already when one with its `external_uid` is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Imported {
    /// When it was completed, for a task that arrives done.
    pub completed: Option<Timestamp>,
    /// Whether it arrives done.
    pub done: bool,
}

/// Changes to a task: what is absent stays, what is null is taken away.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskPatch {
    /// Free text.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 16384)]
    pub description: Option<Option<String>>,
    /// When it is due.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MomentPatch>)]
    pub due: Option<Option<MomentPatch>>,
    /// A UID it has elsewhere.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 255)]
    pub external_uid: Option<Option<String>>,
    /// The list it is in.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub list: Option<Option<String>>,
    /// How urgent it is.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Priority>)]
    pub priority: Option<Option<Priority>>,
    /// How it repeats from here on; null ends the series.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RecurrencePatch>)]
    pub recurrence: Option<Option<RecurrencePatch>>,
    /// All reminders; an array is replaced as a whole.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ReminderInput>>, max_items = 20)]
    pub reminders: Option<Option<Vec<ReminderInput>>>,
    /// When it can start.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MomentPatch>)]
    pub start: Option<Option<MomentPatch>>,
    /// All tags; an array is replaced as a whole.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    pub tags: Option<Option<Vec<String>>>,
    /// What is to be done.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub title: Option<Option<String>>,

    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub completed: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub created: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub id: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub occurrence: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub overdue: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub series: Option<Option<Value>>,
    /// Read-only: accepted when equal. Use complete and reopen.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub status: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub updated: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub version: Option<Option<Value>>,
}

/// A start or a due as a client writes it: `{"date"}`; `{"at", "time_zone"}` (without a zone, the user's), which stays in that zone when the user's changes; or
/// `{"at", "floating": true}`, which travels along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MomentInput {
    /// Wall time, `2026-12-01T09:00:00`.
    pub at: Option<WallTime>,
    /// A day, `2026-12-01`.
    #[serde(deserialize_with = "full_date")]
    #[schema(value_type = Option<String>, format = Date)]
    pub date: Option<NaiveDate>,
    /// True for a wall time that travels along: it is in the zone the user is in, also when that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floating: Option<bool>,
    /// Read-only: what it resolved to before; not looked at.
    pub instant: Option<Timestamp>,
    /// IANA zone name; of a floating time not looked at.
    #[schema(max_length = 64)]
    pub time_zone: Option<Box<str>>,
}

impl MomentInput {
    /// The moment it means.
    ///
    /// # Errors
    /// When it is neither a day nor a wall time, the zone is unknown or the year is out of range.
    pub fn resolve(&self, field: &str, user_zone: &str, zones: &dyn ZoneData) -> Result<Moment, Refusal> {
        if let Some(date) = self.date {
            if self.at.is_some() || self.time_zone.is_some() {
                return Err(Refusal::invalid(field, "give either `date`, or `at` and `time_zone`"));
            }
            if self.floating == Some(true) {
                let detail = "a day has no `floating`: it always is where the user is";
                return Err(Refusal::invalid(&format!("{field}.floating"), detail));
            }
            let in_range = (1..=9999).contains(&chrono::Datelike::year(&date));
            let midnight = date.and_time(NaiveTime::MIN);
            let instant = zones.day_start(user_zone, date).filter(|_| in_range);
            let instant = instant.filter(|instant| is_within_range(*instant, user_zone, midnight, zones));
            let instant = instant.ok_or_else(|| out_of_range(field))?;
            return Ok(Moment::Day { date, instant });
        }
        let at = self
            .at
            .ok_or_else(|| Refusal::invalid(field, "give either `date`, or `at` and `time_zone`"))?;
        let floating = self.floating.unwrap_or_default();
        let own_zone = self.time_zone.as_deref().filter(|_| !floating);
        let zone = own_zone.unwrap_or(user_zone);
        let instant = zones.resolve(zone, at.get()).ok_or_else(|| unknown_zone(zone, field))?;
        if !is_within_range(instant, zone, at.get(), zones) {
            return Err(out_of_range(field));
        }
        Ok(Moment::Time {
            at,
            floating,
            instant,
            time_zone: zone.into(),
        })
    }
}

/// It is at no instant that can be written.
fn out_of_range(field: &str) -> Refusal {
    Refusal::invalid(field, "its instant is not between the years 1 and 9999 in UTC")
}

/// The zone is not known.
#[must_use]
pub fn unknown_zone(zone: &str, field: &str) -> Refusal {
    let shown: String = zone.chars().take(64).collect();
    Refusal::new(
        Code::UnknownTimeZone,
        format!("`{shown}` is not the name of a time zone in the IANA database"),
    )
    .on(field)
}

/// A reminder as a client writes it: `{"at"}`, `{"before"}`, `{"time"}`, or `{"time", "before"}`, where `before` is of whole days; with the `id` it has, or without one for a new reminder.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReminderInput {
    /// An instant.
    pub at: Option<Timestamp>,
    /// An ISO 8601 duration before the due, `PT15M`.
    pub before: Option<Offset>,
    /// Identifies it within the task.
    pub id: Option<ReminderId>,
    /// What `before` and `time` count from; the due where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<Related>,
    /// How it nags until it is dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// A time of the day it is due, or of so many days before, by the clocks of the zone the due is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeOfDay>,
}
