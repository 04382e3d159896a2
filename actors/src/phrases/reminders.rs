//! Reminders: "remind me 30 min before", "remind me at 9", "remind me the evening before", "remind me tomorrow at 8am", "remind me in 2 hours". How they
//! nag is in `nagging`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use punctual_events::{Offset, TimeOfDay};

use super::{
    cursor::Cursor,
    dates::{Date, Doubt, date},
    days::long_date,
    lengths::{self, Length},
    scene::Scene,
    times::{Time, at_hour, one_time, times},
    words,
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
    /// So many days before the due, at a time of day.
    DaysBefore { days: u32, time: Time },
    /// On a day (without one, that of the due), at a time (without one, at nine).
    At { date: Option<Date>, time: Option<Time> },
}

/// One or more reminders at the cursor: "remind me 1 day before and 1 hour before".
pub(super) fn reminders(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    let said = cursor.words(&["remind", "me"]) || cursor.word(&["remind", "reminder"]);
    said.then_some(())?;
    let said = cursor.list(|cursor| reminder(cursor, today))?;
    Some(said.into_iter().flatten().collect())
}

/// "remind me to" at the very beginning, before what is to be done.
pub(super) fn remind_me_to(cursor: &mut Cursor<'_>) -> bool {
    cursor.at() == 0 && cursor.words(&["remind", "me", "to"])
}

fn reminder(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    let at = cursor.attempt(|cursor| at(cursor, today));
    at.or_else(|| one_reminder(cursor).map(|one| vec![one]))
}

fn one_reminder(cursor: &mut Cursor<'_>) -> Option<Remind> {
    if cursor.words(&["when", "due"]) || cursor.words(&["when", "it's", "due"]) || cursor.words(&["at", "the", "time"])
    {
        return Some(Remind::Before(Length::default()));
    }
    if let Some(before) = cursor.attempt(days_before) {
        return Some(before);
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

/// "1 day before at 8pm", "the day before at noon", "the evening before".
fn days_before(cursor: &mut Cursor<'_>) -> Option<Remind> {
    if let Some(hour) = cursor.attempt(|cursor| {
        cursor.word(&["the"]);
        let hour = cursor.meaning(words::part_of_day)?;
        cursor.word(&["before"]).then_some(hour)
    }) {
        let time = at_hour(hour)?;
        return Some(Remind::DaysBefore { days: 1, time });
    }
    let days = if cursor.words(&["the", "day", "before"]) {
        1
    } else {
        let length = lengths::length(cursor).filter(|length| length.is_of_days() && length.months == 0)?;
        cursor.word(&["before"]).then_some(length.days)?
    };
    let time = one_time(cursor, true)?;
    Some(Remind::DaysBefore { days, time })
}

/// A day and times, in any order: "at 8 and 12", "tomorrow at noon".
fn at(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    let first = cursor.attempt(|cursor| times(cursor, false));
    let date = cursor.attempt(|cursor| {
        cursor.word(&["on"]);
        date(cursor, today)
    });
    let times = match first {
        Some(times) => Some(times),
        None => cursor.attempt(|cursor| times(cursor, date.is_some())),
    };
    let each = |time| Remind::At {
        date: date.clone(),
        time,
    };
    match times {
        Some(times) => Some(times.into_iter().map(|time| each(Some(time))).collect()),
        None => date.is_some().then(|| vec![each(None)]),
    }
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
        Remind::DaysBefore { days, time } => on_day(*days, time, due),
        Remind::At {
            date: None,
            time: Some(time),
        } if due.is_some() => on_day(0, time, due),
        Remind::At { date, time } => absolute(date.as_ref(), time.as_ref(), scene),
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

/// A time of the day it is due or of days before, which every instance of a series has its own of.
fn on_day(days: u32, time: &Time, due: Option<(NaiveDateTime, bool)>) -> Result<Settled, &'static str> {
    due.ok_or("there is no due to remind of")?;
    let before = Offset::new(days.into(), 0).ok_or("a reminder is ten years from the due at most")?;
    let day = match days {
        0 => "the day it is due".to_owned(),
        1 => "the day before it is due".to_owned(),
        days => format!("the day {days} days before it is due"),
    };
    Ok(Settled {
        input: ReminderInput {
            before: (days > 0).then_some(before),
            time: Some(TimeOfDay::new(time.at)),
            ..ReminderInput::default()
        },
        meaning: format!("at {} on {day}", time.at.format("%H:%M")),
        doubt: time.doubt.clone(),
    })
}

fn absolute(date: Option<&Date>, time: Option<&Time>, scene: &Scene<'_>) -> Result<Settled, &'static str> {
    let now = scene.wall();
    let at = time
        .map_or(NaiveTime::from_hms_opt(9, 0, 0), |time| Some(time.at))
        .ok_or(NO_SUCH_TIME)?;
    let day = match date {
        Some(date) => date.day.resolve(now.date()),
        None if at > now.time() => Some(now.date()),
        None => now.date().succ_opt(),
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

pub(super) fn in_words(length: Length) -> String {
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
