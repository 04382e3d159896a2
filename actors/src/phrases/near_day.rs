//! Days seen from another day or in the month that comes: "the friday after christmas", "15th of next month", "next month on the first monday".

use chrono::{Datelike, NaiveDate};

use super::{
    calendar::{ordinal, with_holiday},
    cursor::Cursor,
    dates::{Date, of_calendar},
    days::{Day, Named, last_of_month, nth_weekday},
    ending::ends_phrase,
    lexer::Kind,
    weekday::coming,
    words,
};

/// "the friday after christmas", "friday before the 15th".
pub(super) fn beside_day(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    cursor.word(&["the"]);
    let weekday = cursor.meaning(words::weekday)?;
    let is_before = cursor.word(&["before"]);
    (is_before || cursor.word(&["after"])).then_some(())?;
    let beside = of_calendar(cursor).or_else(|| cursor.attempt(with_holiday))?;
    // "3/4" and "may" alone could be anything.
    (!beside.weak || matches!(beside.day.named, Named::OfMonth(_))).then_some(())?;
    let seen_from = |day: NaiveDate| {
        if is_before {
            coming(day.checked_sub_days(chrono::Days::new(7))?, weekday)
        } else {
            coming(day.succ_opt()?, weekday)
        }
    };
    // "friday after christmas" is meant on the 26th too.
    let earliest = if is_before {
        today
    } else {
        today.checked_sub_days(chrono::Days::new(7))?
    };
    let day = beside.day.resolve(earliest)?;
    let found = match seen_from(day)? {
        found if found >= today => found,
        _ => seen_from(beside.day.resolve(day.succ_opt()?)?)?,
    };
    Some(Date {
        doubt: beside.doubt,
        ..Date::sure(Day::on(found))?
    })
}

/// "15th of next month", "first monday next month", "next month on the 15th".
pub(super) fn of_next_month(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    let first = last_of_month(today)?.succ_opt()?;
    if cursor.words(&["next", "month"]) {
        let is_on = cursor.word(&["on"]) || cursor.peek_is(&["the"]);
        let found = day_of(cursor, first)?;
        return (is_on || ends_phrase(cursor)).then_some(found);
    }
    let found = day_of(cursor, first)?;
    cursor.word(&["of", "in"]);
    cursor.words(&["next", "month"]).then_some(found)
}

/// A day of the month that begins then. An ordinal alone, in words, is seldom one.
fn day_of(cursor: &mut Cursor<'_>, first: NaiveDate) -> Option<Date> {
    cursor.word(&["the"]);
    let is_in_digits = matches!(cursor.peek()?.kind, Kind::Number(_));
    let nth = ordinal(cursor)?;
    if let Some(weekday) = cursor.meaning(words::weekday) {
        let month = u8::try_from(first.month()).ok()?;
        return Date::sure(Day::on(nth_weekday(first.year(), month, nth, weekday)?));
    }
    let of_days = cursor.word(&["day"]);
    let day = match nth {
        -1 if of_days => last_of_month(first)?,
        1..=31 if of_days || is_in_digits || cursor.peek_is(&["of"]) => first.with_day(nth.unsigned_abs())?,
        _ => return None,
    };
    Date::sure(Day::on(day))
}
