//! JSON Merge Patch (RFC 7396) of the members that are objects: what is absent stays, null takes away, and what comes of it has to be a whole.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use punctual_events::{Anchor, LatePolicy, Moment, Recurrence, RecurrenceDate, Timestamp, WallTime};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::{
    refusal::{Code, Refusal},
    user::draft::MomentInput,
    zone::ZoneData,
};

/// A member of a merge patch: absent, null or a value.
///
/// # Errors
/// When the value is of another shape.
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A day as RFC 3339 has it (`full-date`), `2026-12-01`, or null.
///
/// # Errors
/// When it is written otherwise, or is none of the years 1 to 9999.
pub fn full_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    let day = |text: Cow<'de, str>| match text.parse() {
        Ok(RecurrenceDate::Day(date)) => Ok(date),
        Ok(RecurrenceDate::Time(_)) | Err(_) => Err(D::Error::custom("not a day like 2026-12-01")),
    };
    text.map(day).transpose()
}

/// The same of a merge patch.
fn nullable_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<NaiveDate>>, D::Error> {
    full_date(deserializer).map(Some)
}

/// The member after the patch.
fn merged<T: Clone>(patch: Option<&Option<T>>, current: Option<T>) -> Option<T> {
    patch.map_or(current, Clone::clone)
}

/// A change of a start or a due. What is absent stays, but a date and a wall time push each other out: to make a timed task all-day, `{"date"}` is
/// enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MomentPatch {
    /// Wall time, `2026-12-01T09:00:00`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WallTime>)]
    pub at: Option<Option<WallTime>>,
    /// A day, `2026-12-01`.
    #[serde(deserialize_with = "nullable_date", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub date: Option<Option<NaiveDate>>,
    /// Whether a wall time travels along with the user, or, false or null, stays in its zone. A change of `time_zone` alone lets it stay there.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>)]
    pub floating: Option<Option<bool>>,
    /// Read-only: accepted when it is what it resolved to, or resolves to; beside `at` or `date` also when it is what that may have resolved to before the
    /// user travelled or the zone data changed.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Timestamp>)]
    pub instant: Option<Option<Timestamp>>,
    /// IANA zone name; null is the user's.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 64)]
    pub time_zone: Option<Option<Box<str>>>,
}

impl MomentPatch {
    /// The moment after the patch.
    ///
    /// # Errors
    /// When what comes of it is neither a day nor a wall time, the zone is unknown, the year is out of range, or the instant is another one.
    pub fn apply(
        &self,
        field: &str,
        current: Option<&Moment>,
        user_zone: &str,
        zones: &dyn ZoneData,
    ) -> Result<Moment, Refusal> {
        let merged = self.merged(current);
        // Since it was set the user may have moved to where its day is not within the years 1 to 9999; what is sent back as it was read changes nothing.
        let unchanged = current.filter(|current| merged == MomentInput::from(*current));
        let moment = match (merged.resolve(field, user_zone, zones), unchanged) {
            (Err(_), Some(current)) => current.clone(),
            (moment, _) => moment?,
        };
        let known = [current.map(Moment::instant), Some(moment.instant())];
        // Where the user was when this was read, or by the zone data of then, the wall time was at another instant; it is the wall time that counts.
        let is_derived = |instant| self.sends_wall_time() && is_somewhere(&moment, instant);
        match self.instant {
            Some(instant) if !known.contains(&instant) && !instant.is_some_and(is_derived) => {
                let detail = "the instant follows from the other members; only the server sets it";
                Err(Refusal::new(Code::ReadOnly, detail).on(&format!("{field}.instant")))
            }
            Some(_) | None => Ok(moment),
        }
    }

    fn sends_wall_time(&self) -> bool {
        matches!(self.at, Some(Some(_))) || matches!(self.date, Some(Some(_)))
    }

    fn merged(&self, current: Option<&Moment>) -> MomentInput {
        let sets_date = matches!(self.date, Some(Some(_)));
        let sets_time = matches!(self.at, Some(Some(_))) || matches!(self.time_zone, Some(Some(_)));
        let stays = match current {
            Some(day @ Moment::Day { .. }) if !sets_time => MomentInput::from(day),
            Some(time @ Moment::Time { time_zone, .. }) if !sets_date => {
                let moves_away = matches!(&self.time_zone, Some(Some(zone)) if zone != time_zone);
                let stays = MomentInput::from(time);
                MomentInput {
                    floating: stays.floating.map(|floating| floating && !moves_away),
                    ..stays
                }
            }
            Some(_) | None => MomentInput::default(),
        };
        MomentInput {
            at: merged(self.at.as_ref(), stays.at),
            date: merged(self.date.as_ref(), stays.date),
            floating: merged(self.floating.as_ref(), stays.floating),
            instant: None,
            time_zone: merged(self.time_zone.as_ref(), stays.time_zone),
        }
    }
}

/// Whether clocks may have shown the wall time at that instant, where the user was before or by the zone data of before.
fn is_somewhere(moment: &Moment, instant: Timestamp) -> bool {
    // Clocks are at most 14 hours ahead of UTC and 12 behind; in the nineteenth century they were at most 16 away from it. Of a zone that it is in by
    // itself the data may change, and seldom by more than two hours.
    let (near, furthest) = match moment {
        Moment::Day { date, .. } => (date.and_time(NaiveTime::MIN), TimeDelta::hours(16)),
        Moment::Time { at, floating: true, .. } => (at.get(), TimeDelta::hours(16)),
        Moment::Time { instant, .. } => (instant.to_utc(), TimeDelta::hours(3)),
    };
    (instant.to_utc() - near).abs() <= furthest
}

impl From<&Moment> for MomentInput {
    /// As a client would write it; its instant is derived.
    fn from(moment: &Moment) -> Self {
        match moment {
            Moment::Day { date, .. } => Self {
                date: Some(*date),
                ..Self::default()
            },
            Moment::Time {
                at,
                floating,
                time_zone,
                ..
            } => Self {
                at: Some(*at),
                floating: Some(*floating),
                time_zone: Some(time_zone.clone()),
                ..Self::default()
            },
        }
    }
}

/// A change of the recurrence; what is absent stays, null goes back to the default.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecurrencePatch {
    /// What the next occurrence counts from.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Anchor>)]
    pub anchor: Option<Option<Anchor>>,
    /// RFC 5545 EXDATE: occurrences there are not.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<RecurrenceDate>>, max_items = 366)]
    pub exdate: Option<Option<Box<[RecurrenceDate]>>>,
    /// What happens to instants that passed while an instance was open.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LatePolicy>)]
    pub late_policy: Option<Option<LatePolicy>>,
    /// RFC 5545 RDATE: occurrences besides those of the rule.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<RecurrenceDate>>, max_items = 366)]
    pub rdate: Option<Option<Box<[RecurrenceDate]>>>,
    /// RFC 5545 RRULE. There is no recurrence without one.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 512)]
    pub rrule: Option<Option<Box<str>>>,
    /// Whether the rule counts workdays.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>)]
    pub workdays: Option<Option<bool>>,
}

impl RecurrencePatch {
    /// The recurrence after the patch; `None` when there is no rule.
    #[must_use]
    pub fn apply(&self, current: Option<&Recurrence>) -> Option<Recurrence> {
        let anchor = merged(self.anchor.as_ref(), current.map(|current| current.anchor));
        let exdate = merged(self.exdate.as_ref(), current.map(|current| current.exdate.clone()));
        let rdate = merged(self.rdate.as_ref(), current.map(|current| current.rdate.clone()));
        let late_policy = merged(self.late_policy.as_ref(), current.map(|current| current.late_policy));
        let workdays = merged(self.workdays.as_ref(), current.map(|current| current.workdays));
        Some(Recurrence {
            workdays: workdays.unwrap_or_default(),
            anchor: anchor.unwrap_or_default(),
            exdate: exdate.unwrap_or_default(),
            late_policy: late_policy.unwrap_or_default(),
            rdate: rdate.unwrap_or_default(),
            rrule: merged(self.rrule.as_ref(), current.map(|current| current.rrule.clone()))?,
        })
    }
}
