//! Times of day: "9am", "17:30", "at 8", "10 o'clock", "noon", "in the morning".

use chrono::NaiveTime;

use super::{
    calendar::is_month_and_day,
    cursor::Cursor,
    dates::Doubt,
    lexer::Kind,
    parts::in_the_part,
    spoken::{beside_hour, four_digits, in_words},
    words,
};

/// A time that was found.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub(super) at: NaiveTime,
    pub(super) doubt: Doubt,
}

/// What is known of the half of the day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
    /// "at night": the evening, or behind midnight.
    Night,
    /// A leading zero or an hour beyond 12 says that hours count to 24.
    Of24,
    Unsaid,
}

/// How much a time needs to be one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It stands alone: "5pm", "17:30".
    Sure,
    /// It stands beside a date: also "3:15".
    Minutes,
    /// It stands behind "at": also "8".
    Hours,
    /// It stands behind "at" beside a date, where also "9.30" is no other number.
    HoursOfDay,
}

/// One or more times at the cursor: "at 8, 12 and 18", "5pm".
pub(super) fn times(cursor: &mut Cursor<'_>, beside_date: bool) -> Option<Vec<Time>> {
    if let Some(times) = cursor.attempt(in_the_part) {
        return Some(times);
    }
    let (first, need) = first(cursor, beside_date)?;
    let mut times = vec![first];
    let is_told = matches!(need, Need::Hours | Need::HoursOfDay);
    while times.len() < 24 {
        let next = cursor.attempt(|cursor| {
            // "7am and 7pm"
            (if is_told {
                cursor.separator()
            } else {
                cursor.word(&["and"])
            })
            .then_some(())?;
            cursor.word(&["at"]);
            time(cursor, need)
        });
        match next {
            Some(next) => times.push(next),
            None => break,
        }
    }
    Some(times)
}

/// One time at the cursor, where others after it are something of their own.
pub(super) fn one_time(cursor: &mut Cursor<'_>, beside_date: bool) -> Option<Time> {
    let in_part = cursor.attempt(in_the_part);
    in_part
        .and_then(|times| times.into_iter().next())
        .or_else(|| Some(cursor.attempt(|cursor| first(cursor, beside_date))?.0))
}

/// A time, and what others of its list need.
fn first(cursor: &mut Cursor<'_>, beside_date: bool) -> Option<(Time, Need)> {
    let told = cursor.word(&["at", "by"]) || cursor.mark('@');
    let told = cursor.word(&["around"]) || told;
    cursor.word(&["about"]);
    let need = match (told, beside_date) {
        (true, false) => Need::Hours,
        (true, true) => Need::HoursOfDay,
        (false, true) => Need::Minutes,
        (false, false) => Need::Sure,
    };
    Some((time(cursor, need)?, need))
}

/// A whole hour nobody doubts.
pub(super) fn at_hour(hour: u32) -> Option<Time> {
    Some(Time {
        at: NaiveTime::from_hms_opt(hour, 0, 0)?,
        doubt: None,
    })
}

/// One time.
pub(super) fn time(cursor: &mut Cursor<'_>, need: Need) -> Option<Time> {
    cursor.attempt(|cursor| {
        if need != Need::Sure && cursor.word(&["noon", "midday"]) {
            return at_hour(12);
        }
        if need != Need::Sure && cursor.word(&["midnight"]) {
            return Some(Time {
                doubt: Some("midnight begins the day here".into()),
                ..at_hour(0)?
            });
        }
        cursor
            .attempt(|cursor| beside_hour(cursor, need))
            .or_else(|| cursor.attempt(|cursor| four_digits(cursor, need)))
            .or_else(|| cursor.attempt(|cursor| clock(cursor, need)))
            .or_else(|| in_words(cursor, need))
            .inspect(|_| {
                cursor.word(&["sharp"]);
            })
    })
}

/// "9", "9:30 am", "10 o'clock".
pub(super) fn clock(cursor: &mut Cursor<'_>, need: Need) -> Option<Time> {
    let (hour, digits) = cursor.number().filter(|(_, digits)| *digits <= 2)?;
    let lettered = matches!(need, Need::Hours | Need::HoursOfDay)
        .then(|| cursor.attempt(lettered_minutes))
        .flatten();
    let colon = lettered.or_else(|| cursor.attempt(minutes));
    let is_late = (13..24).contains(&hour);
    let is_dotted_time = need == Need::HoursOfDay || need == Need::Hours && is_late;
    let minute = colon.or_else(|| cursor.attempt(|cursor| dotted_minutes(cursor, is_dotted_time)));
    let is_number = colon.is_none() && minute.is_some() && need == Need::Hours;
    let is_rough = minute.is_none() && cursor.is_joined() && cursor.word(&["ish"]);
    let mut half = half(cursor);
    let o_clock = cursor.word(&["o'clock", "o’clock", "oclock"]);
    if o_clock && half == Half::Unsaid {
        half = self::half(cursor);
    }
    let is_whole = cursor.ends_free() && !(minute.is_none() && half == Half::Unsaid && !o_clock && is_counted(cursor));
    let is_sure = matches!(half, Half::Am | Half::Pm) || o_clock || is_rough || (minute.is_some() && digits == 2);
    let is_enough = match need {
        Need::Sure => is_sure,
        Need::Minutes => is_sure || minute.is_some(),
        Need::Hours | Need::HoursOfDay => true,
    };
    (is_whole && is_enough).then_some(())?;
    if lettered.is_some() && half == Half::Unsaid {
        half = Half::Of24;
    }
    if half == Half::Unsaid && (hour > 12 || minute.is_some() && (hour == 0 || digits == 2 && hour < 10)) {
        half = Half::Of24;
    }
    if half == Half::Unsaid {
        half = part_behind(cursor, hour);
    }
    let written = || format!("{hour}.{:02}", minute.unwrap_or(0));
    let doubt = (is_number && half == Half::Of24)
        .then(|| number_meant(&written()))
        .flatten();
    let told = told(hour, minute.unwrap_or(0), half)?;
    Some(Time {
        doubt: told.doubt.or(doubt),
        ..told
    })
}

/// "buy shares at 14.50" could be their price.
pub(super) fn number_meant(written: &str) -> Doubt {
    Some(format!("taken for a time; put “{written}” between quotation marks where it is another number").into())
}

/// "h" or "h30" of "17h", all of it joined: hours of 24.
fn lettered_minutes(cursor: &mut Cursor<'_>) -> Option<u32> {
    (cursor.is_joined() && cursor.word(&["h"])).then_some(())?;
    if !cursor
        .peek()
        .is_some_and(|token| token.joined && matches!(token.kind, Kind::Number(_)))
    {
        return Some(0);
    }
    let (minute, digits) = cursor.number()?;
    (digits == 2 && minute < 60).then_some(minute)
}

/// ":30", all of it joined.
pub(super) fn minutes(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.joined_mark(':').then_some(())?;
    let (minute, digits) = cursor.is_joined().then(|| cursor.number())??;
    (digits == 2 && minute < 60).then_some(minute)
}

/// ".30" of "5.30pm" or "at 17.30": otherwise it could be any number.
fn dotted_minutes(cursor: &mut Cursor<'_>, is_sure: bool) -> Option<u32> {
    cursor.joined_mark('.').then_some(())?;
    let (minute, digits) = cursor.is_joined().then(|| cursor.number())??;
    let is_time = digits == 2 && minute < 60 && (is_sure || self::half(&mut cursor.clone()) != Half::Unsaid);
    is_time.then_some(minute)
}

/// "am", "p.m.", or one letter right behind the number.
pub(super) fn half(cursor: &mut Cursor<'_>) -> Half {
    let letter = cursor.is_joined();
    let found = cursor.attempt(|cursor| {
        let (half, is_letter) = cursor.meaning(|word| match word {
            "am" => Some((Half::Am, false)),
            "pm" => Some((Half::Pm, false)),
            "a" => Some((Half::Am, true)),
            "p" => Some((Half::Pm, true)),
            _ => None,
        })?;
        if is_letter {
            let dotted = cursor.attempt(|cursor| {
                (cursor.joined_mark('.') && cursor.is_joined() && cursor.word(&["m"])).then_some(())?;
                cursor.joined_mark('.');
                Some(())
            });
            (letter || dotted.is_some()).then_some(())?;
        }
        Some(half)
    });
    found.unwrap_or(Half::Unsaid)
}

/// "in the evening" or "at night" behind an hour, "midnight" behind twelve.
pub(super) fn part_behind(cursor: &mut Cursor<'_>, hour: u32) -> Half {
    if hour == 12 && cursor.word(&["midnight"]) {
        return Half::Night;
    }
    if hour == 12 && cursor.word(&["noon", "midday"]) {
        return Half::Pm;
    }
    let found = cursor.attempt(|cursor| {
        if cursor.words(&["at", "night"]) {
            return Some(21);
        }
        cursor.words(&["in", "the"]).then_some(())?;
        cursor.meaning(words::part_of_day)
    });
    match found {
        Some(..12) => Half::Am,
        Some(21..) => Half::Night,
        Some(18..) if hour == 12 => Half::Night,
        Some(_) => Half::Pm,
        None => Half::Unsaid,
    }
}

/// Whether what follows a number says that it counts something: "at 5 minutes". The month of "at 5 dec 10" has its own number.
pub(super) fn is_counted(cursor: &Cursor<'_>) -> bool {
    cursor
        .peek_word()
        .is_some_and(|word| words::unit(word).is_some() || words::month(word).is_some() && !is_month_and_day(*cursor))
}

/// An hour, as that of the half of the day it was said to be in.
pub(super) fn told(hour: u32, minute: u32, half: Half) -> Option<Time> {
    let (hour, doubt): (u32, Doubt) = match (half, hour) {
        (Half::Am, 1..=12) => (hour % 12, None),
        (Half::Pm, 1..=12) => (hour % 12 + 12, None),
        (Half::Night, 12) => (0, Some("midnight begins the day here".into())),
        (Half::Night, 1..=5) => (hour, Some("of the night that the day begins with".into())),
        (Half::Night, 6..=11) => (hour + 12, None),
        (Half::Of24, 0..=23) => (hour, None),
        (Half::Unsaid, 1..=6) => (hour + 12, other_half(hour, minute, "am", "afternoon")),
        (Half::Unsaid, 7..=11) => (hour, other_half(hour, minute, "pm", "morning")),
        (Half::Unsaid, 12) => (12, None),
        _ => return None,
    };
    let at = NaiveTime::from_hms_opt(hour, minute, 0)?;
    Some(Time { at, doubt })
}

fn other_half(hour: u32, minute: u32, other: &str, taken: &str) -> Doubt {
    let minutes = if minute == 0 {
        String::new()
    } else {
        format!(":{minute:02}")
    };
    let part = if taken == "afternoon" { "morning" } else { "evening" };
    Some(format!("{hour} in the {taken}; say “{hour}{minutes}{other}” for the {part}").into())
}
