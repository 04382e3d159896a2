//! The day a reminder is on, seen from the due: "the day before", "the evening before", "2 days before", "that morning".

use chrono::NaiveDate;

use super::{
    cursor::Cursor,
    dates::date,
    lengths::{self, Length},
    parts::{Nights, at_part},
    reminders::Remind,
    times::{at_hour, one_time},
    words::{self, Unit},
};

/// A day on or before that of the due.
#[derive(Clone, Copy)]
pub(super) struct WhichDay {
    /// How many days before.
    pub(super) before: u32,
    /// The part of it, as the hour it begins to mean.
    pub(super) part: Option<u32>,
}

/// "the day before", "the evening before", "2 days before", "on the day", "that morning", "the morning of".
pub(super) fn which_day(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<WhichDay> {
    cursor.word(&["on", "in"]);
    let same = cursor.word(&["that"]) || cursor.words(&["the", "same"]) || cursor.words(&["the", "very"]);
    let the = !same && cursor.word(&["the"]);
    let part = cursor.meaning(words::part_of_day);
    let day = part.is_none() && cursor.word(&["day"]);
    let before = if same {
        (part.is_some() || day).then_some(0)?
    } else if (part.is_some() || the && day) && cursor.word(&["before"]) {
        with_due(cursor);
        1
    } else if the && (part.is_some() || day) && cursor.word(&["of"]) {
        0
    } else if the && day && cursor.follows(&["day"]) && !cursor.peek_is(&["after", "from"]) {
        // "on the day"
        0
    } else {
        (part.is_none() && !the && !day).then_some(())?;
        let length = lengths::length(cursor).filter(|length| length.is_of_days() && length.months == 0)?;
        cursor
            .word(&["before", "beforehand", "prior", "earlier"])
            .then_some(())?;
        with_due(cursor);
        length.days
    };
    // "the morning of the 5th", "the day before christmas" are days by themselves.
    cursor
        .clone()
        .attempt(|cursor| date(cursor, today))
        .is_none()
        .then_some(WhichDay { before, part })
}

/// A day before the due, and the time on it: "1 day before at 8pm", "the evening before", "the day before".
pub(super) fn days_before(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Remind> {
    if let Some(unit) = cursor.attempt(|cursor| {
        cursor.word(&["the"]).then_some(())?;
        let unit = cursor.meaning(words::unit).filter(|unit| *unit != Unit::Day)?;
        cursor.word(&["before"]).then_some(unit)
    }) {
        with_due(cursor);
        return Some(Remind::Before(Length::of(1, unit)));
    }
    let day = which_day(cursor, today)?;
    let time = match day.part {
        Some(part) => at_part(cursor, part, Nights::EndAtMidnight)?.into_iter().next(),
        None => cursor.attempt(|cursor| one_time(cursor, true)),
    };
    match (time, day.before) {
        (Some(time), days) => Some(Remind::DaysBefore { days, time }),
        (None, 0) => Some(Remind::DaysBefore {
            days: 0,
            time: at_hour(9)?,
        }),
        (None, days) => Some(Remind::Before(Length::of(days, Unit::Day))),
    }
}

/// What people say behind "before" of the due itself: "it", "it's due", "the due date".
pub(super) fn with_due(cursor: &mut Cursor<'_>) {
    let said = cursor.words(&["it's", "due"])
        || cursor.words(&["it", "is", "due"])
        || cursor.words(&["the", "due", "date"])
        || cursor.words(&["due", "date"]);
    if !said {
        cursor.word(&["it"]);
    }
}
