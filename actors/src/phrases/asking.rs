//! "remind me": of what is to be done behind it, of every instance of a recurrence, or as the reminders behind it say.

use chrono::NaiveDate;

use super::{
    cursor::Cursor,
    dates::date,
    parts::{day_and_part, part_of},
    recurrences::{Bound, Recurrence, bound, recurrence},
    times::times,
};

/// What stands between a wish to be reminded and what is to be done.
pub(super) const LEADS_TO_IT: &[&str] = &["to", "about", "of", "that"];

/// "remind me".
pub(super) fn lead(cursor: &mut Cursor<'_>) -> bool {
    cursor
        .attempt(|cursor| {
            cursor.word(&["please"]);
            if cursor.words(&["set", "a", "reminder"]) || cursor.words(&["add", "a", "reminder"]) {
                cursor.word(&["for"]);
                return Some(());
            }
            cursor.word(&["remind", "alert", "notify"]).then_some(())?;
            cursor.word(&["me"]).then_some(())
        })
        .is_some()
}

/// "remind me" before what is to be done, at the beginning or behind a phrase, and before how it recurs: "remind me every day to stretch", "remind me tomorrow at 9 every week to
/// call".
pub(super) fn reminds_when_due(cursor: &mut Cursor<'_>, today: NaiveDate, after_phrase: bool) -> bool {
    let begins = cursor.at() == 0 || after_phrase;
    lead(cursor) && (begins && cursor.peek_is(LEADS_TO_IT) || recurs(*cursor) || recurs_from_a_day(*cursor, today))
}

/// Whether a recurrence is at the cursor.
pub(super) fn recurs(cursor: Cursor<'_>) -> bool {
    rule(cursor).is_some()
}

fn rule(mut cursor: Cursor<'_>) -> Option<Recurrence> {
    recurrence(&mut cursor).filter(|recurrence| recurrence.repeat.is_ok())
}

/// Whether a day is at the cursor, with a time or without, and behind them what begins then: "tomorrow at 9 every week". "tomorrow at 9 every 10 min" comes again as a reminder.
pub(super) fn recurs_from_a_day(mut cursor: Cursor<'_>, today: NaiveDate) -> bool {
    let mut has_day = false;
    // A day, its time and the like of them in the other order: there is no more to pass.
    for _ in 0..3 {
        if has_day && let Some(recurrence) = rule(cursor) {
            return recurrence.repeat.is_ok_and(|repeat| !repeat.is_within_days());
        }
        if cursor.attempt(|cursor| start_or_day(cursor, today)).is_some() {
            has_day = true;
        } else if cursor.attempt(|cursor| part_of(cursor)).is_none()
            && cursor.attempt(|cursor| times(cursor, has_day)).is_none()
        {
            return false;
        }
        cursor.mark(',');
    }
    has_day && rule(cursor).is_some_and(|rule| rule.repeat.is_ok_and(|repeat| !repeat.is_within_days()))
}

fn start_or_day(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<()> {
    if let Some(Bound::From(_)) = cursor.attempt(|cursor| bound(cursor, today, false)) {
        return Some(());
    }
    if cursor.attempt(|cursor| day_and_part(cursor, today)).is_some() {
        return Some(());
    }
    (!recurs(*cursor)).then_some(())?;
    cursor.word(&["on"]);
    date(cursor, today)?;
    (!cursor.peek_is(&["of"])).then_some(())
}
