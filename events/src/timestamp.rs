//! Instants. Milliseconds since the Unix epoch in memory, RFC 3339 in UTC with milliseconds in text.

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// An instant, to the millisecond. Written as RFC 3339 in UTC: `2026-12-01T09:00:00.000Z`. From year 1 to year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 instant between the years 1 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant between the years 0001 and 9999")]
pub struct TimestampError;

const MIN_MS: i64 = -62_135_596_800_000; // 0001-01-01T00:00:00.000Z
const MAX_MS: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

impl Timestamp {
    /// The first instant that can be written.
    pub const MIN: Self = Self(MIN_MS);
    /// The last instant that can be written.
    pub const MAX: Self = Self(MAX_MS);

    /// From milliseconds since 1970-01-01T00:00:00Z; out of range is the nearest end of the range.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < MIN_MS {
            Self::MIN
        } else if millis > MAX_MS {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved by `millis`, kept in range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// From a wall time read as UTC.
    #[must_use]
    pub fn from_utc(utc: NaiveDateTime) -> Self {
        Self::from_millis(utc.and_utc().timestamp_millis())
    }

    /// The wall time in UTC.
    #[must_use]
    pub fn to_utc(self) -> NaiveDateTime {
        // The range was checked when the value was made, and chrono's is wider.
        DateTime::<Utc>::from_timestamp_millis(self.0).map_or(NaiveDateTime::MIN, |instant| instant.naive_utc())
    }

    /// The text, without allocating. Formatting instants is a visible part of answering a list, and chrono's is some ten times slower.
    fn text(self) -> [u8; 24] {
        let days = self.0.div_euclid(86_400_000);
        let ms_of_day = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        let mut out = *b"0000-00-00T00:00:00.000Z";
        put(&mut out[0..4], year);
        put(&mut out[5..7], month);
        put(&mut out[8..10], day);
        put(&mut out[11..13], ms_of_day / 3_600_000);
        put(&mut out[14..16], ms_of_day / 60_000 % 60);
        put(&mut out[17..19], ms_of_day / 1000 % 60);
        put(&mut out[20..23], ms_of_day % 1000);
        out
    }
}

/// Writes `value` right-aligned in decimal digits.
pub(crate) fn put(out: &mut [u8], value: i64) {
    // Digits of a small number without a sign are cheap.
    let mut value = u32::try_from(value).unwrap_or(0);
    for digit in out.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

/// Howard Hinnant's `civil_from_days` (<https://howardhinnant.github.io/date_algorithms.html>): proleptic Gregorian date of a day number.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// Reads `text` as decimal digits.
pub(crate) fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        if let Some(timestamp) = parse_own(text.as_bytes()) {
            return Ok(timestamp);
        }
        let millis = DateTime::parse_from_rfc3339(text)
            .map_err(|_| TimestampError)?
            .timestamp_millis();
        if (MIN_MS..=MAX_MS).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(TimestampError)
        }
    }
}

/// The form we write ourselves, which is nearly all we read.
fn parse_own(text: &[u8]) -> Option<Timestamp> {
    if text.len() != 24
        || text[4] != b'-'
        || text[7] != b'-'
        || text[10] != b'T'
        || text[13] != b':'
        || text[16] != b':'
    {
        return None;
    }
    if text[19] != b'.' || text[23] != b'Z' {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(digits(&text[0..4])?).ok()?,
        digits(&text[5..7])?,
        digits(&text[8..10])?,
    )?;
    let time = date.and_hms_milli_opt(
        digits(&text[11..13])?,
        digits(&text[14..16])?,
        digits(&text[17..19])?,
        digits(&text[20..23])?,
    )?;
    let millis = time.and_utc().timestamp_millis();
    (millis >= MIN_MS).then_some(Timestamp(millis))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.text();
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time", "description": "RFC 3339, UTC, milliseconds"})
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_round_trips_and_agrees_with_chrono(millis in MIN_MS..=MAX_MS) {
            let timestamp = Timestamp::from_millis(millis);
            let text = timestamp.to_string();
            prop_assert_eq!(text.parse(), Ok(timestamp));
            let expected = DateTime::<Utc>::from_timestamp_millis(millis).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            prop_assert_eq!(text, expected);
        }
    }

    #[test]
    fn other_offsets_are_read_and_years_past_9999_are_refused() {
        assert_eq!(
            "2026-12-01T10:00:00+01:00".parse(),
            "2026-12-01T09:00:00.000Z".parse::<Timestamp>()
        );
        assert_eq!("99999-01-01T00:00:00Z".parse::<Timestamp>(), Err(TimestampError));
        assert_eq!("2026-13-01T00:00:00.000Z".parse::<Timestamp>(), Err(TimestampError));
        assert_eq!("yesterday".parse::<Timestamp>(), Err(TimestampError));
    }
}
