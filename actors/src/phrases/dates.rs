//! Dates: "fri", "next friday", "in 2 weeks", "eom", "3 days before christmas", "march 3rd 2027", "2nd fri in feb".

use std::borrow::Cow;

use chrono::{Datelike, Days, NaiveDate};

use super::{
    calendar::{by_month, by_numbers, by_ordinal, with_holiday, year},
    cursor::Cursor,
    days::{Day, Named, Shift, last_of_month, long_date},
    dotted::dotted,
    lengths::{self, Length},
    near_day::{beside_day, of_next_month},
    weekday::{by_weekday, coming, in_a_week},
    weekday_of_week::{in_week, of_week},
    words::{self, Unit, weekday_name},
    workdays::{in_workdays, next_workday},
};

/// Another thing a phrase could mean.
pub(super) type Doubt = Option<Cow<'static, str>>;

/// A date that was found.
#[derive(Clone, Debug)]
pub(super) struct Date {
    pub(super) day: Day,
    pub(super) doubt: Doubt,
    /// It is one only behind "on", "by" and their like: "sun", "1/2", "the 3rd", "may".
    pub(super) weak: bool,
}

impl Date {
    pub(super) fn sure(day: impl Into<Day>) -> Option<Self> {
        Some(Self {
            day: day.into(),
            doubt: None,
            weak: false,
        })
    }

    pub(super) fn weak(day: impl Into<Day>) -> Option<Self> {
        Some(Self {
            weak: true,
            ..Self::sure(day)?
        })
    }

    pub(super) fn doubtful(day: impl Into<Day>, doubt: impl Into<Cow<'static, str>>) -> Option<Self> {
        Some(Self {
            doubt: Some(doubt.into()),
            ..Self::sure(day)?
        })
    }
}

/// A date at the cursor, seen from `today`.
pub(super) fn date(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    cursor
        .attempt(|cursor| in_week(cursor, today))
        .or_else(|| cursor.attempt(|cursor| shifted(cursor, today)))
        .or_else(|| plain(cursor, today))
}

/// "3 days before christmas", "a week from friday", "the day after tomorrow", "in 2 weeks", "3 days from now".
fn shifted(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    if let Some(date) = cursor.attempt(|cursor| in_workdays(cursor, today)) {
        return Some(date);
    }
    if cursor.word(&["in", "within"]) {
        let length = lengths::length(cursor).filter(|length| length.is_of_days())?;
        cursor.words(&["from", "now"]);
        return Date::sure(Day::on(length.after(today)?));
    }
    let is_spent = cursor.follows(&["for", "in", "within"]);
    let length = cursor
        .attempt(lengths::length)
        .or_else(|| {
            // "99999 days from now" is not one day from now.
            let is_counted = cursor.follows_number() || cursor.follows(&["business", "working", "work"]);
            cursor.word(&["the"]);
            let is_one = !is_counted && cursor.peek_is(&["day", "week", "month", "year"]);
            is_one
                .then(|| cursor.meaning(words::unit))?
                .map(|unit| Length::of(1, unit))
        })
        .filter(|length| length.is_of_days())?;
    let before = cursor.word(&["before"]);
    // "a week on monday" is no length of time spent then.
    let is_weeks = length.days > 0 && length == Length::of(length.days / 7, Unit::Week);
    let on_weekday = is_weeks && !before && !is_spent && cursor.attempt(on_weekday).is_some();
    if !before && !on_weekday && !cursor.word(&["after", "from"]) {
        return None;
    }
    if !before && cursor.word(&["now"]) {
        return Date::sure(Day::on(length.after(today)?));
    }
    let from = plain(cursor, today)?;
    let shift = if before {
        Shift::Before(length)
    } else {
        Shift::After(length)
    };
    Some(Date {
        day: Day {
            shift: Some(shift),
            ..from.day
        },
        doubt: on_weekday
            .then_some("so long after that day, and no length of time spent then".into())
            .or(from.doubt),
        weak: false,
    })
}

/// "on", if a weekday is behind it, or nothing before "today" and "tomorrow".
fn on_weekday(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.peek_is(&["today", "tomorrow"]) {
        return Some(());
    }
    let is_on = cursor.word(&["on"]);
    let weekday = words::weekday(cursor.peek_word()?);
    (is_on && weekday.is_some()).then_some(())
}

fn plain(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    if is_named_otherwise(cursor) {
        return None;
    }
    let seen_from_today: [fn(&mut Cursor<'_>, NaiveDate) -> Option<Date>; 8] = [
        of_week,
        beside_day,
        of_next_month,
        near,
        next_or_this,
        next_workday,
        edges,
        by_weekday,
    ];
    seen_from_today
        .iter()
        .find_map(|recognise| cursor.attempt(|cursor| recognise(cursor, today)))
        .or_else(|| of_calendar(cursor))
        .or_else(|| cursor.attempt(dotted))
        .or_else(|| cursor.attempt(with_holiday))
}

/// Whether the weekday here is that of a name: "black friday".
fn is_named_otherwise(cursor: &Cursor<'_>) -> bool {
    let is_weekday = cursor.peek_word().and_then(words::weekday).is_some();
    is_weekday
        && cursor.follows(&[
            "black", "cyber", "ash", "palm", "shrove", "fat", "maundy", "giving", "bloody", "super",
        ])
}

fn near(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    if cursor.word(&["today"]) {
        return in_a_week(cursor, "today", today).or_else(|| Date::sure(Day::on(today)));
    }
    cursor
        .word(&["tomorrow", "tomorow", "tmrw", "tmr", "tmw", "tmo"])
        .then_some(())?;
    let tomorrow = today.succ_opt()?;
    in_a_week(cursor, "tomorrow", tomorrow).or_else(|| Date::sure(Day::on(tomorrow)))
}

fn next_or_this(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    if cursor.words(&["at", "the", "weekend"]) || cursor.words(&["over", "the", "weekend"]) {
        return this_weekend(today);
    }
    if cursor.words(&["the", "weekend"]) {
        return this_weekend(today).map(|date| Date { weak: true, ..date });
    }
    let is_this = cursor.word(&["this"]);
    if cursor.word(&["coming"]) || is_this {
        if let Some(weekday) = cursor.meaning(words::weekday) {
            return Date::sure(Day::on(coming(today, weekday)?));
        }
        return cursor.word(&["weekend"]).then(|| this_weekend(today))?;
    }
    cursor.word(&["next"]).then_some(())?;
    let monday = coming(today.succ_opt()?, 0)?;
    if let Some(weekday) = cursor.meaning(words::weekday) {
        return next_weekday(today, monday, weekday);
    }
    if cursor.word(&["weekend"]) {
        return next_weekday(today, monday, 5);
    }
    if let Some(date) = cursor.attempt(by_month) {
        return next_of_year(today, date);
    }
    match cursor.meaning(words::unit)? {
        Unit::Week => Date::sure(Day::on(monday)),
        Unit::Month => Date::sure(Day::on(last_of_month(today)?.succ_opt()?)),
        Unit::Year => Date::sure(Day::on(NaiveDate::from_ymd_opt(today.year() + 1, 1, 1)?)),
        Unit::Day => Date::sure(Day::on(today.succ_opt()?)),
        Unit::Second | Unit::Minute | Unit::Hour => None,
    }
}

/// The Saturday of this week; on a Sunday, today.
fn this_weekend(today: NaiveDate) -> Option<Date> {
    let is_sunday = today.weekday() == chrono::Weekday::Sun;
    Date::sure(Day::on(if is_sunday { today } else { coming(today, 5)? }))
}

/// "next january" is the first to come. Where that is this year's, next year's could be meant.
fn next_of_year(today: NaiveDate, date: Date) -> Option<Date> {
    let day = date.day.resolve(today)?;
    if day.year() > today.year() {
        return Date::sure(date.day);
    }
    Date::doubtful(
        date.day,
        format!("the first to come, in {}; say the year for another", day.year()),
    )
}

/// "next friday" is the Friday of next week, whose Monday is given. Where this week still has one, that could be meant too.
fn next_weekday(today: NaiveDate, monday: NaiveDate, weekday: u8) -> Option<Date> {
    let date = monday.checked_add_days(Days::new(weekday.into()))?;
    let this_week = date.checked_sub_days(Days::new(7))?;
    if this_week <= today {
        return Date::sure(Day::on(date));
    }
    let name = weekday_name(weekday);
    let doubt = format!(
        "{name} of next week; say “this {}” for {}",
        name.to_lowercase(),
        long_date(this_week)
    );
    Date::doubtful(Day::on(date), doubt)
}

/// "eom", "end of the month", "end of next week", "last day of this month", "start of next year", "end of may".
fn edges(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    cursor.word(&["at"]);
    if let Some(unit) = cursor.meaning(|word| match word {
        "eod" => Some(Unit::Day),
        "eow" => Some(Unit::Week),
        "eom" => Some(Unit::Month),
        "eoy" => Some(Unit::Year),
        _ => None,
    }) {
        return end_of_a_day(cursor, unit, today).or_else(|| end_of(unit, today));
    }
    cursor.word(&["the"]);
    let is_last_day = cursor.words(&["last", "day"]);
    let is_end = is_last_day || cursor.word(&["end"]);
    (is_end || cursor.word(&["beginning", "start"])).then_some(())?;
    cursor.word(&["of"]).then_some(())?;
    if let Some(month) = cursor.meaning(words::month) {
        let year = year(cursor);
        return Date::sure(Named::Month {
            month,
            year,
            last: is_end,
        });
    }
    if is_end && cursor.word(&["day"]) {
        return end_of_a_day(cursor, Unit::Day, today).or_else(|| end_of(Unit::Day, today));
    }
    let is_next = cursor.word(&["next"]);
    if !is_next && !cursor.word(&["this"]) {
        // "last day of the month" could be that of every month.
        (!is_last_day).then_some(())?;
        cursor.word(&["the"]);
    }
    let unit = cursor.meaning(words::unit)?;
    let next = match unit {
        Unit::Day => today.succ_opt()?,
        Unit::Week => coming(today.succ_opt()?, 0)?,
        Unit::Month => last_of_month(today)?.succ_opt()?,
        Unit::Year => NaiveDate::from_ymd_opt(today.year() + 1, 1, 1)?,
        Unit::Second | Unit::Minute | Unit::Hour => return None,
    };
    match (is_end, is_next) {
        (true, false) => end_of(unit, today),
        (true, true) => end_of(unit, next),
        (false, true) => Date::sure(Day::on(next)),
        (false, false) => None,
    }
}

/// The day behind "eod" or "end of day": "eod friday".
fn end_of_a_day(cursor: &mut Cursor<'_>, unit: Unit, today: NaiveDate) -> Option<Date> {
    (unit == Unit::Day).then_some(())?;
    let days: [fn(&mut Cursor<'_>, NaiveDate) -> Option<Date>; 3] = [near, next_or_this, by_weekday];
    cursor.attempt(|cursor| {
        cursor.word(&["on"]);
        days.iter().find_map(|day| cursor.attempt(|cursor| day(cursor, today)))
    })
}

fn end_of(unit: Unit, day: NaiveDate) -> Option<Date> {
    match unit {
        Unit::Day => Date::sure(Day::on(day)),
        Unit::Week => Date::doubtful(Day::on(coming(day, 6)?), "weeks end on Sunday here; “fri” is Friday"),
        Unit::Month => Date::sure(Day::on(last_of_month(day)?)),
        Unit::Year => Date::sure(Day::on(NaiveDate::from_ymd_opt(day.year(), 12, 31)?)),
        Unit::Second | Unit::Minute | Unit::Hour => None,
    }
}

/// A date that needs no other to be seen from.
pub(super) fn of_calendar(cursor: &mut Cursor<'_>) -> Option<Date> {
    let recognisers: [fn(&mut Cursor<'_>) -> Option<Date>; 3] = [by_month, by_numbers, by_ordinal];
    recognisers.iter().find_map(|recognise| cursor.attempt(recognise))
}
