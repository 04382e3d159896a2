//! How long before its due a task reminds.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A length of time as an ISO 8601 duration of weeks, days, hours, minutes and seconds. Weeks and days are of the calendar: `P1D` before 09:00 is
/// 09:00 on the day before, also where clocks change in between; hours and less are exact (RFC 5545, section 3.3.6). `-` in front turns it around,
/// so `-PT10M` before is ten minutes after. At most ten years either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, examples("PT15M"))]
pub struct Offset(Parts);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Parts {
    days: i32,
    /// Of the same sign as `days`, or zero.
    seconds: i64,
}

const DAY_S: i64 = 86_400;
const MAX_OFFSET_S: i64 = 10 * 366 * DAY_S;

impl Offset {
    /// From days of the calendar and exact seconds; `None` beyond ten years, and when one is forward and the other backward.
    #[must_use]
    pub fn new(days: i64, seconds: i64) -> Option<Self> {
        let total = days.checked_mul(DAY_S)?.checked_add(seconds)?;
        let is_one_way = days.signum() * seconds.signum() >= 0;
        let days = i32::try_from(days).ok()?;
        (is_one_way && (-MAX_OFFSET_S..=MAX_OFFSET_S).contains(&total)).then_some(Self(Parts { days, seconds }))
    }

    /// From exact seconds; `None` beyond ten years.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        Self::new(0, seconds)
    }

    /// The days of the calendar in it.
    #[must_use]
    pub fn days(self) -> i32 {
        self.0.days
    }

    /// The exact seconds in it, beside the days.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.seconds
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
        let (mut days, mut seconds, mut in_time, mut last_unit) = (0_i64, 0_i64, false, 8_u8);
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
            let (rank, total, unit) = match (rest.as_bytes()[end], in_time) {
                (b'W', false) => (7, &mut days, 7),
                (b'D', false) => (6, &mut days, 1),
                (b'H', true) => (5, &mut seconds, 3600),
                (b'M', true) => (4, &mut seconds, 60),
                (b'S', true) => (3, &mut seconds, 1),
                _ => return Err(BAD),
            };
            if rank >= last_unit {
                return Err(BAD);
            }
            last_unit = rank;
            *total = amount
                .checked_mul(unit)
                .and_then(|part| total.checked_add(part))
                .ok_or(BAD)?;
            rest = &rest[end + 1..];
        }
        Self::new(sign * days, sign * seconds).ok_or(BAD)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, exact) = (self.0.days.unsigned_abs(), self.0.seconds.unsigned_abs());
        let (hours, minutes, seconds) = (exact / 3600, exact / 60 % 60, exact % 60);
        f.write_str(if self.0.days < 0 || self.0.seconds < 0 {
            "-P"
        } else {
            "P"
        })?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if days == 0 || exact > 0 {
            f.write_str("T")?;
        }
        for (amount, unit) in [(hours, 'H'), (minutes, 'M')] {
            if amount > 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        if seconds > 0 || (days == 0 && exact == 0) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, parts, written) in [
            ("PT15M", (0, 900), "PT15M"),
            ("P1W", (7, 0), "P7D"),
            ("P1W2D", (9, 0), "P9D"),
            ("-P1DT2H", (-1, -7200), "-P1DT2H"),
            ("PT0S", (0, 0), "PT0S"),
            ("P0D", (0, 0), "PT0S"),
            ("PT90S", (0, 90), "PT1M30S"),
            ("PT36H", (0, 129_600), "PT36H"),
        ] {
            let offset: Offset = text.parse().unwrap();
            let read = (offset.days(), offset.seconds());
            assert_eq!((read, offset.to_string().as_str()), (parts, written));
            assert_eq!(written.parse(), Ok(offset));
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
            "P3661D",
            "PTT1S",
            "P1DT",
            "PT-5M",
        ] {
            assert!(text.parse::<Offset>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_and_seconds_go_the_same_way() {
        assert!(Offset::new(1, -1).is_none() && Offset::new(-1, 1).is_none());
        assert!(Offset::new(-1, -1).is_some() && Offset::new(0, -1).is_some());
    }
}
