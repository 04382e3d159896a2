//! A weekday of a week that is said: "friday next week", "next week on tuesday", "thursday in two weeks", "friday after next".

use chrono::{Datelike, Days, NaiveDate};

use super::{
    cursor::Cursor,
    dates::Date,
    days::{Day, long_date},
    lengths::{self, Length},
    weekday::coming,
    words::{self, Unit, weekday_name},
};

/// So many weeks from this one; whether they were counted, so that it could be as many weeks from the weekday.
#[derive(Clone, Copy)]
struct Ahead {
    weeks: u32,
    counted: bool,
}

/// "in two weeks on tuesday": neither the one nor the other.
pub(super) fn in_week(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    cursor.peek_is(&["in"]).then(|| of_week(cursor, today))?
}

/// Such a day, or the Monday of "the week after next".
pub(super) fn of_week(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    let weekday_first = cursor.attempt(|cursor| {
        let weekday = cursor.meaning(words::weekday)?;
        cursor.mark(',');
        if cursor.words(&["after", "next"]) {
            return after_next(today, weekday);
        }
        cursor.word(&["of"]);
        on(today, weekday, week(cursor)?)
    });
    weekday_first.or_else(|| {
        let ahead = week(cursor)?;
        let weekday = cursor.attempt(|cursor| {
            let is_on = cursor.word(&["on"]) || cursor.mark(',');
            let word = cursor.peek_word()?;
            let weekday = cursor.meaning(words::weekday)?;
            (is_on || !words::is_doubtful_weekday(word)).then_some(weekday)
        });
        match weekday {
            Some(weekday) => on(today, weekday, ahead),
            None => cursor.follows(&["next"]).then(|| on(today, 0, ahead))?,
        }
    })
}

/// "next week", "the week after next", "in two weeks", "two weeks from now".
fn week(cursor: &mut Cursor<'_>) -> Option<Ahead> {
    let said = |weeks| Some(Ahead { weeks, counted: false });
    let is_counted = cursor.attempt(|cursor| {
        let within = cursor.word(&["in"]);
        let length = lengths::length(cursor).filter(|length| length.days > 0)?;
        let weeks = length.days / 7;
        let is_weeks = length == Length::of(weeks, Unit::Week);
        (is_weeks && (cursor.words(&["from", "now"]) || within)).then_some(Ahead { weeks, counted: true })
    });
    if is_counted.is_some() {
        return is_counted;
    }
    cursor.word(&["in"]);
    cursor.word(&["the"]);
    if cursor.words(&["week", "after", "next"]) {
        return said(2);
    }
    let is_next = cursor.word(&["next"]);
    (is_next || cursor.word(&["this"])).then_some(())?;
    cursor.word(&["week", "wk"]).then_some(())?;
    said(u32::from(is_next))
}

fn on(today: NaiveDate, weekday: u8, ahead: Ahead) -> Option<Date> {
    let weeks = |weeks: u32| Days::new(7 * u64::from(weeks));
    let monday = today.checked_sub_days(Days::new(today.weekday().num_days_from_monday().into()))?;
    let day = monday
        .checked_add_days(weeks(ahead.weeks))?
        .checked_add_days(Days::new(weekday.into()))?;
    let name = weekday_name(weekday);
    let from_weekday = coming(today.succ_opt()?, weekday)?.checked_add_days(weeks(ahead.weeks))?;
    if ahead.counted && from_weekday != day && day > today {
        let doubt = format!(
            "{name} of that week; or, counted from the next {name}, {}",
            long_date(from_weekday)
        );
        return Date::doubtful(Day::on(day), doubt);
    }
    if day < today {
        return Date::doubtful(Day::on(day), format!("{name} of this week is over"));
    }
    Date::sure(Day::on(day))
}

/// The one behind "next friday", which is that of next week.
fn after_next(today: NaiveDate, weekday: u8) -> Option<Date> {
    let next = on(
        today,
        weekday,
        Ahead {
            weeks: 1,
            counted: false,
        },
    )?;
    let next = next.day.resolve(today)?;
    let name = weekday_name(weekday);
    Date::doubtful(
        Day::on(next.checked_add_days(Days::new(7))?),
        format!(
            "{name} of the week after next; say “{} next week” for {}",
            name.to_lowercase(),
            long_date(next)
        ),
    )
}
