//! How long before the due to remind, said without "remind me" right before it: "remind me to call tomorrow at 5, 10 minutes before", "tomorrow at 4, 15 min reminder", "warn me an hour
//! before".

use chrono::NaiveDate;

use super::{
    cursor::Cursor,
    ending::ends_phrase,
    lengths::{self, Length},
    reminders::{Remind, one_reminder},
};

/// Lengths before, behind what "remind me" leads to: the show of "10 minutes before the show" is a word of the title.
pub(super) fn early(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    // "arrive 15 minutes early" is to be done.
    lengths_before(cursor, today).filter(|_| !cursor.follows(&["early", "earlier"]))
}

fn lengths_before(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    let all = cursor.list(|cursor| one_reminder(cursor, today).filter(is_before))?;
    ends_phrase(cursor).then_some(all)
}

/// "warn me 15 minutes before", and behind another phrase "15 min reminder".
pub(super) fn warning(cursor: &mut Cursor<'_>, today: NaiveDate, follows_phrase: bool) -> Option<Vec<Remind>> {
    if cursor.word(&["alert", "buzz", "notify", "ping", "warn"]) {
        cursor.word(&["me"]);
        return lengths_before(cursor, today);
    }
    follows_phrase.then_some(())?;
    cursor.word(&["with"]);
    // "a 15 min reminder"
    cursor.attempt(|cursor| (cursor.word(&["a"]) && cursor.clone().number().is_some()).then_some(()));
    let length = lengths::length(cursor)?;
    cursor.word(&["reminder", "warning", "alert"]).then_some(())?;
    (length != Length::ZERO && ends_phrase(cursor)).then(|| vec![Remind::Before(length)])
}

fn is_before(remind: &Remind) -> bool {
    match remind {
        Remind::Before(length) => *length != Length::ZERO,
        Remind::DaysBefore { days, .. } => *days > 0,
        Remind::After(_) | Remind::In(_) | Remind::At { .. } => false,
    }
}
