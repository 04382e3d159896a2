//! Parts of a day that is said: "tonight at 9", "this evening", the second word of "tomorrow morning".

use chrono::{NaiveDate, Timelike};

use super::{
    bare::hour_behind,
    cursor::Cursor,
    dates::{Date, date},
    days::{Day, Shift},
    iso,
    lengths::Length,
    lexer::Kind,
    spoken::HALF_PAST,
    times::{Half, Need, Time, at_hour, half, number_meant, time, times},
    words::{self, Unit},
};

/// Which day an hour behind midnight is on.
pub(super) const BEHIND_MIDNIGHT: &str = "on the day behind it, which the night reaches into";

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
    if hour >= 18
        && let Some(time) = cursor.attempt(behind_midnight)
    {
        let mut date = on(today.succ_opt()?);
        date.doubt = (time.at.hour() > 0).then_some(BEHIND_MIDNIGHT.into());
        return Some((date, vec![time]));
    }
    Some((on(today), at_part(cursor, hour, Nights::EndAtMidnight)?))
}

/// A day with its time in one phrase.
pub(super) fn day_with_time(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<(Date, Vec<Time>)> {
    cursor
        .attempt(|cursor| day_and_part(cursor, today))
        .or_else(|| cursor.attempt(|cursor| night_of(cursor, today)))
        .or_else(|| cursor.attempt(|cursor| time_before_part(cursor, today)))
        .or_else(|| cursor.attempt(|cursor| number_of_tonight(cursor, today)))
        .or_else(|| iso::day_and_time(cursor))
}

/// "friday night at 12", "tomorrow night at 1": of the day behind it.
fn night_of(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<(Date, Vec<Time>)> {
    cursor.word(&["on"]);
    let evening = date(cursor, today).filter(|date| date.day.shift.is_none())?;
    cursor.word(&["night", "evening"]).then_some(())?;
    let time = behind_midnight(cursor)?;
    Some((day_behind(evening, true), vec![time]))
}

/// "night at 12" and "evening at 1" behind days that come again.
pub(super) fn night_of_each(cursor: &mut Cursor<'_>) -> Option<Time> {
    cursor.word(&["night", "nights", "evening", "evenings"]).then_some(())?;
    behind_midnight(cursor)
}

/// The day behind an evening, which its night reaches into.
fn day_behind(evening: Date, is_doubtful: bool) -> Date {
    let doubt = is_doubtful.then_some(BEHIND_MIDNIGHT.into());
    Date {
        day: Day {
            shift: Some(Shift::After(Length::of(1, Unit::Day))),
            ..evening.day
        },
        doubt: evening.doubt.or(doubt),
        weak: false,
    }
}

/// "at 9 tonight", "at 8 tomorrow evening", "at 12 friday night": as with the time behind.
fn time_before_part(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<(Date, Vec<Time>)> {
    let behind = cursor.attempt(|cursor| {
        let time = cursor.attempt(behind_midnight).or_else(|| {
            cursor.clone().number()?;
            let time = hours_behind_midnight(cursor)?;
            // "episode 3 tonight" is no time of the night.
            (time.at.hour() == 0 && cursor.peek_is(&["tonight"])).then_some(time)
        })?;
        let (evening, _) = day_of_part(cursor, today).filter(|(_, hour)| *hour >= 18)?;
        Some((day_behind(evening, time.at.hour() > 0), vec![time]))
    });
    behind.or_else(|| {
        let said = cursor.attempt(with_minutes).or_else(|| times(cursor, false))?;
        let (date, hour) = day_of_part(cursor, today)?;
        let told = said.iter().map(|time| in_part(time, hour, Nights::EndAtMidnight));
        Some((date, told.collect::<Option<_>>()?))
    })
}

/// "6:45" and "for 6:45" before the part of a day.
fn with_minutes(cursor: &mut Cursor<'_>) -> Option<Vec<Time>> {
    cursor.word(&["for"]);
    matches!(cursor.peek()?.kind, Kind::Number(_)).then_some(())?;
    Some(vec![time(cursor, Need::Minutes)?])
}

/// A number behind these is no hour: "dinner for 8 tonight".
const OF_TITLE: &[&str] = &[
    "for", "of", "with", "chapter", "episode", "page", "part", "room", "season",
];

/// "8 tonight", "12 tonight".
fn number_of_tonight(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<(Date, Vec<Time>)> {
    if cursor.follows(OF_TITLE) {
        return None;
    }
    let (number, _) = cursor.clone().number()?;
    let time = time(cursor, Need::Hours)?;
    cursor.peek_is(&["tonight"]).then_some(())?;
    let (date, hour) = day_of_part(cursor, today)?;
    let doubt = time
        .doubt
        .is_some()
        .then(|| number_meant(&number.to_string()))
        .flatten();
    let told = in_part(&time, hour, Nights::EndAtMidnight)?;
    (told.at.hour() >= 18 || told.at.hour() == 0).then_some(())?;
    Some((date, vec![Time { doubt, ..told }]))
}

/// A day and the hour that its part begins to mean: "tonight", "this evening", "tomorrow morning".
fn day_of_part(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<(Date, u32)> {
    let on_today = Date {
        day: Day::on(today),
        doubt: None,
        weak: false,
    };
    if cursor.word(&["tonight"]) {
        return Some((on_today, 20));
    }
    let date = if cursor.word(&["this"]) {
        on_today
    } else {
        cursor.word(&["on"]);
        date(cursor, today).filter(|date| date.day.shift.is_none())?
    };
    Some((date, cursor.meaning(words::part_of_day)?))
}

/// The midnight that an evening ends with, and the hours behind it: "at midnight", "at 12", "at 1:30".
fn behind_midnight(cursor: &mut Cursor<'_>) -> Option<Time> {
    let is_at = cursor.word(&["at", "by"]);
    if cursor.word(&["midnight"]) {
        return at_hour(0);
    }
    if is_at {
        hours_behind_midnight(cursor)
    } else {
        cursor.attempt(bare_twelve)
    }
}

/// "12" alone behind an evening, with nothing behind it that it could be a number of.
fn bare_twelve(cursor: &mut Cursor<'_>) -> Option<Time> {
    cursor.clone().number().filter(|(hour, _)| *hour == 12)?;
    let mut ahead = *cursor;
    hour_behind(&mut ahead, None)?;
    hours_behind_midnight(cursor).filter(|_| cursor.at() == ahead.at())
}

/// "12", "1:30" and "2am" of a night.
fn hours_behind_midnight(cursor: &mut Cursor<'_>) -> Option<Time> {
    let mut ahead = *cursor;
    let hour = ahead
        .number()
        .map(|(hour, _)| hour)
        .or_else(|| ahead.meaning(words::cardinal))?;
    let mut time = time(cursor, Need::HoursOfDay).filter(|_| (1..=4).contains(&hour) || hour == 12)?;
    let is_noon = cursor.follows(&["pm", "noon", "midday", "p", "m"]);
    (!is_noon).then_some(())?;
    if hour == 12 {
        return midnight_behind(&time);
    }
    time.at = time.at.with_hour(hour % 12)?;
    time.doubt = None;
    Some(time)
}

/// Twelve as that at night, minutes included.
pub(super) fn midnight_behind(twelve: &Time) -> Option<Time> {
    Some(Time {
        at: twelve.at.with_hour(0)?,
        doubt: Some("the midnight that the day ends with".into()),
    })
}

/// What stands behind a day: "morning", "evening at 7", "am".
pub(super) fn part_of(cursor: &mut Cursor<'_>) -> Option<Vec<Time>> {
    match cursor.meaning(words::part_of_day) {
        Some(hour) => at_part(cursor, hour, Nights::EndAtMidnight),
        None => half_of_day(cursor),
    }
}

/// "am", "pm at 3": as the morning and the afternoon are. "am I" is no half of a day.
fn half_of_day(cursor: &mut Cursor<'_>) -> Option<Vec<Time>> {
    let (is_late, hour, doubt) = match half(cursor) {
        Half::Am => (false, 9, "“am” alone is 9:00, as “morning” is"),
        Half::Pm => (true, 15, "“pm” alone is 15:00, as “afternoon” is"),
        Half::Night | Half::Of24 | Half::Unsaid => return None,
    };
    (!cursor.peek_is(&["i", "i'm", "i’m", "we", "not", "of", "and", "or"])).then_some(())?;
    let in_half = |time: Time| {
        let said = time.at.hour();
        let hour = match time.doubt {
            None => said,
            Some(_) => said % 12 + if is_late { 12 } else { 0 },
        };
        ((hour >= 12) == is_late).then_some(())?;
        Some(Time {
            at: time.at.with_hour(hour)?,
            doubt: None,
        })
    };
    let told = cursor.attempt(|cursor| times_behind(cursor)?.into_iter().map(in_half).collect());
    told.or_else(|| {
        Some(vec![Time {
            doubt: Some(doubt.into()),
            ..at_hour(hour)?
        }])
    })
}

/// Times behind a part of the day: "at 9", "9".
fn times_behind(cursor: &mut Cursor<'_>) -> Option<Vec<Time>> {
    let told = cursor.attempt(|cursor| times(cursor, true));
    told.or_else(|| Some(vec![hour_behind(cursor, None)?]))
}

/// "in the morning", "at night", "in the evening at 8".
pub(super) fn in_the_part(cursor: &mut Cursor<'_>) -> Option<Vec<Time>> {
    let hour = if cursor.words(&["at", "night"]) {
        21
    } else {
        (cursor.word(&["in"]) && cursor.word(&["the"])).then_some(())?;
        cursor.meaning(words::part_of_day)?
    };
    let told = cursor.attempt(|cursor| {
        cursor.mark(',');
        cursor.word(&["at", "around", "about"]).then_some(())?;
        cursor.list(|cursor| in_part(&time(cursor, Need::HoursOfDay)?, hour, Nights::EndAtMidnight))
    });
    told.or_else(|| Some(vec![at_hour(hour)?]))
}

/// How far a night goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nights {
    /// To the end of the day that was said: what is after midnight is on another.
    EndAtMidnight,
    /// Of every day, so that "every night at 2" is what it says.
    ReachTheMorning,
}

/// Times in a part of the day that begins to mean this hour, just said: "at 9" behind "tonight". Without one it is that hour; a time in another part is something else.
pub(super) fn at_part(cursor: &mut Cursor<'_>, hour: u32, nights: Nights) -> Option<Vec<Time>> {
    if hour >= 18 && nights == Nights::ReachTheMorning {
        let twelve = cursor.attempt(|cursor| {
            let time = cursor.word(&["at"]).then(|| hours_behind_midnight(cursor))??;
            (time.at.hour() == 0).then_some(time)
        });
        if let Some(time) = twelve {
            return Some(vec![time]);
        }
    }
    let told = cursor.attempt(|cursor| {
        let times = times_behind(cursor)?;
        times.iter().map(|time| in_part(time, hour, nights)).collect()
    });
    told.or_else(|| Some(vec![at_hour(hour)?]))
}

/// The same time, its half of the day told by the part that begins to mean this hour; `None` where it is in another part.
pub(super) fn in_part(time: &Time, part: u32, nights: Nights) -> Option<Time> {
    let said = time.at.hour();
    let is_late = part >= 20 && nights == Nights::ReachTheMorning;
    let hour = match time.doubt {
        None => said,
        Some(_) if part < 12 || is_late && said % 12 < 6 => said % 12,
        Some(_) => said % 12 + 12,
    };
    let is_in_part = match part {
        ..12 => hour < 12,
        12..18 => (12..19).contains(&hour),
        _ => hour >= 16 || is_late && hour < 6,
    };
    is_in_part.then_some(())?;
    Some(Time {
        at: time.at.with_hour(hour)?,
        // Which half of the day is told, but not what "half eight" is.
        doubt: time.doubt.clone().filter(|doubt| doubt == HALF_PAST),
    })
}
