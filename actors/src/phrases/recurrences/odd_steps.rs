//! Steps and days that are more than one word says: "every hour and a half", "every friday the 13th", "weekly april through october".

use super::{Recurrence, Repeat, repeat::each};
use crate::phrases::{
    calendar::{ordinal, year},
    cursor::Cursor,
    ending::ends_phrase,
    lengths,
    lexer::Kind,
    times::times,
    words::{self, Unit},
};

/// "and a half", "and 15 minutes" behind so many of a unit.
pub(super) fn longer(cursor: &mut Cursor<'_>, interval: u32, unit: Unit) -> Option<Recurrence> {
    let minutes = if lengths::and_a_half(cursor) {
        30
    } else {
        (unit == Unit::Hour && cursor.word(&["and"])).then_some(())?;
        let minutes = lengths::amount(cursor)?;
        (cursor.meaning(words::unit)? == Unit::Minute).then_some(minutes)?
    };
    Some(with_minutes(interval, unit, minutes))
}

/// So many of a unit and so many minutes, or half of one where it is no hour.
fn with_minutes(interval: u32, unit: Unit, minutes: u32) -> Recurrence {
    match unit {
        Unit::Hour => Repeat::every(interval * 60 + minutes, Unit::Minute).into(),
        Unit::Year => Repeat::every(interval * 12 + 6, Unit::Month).into(),
        _ => Recurrence::inexpressible("a rule counts whole days, weeks and months"),
    }
}

/// "1.5 hours", "one and a half hours".
pub(super) fn halves(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let amount = lengths::amount(cursor)?;
    (lengths::and_a_half(cursor) || lengths::decimal_half(cursor)).then_some(())?;
    let unit = cursor.meaning(words::unit)?;
    Some(with_minutes(amount, unit, 30))
}

/// "the 13th" behind a weekday: where it is one.
pub(super) fn that_are(cursor: &mut Cursor<'_>, weekdays: &[u8]) -> Option<Repeat> {
    (weekdays.len() == 1).then_some(())?;
    cursor.word(&["the"]);
    let day = ordinal(cursor).filter(|day| (1..=31).contains(day))?;
    let is_whole = ends_phrase(cursor) || times(&mut cursor.clone(), true).is_some();
    (is_whole && !cursor.peek_is(&["and", "in", "of"])).then(|| Repeat {
        weekdays: each(weekdays),
        month_days: vec![day],
        ..Repeat::every(1, Unit::Month)
    })
}

/// "april through october" of each year.
pub(super) fn range_of_months(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    cursor.word(&["in"]);
    let first = cursor.meaning(words::month)?;
    let joins = cursor.word(&["through", "thru", "to", "until", "till"]) || cursor.mark('-') || cursor.mark('–');
    let last = joins.then(|| cursor.meaning(words::month)).flatten()?;
    let has_number = cursor.peek().is_some_and(|next| matches!(next.kind, Kind::Number(_)));
    let has_year = year(&mut cursor.clone()).is_some();
    let is_day = has_number && times(&mut cursor.clone(), true).is_none();
    (!has_year && !is_day).then_some(())?;
    Some(
        (0..=(12 + last - first) % 12)
            .map(|ahead| (first - 1 + ahead) % 12 + 1)
            .collect(),
    )
}
