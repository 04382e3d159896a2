//! A month, its days as a set of bits (bit `d` is day `d`).

use chrono::{Datelike, NaiveDate};

use super::rule::Rule;
use super::sets::{NthWeekday, SignedDays, YearDays};

/// A month of some year, and what the sums below need to know of it.
#[derive(Clone, Copy)]
pub(super) struct Month {
    /// Its first day, as a date and as a [`day_number`].
    pub(super) first: NaiveDate,
    pub(super) first_day: i64,
    /// How many days it has.
    pub(super) length: i32,
}

impl Month {
    /// By its number as in [`month_index`]; `None` outside the years 1 to 9999.
    pub(super) fn at(index: i64) -> Option<Self> {
        let year = i32::try_from(index.div_euclid(12))
            .ok()
            .filter(|year| (1..=9999).contains(year))?;
        let month = u32::try_from(index.rem_euclid(12) + 1).ok()?;
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        Some(Self {
            first,
            first_day: day_number(first),
            length: i32::from(first.num_days_in_month()),
        })
    }

    pub(super) fn index(&self) -> i64 {
        month_index(self.first)
    }

    /// The first day of its year as a [`day_number`], and how many days the year has.
    pub(super) fn year(&self) -> (i64, i32) {
        (
            self.first_day - i64::from(self.first.ordinal0()),
            if self.first.leap_year() { 366 } else { 365 },
        )
    }

    pub(super) fn all(&self) -> u32 {
        at_or_after(1) & (u32::MAX >> (31 - self.length))
    }

    /// `BYMONTHDAY`, the days counted from the end included.
    pub(super) fn numbered(&self, days: SignedDays) -> u32 {
        // Reversed, day d from the end is bit 31 - d; it belongs at length + 1 - d.
        let reversed = low_word(days.from_end).reverse_bits();
        let from_end = if self.length == 31 {
            reversed << 1
        } else {
            reversed >> (30 - self.length)
        };
        (low_word(days.from_start) | from_end) & self.all()
    }

    /// `BYYEARDAY`.
    pub(super) fn of_year(&self, days: &YearDays) -> u32 {
        let (_, length) = self.year();
        let window = days.window(self.first.ordinal(), u32::try_from(length).unwrap_or(366));
        window << 1 & self.all()
    }

    /// The days on the rule's weekdays, of the weeks `week_applies` takes; weeks count from that of 0001-01-01.
    pub(super) fn on_weekdays(&self, weekdays: u32, week_start: u8, week_applies: impl Fn(i64) -> bool) -> u32 {
        let (first_week, begins) = self.weeks(week_start);
        // A month touches six weeks at most.
        let weeks = (0..6).filter(|week| week_applies(first_week + week));
        weeks.fold(0, |days, week| days | shifted(weekdays, begins + 7 * week)) & self.all()
    }

    /// `BYWEEKNO`. Week 1 is the first with four days in the year, so a week belongs to the year its fourth day is in.
    pub(super) fn in_weeks(&self, rule: &Rule) -> u32 {
        let (_, begins) = self.weeks(rule.week_start);
        let weeks = (0..6_i64).map(|week| begins + 7 * week);
        weeks.fold(0, |days, begins| {
            let (number, of) = self.week_of_year(begins + 3);
            let from_start = rule.weeks.from_start >> number & 1;
            let from_end = rule.weeks.from_end >> (of + 1 - number) & 1;
            if from_start | from_end == 0 {
                days
            } else {
                days | shifted(0x7f, begins)
            }
        }) & self.all()
    }

    /// The number of the week whose fourth day is day `fourth` of this month, and how many weeks its year has.
    fn week_of_year(&self, fourth: i64) -> (i64, i64) {
        let year = self.first.year();
        let length = |year: i32| if is_leap(year) { 366_i64 } else { 365 };
        let ordinal0 = i64::from(self.first.ordinal0()) + fourth - 1;
        let (ordinal0, length) = if ordinal0 < 0 {
            (ordinal0 + length(year - 1), length(year - 1))
        } else if ordinal0 >= length(year) {
            (ordinal0 - length(year), length(year + 1))
        } else {
            (ordinal0, length(year))
        };
        let number = ordinal0 / 7 + 1;
        (number, number + (length - 1 - ordinal0) / 7)
    }

    /// The number of the week its first day is in, and the day that week begins on, which may be before it.
    fn weeks(&self, week_start: u8) -> (i64, i64) {
        let since_start = self.first_day - i64::from(week_start);
        (since_start.div_euclid(7), 1 - since_start.rem_euclid(7))
    }

    /// The nth such weekday, in the month or in its year; nothing where that is another month's.
    pub(super) fn nth_weekday(&self, nth: NthWeekday, of_year: bool) -> u32 {
        let (from, length) = if of_year {
            self.year()
        } else {
            (self.first_day, self.length)
        };
        let day_in_month = from + day_of_nth_weekday(nth, from, length) - self.first_day;
        if (1..=i64::from(self.length)).contains(&day_in_month) {
            1 << day_in_month
        } else {
            0
        }
    }
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn low_word(set: u64) -> u32 {
    u32::try_from(set & u64::from(u32::MAX)).unwrap_or(0)
}

/// The set of the days from `day` to 31.
pub(super) fn at_or_after(day: u32) -> u32 {
    u32::MAX << day
}

/// A week's set of weekdays, its first day moved from bit 0 to the day `begins`, which may be before the month.
fn shifted(weekdays: u32, begins: i64) -> u32 {
    if begins < 0 {
        weekdays >> -begins
    } else {
        weekdays.checked_shl(u32::try_from(begins).unwrap_or(32)).unwrap_or(0)
    }
}

/// Months since the year 0.
pub(super) fn month_index(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// Days since 0001-01-01, a Monday.
pub(super) fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - 1
}

/// The date of a [`day_number`].
pub(super) fn date_of(day_number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(day_number + 1).ok()?)
}

/// The day, from 1, of the nth such weekday in a span of days, which begins on the [`day_number`] `from`. Outside of the span when there are not so many.
fn day_of_nth_weekday(nth: NthWeekday, from: i64, length: i32) -> i64 {
    let ordinal = i64::from(nth.nth);
    let length = i64::from(length);
    if ordinal > 0 {
        1 + (i64::from(nth.weekday) - from).rem_euclid(7) + 7 * (ordinal - 1)
    } else {
        let last = from + length - 1;
        length - (last - i64::from(nth.weekday)).rem_euclid(7) + 7 * (ordinal + 1)
    }
}
