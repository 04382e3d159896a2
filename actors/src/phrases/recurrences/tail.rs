//! What stands behind a unit: "on mon and fri", "on the 4th", "at the end", "in week 12", "on december 25th".

use super::{
    Recurrence, Repeat,
    of_each::{days_behind_months, days_behind_years},
    repeat::each,
    selection::{Selection, between_weekdays, selection, weekdays},
};
use crate::phrases::{
    calendar::{day_of_month, ordinal},
    cursor::Cursor,
    days::Named,
    holidays::holiday,
    words::{self, Unit},
};

/// Every so many of a unit, on the days of it that are named behind it.
pub(super) fn with_tail(cursor: &mut Cursor<'_>, interval: u32, unit: Unit) -> Option<Recurrence> {
    let tail: fn(&mut Cursor<'_>, u32) -> Option<Repeat> = match unit {
        Unit::Second | Unit::Minute | Unit::Hour => |_, _| None,
        Unit::Day => of_days,
        Unit::Week => of_weeks,
        Unit::Month => of_months,
        Unit::Year => of_years,
    };
    let named = cursor.attempt(|cursor| tail(cursor, interval));
    Some(named.unwrap_or_else(|| Repeat::every(interval, unit)).into())
}

/// "daily on weekdays", "every day monday through friday". One day alone is one to begin with.
fn of_days(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    (interval == 1).then_some(())?;
    let on = cursor.word(&["on"]);
    let weekdays = weekdays_from_to(cursor)?;
    (on || weekdays.len() > 1).then(|| Repeat::on_weekdays(1, &weekdays))
}

/// Weekdays, or "from monday to friday".
fn weekdays_from_to(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    if let Some(days) = cursor.attempt(between_weekdays) {
        return Some(days);
    }
    let from = cursor.word(&["from"]);
    let weekdays = weekdays(cursor)?.days;
    (!from || weekdays.len() > 1).then_some(weekdays)
}

/// "on mon and fri", "mon and fri", "on the 4th day", counted from Monday.
fn of_weeks(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    let on = cursor.word(&["on"]);
    if let Some(weekdays) = cursor.attempt(weekdays_from_to) {
        // One alone is a day to begin with, which comes to the same.
        return (on || weekdays.len() > 1).then(|| Repeat::on_weekdays(interval, &weekdays));
    }
    on.then_some(())?;
    cursor.word(&["the"]);
    let nth = ordinal(cursor)?;
    cursor.word(&["day"]).then_some(())?;
    let day = match nth {
        -1 => 6,
        1..=7 => u8::try_from(nth - 1).ok()?,
        _ => return None,
    };
    Some(Repeat::on_weekdays(interval, &[day]))
}

/// "on the 4th", "on fri", "at the end", "on day 15".
fn of_months(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    if cursor
        .attempt(|cursor| {
            cursor.joined_mark('-');
            cursor.word(&["end"]).then_some(())
        })
        .is_some()
    {
        return Some(Selection::Days(vec![-1]).of(interval, Unit::Month));
    }
    if !cursor.word(&["on", "at"]) {
        return days_behind_months(cursor, interval);
    }
    if let Some(weekdays) = cursor.attempt(weekdays) {
        return Some(Repeat {
            weekdays: each(&weekdays.days),
            ..Repeat::every(interval, Unit::Month)
        });
    }
    if let Some(selection) = cursor.attempt(selection) {
        return Some(selection.of(interval, Unit::Month));
    }
    let days = numbered_days(cursor)?;
    Some(Selection::Days(days).of(interval, Unit::Month))
}

fn of_years(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    if let Some(weeks) = cursor.attempt(weeks) {
        return Some(Repeat {
            weeks,
            ..Repeat::every(interval, Unit::Year)
        });
    }
    if cursor.word(&["in"]) {
        return days_of_months(cursor, interval);
    }
    if !cursor.word(&["on"]) {
        return days_behind_years(cursor, interval);
    }
    let forms: [fn(&mut Cursor<'_>, u32) -> Option<Repeat>; 5] =
        [weekdays_in_weeks, days_of_months, selected, numbered, on_holiday];
    forms
        .iter()
        .find_map(|form| cursor.attempt(|cursor| form(cursor, interval)))
}

/// "Fri in week 12".
fn weekdays_in_weeks(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    let weekdays = weekdays(cursor)?;
    let weeks = weeks(cursor)?;
    Some(Repeat {
        weeks,
        weekdays: each(&weekdays.days),
        ..Repeat::every(interval, Unit::Year)
    })
}

/// "the fourth thursday in november", "the 31st", "the 2nd of june".
fn selected(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    let selection = selection(cursor)?;
    let months = cursor.attempt(|cursor| {
        cursor.word(&["of", "in"]).then_some(())?;
        cursor.list(|cursor| cursor.meaning(words::month))
    });
    Some(match months {
        Some(months) => selection.of_months(interval, months),
        None => selection.of(interval, Unit::Year),
    })
}

/// "the day 31".
fn numbered(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    cursor.word(&["the"]);
    cursor.word(&["day", "days"]).then_some(())?;
    let days = cursor.list(|cursor| {
        let (day, _) = cursor.number()?;
        i32::try_from(day).ok().filter(|day| (1..=366).contains(day))
    })?;
    Some(Selection::Days(days).of(interval, Unit::Year))
}

fn on_holiday(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    let Named::Yearly { month, day } = holiday(cursor)? else {
        return None;
    };
    Some(Selection::Days(vec![day.into()]).of_months(interval, vec![month]))
}

/// "in week 12 and 14", of ISO 8601.
pub(super) fn weeks(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    cursor.word(&["in"]).then_some(())?;
    cursor.word(&["week", "weeks"]).then_some(())?;
    cursor.list(|cursor| {
        let (week, _) = cursor.number()?;
        u8::try_from(week).ok().filter(|week| (1..=53).contains(week))
    })
}

/// "july 4th", "4 july", "aug 20 and 30", "aug on day 20", "aug on the last friday", "january and july" (their first days).
pub(super) fn days_of_months(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    let days_first = cursor.attempt(|cursor| {
        let days = cursor.list(day_of_month)?;
        let months = cursor.list(|cursor| cursor.meaning(words::month))?;
        let days = days.into_iter().map(i32::from).collect();
        Some(Selection::Days(days).of_months(interval, months))
    });
    if days_first.is_some() {
        return days_first;
    }
    let months = cursor.list(|cursor| cursor.meaning(words::month))?;
    let days = cursor.attempt(|cursor| {
        let on = cursor.word(&["on"]);
        if let Some(days) = cursor.attempt(numbered_days) {
            return Some(Selection::Days(days));
        }
        on.then(|| selection(cursor))?
    });
    let is_day = |selection: &Selection| match selection {
        Selection::Days(days) => days.iter().all(|day| (-31..=31).contains(day)),
        Selection::Weekdays(_) | Selection::Positions { .. } => true,
    };
    let days = days.unwrap_or(Selection::Days(vec![1]));
    is_day(&days).then(|| days.of_months(interval, months))
}

/// "20 and 30", "day 4", "the 4th".
fn numbered_days(cursor: &mut Cursor<'_>) -> Option<Vec<i32>> {
    cursor.word(&["the"]);
    cursor.word(&["day", "days"]);
    cursor.list(|cursor| {
        cursor.word(&["the"]);
        let day = day_of_month(cursor)?;
        // "aug 20 and 3rd friday": the weekday belongs to the ordinal.
        let stands_alone = cursor.peek_word().is_none_or(|word| words::weekday(word).is_none());
        stands_alone.then_some(day.into())
    })
}
