//! When something starts or is due: a day, or a wall time in a zone. The wall time and the zone are the truth; the instant is derived.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::{
    recurrence::is_false,
    timestamp::{Timestamp, TimestampError, digits, put},
};

/// A wall time without a zone, to the second: `2026-12-01T09:00:00`. From year 1 to year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")]
pub struct WallTime(NaiveDateTime);

impl WallTime {
    /// The wall time, its fraction of a second cut off. `None` outside the years 1 to 9999.
    #[must_use]
    pub fn new(local: NaiveDateTime) -> Option<Self> {
        (1..=9999)
            .contains(&local.year())
            .then(|| Self(local.with_nanosecond(0).unwrap_or(local)))
    }

    /// As chrono's type.
    #[must_use]
    pub fn get(self) -> NaiveDateTime {
        self.0
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = *b"0000-00-00T00:00:00";
        put(&mut out[0..4], i64::from(self.0.year()));
        put(&mut out[5..7], i64::from(self.0.month()));
        put(&mut out[8..10], i64::from(self.0.day()));
        put(&mut out[11..13], i64::from(self.0.hour()));
        put(&mut out[14..16], i64::from(self.0.minute()));
        put(&mut out[17..19], i64::from(self.0.second()));
        f.write_str(std::str::from_utf8(&out).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for WallTime {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let text = text.as_bytes();
        if text.len() != 19
            || text[4] != b'-'
            || text[7] != b'-'
            || text[10] != b'T'
            || text[13] != b':'
            || text[16] != b':'
        {
            return Err(TimestampError);
        }
        let field = |range: std::ops::Range<usize>| digits(&text[range]).ok_or(TimestampError);
        let year = i32::try_from(field(0..4)?).map_err(|_| TimestampError)?;
        NaiveDate::from_ymd_opt(year, field(5..7)?, field(8..10)?)
            .and_then(|date| date.and_hms_opt(digits(&text[11..13])?, digits(&text[14..16])?, digits(&text[17..19])?))
            .and_then(Self::new)
            .ok_or(TimestampError)
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| serde::de::Error::custom("not a wall time like 2026-12-01T09:00:00"))
    }
}

impl JsonSchema for WallTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WallTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d$"})
    }
}

/// A start or a due: a day (`{"date"}`) or a wall time in a zone (`{"at", "time_zone"}`), each with the instant it was resolved to. A wall time stays in
/// its zone, or is floating, as RFC 5545 calls it: wherever the user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MomentForm", into = "MomentForm")]
pub enum Moment {
    /// All day, in whatever zone the user is. The instant is the first of that day there.
    Day {
        /// The day.
        date: NaiveDate,
        /// The first instant of the day in the user's zone.
        instant: Timestamp,
    },
    /// A time of day in a zone.
    Time {
        /// The wall time.
        at: WallTime,
        /// True for one that travels along: its zone is the user's, also when that changes. False for one that stays in its zone.
        floating: bool,
        /// The wall time in the zone, resolved: one that does not exist moves forward by the gap, one that happens twice is the first.
        instant: Timestamp,
        /// IANA name of the zone.
        time_zone: Box<str>,
    },
}

impl Moment {
    /// The resolved instant.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        match self {
            Self::Day { instant, .. } | Self::Time { instant, .. } => *instant,
        }
    }

    /// True for what is wherever the user is: a day, and a floating time.
    #[must_use]
    pub fn follows_user(&self) -> bool {
        match self {
            Self::Day { .. } => true,
            Self::Time { floating, .. } => *floating,
        }
    }

    /// True for all day.
    #[must_use]
    pub fn is_day(&self) -> bool {
        matches!(self, Self::Day { .. })
    }
}

/// A start or a due, as it is written: either `date`, or `at` and `time_zone`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
#[schema(as = Moment)]
#[schemars(rename = "Moment")]
pub(crate) struct MomentForm {
    /// Wall time, `2026-12-01T09:00:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<WallTime>,
    /// A day, `2026-12-01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<NaiveDate>,
    /// True for a wall time that travels along with the user: it is in the zone the user is in, also when that changes. Absent for one that stays in its zone.
    #[serde(default, skip_serializing_if = "is_false")]
    floating: bool,
    /// What it resolves to; for a day, its first instant in the user's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instant: Option<Timestamp>,
    /// IANA name of the zone it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<Box<str>>,
}

impl From<Moment> for MomentForm {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::Day { date, instant } => Self {
                date: Some(date),
                instant: Some(instant),
                ..Self::default()
            },
            Moment::Time {
                at,
                floating,
                instant,
                time_zone,
            } => Self {
                at: Some(at),
                date: None,
                floating,
                instant: Some(instant),
                time_zone: Some(time_zone),
            },
        }
    }
}

impl TryFrom<MomentForm> for Moment {
    type Error = &'static str;

    fn try_from(form: MomentForm) -> Result<Self, Self::Error> {
        let instant = form.instant.ok_or("a moment without its instant")?;
        match (form.date, form.at, form.time_zone) {
            (Some(date), None, None) if !form.floating => Ok(Self::Day { date, instant }),
            (None, Some(at), Some(time_zone)) => Ok(Self::Time {
                at,
                floating: form.floating,
                instant,
                time_zone,
            }),
            _ => Err("a moment has either `date`, or `at` and `time_zone`"),
        }
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        MomentForm::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        MomentForm::json_schema(generator)
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        MomentForm::schema()
    }
}

impl ToSchema for Moment {
    fn name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        MomentForm::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_stays_is_written_as_before_there_were_others() {
        let old = r#"{"at":"2026-12-01T09:00:00","instant":"2026-12-01T08:00:00.000Z","time_zone":"Europe/Paris"}"#;
        let moment: Moment = serde_json::from_str(old).expect("it is read");
        assert!(!moment.follows_user());
        assert_eq!(serde_json::to_string(&moment).expect("it is written"), old);
    }

    #[test]
    fn a_floating_time_says_so_and_a_day_cannot() {
        let text = r#"{"at":"2026-12-01T09:00:00","floating":true,"instant":"2026-12-01T08:00:00.000Z","time_zone":"Europe/Paris"}"#;
        let moment: Moment = serde_json::from_str(text).expect("it is read");
        assert!(moment.follows_user());
        assert_eq!(serde_json::to_string(&moment).expect("it is written"), text);
        let day = r#"{"date":"2026-12-01","floating":true,"instant":"2026-12-01T08:00:00.000Z"}"#;
        serde_json::from_str::<Moment>(day).expect_err("a day has no such choice");
    }
}
