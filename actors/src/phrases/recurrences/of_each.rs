//! Days of each period, whichever is said first: "last day of every quarter", "end of week", "15th every month", "last monday in may yearly", "every month the 15th".

use super::{
    Recurrence, Repeat, adverb_of,
    every::interval,
    repeat::each,
    selection::{Selection, selection},
};
use crate::phrases::{
    cursor::Cursor,
    ending::ends_phrase,
    lexer::Kind,
    words::{self, Unit},
};

/// What days are counted in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    /// So many weeks, months or years.
    Units(u32, Unit),
    /// So many quarters of the year.
    Quarters(u32),
}

/// "week", "other month", "3 years", "quarter".
pub(super) fn period(cursor: &mut Cursor<'_>) -> Option<Period> {
    let interval = cursor.attempt(interval).map_or(1, |(interval, _)| interval);
    if cursor.word(&["quarter", "quarters"]) {
        return Some(Period::Quarters(interval));
    }
    let unit = cursor.meaning(words::unit)?;
    matches!(unit, Unit::Week | Unit::Month | Unit::Year).then_some(Period::Units(interval, unit))
}

/// These days of each such period.
pub(super) fn of_each(selection: Selection, period: Period) -> Recurrence {
    match period {
        Period::Units(interval, Unit::Week) => of_weeks(&selection, interval),
        Period::Units(interval, unit) => selection.of(interval, unit).into(),
        Period::Quarters(1) => of_quarters(selection),
        Period::Quarters(_) => Recurrence::inexpressible("no rule counts quarters: say the months"),
    }
}

/// "first day of every week", "last workday of every other week".
fn of_weeks(selection: &Selection, interval: u32) -> Recurrence {
    const WEEK: [u8; 7] = [0, 1, 2, 3, 4, 5, 6];
    let days = match selection {
        Selection::Days(days) => pick(&WEEK, days),
        Selection::Positions { of, positions } => pick(of, positions),
        Selection::Weekdays(_) => None,
    };
    match days {
        Some(days) if days == [6] => {
            Recurrence::doubtful(Repeat::on_weekdays(interval, &days), "weeks end on Sunday here")
        }
        Some(days) => Repeat::on_weekdays(interval, &days).into(),
        None => Recurrence::inexpressible("a week has no such day"),
    }
}

/// Those of some days that have these numbers, negative ones from the end.
fn pick(of: &[u8], numbers: &[i32]) -> Option<Vec<u8>> {
    let one = |nth: &i32| {
        let nth = usize::try_from(if *nth > 0 {
            nth - 1
        } else {
            i32::try_from(of.len()).ok()? + nth
        })
        .ok()?;
        of.get(nth).copied()
    };
    numbers.iter().map(one).collect()
}

/// Of the first months of quarters, or of the last where it counts from the end.
fn of_quarters(selection: Selection) -> Recurrence {
    let numbers: Vec<i32> = match &selection {
        Selection::Days(days) => days.clone(),
        Selection::Weekdays(days) => days.iter().map(|(nth, _)| *nth).collect(),
        Selection::Positions { positions, .. } => positions.clone(),
    };
    let most = if matches!(selection, Selection::Weekdays(_)) {
        4
    } else {
        20
    };
    let months = if numbers.iter().all(|nth| (1..=most).contains(nth)) {
        vec![1, 4, 7, 10]
    } else if numbers.iter().all(|nth| (-most..0).contains(nth)) {
        vec![3, 6, 9, 12]
    } else {
        return Recurrence::inexpressible("no rule counts days of quarters so far: say the months");
    };
    Repeat {
        months,
        ..selection.of(1, Unit::Month)
    }
    .into()
}

/// "15th every month", "first monday monthly", "last monday in may yearly".
pub(super) fn days_and_period(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    cursor.word(&["on"]);
    let selection = plain_days(cursor)?;
    let months = cursor.attempt(of_months);
    let adverb = cursor
        .attempt(adverb_of)
        .map(|(interval, unit)| Period::Units(interval, unit));
    let period = match adverb {
        Some(period) => period,
        None => cursor.word(&["every", "each"]).then(|| period(cursor))??,
    };
    match (months, period) {
        (Some(months), Period::Units(interval, Unit::Year)) => Some(selection.of_months(interval, months).into()),
        (None, Period::Units(_, Unit::Month) | Period::Quarters(_)) => Some(of_each(selection, period)),
        _ => None,
    }
}

/// "the 15th", "first friday" behind "every month".
pub(super) fn days_behind_months(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    let has_article = cursor.peek_is(&["the"]);
    let selection = plain_days(cursor)?;
    let is_whole = has_article || !matches!(selection, Selection::Days(_)) || ends_phrase(cursor);
    cursor.words(&["of", "the", "month"]);
    (is_whole && !cursor.peek_is(&["of", "in"])).then(|| selection.of(interval, Unit::Month))
}

/// "last monday in may" behind "every year".
pub(super) fn days_behind_years(cursor: &mut Cursor<'_>, interval: u32) -> Option<Repeat> {
    let selection = selection(cursor)?;
    Some(selection.of_months(interval, of_months(cursor)?))
}

/// "in may", which is no May of one year.
fn of_months(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    cursor.word(&["of", "in"]).then_some(())?;
    cursor.list(|cursor| cursor.meaning(words::month))
}

/// Days by their numbers: "15th", "last day", "first monday". An ordinal alone, in words, is seldom one: "water it first every month".
pub(super) fn plain_days(cursor: &mut Cursor<'_>) -> Option<Selection> {
    cursor.word(&["the"]);
    let is_in_digits = matches!(cursor.peek()?.kind, Kind::Number(_));
    let is_edge = cursor.peek_is(&["beginning", "begin", "start", "end"]);
    let selection = selection(cursor).filter(|_| !is_edge)?;
    let is_day = is_in_digits || !matches!(selection, Selection::Days(_)) || cursor.follows(&["day", "days"]);
    is_day.then_some(selection)
}

/// "first week of the month": none of its days.
pub(super) fn week_of_period(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    cursor.list(crate::phrases::calendar::ordinal)?;
    cursor.word(&["week", "weeks"]).then_some(())?;
    cursor.word(&["of", "in"]).then_some(())?;
    cursor.word(&["the", "each", "every", "a"]);
    (cursor.word(&["month", "quarter", "year"]) || cursor.meaning(words::month).is_some()).then_some(())?;
    Some(Recurrence::inexpressible("a week is no day: say which weekday of it"))
}

/// These weekdays of each month, each by the same number.
pub(super) fn nth_of_months(nth: i32, days: &[u8]) -> Repeat {
    Repeat {
        weekdays: each(days).into_iter().map(|(_, day)| (nth, day)).collect(),
        ..Repeat::every(1, Unit::Month)
    }
}
