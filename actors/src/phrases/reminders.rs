//! Reminders: "remind me 30 min before", "remind me at 9", "remind me the evening before", "remind me tomorrow at 8am", "remind me in 2 hours". How they
//! nag is in `nagging`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use punctual_events::{Offset, TimeOfDay};

use super::{
    asking::{lead, recurs},
    bare::hour_behind,
    before::{days_before, which_day, with_due},
    cursor::Cursor,
    dates::{Date, Doubt, date},
    days::{Named, long_date},
    lengths::{self, Length},
    parts::{Nights, day_with_time, in_part, part_of},
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
    /// So many days before the due, at a time of day.
    DaysBefore { days: u32, time: Time },
    /// On a day (without one, that of the due), at a time (without one, at nine).
    At { date: Option<Date>, time: Option<Time> },
}

impl Remind {
    /// Its time of day, if that is on the day of the due and known without it.
    pub(super) fn on_the_day(&self) -> Option<NaiveTime> {
        match self {
            Self::At { date: None, time } => time.as_ref().map(|time| time.at),
            Self::DaysBefore { days: 0, time } => Some(time.at),
            _ => None,
        }
    }
}

/// One or more reminders at the cursor: "remind me 1 day before and 1 hour before".
pub(super) fn reminders(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    let said = lead(cursor) || cursor.words(&["with", "a", "reminder"]) || cursor.word(&["remind", "reminder"]);
    // What recurs is asked for in other words: "remind me on the 15th of every month".
    (said && !recurs(*cursor)).then_some(())?;
    let said = cursor.list(|cursor| reminder(cursor, today))?;
    let mut said: Vec<Remind> = said.into_iter().flatten().collect();
    share_time(&mut said);
    Some(said)
}

/// "monday and wednesday at 8" is at eight on both.
fn share_time(reminders: &mut [Remind]) {
    let mut later: Option<Time> = None;
    for reminder in reminders.iter_mut().rev() {
        later = match reminder {
            Remind::At { date: Some(_), time } => {
                *time = time.take().or(later);
                time.clone()
            }
            _ => None,
        };
    }
}

fn reminder(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    let at = cursor.attempt(|cursor| at(cursor, today));
    at.or_else(|| one_reminder(cursor, today).map(|one| vec![one]))
}

/// One that says how long from the due or from now, or which day before.
pub(super) fn one_reminder(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Remind> {
    if cursor.words(&["when", "due"]) || cursor.words(&["when", "it's", "due"]) || cursor.words(&["at", "the", "time"])
    {
        return Some(Remind::Before(Length::default()));
    }
    if let Some(before) = cursor.attempt(|cursor| days_before(cursor, today)) {
        return Some(before);
    }
    if cursor.word(&["in"]) {
        // One of days is a date, which was looked for before.
        return lengths::length(cursor)
            .filter(|length| !length.is_of_days())
            .map(Remind::In);
    }
    let length = lengths::length(cursor)?;
    if cursor.words(&["from", "now"]) {
        return Some(Remind::In(length));
    }
    if cursor.word(&["before", "beforehand", "prior", "earlier", "early", "ahead"]) || cursor.words(&["in", "advance"])
    {
        with_due(cursor);
        return Some(Remind::Before(length));
    }
    cursor.word(&["after", "later"]).then_some(())?;
    with_due(cursor);
    Some(Remind::After(length))
}

/// A day and times, in any order: "at 8 and 12", "tomorrow at noon", "tonight", "friday afternoon at 3", "at 8 the evening before".
fn at(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Vec<Remind>> {
    if let Some((date, times)) = cursor.attempt(|cursor| day_with_time(cursor, today)) {
        no_other_time(*cursor)?;
        return Some(all_at(Some(&date), times));
    }
    // "a reminder for 9:30"
    let is_introduced = cursor.follows(&["for"]) && cursor.clone().number().is_some();
    let first = cursor.attempt(|cursor| times(cursor, is_introduced));
    let date = cursor.attempt(|cursor| day(cursor, today));
    if let (Some(times), None) = (&first, &date)
        && let Some(day) = cursor.attempt(|cursor| which_day(cursor, today))
    {
        let each = times.iter().map(|time| Remind::DaysBefore {
            days: day.before,
            time: day
                .part
                .and_then(|part| in_part(time, part, Nights::EndAtMidnight))
                .unwrap_or(time.clone()),
        });
        return Some(each.collect());
    }
    if first.is_none()
        && date.is_some()
        && let Some(times) = cursor.attempt(part_of)
    {
        no_other_time(*cursor)?;
        return Some(all_at(date.as_ref(), times));
    }
    let times = match first {
        Some(times) => Some(times),
        None => cursor
            .attempt(|cursor| times(cursor, date.is_some()))
            .or_else(|| behind(cursor, date.as_ref()?.day.resolve(today)?)),
    };
    match times {
        Some(times) => Some(all_at(date.as_ref(), times)),
        None => date.map(|date| {
            vec![Remind::At {
                date: Some(date),
                time: None,
            }]
        }),
    }
}

/// "tomorrow 6": the number.
fn behind(cursor: &mut Cursor<'_>, day: NaiveDate) -> Option<Vec<Time>> {
    cursor
        .attempt(|cursor| hour_behind(cursor, Some(day)))
        .map(|time| vec![time])
}

fn all_at(date: Option<&Date>, times: Vec<Time>) -> Vec<Remind> {
    let each = times.into_iter().map(|time| Remind::At {
        date: date.cloned(),
        time: Some(time),
    });
    each.collect()
}

/// "tomorrow evening at 7am" is nothing to be taken apart.
fn no_other_time(mut cursor: Cursor<'_>) -> Option<()> {
    times(&mut cursor, true).is_none().then_some(())
}

/// Behind the word that is here.
fn after(mut cursor: Cursor<'_>) -> Cursor<'_> {
    cursor.advance();
    cursor
}

/// The day of a reminder, which is neither days again and again nor one of a month not yet said.
fn day(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    (!recurs(*cursor)).then_some(())?;
    let found = cursor.attempt(|cursor| {
        cursor.word(&["in"]).then_some(())?;
        date(cursor, today).filter(|date| matches!(date.day.named, Named::Month { .. }))
    });
    let found = found.or_else(|| {
        cursor.word(&["on", "by", "at"]);
        date(cursor, today)
    })?;
    // "in two weeks on tuesday" is not the one or the other.
    let on_another = cursor.clone().word(&["on"]) && date(&mut after(*cursor), today).is_some();
    (!on_another && !cursor.peek_is(&["of"])).then_some(found)
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
