//! How a rule was taken, where a person might have meant something else.

use super::{Repeat, selection::SATURDAY};
use crate::phrases::{
    cursor::Cursor,
    dates::Doubt,
    words::{Unit, nth_name},
};

/// What is to be said of a rule that was read from one place to another.
pub(super) fn note(repeat: &Repeat, begin: Cursor<'_>, end: Cursor<'_>) -> Doubt {
    let has = |words: &[&str]| {
        let mut cursor = begin;
        while cursor.at() < end.at() && !cursor.peek_is(words) {
            cursor.advance();
        }
        cursor.at() < end.at()
    };
    if repeat.weekdays.iter().any(|(nth, day)| *nth != 0 && *day == SATURDAY) && has(&["weekend", "weekends"]) {
        return Some("a weekend is its Saturday".into());
    }
    if has(&["school"]) {
        return Some("Monday to Friday, school holidays included".into());
    }
    if repeat.every == Unit::Week && has(&["from", "between"]) {
        return Some("on these days of every week; say “starting” and “until” for once".into());
    }
    let is_monthly = repeat.every == Unit::Month && repeat.months.is_empty();
    let beyond_shortest = repeat.month_days.iter().find(|day| (29..=31).contains(*day));
    let beyond_shortest = beyond_shortest.filter(|_| is_monthly)?;
    let nth = nth_name(*beyond_shortest);
    Some(format!("months without a {nth} are left out; say “last day of every month” for the end of each").into())
}
