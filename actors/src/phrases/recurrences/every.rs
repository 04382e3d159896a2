//! What stands behind "every".

use super::{
    Recurrence, Repeat, WORKDAYS,
    completion::after_completion,
    odd_steps::{halves, longer, range_of_months, that_are},
    of_each::{nth_of_months, of_each, period, week_of_period},
    repeat::each,
    selection::{EDGES, Selection, selection, weekdays, workday},
    tail::{days_of_months, weeks, with_tail},
};
use crate::phrases::{
    american::AS_THERE,
    calendar::{ordinal, year},
    cursor::Cursor,
    days::Named,
    ending::ends_phrase,
    holidays::holiday,
    lengths,
    lexer::Kind,
    marks::marked,
    parts::{self, Nights},
    times,
    words::{self, Unit, nth_name},
};

/// "every …", "each …", "every! …", "once a …".
pub(super) fn every(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let once = cursor.word(&["once"]);
    let said = cursor.words(&["each", "and", "every"])
        || cursor.word(&["every", "each"])
        || once && cursor.word(&["a", "per"]);
    if !said {
        // "alternate" is "every other".
        cursor.word(&["on"]);
        cursor.peek_is(&["alternate", "alternating"]).then_some(())?;
    }
    let exclaimed = cursor.joined_mark('!');
    cursor.word(&["single"]);
    if let Some((interval, unit)) = cursor.attempt(long_period) {
        let recurrence = with_tail(cursor, interval, unit)?;
        return Some(Recurrence {
            after_completion: exclaimed || after_completion(cursor),
            ..recurrence
        });
    }
    let forms: [fn(&mut Cursor<'_>) -> Option<Recurrence>; 9] = [
        week_of_period,
        of_period,
        counted_workdays,
        units,
        on_weekdays,
        in_months,
        listed,
        on_holiday,
        part_of_day,
    ];
    let mut found = if once {
        cursor.attempt(units)?
    } else {
        forms.iter().find_map(|form| cursor.attempt(form))?
    };
    found.after_completion |= exclaimed || after_completion(cursor);
    if found.after_completion && found.repeat.as_ref().is_ok_and(|repeat| !repeat.positions.is_empty()) {
        found.repeat = Err("counted from a completion, no day is one of its month");
    }
    Some(found)
}

/// "fortnight", "quarter".
fn long_period(cursor: &mut Cursor<'_>) -> Option<(u32, Unit)> {
    if cursor.word(&["fortnight"]) {
        return Some((2, Unit::Week));
    }
    (cursor.word(&["quarter"]) && !cursor.peek_is(&["of", "hour", "past", "to"])).then_some((3, Unit::Month))
}

const NO_WORKDAYS: &str = "a rule cannot count workdays on; “every!” counts them from when it was last completed";

/// How many between: "other", "3", "3rd"; whether it was an ordinal.
pub(super) fn interval(cursor: &mut Cursor<'_>) -> Option<(u32, bool)> {
    if cursor.word(&["other", "alternate", "alternating"]) {
        return Some((2, false));
    }
    if let Some(nth) = cursor.attempt(ordinal) {
        return u32::try_from(nth).ok().map(|nth| (nth, true));
    }
    lengths::amount(cursor).map(|amount| (amount, false))
}

/// "4th and 10th of the month", "20th and 30th of aug", "fourth thursday in november", "end of week".
fn of_period(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let selection = selection(cursor)?;
    cursor.word(&["of", "in"]).then_some(())?;
    if let Some(months) = cursor.list(|cursor| cursor.meaning(words::month)) {
        return Some(selection.of_months(1, months).into());
    }
    cursor.word(&["the", "each", "every", "a"]);
    Some(of_each(selection, period(cursor)?))
}

/// "3 workdays" and "3rd workday" are counted from a completion; otherwise "3rd workday" is that of each month, and "3 workdays" nothing can say.
fn counted_workdays(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let exclaimed = cursor.follows(&["!"]);
    let (interval, is_ordinal) = interval(cursor)?;
    workday(cursor).then_some(())?;
    if exclaimed || after_completion(cursor) {
        return Some(Recurrence {
            after_completion: true,
            ..Repeat::every_workdays(interval).into()
        });
    }
    if !is_ordinal {
        return Some(Recurrence::inexpressible(NO_WORKDAYS));
    }
    let positions = vec![i32::try_from(interval).ok()?];
    let of_month = Selection::Positions {
        of: WORKDAYS.to_vec(),
        positions,
    }
    .of(1, Unit::Month);
    Some(Recurrence::doubtful(
        of_month,
        format!(
            "the {} workday of each month; no rule can name one workday in {interval}",
            nth_name(i32::try_from(interval).ok()?)
        ),
    ))
}

/// "day", "other week on mon", "3 months on the 4th".
fn units(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    if let Some(found) = cursor.attempt(halves) {
        return Some(found);
    }
    let counted = cursor.attempt(|cursor| {
        let (interval, _) = interval(cursor)?;
        let letter = cursor.is_joined();
        let unit = cursor.meaning(|word| words::unit(word).or_else(|| letter.then(|| words::letter_unit(word))?))?;
        Some((interval, unit))
    });
    let (interval, unit) = match counted {
        Some(counted) => counted,
        None => (1, cursor.meaning(words::unit)?),
    };
    if counted.is_none() && unit == Unit::Second && weekdays(&mut cursor.clone()).is_some() {
        // "every second wednesday" is every other.
        return None;
    }
    if let Some(found) = cursor.attempt(|cursor| longer(cursor, interval, unit)) {
        return Some(found);
    }
    with_tail(cursor, interval, unit)
}

/// "tue and thu", "other weekend", "2nd friday", "Fri in week 12".
fn on_weekdays(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let interval = cursor.attempt(|cursor| {
        let interval = interval(cursor)?;
        let mut ahead = *cursor;
        weekdays(&mut ahead).map(|_| interval)
    });
    // The "first weekend" is one of its days.
    let is_weekend = cursor.peek_is(&["weekend", "weekends"]);
    let weekdays = weekdays(cursor)?;
    match interval {
        Some((1, true)) => (!is_weekend).then(|| nth_of_months(1, &weekdays.days).into()),
        Some((interval, is_ordinal)) => {
            let repeat = in_weeks_or_months(cursor, Repeat::on_weekdays(interval, &weekdays.days));
            if is_ordinal && (2..=5).contains(&interval) && (is_weekend || weekdays.days.len() == 1) {
                let nth = nth_name(i32::try_from(interval).ok()?);
                let day = if is_weekend {
                    "weekend"
                } else {
                    words::weekday_name(weekdays.days[0])
                };
                let doubt = format!("one {day} in {interval}; say “{nth} {day} of each month” for that");
                return Some(Recurrence::doubtful(repeat, doubt));
            }
            Some(repeat.into())
        }
        None => Some(match cursor.attempt(|cursor| that_are(cursor, &weekdays.days)) {
            Some(repeat) => repeat.into(),
            None => in_weeks_or_months(cursor, Repeat::on_weekdays(1, &weekdays.days)).into(),
        }),
    }
}

/// "in week 12", "in march" behind weekdays.
pub(super) fn in_weeks_or_months(cursor: &mut Cursor<'_>, mut repeat: Repeat) -> Repeat {
    if let Some(weeks) = cursor.attempt(weeks) {
        (repeat.every, repeat.weeks) = (Unit::Year, weeks);
        return repeat;
    }
    repeat.months = cursor.attempt(months_behind).unwrap_or_default();
    repeat
}

/// "in january" behind days and weeks.
pub(super) fn in_months_behind(cursor: &mut Cursor<'_>, repeat: &mut Repeat) {
    let is_of_days = matches!(repeat.every, Unit::Day | Unit::Week) && !repeat.workdays;
    if is_of_days && repeat.months.is_empty() {
        let months = cursor
            .attempt(range_of_months)
            .or_else(|| cursor.attempt(months_behind));
        repeat.months = months.unwrap_or_default();
    }
}

/// "in march", which is no month of one year and no day of it.
fn months_behind(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    cursor.word(&["in", "of"]).then_some(())?;
    let months = cursor.list(|cursor| cursor.meaning(words::month))?;
    year(&mut cursor.clone()).is_none().then_some(months)
}

/// "2nd and last friday", "1st and 15th": of each month, where nothing else is said. With a word behind it a number alone is one of that: "every 3rd car".
fn listed(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let is_in_digits = matches!(cursor.peek()?.kind, Kind::Number(_));
    let begins_text = cursor.at() == 1;
    let selection = selection(cursor)?;
    let is_number = matches!(selection, Selection::Days(_)) && !cursor.follows(&["day", "days"]);
    let is_whole = selection.count() > 1
        || is_in_digits && (ends_phrase(cursor) || begins_other(*cursor))
        || cursor.follows(EDGES);
    let rule = Recurrence::from(selection.of(1, Unit::Month));
    if !is_number || is_whole {
        return Some(rule);
    }
    (is_in_digits && begins_text).then(|| rule.or_doubt(DAY_OF_MONTH.to_owned()))
}

const DAY_OF_MONTH: &str =
    "taken for that day of every month; put it between quotation marks where it is words of the title";

/// Whether a time or a priority is next.
fn begins_other(cursor: Cursor<'_>) -> bool {
    times::times(&mut cursor.clone(), true).is_some() || marked(&mut cursor.clone()).is_some()
}

/// "july 4th", "4 july", "aug on day 20 and 30", "january and july".
fn in_months(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    Some(days_of_months(cursor, 1)?.into())
}

fn on_holiday(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    match holiday(cursor)? {
        Named::Yearly { month, day } => Some(Selection::Days(vec![day.into()]).of_months(1, vec![month]).into()),
        Named::Weekday {
            nth, weekday, month, ..
        } => {
            let repeat = Selection::Weekdays(vec![(nth, weekday)]).of_months(1, vec![month]);
            Some(Recurrence::doubtful(repeat, AS_THERE))
        }
        _ => Some(Recurrence::inexpressible("no rule knows when Easter is")),
    }
}

/// "morning", "morning and evening", "morning at 8 and every evening at 9", "night at 11".
fn part_of_day(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    // "every other night"
    let is_other = cursor.word(&["other"]);
    (!is_other || cursor.peek_word().and_then(words::part_of_day).is_some()).then_some(())?;
    let weekday = cursor.meaning(words::weekday);
    let mut is_first = true;
    let mut alone = None;
    let parts = cursor.list(|cursor| {
        // "every monday morning and every evening" is more than one rule.
        if !is_first && weekday.is_none() {
            cursor.word(&["every", "each"]);
        }
        is_first = false;
        if cursor.word(&["noon", "midday"]) {
            return Some(vec![times::at_hour(12)?]);
        }
        if cursor.word(&["midnight"]) {
            return Some(vec![times::at_hour(0)?]);
        }
        let hour = cursor.meaning(words::part_of_day)?;
        let begin = cursor.at();
        let times = parts::at_part(cursor, hour, Nights::ReachTheMorning);
        alone = (cursor.at() == begin).then_some(hour);
        times
    })?;
    let repeat = match weekday {
        Some(weekday) => Repeat {
            weekdays: each(&[weekday]),
            ..Repeat::every(1, Unit::Week)
        },
        None => Repeat::every(if is_other { 2 } else { 1 }, Unit::Day),
    };
    Some(Recurrence {
        part: alone.filter(|_| parts.len() == 1),
        times: parts.into_iter().flatten().collect(),
        ..repeat.into()
    })
}
