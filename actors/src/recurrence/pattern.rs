//! On which days a rule falls, a month at a time.
//!
//! The days of a month are a set of bits (bit `d` is day `d`), and each month's set follows from the rule and the first day of the series alone. Nothing is walked
//! from the start, so any month can be asked first, and a month costs some tens of nanoseconds.

use chrono::{Datelike, NaiveDate};

use super::rule::{Frequency, MonthDays, NthWeekday, Rule, Weekdays};

/// A rule as it runs from a first day, which stands in for the parts the rule leaves open: `FREQ=MONTHLY` is monthly on that day of the month.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'r> {
    rule: &'r Rule,
    first: NaiveDate,
}

/// A month of some year, and what the sums below need to know of it.
#[derive(Clone, Copy)]
struct Month {
    /// Its first day, as a date and as a [`day_number`].
    first: NaiveDate,
    first_day: i64,
    /// How many days it has.
    length: i32,
}

impl<'r> Pattern<'r> {
    pub(super) fn new(rule: &'r Rule, first: NaiveDate) -> Self {
        Self { rule, first }
    }

    /// The days at or after both `from` and the first day, in order, up to the end of the year 9999 or to the first 400 years without any: by then the
    /// calendar repeats, and all but absurd intervals have come round.
    pub(super) fn days_from(self, from: NaiveDate) -> impl Iterator<Item = NaiveDate> + use<'r> {
        self.months_from(from)
            .scan(month_index(from.max(self.first)), |last_with_days, (month, days)| {
                let months_without = month.index() - *last_with_days;
                if days != 0 {
                    *last_with_days = month.index();
                }
                (months_without <= 400 * 12).then_some((month, days))
            })
            .flat_map(|(month, days)| numbers(days).filter_map(move |day| month.first.with_day(day)))
    }

    /// How many days there are after the first and before `end`.
    pub(super) fn count_between(self, end: NaiveDate) -> u64 {
        let Some(second) = self.first.succ_opt() else { return 0 };
        let end_month = month_index(end);
        self.months_from(second)
            .take_while(|(month, _)| month.index() <= end_month)
            .map(|(month, days)| {
                if month.index() == end_month {
                    days & !at_or_after(end.day())
                } else {
                    days
                }
            })
            .map(|days| u64::from(days.count_ones()))
            .sum()
    }

    /// The months with their days, from that of `from` or of the first day, whichever is later. Most may be empty.
    fn months_from(self, from: NaiveDate) -> impl Iterator<Item = (Month, u32)> + use<'r> {
        let from = from.max(self.first);
        let from_index = month_index(from);
        std::iter::successors(Some(self.in_phase(from_index)), move |index| {
            Some(self.in_phase(index + 1))
        })
        .map_while(Month::at)
        .map(move |month| {
            let days = self.days(&month);
            (
                month,
                if month.index() == from_index {
                    days & at_or_after(from.day())
                } else {
                    days
                },
            )
        })
    }

    /// The first month from `index` on that `INTERVAL` does not leave out, where the interval is in months or years.
    fn in_phase(self, index: i64) -> i64 {
        let interval = i64::from(self.rule.interval);
        match self.rule.frequency {
            Frequency::Daily | Frequency::Weekly => index,
            Frequency::Monthly => index + (month_index(self.first) - index).rem_euclid(interval),
            Frequency::Yearly => {
                let years_off = (i64::from(self.first.year()) - index.div_euclid(12)).rem_euclid(interval);
                if years_off == 0 {
                    index
                } else {
                    (index.div_euclid(12) + years_off) * 12
                }
            }
        }
    }

    /// The days of a month that is in phase.
    fn days(self, month: &Month) -> u32 {
        if !self.month_applies(month) {
            return 0;
        }
        let days = match self.rule.frequency {
            Frequency::Daily => self.every_nth_day(month) & self.limits(month),
            Frequency::Weekly => self.every_nth_week(month),
            Frequency::Monthly | Frequency::Yearly if self.rule.has_by_day() || !self.rule.month_days.is_empty() => {
                self.limits(month)
            }
            Frequency::Monthly | Frequency::Yearly => 1 << self.first.day(),
        };
        days & month.all()
    }

    fn month_applies(self, month: &Month) -> bool {
        let rule = self.rule;
        let month_number = month.first.month();
        if rule.months.0 != 0 {
            return rule.months.0 & (1 << month_number) != 0;
        }
        // A yearly rule without any BY part is on the first day's anniversary.
        let anniversary = rule.frequency == Frequency::Yearly && rule.month_days.is_empty() && !rule.has_by_day();
        !anniversary || month_number == self.first.month()
    }

    /// What `BYMONTHDAY` and `BYDAY` leave of a month; together they leave the days that are both, so Friday the 13th.
    fn limits(self, month: &Month) -> u32 {
        let mut days = month.all();
        if !self.rule.month_days.is_empty() {
            days &= month.numbered(self.rule.month_days);
        }
        if self.rule.has_by_day() {
            let every = month.on_weekdays(self.rule.weekdays, |_| true);
            days &= self
                .rule
                .nth_weekdays
                .iter()
                .fold(every, |days, nth| days | self.nth_weekday(month, *nth));
        }
        days
    }

    /// Ordinals count within the year only in a yearly rule without `BYMONTH`.
    fn nth_weekday(self, month: &Month, nth: NthWeekday) -> u32 {
        let of_year = self.rule.frequency == Frequency::Yearly && self.rule.months.0 == 0;
        let (from, length) = if of_year {
            month.year()
        } else {
            (month.first_day, month.length)
        };
        let day_in_month = from + day_of_nth_weekday(nth, from, length) - month.first_day;
        if (1..=i64::from(month.length)).contains(&day_in_month) {
            1 << day_in_month
        } else {
            0
        }
    }

    fn every_nth_day(self, month: &Month) -> u32 {
        let interval = i64::from(self.rule.interval);
        if interval == 1 {
            return month.all();
        }
        let until_next = (day_number(self.first) - month.first_day).rem_euclid(interval);
        let mut days = 0;
        let mut day = 1 + until_next;
        while day <= i64::from(month.length) {
            days |= 1 << day;
            day += interval;
        }
        days
    }

    fn every_nth_week(self, month: &Month) -> u32 {
        let weekdays = if self.rule.weekdays.is_empty() {
            Weekdays::only(self.first.weekday())
        } else {
            self.rule.weekdays
        };
        let first_week = day_number(self.first).div_euclid(7);
        let interval = i64::from(self.rule.interval);
        month.on_weekdays(weekdays, |week| (week - first_week).rem_euclid(interval) == 0)
    }
}

impl Month {
    /// By its number as in [`month_index`]; `None` outside the years 1 to 9999.
    fn at(index: i64) -> Option<Self> {
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

    fn index(&self) -> i64 {
        month_index(self.first)
    }

    /// The first day of its year as a [`day_number`], and how many days the year has.
    fn year(&self) -> (i64, i32) {
        (
            self.first_day - i64::from(self.first.ordinal0()),
            if self.first.leap_year() { 366 } else { 365 },
        )
    }

    fn all(&self) -> u32 {
        at_or_after(1) & (u32::MAX >> (31 - self.length))
    }

    /// `BYMONTHDAY`, the days counted from the end included.
    fn numbered(&self, days: MonthDays) -> u32 {
        // Reversed, day d from the end is bit 31 - d; it belongs at length + 1 - d.
        let reversed = days.from_end.reverse_bits();
        let from_end = if self.length == 31 {
            reversed << 1
        } else {
            reversed >> (30 - self.length)
        };
        (days.from_start | from_end) & self.all()
    }

    /// The days on given weekdays, of the weeks `week_applies` takes; weeks begin on Mondays and count from that of 0001-01-01.
    fn on_weekdays(&self, weekdays: Weekdays, week_applies: impl Fn(i64) -> bool) -> u32 {
        let first_week = self.first_day.div_euclid(7);
        let monday = 1 - self.first_day.rem_euclid(7);
        // A month touches six weeks at most.
        let weeks = (0..6).filter(|week| week_applies(first_week + week));
        weeks.fold(0, |days, week| days | shifted(weekdays.0, monday + 7 * week)) & self.all()
    }
}

/// The set of the days from `day` to 31.
fn at_or_after(day: u32) -> u32 {
    u32::MAX << day
}

/// The days in a set, in order.
fn numbers(mut days: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let day = days.trailing_zeros();
        days &= days.checked_sub(1)?;
        Some(day)
    })
}

/// A week's set of weekdays, its Monday moved from bit 0 to the day `monday`, which may be before the month.
fn shifted(weekdays: u8, monday: i64) -> u32 {
    let weekdays = u32::from(weekdays);
    if monday < 0 {
        weekdays >> -monday
    } else {
        weekdays.checked_shl(u32::try_from(monday).unwrap_or(32)).unwrap_or(0)
    }
}

/// Months since the year 0.
fn month_index(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// Days since 0001-01-01, a Monday.
fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - 1
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
