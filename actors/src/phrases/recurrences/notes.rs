//! How a rule was taken, where a person might have meant something else.

use super::{Repeat, selection::SATURDAY};
use crate::phrases::{
    cursor::Cursor,
    dates::Doubt,
    words::{Unit, nth_name},
};

/// What is to be said of a rule that was read from one place to another.
pub(super) fn note(repeat: &Repeat, mut begin: Cursor<'_>, end: Cursor<'_>) -> Doubt {
    if repeat.weekdays.iter().any(|(nth, day)| *nth != 0 && *day == SATURDAY) {
        while begin.at() < end.at() {
            if begin.peek_is(&["weekend", "weekends"]) {
                return Some("a weekend is its Saturday".into());
            }
            begin.advance();
        }
    }
    let is_monthly = repeat.every == Unit::Month && repeat.months.is_empty();
    let beyond_shortest = repeat.month_days.iter().find(|day| (29..=31).contains(*day));
    let beyond_shortest = beyond_shortest.filter(|_| is_monthly)?;
    let nth = nth_name(*beyond_shortest);
    Some(format!("months without a {nth} are left out; say “last day of every month” for the end of each").into())
}
