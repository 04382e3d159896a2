//! "remind me": of what is to be done behind it, of every instance of a recurrence, or as the reminders behind it say.

use chrono::NaiveDate;

use super::{
    cursor::Cursor,
    recurrences::{Behind, Bound, bound, recurrence},
    times::times,
};

/// What stands between a wish to be reminded and what is to be done.
pub(super) const LEADS_TO_IT: &[&str] = &["to", "about", "of", "that"];

/// "remind me".
pub(super) fn lead(cursor: &mut Cursor<'_>) -> bool {
    cursor
        .attempt(|cursor| {
            cursor.word(&["and"]);
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

/// "remind me" before what is to be done, at the beginning or behind a phrase, and before how it recurs: "remind me every day to stretch", "remind me starting tomorrow every day to
/// stretch".
pub(super) fn reminds_when_due(cursor: &mut Cursor<'_>, today: NaiveDate, after_phrase: bool) -> bool {
    let begins = cursor.at() == 0 || after_phrase;
    lead(cursor) && (begins && cursor.peek_is(LEADS_TO_IT) || recurs(*cursor) || recurs_from_a_start(*cursor, today))
}

/// Whether a recurrence is at the cursor.
pub(super) fn recurs(mut cursor: Cursor<'_>) -> bool {
    recurrence(&mut cursor).is_some_and(|recurrence| recurrence.repeat.is_ok())
}

/// Whether a start is at the cursor, with a time or without, and behind it what begins then.
fn recurs_from_a_start(mut cursor: Cursor<'_>, today: NaiveDate) -> bool {
    if !matches!(bound(&mut cursor, today, Behind::default()), Some(Bound::From(_))) {
        return false;
    }
    cursor.attempt(|cursor| times(cursor, true));
    cursor.mark(',');
    recurs(cursor)
}
