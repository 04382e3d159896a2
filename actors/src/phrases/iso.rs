//! `2026-12-24T06:45`: a day and a time as ISO 8601 joins them, in the zone of who writes it.

use chrono::{NaiveDate, NaiveTime};

use super::{
    cursor::Cursor,
    dates::Date,
    days::Day,
    times::{Time, minutes},
};

/// A day and a time of it. One with a zone is no phrase, since it may be another.
pub(super) fn day_and_time(cursor: &mut Cursor<'_>) -> Option<(Date, Vec<Time>)> {
    let (year, 4) = cursor.number()? else { return None };
    let mut part = || {
        (cursor.joined_mark('-') && cursor.is_joined()).then_some(())?;
        cursor.number().filter(|(_, digits)| *digits == 2)
    };
    let ((month, _), (day, _)) = (part()?, part()?);
    (cursor.is_joined() && cursor.word(&["t"]) && cursor.is_joined()).then_some(())?;
    let (hour, 2) = cursor.number()? else { return None };
    let minute = minutes(cursor)?;
    let second = cursor.attempt(minutes).unwrap_or(0);
    let time = Time {
        at: NaiveTime::from_hms_opt(hour, minute, second)?,
        doubt: None,
    };
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some((Date::sure(Day::on(day))?, vec![time]))
}
