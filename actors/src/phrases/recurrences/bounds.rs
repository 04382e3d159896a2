//! Where a recurrence begins and ends, and what it leaves out: "starting tomorrow", "until june", "for 3 weeks", "twice", "except on weekends".

use chrono::NaiveDate;

use super::{
    Recurrence, Repeat, recurrence,
    spans::{between, from_year, span},
};
use crate::phrases::{
    calendar::day_of_month,
    cursor::Cursor,
    dates::{Date, date},
    days::Named,
    ending::ends_phrase,
    lengths::{self, Length},
    times::times,
    words::{self, Unit},
};

/// A bound of a recurrence.
#[derive(Clone, Debug)]
pub(in crate::phrases) enum Bound {
    From(Date),
    /// Its last day; of a weekday that was said alone, which one, since it is that behind the start.
    Until(Date, Option<u8>),
    /// In this time only.
    Span {
        from: Option<NaiveDate>,
        until: NaiveDate,
    },
    For(Length),
    Count(u32),
    Except(Vec<Exception>),
}

/// What is left out.
#[derive(Clone, Debug)]
pub(in crate::phrases) enum Exception {
    /// Every occurrence on these weekdays.
    Weekdays(Vec<u8>),
    /// Every occurrence in this month, of a year or of each.
    Month { month: u8, year: Option<i32> },
    /// Single days, or what another rule names.
    Other,
}

/// What is right before a bound.
#[derive(Clone, Copy, Default)]
pub(in crate::phrases) struct Behind<'r> {
    /// A start, so that "to" is an end.
    pub(in crate::phrases) start: bool,
    /// What recurs, its times included, so that "by", "not" and "next week" say more of it.
    pub(in crate::phrases) rule: Option<&'r Repeat>,
}

/// A bound at the cursor.
pub(in crate::phrases) fn bound(cursor: &mut Cursor<'_>, today: NaiveDate, behind: Behind<'_>) -> Option<Bound> {
    cursor
        .attempt(|cursor| start(cursor, today))
        .or_else(|| cursor.attempt(|cursor| end(cursor, today, behind)))
        .or_else(|| cursor.attempt(|cursor| end_of_rule(cursor, today, behind.rule?)))
        .or_else(|| cursor.attempt(|cursor| span(cursor, today, behind.rule?)))
        .or_else(|| cursor.attempt(|cursor| between(cursor, today, behind.rule?)))
        .or_else(|| cursor.attempt(|cursor| from_year(cursor, behind.rule?)))
        .or_else(|| cursor.attempt(duration))
        .or_else(|| cursor.attempt(|cursor| count(cursor, behind.rule.is_some())))
        .or_else(|| cursor.attempt(|cursor| except(cursor, today, behind.rule.is_some())))
}

fn start(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Bound> {
    cursor
        .word(&["starting", "beginning", "start", "starts", "from"])
        .then_some(())?;
    if let Some(date) = cursor.attempt(|cursor| date(cursor, today)) {
        return Some(Bound::From(date));
    }
    cursor.word(&["on", "in", "from", "at"]);
    date(cursor, today).map(Bound::From)
}

fn end(cursor: &mut Cursor<'_>, today: NaiveDate, behind: Behind<'_>) -> Option<Bound> {
    let said = cursor.word(&["until", "till", "til", "through", "thru", "ending", "ends"])
        || behind.start && (cursor.word(&["to"]) || cursor.mark('-') || cursor.mark('–'))
        || (behind.start || behind.rule.is_some()) && (cursor.words(&["up", "to"]) || cursor.word(&["upto"]));
    said.then_some(())?;
    cursor.word(&["on", "in"]);
    let last = cursor.attempt(|cursor| last_day(cursor, today));
    let (date, weekday) = last.or_else(|| {
        // "from dec 5 to 15"
        let day = behind.start.then(|| day_of_month(cursor))??;
        ends_phrase(cursor).then_some((Date::sure(Named::OfMonth(day))?, None))
    })?;
    Some(Bound::Until(date, weekday))
}

/// "every day by jan 5", "every day to friday"; "every week by friday" is due then each time.
fn end_of_rule(cursor: &mut Cursor<'_>, today: NaiveDate, rule: &Repeat) -> Option<Bound> {
    cursor.word(&["by", "to"]).then_some(())?;
    let comes_between = rule.every <= Unit::Day || !rule.weekdays.is_empty();
    let (mut date, weekday) = last_day(cursor, today)?;
    let is_day = !date.weak || matches!(date.day.named, Named::OfMonth(_));
    (comes_between && is_day).then_some(())?;
    let doubt = || Some("taken for its last day; say “starting” for the first".into());
    date.doubt = date.doubt.or_else(doubt);
    Some(Bound::Until(date, weekday))
}

/// A day, and which weekday it is where nothing more was said of it.
fn last_day(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<(Date, Option<u8>)> {
    let begin = *cursor;
    let date = date(cursor, today)?;
    let is_one_word = cursor.at() == begin.at() + 1;
    let weekday = begin.peek_word().and_then(words::weekday).filter(|_| is_one_word);
    Some((date, weekday))
}

/// "for 2 months", "for up to 14 months", "for the next year".
fn duration(cursor: &mut Cursor<'_>) -> Option<Bound> {
    cursor.word(&["for"]).then_some(())?;
    cursor.words(&["up", "to"]);
    cursor.word(&["the"]);
    let next = cursor.word(&["next"]);
    let length = match cursor.attempt(lengths::length) {
        Some(length) => length,
        None => Length::of(1, next.then(|| cursor.meaning(words::unit))??),
    };
    length.is_of_days().then_some(Bound::For(length))
}

/// "twice", "3x", "for 4 times", "up to 7x", "for 5 occurrences".
fn count(cursor: &mut Cursor<'_>, after_rule: bool) -> Option<Bound> {
    if let Some((count, _)) = cursor.attempt(|cursor| {
        // "x6", "x 8"
        (after_rule && cursor.word(&["x"])).then_some(())?;
        let is_joined = cursor.is_joined();
        cursor.number().filter(|_| is_joined || ends_phrase(cursor))
    }) {
        return (1..=lengths::MAX_AMOUNT)
            .contains(&count)
            .then_some(Bound::Count(count));
    }
    cursor.word(&["for"]);
    cursor.words(&["up", "to"]);
    if cursor.word(&["twice"]) {
        return Some(Bound::Count(2));
    }
    // "one at a time"
    let is_one = cursor.peek_is(&["a", "an"]);
    let count = lengths::amount(cursor).filter(|_| !is_one)?;
    let joined = cursor.is_joined();
    (cursor.word(&["times", "occurrences", "time", "occurrence"]) || joined && cursor.word(&["x"]))
        .then_some(Bound::Count(count))
}

fn except(cursor: &mut Cursor<'_>, today: NaiveDate, after_rule: bool) -> Option<Bound> {
    let is_sure = cursor.word(&["except", "excluding"])
        || cursor.words(&["but", "not"])
        || after_rule
            && (cursor.word(&["not", "besides", "minus", "without"])
                || cursor.words(&["other", "than"])
                || cursor.words(&["apart", "from"])
                || cursor.words(&["aside", "from"]));
    (is_sure || cursor.word(&["but"])).then_some(())?;
    cursor.word(&["for"]);
    cursor.list(|cursor| exception(cursor, today)).map(Bound::Except)
}

fn exception(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Exception> {
    if let Some(weekdays) = cursor.attempt(|cursor| {
        cursor.word(&["on"]);
        cursor.word(&["the"]);
        let mut weekdays = vec![cursor.meaning(words::weekday)?];
        while let Some(next) = cursor.meaning(words::weekday) {
            weekdays.push(next);
        }
        // "friday, june 4th" is a single day. A time behind them is that of all days that are left.
        date(&mut cursor.clone(), today).is_none().then_some(weekdays)
    }) {
        return Some(Exception::Weekdays(weekdays));
    }
    if let Some(Recurrence { repeat, .. }) = cursor.attempt(recurrence) {
        return Some(match repeat {
            Ok(repeat)
                if repeat
                    == Repeat {
                        weekdays: repeat.weekdays.clone(),
                        ..Repeat::every(1, Unit::Week)
                    } =>
            {
                Exception::Weekdays(repeat.weekdays.iter().map(|(_, day)| *day).collect())
            }
            Ok(_) | Err(_) => Exception::Other,
        });
    }
    cursor.word(&["on", "in"]);
    cursor.word(&["the"]);
    let date = date(cursor, today)?;
    let timed = cursor.attempt(|cursor| times(cursor, true)).is_some();
    Some(match date.day.named {
        Named::Month {
            month,
            year,
            last: false,
        } if !timed && date.day.shift.is_none() => Exception::Month { month, year },
        _ => Exception::Other,
    })
}
