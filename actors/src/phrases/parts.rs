//! Parts of a day that is said: "tonight at 9", "this evening", the second word of "tomorrow morning".

use chrono::NaiveDate;

use super::{
    cursor::Cursor,
    dates::Date,
    days::Day,
    times::{Nights, Time, at_hour, at_part},
    words,
};

/// "tonight", "this evening", each with a time behind it or without.
pub(super) fn day_and_part(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<(Date, Vec<Time>)> {
    let hour = if cursor.word(&["tonight"]) {
        20
    } else {
        cursor.word(&["this"]).then_some(())?;
        cursor.meaning(words::part_of_day)?
    };
    let on = |day| Date {
        day: Day::on(day),
        doubt: None,
        weak: false,
    };
    // The midnight of an evening is the one it ends with.
    let at_midnight = hour >= 18
        && cursor
            .attempt(|cursor| {
                cursor.word(&["at", "by"]);
                cursor.word(&["midnight"]).then_some(())
            })
            .is_some();
    if at_midnight {
        return Some((on(today.succ_opt()?), vec![at_hour(0)?]));
    }
    Some((on(today), at_part(cursor, hour, Nights::EndAtMidnight)?))
}

/// What stands behind a day: "morning", "evening at 7".
pub(super) fn part_of(cursor: &mut Cursor<'_>) -> Option<Vec<Time>> {
    let hour = cursor.meaning(words::part_of_day)?;
    at_part(cursor, hour, Nights::EndAtMidnight)
}
