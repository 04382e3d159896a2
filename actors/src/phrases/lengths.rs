//! Lengths of time: "2 weeks", "an hour", "1h30", "1 hour and 30 minutes", "half an hour", "an hour and a half", "1.5 hours".

use chrono::{Days, Months, NaiveDate};

use super::{
    cursor::Cursor,
    ending::ends_phrase,
    words::{self, Unit},
};

/// The greatest number in front of a unit.
pub(super) const MAX_AMOUNT: u32 = 9999;

/// A length: of the calendar in months and days, exact in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) months: u32,
    pub(super) days: u32,
    pub(super) seconds: u32,
}

impl Length {
    pub(super) const ZERO: Self = Self {
        months: 0,
        days: 0,
        seconds: 0,
    };

    pub(super) fn of(amount: u32, unit: Unit) -> Self {
        let mut length = Self::default();
        match unit {
            Unit::Second => length.seconds = amount,
            Unit::Minute => length.seconds = amount * 60,
            Unit::Hour => length.seconds = amount * 3600,
            Unit::Day => length.days = amount,
            Unit::Week => length.days = amount * 7,
            Unit::Month => length.months = amount,
            Unit::Year => length.months = amount * 12,
        }
        length
    }

    fn plus(self, other: Self) -> Self {
        Self {
            months: self.months + other.months,
            days: self.days + other.days,
            seconds: self.seconds + other.seconds,
        }
    }

    /// Whether it is whole days.
    pub(super) fn is_of_days(self) -> bool {
        self.seconds == 0
    }

    /// The day that much later; a month later than the 31st is the month's last day.
    pub(super) fn after(self, date: NaiveDate) -> Option<NaiveDate> {
        date.checked_add_months(Months::new(self.months))?
            .checked_add_days(Days::new(self.days.into()))
    }

    /// The day that much earlier.
    pub(super) fn before(self, date: NaiveDate) -> Option<NaiveDate> {
        date.checked_sub_months(Months::new(self.months))?
            .checked_sub_days(Days::new(self.days.into()))
    }
}

/// A whole number in front of something: "3", "three", "a", "a couple of".
pub(super) fn amount(cursor: &mut Cursor<'_>) -> Option<u32> {
    if let Some((value, _)) = cursor.number() {
        return (1..=MAX_AMOUNT).contains(&value).then_some(value);
    }
    if cursor.words(&["a", "couple", "of"]) {
        return Some(2);
    }
    if cursor.word(&["a", "an"]) {
        return Some(1);
    }
    cursor.meaning(words::cardinal)
}

/// A length of one or more parts.
pub(super) fn length(cursor: &mut Cursor<'_>) -> Option<Length> {
    let mut total = part(cursor)?;
    for _ in 0..5 {
        let next = cursor.attempt(|cursor| {
            cursor.word(&["and"]);
            part(cursor).or_else(|| minutes_of_hours(cursor, total))
        });
        match next {
            Some(next) => total = total.plus(next),
            None => break,
        }
    }
    Some(total)
}

fn part(cursor: &mut Cursor<'_>) -> Option<Length> {
    cursor.attempt(|cursor| {
        if cursor.words(&["half", "an", "hour"])
            || cursor.words(&["half", "a", "hour"])
            || cursor.words(&["half", "hour"])
        {
            return Some(Length::of(30, Unit::Minute));
        }
        let amount = amount(cursor)?;
        let has_half = and_a_half(cursor) || decimal_half(cursor);
        if !has_half && cursor.word(&["fortnight", "fortnights"]) {
            return Some(Length::of(2 * amount, Unit::Week));
        }
        let unit = unit(cursor)?;
        let whole = Length::of(amount, unit);
        if has_half || and_a_half(cursor) {
            return half_of(unit).map(|half| whole.plus(half));
        }
        Some(whole)
    })
}

/// "weeks", "h" right behind its number, or behind a space where it ends the length ("in 10 m"), and "week's time".
fn unit(cursor: &mut Cursor<'_>) -> Option<Unit> {
    let (joined, numbered) = (cursor.is_joined(), cursor.follows_number());
    if let Some(unit) = cursor.meaning(words::unit) {
        cursor.attempt(|cursor| {
            (cursor.joined_mark('\'') || cursor.joined_mark('’')).then_some(())?;
            cursor.word(&["time"]).then_some(())
        });
        return Some(unit);
    }
    let letter = cursor.attempt(|cursor| {
        let unit = cursor.meaning(words::letter_unit)?;
        let is_whole = ends_phrase(cursor) || cursor.peek_is(&["before", "beforehand", "earlier", "after", "later"]);
        (joined || numbered && is_whole).then_some(unit)
    });
    letter.or_else(|| {
        cursor.attempt(|cursor| {
            let unit = cursor.meaning(|word| {
                let owner = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"))?;
                words::unit(owner)
            })?;
            cursor.word(&["time"]).then_some(unit)
        })
    })
}

/// "and a half", behind the number or its unit.
pub(super) fn and_a_half(cursor: &mut Cursor<'_>) -> bool {
    cursor.words(&["and", "a", "half"])
}

/// The ".5" of "1.5 hours".
pub(super) fn decimal_half(cursor: &mut Cursor<'_>) -> bool {
    let half = cursor.attempt(|cursor| {
        (cursor.joined_mark('.') && cursor.is_joined()).then_some(())?;
        cursor.number().filter(|half| *half == (5, 1))
    });
    half.is_some()
}

/// Half a unit, where it is a length: half a week is no number of days.
pub(super) fn half_of(unit: Unit) -> Option<Length> {
    Some(match unit {
        Unit::Minute => Length::of(30, Unit::Second),
        Unit::Hour => Length::of(30, Unit::Minute),
        Unit::Day => Length::of(12, Unit::Hour),
        Unit::Year => Length::of(6, Unit::Month),
        Unit::Second | Unit::Week | Unit::Month => return None,
    })
}

/// The `30` of `1h30`.
fn minutes_of_hours(cursor: &mut Cursor<'_>, hours: Length) -> Option<Length> {
    if !cursor.is_joined() || hours.seconds == 0 || !hours.seconds.is_multiple_of(3600) {
        return None;
    }
    let (minutes, _) = cursor.number()?;
    (minutes < 60).then(|| Length::of(minutes, Unit::Minute))
}
