//! Which days of a period: "tuesdays and thursdays", "mon-wed", "mon/wed/fri", "4th and 10th", "first and third friday", "3rd workday", "last day".

use super::repeat::{Repeat, WORKDAYS, each};
use crate::phrases::{
    calendar::ordinal,
    cursor::Cursor,
    dates::of_calendar,
    words::{self, Unit},
};

/// The day that a weekend counts as.
pub(super) const SATURDAY: u8 = 5;

/// Words for the first and the last day of a period.
pub(super) const EDGES: &[&str] = &["beginning", "begin", "start", "end"];

/// "1st and last", "the 1st and the 15th".
pub(in crate::phrases) fn ordinals(cursor: &mut Cursor<'_>) -> Option<Vec<i32>> {
    cursor.list(|cursor| {
        cursor.word(&["the"]);
        ordinal(cursor)
    })
}

/// Weekdays in the order they were said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Weekdays {
    pub(super) days: Vec<u8>,
    /// The first is a word that means days again and again: "tuesdays", "weekends".
    pub(super) plural: bool,
    /// They are the workdays, by that name.
    pub(super) are_workdays: bool,
}

/// Days of a month or year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// "4th and 10th", "last day".
    Days(Vec<i32>),
    /// "first and third friday and second tuesday".
    Weekdays(Vec<(i32, u8)>),
    /// "3rd workday", "first and last instance of tue and fri".
    Positions { of: Vec<u8>, positions: Vec<i32> },
}

impl Selection {
    /// How many ordinals it has.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Days(days) => days.len(),
            Self::Weekdays(days) => days.len(),
            Self::Positions { positions, .. } => positions.len(),
        }
    }

    /// Of each so many months or years.
    pub(super) fn of(self, interval: u32, every: Unit) -> Repeat {
        let mut repeat = Repeat::every(interval, every);
        match self {
            Self::Days(days) if every == Unit::Year => repeat.year_days = days,
            Self::Days(days) => repeat.month_days = days,
            Self::Weekdays(weekdays) => repeat.weekdays = weekdays,
            Self::Positions { of, positions } => (repeat.weekdays, repeat.positions) = (each(&of), positions),
        }
        repeat
    }

    /// Of months of the year, every so many years.
    pub(super) fn of_months(self, interval: u32, months: Vec<u8>) -> Repeat {
        let mut repeat = self.of(interval, Unit::Year);
        repeat.month_days = std::mem::take(&mut repeat.year_days);
        repeat.months = months;
        repeat
    }
}

/// One or more weekdays, with ranges.
pub(super) fn weekdays(cursor: &mut Cursor<'_>) -> Option<Weekdays> {
    let word = cursor.peek_word()?;
    let plural = words::is_plural_weekday(word) || matches!(word, "weekdays" | "weekends" | "workdays");
    let start = cursor.at();
    let mut items = vec![cursor.attempt(slashed)?];
    if words::weekday(word).is_none()
        && let Some(named) = cursor.attempt(which_of_them)
    {
        items = vec![named];
    }
    while let Some(next) = cursor.attempt(next_weekdays) {
        items.push(next);
    }
    let are_workdays =
        items.len() == 1 && items[0] == WORKDAYS && cursor.at() <= start + 2 && words::weekday(word).is_none();
    let mut days = Vec::with_capacity(7);
    for day in items.into_iter().flatten() {
        if !days.contains(&day) {
            days.push(day);
        }
    }
    Some(Weekdays {
        days,
        plural,
        are_workdays,
    })
}

/// "monday to thursday" or "(mon-thu)" behind "weekday": which of them.
fn which_of_them(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    if cursor.mark('(') {
        let named = slashed(cursor)?;
        return cursor.mark(')').then_some(named);
    }
    let is_sure = !cursor.peek_is(&["sat", "sun"]);
    words::weekday(cursor.peek_word()?)?;
    let named = slashed(cursor)?;
    let is_date = of_calendar(&mut cursor.clone()).is_some_and(|date| !date.weak);
    ((is_sure || named.len() > 1) && !is_date).then_some(named)
}

/// The next of a list, behind a comma, "and" or nothing: "every tue thu". "every friday sat 5 dec" has a day of its own.
fn next_weekdays(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    let separated = cursor.separator();
    let next = slashed(cursor)?;
    (separated || of_calendar(&mut cursor.clone()).is_none_or(|date| date.weak)).then_some(next)
}

/// "mon/wed/fri", or only one of them.
fn slashed(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    if cursor.word(&["mwf"]) {
        return Some(vec![0, 2, 4]);
    }
    if cursor.word(&["tth", "tuth"]) || cursor.attempt(t_th).is_some() {
        return Some(vec![1, 3]);
    }
    let mut days = weekday_item(cursor)?;
    while let Some(more) = cursor.attempt(|cursor| {
        let joins = cursor.mark('/') || cursor.mark('+');
        joins.then(|| weekday_item(cursor))?
    }) {
        days.extend(more);
    }
    Some(days)
}

/// "t/th"
fn t_th(cursor: &mut Cursor<'_>) -> Option<()> {
    (cursor.word(&["t"]) && cursor.joined_mark('/') && cursor.word(&["th"])).then_some(())
}

fn weekday_item(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    if workday(cursor) {
        return Some(WORKDAYS.to_vec());
    }
    if cursor.word(&["weekend", "weekends"]) {
        return Some(vec![5, 6]);
    }
    let first = cursor.meaning(words::weekday)?;
    let last = cursor.attempt(|cursor| {
        (cursor.word(&["through", "thru", "to", "till"]) || cursor.mark('-') || cursor.mark('–')).then_some(())?;
        cursor.meaning(words::weekday)
    });
    // "wed." is a weekday too, unless the sentence ends there.
    let span = (7 + last.unwrap_or(first) - first) % 7;
    Some((0..=span).map(|ahead| (first + ahead) % 7).collect())
}

/// "mon-fri", "tue/thu", "m-f", "mwf", "monday to friday": days that are no recurrence without "every" or "on".
pub(in crate::phrases) fn is_range_of_weekdays(cursor: &mut Cursor<'_>) -> bool {
    const TO: &[&str] = &["to", "through", "thru", "till", "until"];
    if cursor.word(&["mwf", "tth", "tuth"])
        || cursor.attempt(t_th).is_some()
        || cursor.attempt(between_weekdays).is_some()
    {
        return true;
    }
    // "t/f" and "w/o" are no days, "m/w/f" is.
    let name = |cursor: &mut Cursor<'_>, count: u32| {
        cursor.meaning(words::weekday).is_some()
            || cursor.word(&["m", "f"])
            || count > 0 && cursor.word(&["t", "w", "th"])
    };
    let mut count = 0;
    while name(cursor, count) {
        count += 1;
        let mut ahead = *cursor;
        if ahead.word(TO) && ahead.meaning(words::weekday).is_some() {
            *cursor = ahead;
            return true;
        }
        if !(cursor.joined_mark('-') || cursor.joined_mark('–') || cursor.joined_mark('/')) {
            break;
        }
    }
    count > 1
}

/// "between monday and friday".
pub(super) fn between_weekdays(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    cursor.word(&["between"]).then_some(())?;
    let first = cursor.meaning(words::weekday)?;
    cursor.word(&["and"]).then_some(())?;
    let last = cursor.meaning(words::weekday)?;
    Some((0..=(7 + last - first) % 7).map(|ahead| (first + ahead) % 7).collect())
}

/// "workday", "weekday", "business day".
pub(in crate::phrases) fn workday(cursor: &mut Cursor<'_>) -> bool {
    cursor.word(&["weekday", "weekdays", "workday", "workdays"])
        || cursor.words(&["business", "day"])
        || cursor.words(&["business", "days"])
        || cursor.words(&["working", "day"])
        || cursor.words(&["working", "days"])
        || cursor.words(&["work", "day"])
        || cursor.words(&["work", "days"])
        || cursor.words(&["school", "day"])
        || cursor.words(&["school", "days"])
}

/// Days of a month or year.
pub(super) fn selection(cursor: &mut Cursor<'_>) -> Option<Selection> {
    cursor.word(&["the"]);
    if cursor.peek_is(EDGES) {
        let is_end = cursor.word(&["end"]);
        cursor.word(EDGES);
        return Some(Selection::Days(vec![if is_end { -1 } else { 1 }]));
    }
    let first = ordinals(cursor)?;
    if cursor.word(&["instance", "instances", "occurrence", "occurrences"]) {
        cursor.word(&["of"]).then_some(())?;
        let of = weekdays(cursor)?.days;
        return Some(Selection::Positions { of, positions: first });
    }
    if workday(cursor) {
        return Some(Selection::Positions {
            of: WORKDAYS.to_vec(),
            positions: first,
        });
    }
    if let Some(weekday) = cursor.meaning(words::weekday) {
        return Some(Selection::Weekdays(nth_weekdays(cursor, &first, weekday)));
    }
    if cursor.word(&["weekend", "weekends"]) {
        return Some(Selection::Weekdays(first.iter().map(|nth| (*nth, SATURDAY)).collect()));
    }
    let of_days = cursor.word(&["day", "days"]);
    // "last week" and "2nd quarter" are no days.
    let is_of_other = !of_days
        && cursor
            .peek_word()
            .is_some_and(|word| words::unit(word).is_some() || word == "quarter");
    (!is_of_other).then_some(Selection::Days(first))
}

/// The rest of "first and third friday and second tuesday", "first monday and friday".
fn nth_weekdays(cursor: &mut Cursor<'_>, first: &[i32], weekday: u8) -> Vec<(i32, u8)> {
    let mut days: Vec<(i32, u8)> = first.iter().map(|nth| (*nth, weekday)).collect();
    let mut nths = first.to_vec();
    while let Some((more, weekday)) = cursor.attempt(|cursor| {
        let separated = cursor.separator();
        let more = cursor.attempt(|cursor| separated.then(|| ordinals(cursor))?);
        Some((more, cursor.meaning(words::weekday)?))
    }) {
        nths = more.unwrap_or(nths);
        days.extend(nths.iter().map(|nth| (*nth, weekday)));
    }
    days
}
