//! Reminders: "remind me 30 min before", "remind me at 9", "remind me tomorrow at 8am", "remind me in 2 hours".

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use punctual_events::Offset;

use super::{
    cursor::Cursor,
    dates::{Date, Doubt, date},
    days::long_date,
    lengths::{self, Length},
    scene::Scene,
    times::{Time, times},
};
use crate::user::draft::ReminderInput;

/// When to remind.
#[derive(Clone, Debug)]
pub(super) enum Remind {
    /// So long before the due; none is at the due itself.
    Before(Length),
    /// So long after it.
    After(Length),
    /// So long from now.
    In(Length),
    /// On a day (without one, that of the due), at a time (without one, at nine).
    At { date: Option<Date>, time: Option<Time> },
}

/// One or more reminders at the cursor: "remind me 1 day before and 1 hour before".
pub(super) fn reminders(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    let said = cursor.words(&["remind", "me"]) || cursor.word(&["remind", "reminder"]);
    said.then_some(())?;
    cursor.list(|cursor| reminder(cursor, today))
}

/// "remind me to" at the very beginning, before what is to be done.
pub(super) fn remind_me_to(cursor: &mut Cursor<'_>) -> bool {
    cursor.at() == 0 && cursor.words(&["remind", "me", "to"])
}

fn reminder(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Remind> {
    if cursor.words(&["when", "due"]) || cursor.words(&["when", "it's", "due"]) || cursor.words(&["at", "the", "time"])
    {
        return Some(Remind::Before(Length::default()));
    }
    if let Some(at) = cursor.attempt(|cursor| at(cursor, today)) {
        return Some(at);
    }
    if cursor.word(&["in"]) {
        return lengths::length(cursor).map(Remind::In);
    }
    let length = lengths::length(cursor)?;
    if cursor.word(&["before", "earlier", "early", "ahead"]) || cursor.words(&["in", "advance"]) {
        return Some(Remind::Before(length));
    }
    cursor.word(&["after", "later"]).then_some(Remind::After(length))
}

fn at(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Remind> {
    let first = cursor.attempt(|cursor| times(cursor, false));
    let date = cursor.attempt(|cursor| {
        cursor.word(&["on"]);
        date(cursor, today)
    });
    let time = match first {
        Some(time) => Some(time),
        None => cursor.attempt(|cursor| times(cursor, date.is_some())),
    };
    let time = time.and_then(|times| times.into_iter().next());
    (date.is_some() || time.is_some()).then_some(Remind::At { date, time })
}

/// A reminder as a task has it, and what is said of it.
pub(super) struct Settled {
    pub(super) input: ReminderInput,
    pub(super) meaning: String,
    pub(super) doubt: Doubt,
}

/// What a reminder comes to for a due, all day or not.
pub(super) fn settle(
    remind: &Remind,
    due: Option<(NaiveDateTime, bool)>,
    scene: &Scene<'_>,
) -> Result<Settled, &'static str> {
    match remind {
        Remind::Before(length) => relative(*length, 1, due),
        Remind::After(length) => relative(*length, -1, due),
        Remind::In(length) => {
            let instant = scene.later(*length).ok_or(NO_SUCH_TIME)?;
            let wall = scene.wall_at(instant);
            Ok(Settled {
                input: ReminderInput {
                    at: Some(instant),
                    ..ReminderInput::default()
                },
                meaning: moment(wall),
                doubt: None,
            })
        }
        Remind::At { date, time } => absolute(date.as_ref(), time.as_ref(), due, scene),
    }
}

const NO_SUCH_TIME: &str = "there is no such time";

fn relative(length: Length, sign: i64, due: Option<(NaiveDateTime, bool)>) -> Result<Settled, &'static str> {
    let (_, all_day) = due.ok_or("there is no due to remind of")?;
    if length.months > 0 {
        return Err("months differ in length: say it in weeks or days");
    }
    let offset = Offset::new(sign * i64::from(length.days), sign * i64::from(length.seconds));
    let offset = offset.ok_or("a reminder is ten years from the due at most")?;
    let due = if all_day {
        "09:00 of the day it is due"
    } else {
        "it is due"
    };
    let meaning = match (length == Length::ZERO, sign) {
        (true, _) => format!("when {due}").replace("when 09:00", "at 09:00"),
        (false, 1) => format!("{} before {due}", in_words(length)),
        (false, _) => format!("{} after {due}", in_words(length)),
    };
    Ok(Settled {
        input: ReminderInput {
            before: Some(offset),
            ..ReminderInput::default()
        },
        meaning,
        doubt: None,
    })
}

fn absolute(
    date: Option<&Date>,
    time: Option<&Time>,
    due: Option<(NaiveDateTime, bool)>,
    scene: &Scene<'_>,
) -> Result<Settled, &'static str> {
    let now = scene.wall();
    let at = time
        .map_or(NaiveTime::from_hms_opt(9, 0, 0), |time| Some(time.at))
        .ok_or(NO_SUCH_TIME)?;
    let day = match (date, due) {
        (Some(date), _) => date.day.resolve(now.date()),
        (None, Some((due, _))) => Some(due.date()),
        (None, None) if at > now.time() => Some(now.date()),
        (None, None) => now.date().succ_opt(),
    };
    let wall = day.ok_or("there is no such day")?.and_time(at);
    let doubt = date
        .and_then(|date| date.doubt.clone())
        .or_else(|| time.and_then(|time| time.doubt.clone()));
    Ok(Settled {
        input: ReminderInput {
            at: Some(scene.instant(wall).ok_or(NO_SUCH_TIME)?),
            ..ReminderInput::default()
        },
        meaning: moment(wall),
        doubt,
    })
}

fn moment(wall: NaiveDateTime) -> String {
    format!("{} at {}", long_date(wall.date()), wall.format("%H:%M"))
}

fn in_words(length: Length) -> String {
    let (hours, minutes, seconds) = (length.seconds / 3600, length.seconds / 60 % 60, length.seconds % 60);
    let parts = [
        (length.days, "day"),
        (hours, "hour"),
        (minutes, "minute"),
        (seconds, "second"),
    ];
    let said = parts.iter().filter(|(amount, _)| *amount > 0);
    let said: Vec<String> = said
        .map(|(amount, unit)| format!("{amount} {unit}{}", if *amount == 1 { "" } else { "s" }))
        .collect();
    said.join(" and ")
}
