//! The lists of the BY parts, as text and as sets.

use super::parse::{digits, malformed};
use super::rule::RuleError;
use super::sets::{Months, NthWeekday, SignedDays, SmallSet, WEEKDAY_NAMES, Weekdays, YearDays};

pub(super) fn months(value: &str) -> Result<Months, RuleError> {
    let months = value.split(',').map(|month| number(month, 2, 1..=12));
    let months = months.collect::<Option<Vec<i16>>>();
    let months = months.ok_or_else(|| malformed("BYMONTH is not a list of months from 1 to 12"))?;
    Ok(months
        .into_iter()
        .fold(Months::default(), |set, month| Months(set.0 | 1 << month)))
}

/// Numbers from 1 to `most`, or as many from the end.
pub(super) fn signed_days(part: &str, value: &str, most: i16) -> Result<SignedDays, RuleError> {
    let mut days = SignedDays::default();
    signed(part, value, 2, most)?
        .into_iter()
        .for_each(|day| days.insert(day));
    Ok(days)
}

pub(super) fn year_days(value: &str) -> Result<YearDays, RuleError> {
    let mut days = YearDays::default();
    let numbers = signed("BYYEARDAY", value, 3, 366)?;
    numbers.into_iter().for_each(|day| days.insert(day));
    Ok(days)
}

pub(super) fn positions(value: &str) -> Result<Vec<i16>, RuleError> {
    let mut positions = signed("BYSETPOS", value, 3, 366)?;
    positions.sort_unstable();
    positions.dedup();
    Ok(positions)
}

/// Numbers from 0 to `most`, which is less than 64.
pub(super) fn small_set(part: &str, value: &str, most: i16) -> Result<SmallSet, RuleError> {
    let numbers = value.split(',').map(|text| number(text, 2, 0..=most));
    let numbers = numbers.collect::<Option<Vec<i16>>>();
    let numbers = numbers.ok_or_else(|| malformed(format!("{part} is not a list of numbers from 0 to {most}")))?;
    Ok(SmallSet(numbers.into_iter().fold(0, |set, number| set | 1 << number)))
}

pub(super) fn weekdays(value: &str) -> Result<(Weekdays, Vec<NthWeekday>), RuleError> {
    let mut weekdays = Weekdays::default();
    let mut nth_weekdays = Vec::new();
    for text in value.split(',') {
        let (ordinal, weekday) = weekday(text).ok_or_else(|| malformed("BYDAY is not a list like MO or 1MO,-1FR"))?;
        match ordinal {
            None => weekdays.0 |= 1 << weekday,
            Some(nth) => nth_weekdays.push(NthWeekday { nth, weekday }),
        }
    }
    nth_weekdays.sort_unstable();
    nth_weekdays.dedup();
    Ok((weekdays, nth_weekdays))
}

/// `MO`, `2TU` or `-1FR`, the weekday as days from Monday.
fn weekday(text: &str) -> Option<(Option<i8>, u8)> {
    let (ordinal, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = WEEKDAY_NAMES.iter().position(|known| *known == name)?;
    let weekday = u8::try_from(weekday).ok()?;
    if ordinal.is_empty() {
        return Some((None, weekday));
    }
    let ordinal = signed_number(ordinal, 2, 53)?;
    Some((Some(i8::try_from(ordinal).ok()?), weekday))
}

fn signed(part: &str, value: &str, digits: usize, most: i16) -> Result<Vec<i16>, RuleError> {
    let numbers = value.split(',').map(|text| signed_number(text, digits, most));
    let numbers = numbers.collect::<Option<Vec<i16>>>();
    numbers.ok_or_else(|| {
        malformed(format!(
            "{part} is not a list of numbers from 1 to {most} or -{most} to -1"
        ))
    })
}

/// 1 to `most`, or as many from the end.
fn signed_number(text: &str, digits: usize, most: i16) -> Option<i16> {
    match text.strip_prefix('-') {
        Some(text) => number(text, digits, 1..=most).map(|number| -number),
        None => number(text.strip_prefix('+').unwrap_or(text), digits, 1..=most),
    }
}

/// Of so many digits at most, without a sign.
fn number(text: &str, most_digits: usize, range: std::ops::RangeInclusive<i16>) -> Option<i16> {
    let text = digits(text).filter(|text| text.len() <= most_digits)?;
    text.parse().ok().filter(|number| range.contains(number))
}
