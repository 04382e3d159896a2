//! What a user wants to hear by mail.

use std::{fmt, str::FromStr};

use chrono::{NaiveTime, Timelike};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::timestamp::{TimestampError, digits};

/// A time of day as clocks on a wall show it, to the minute: `07:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = r"^([01]\d|2[0-3]):[0-5]\d$", examples("07:30"))]
pub struct TimeOfDay(NaiveTime);

impl TimeOfDay {
    /// The time, its seconds cut off.
    #[must_use]
    pub fn new(time: NaiveTime) -> Self {
        Self(NaiveTime::from_hms_opt(time.hour(), time.minute(), 0).unwrap_or_default())
    }

    /// As chrono's type.
    #[must_use]
    pub fn get(self) -> NaiveTime {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl FromStr for TimeOfDay {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let text = text.as_bytes();
        if text.len() != 5 || text[2] != b':' {
            return Err(TimestampError);
        }
        let field = |range: std::ops::Range<usize>| digits(&text[range]).ok_or(TimestampError);
        let time = NaiveTime::from_hms_opt(field(0..2)?, field(3..5)?, 0);
        time.map(Self).ok_or(TimestampError)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| serde::de::Error::custom("not a time of day like 07:30"))
    }
}

impl JsonSchema for TimeOfDay {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^([01]\\d|2[0-3]):[0-5]\\d$"})
    }
}

/// A mail a day about what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DailyDigest {
    /// When, in the zone the user lives in. A time that clocks skip is later by as much; of one that they show twice it is the first.
    pub at: TimeOfDay,
}

/// What a user wants to hear by mail; at first, nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct MailSettings {
    /// The daily digest; null for none.
    pub digest: Option<DailyDigest>,
    /// Whether each reminder that fires is mailed.
    pub reminders: bool,
}

/// Data of `mail.changed`: what the user wants from here on. It is also said anew when the user moves to another zone and has a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailChanged {
    /// The daily digest; null for none.
    pub digest: Option<DailyDigest>,
    /// Whether each reminder that fires is mailed.
    pub reminders: bool,
    /// IANA zone the user lives in.
    pub time_zone: Box<str>,
}

impl MailChanged {
    /// The settings.
    #[must_use]
    pub fn settings(&self) -> MailSettings {
        MailSettings {
            digest: self.digest,
            reminders: self.reminders,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_hours_and_minutes_and_nothing_else() {
        for text in ["00:00", "07:30", "23:59"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for text in ["", "7:30", "07:30:00", "24:00", "07:60", "07-30", "+7:30", "07:3a"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }
}
