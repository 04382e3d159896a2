//! On which days a rule falls, a month at a time.
//!
//! Each month's set of days follows from the rule and the first day of the series alone. Nothing is walked from the start, so any month can be asked first, and a month
//! costs some tens of nanoseconds.

use chrono::{Datelike, NaiveDate};

use super::month::{Month, at_or_after, day_number, month_index};
use super::rule::{Frequency, Rule};
use super::sets::Weekdays;

/// A search ends after so many months without a day: by then the calendar repeats, and all but absurd intervals have come round.
pub(super) const MOST_EMPTY_MONTHS: i64 = 400 * 12;

/// The days of a rule as it runs from a first day, which stands in for the parts the rule leaves open: `FREQ=MONTHLY` is monthly on that day of the month.
#[derive(Clone, Copy)]
pub(super) struct Days<'r> {
    pub(super) rule: &'r Rule,
    pub(super) first: NaiveDate,
}

impl<'r> Days<'r> {
    /// The months with their days at or after `from`, up to the end of the year 9999 or to the first 400 years. Most may be empty.
    pub(super) fn months_from(self, from: NaiveDate) -> impl Iterator<Item = (Month, u32)> + use<'r> {
        let from_index = month_index(from);
        std::iter::successors(Some(self.in_phase(from_index)), move |index| {
            Some(self.in_phase(index + 1))
        })
        .take_while(move |index| index - from_index <= MOST_EMPTY_MONTHS)
        .map_while(Month::at)
        .map(move |month| {
            let days = self.of(&month);
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
            Frequency::Monthly => index + (month_index(self.first) - index).rem_euclid(interval),
            Frequency::Yearly => {
                let years_off = (i64::from(self.first.year()) - index.div_euclid(12)).rem_euclid(interval);
                if years_off == 0 {
                    index
                } else {
                    (index.div_euclid(12) + years_off) * 12
                }
            }
            _ => index,
        }
    }

    /// The days of a month that is in phase.
    pub(super) fn of(self, month: &Month) -> u32 {
        if !self.month_applies(month) {
            return 0;
        }
        let days = match self.rule.frequency {
            Frequency::Daily => self.every_nth_day(month) & self.limits(month),
            Frequency::Weekly => self.every_nth_week(month),
            Frequency::Monthly | Frequency::Yearly if !self.rule.names_days() => 1 << self.first.day(),
            _ => self.limits(month),
        };
        days & month.all()
    }

    fn month_applies(self, month: &Month) -> bool {
        let rule = self.rule;
        let month_number = month.first.month();
        if !rule.months.is_empty() {
            return rule.months.contains(month_number);
        }
        // A yearly rule without any BY part for days is on the first day's anniversary.
        let anniversary = rule.frequency == Frequency::Yearly && !rule.names_days();
        !anniversary || month_number == self.first.month()
    }

    /// What the parts for days leave of a month; together they leave the days that are all of it, so Friday the 13th.
    fn limits(self, month: &Month) -> u32 {
        let rule = self.rule;
        let mut days = month.all();
        if !rule.month_days.is_empty() {
            days &= month.numbered(rule.month_days);
        }
        if !rule.year_days.is_empty() {
            days &= month.of_year(&rule.year_days);
        }
        if rule.has_by_day() {
            days &= self.weekdays(month);
        }
        if !rule.weeks.is_empty() {
            days &= month.in_weeks(rule);
            // Which day of the week is left open: it is the first day's.
            if !rule.has_by_day() && rule.month_days.is_empty() && rule.year_days.is_empty() {
                let weekdays = Weekdays::only(self.first.weekday());
                days &= month.on_weekdays(weekdays.counted_from(0), 0, |_| true);
            }
        }
        days
    }

    /// Ordinals count within the year only in a yearly rule without `BYMONTH`.
    fn weekdays(self, month: &Month) -> u32 {
        let every = month.on_weekdays(self.rule.weekdays.counted_from(0), 0, |_| true);
        let of_year = self.rule.frequency == Frequency::Yearly && self.rule.months.is_empty();
        self.rule
            .nth_weekdays
            .iter()
            .fold(every, |days, nth| days | month.nth_weekday(*nth, of_year))
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
        let week_start = self.rule.week_start;
        let first_week = (day_number(self.first) - i64::from(week_start)).div_euclid(7);
        let interval = i64::from(self.rule.interval);
        month.on_weekdays(weekdays.counted_from(week_start), week_start, |week| {
            (week - first_week).rem_euclid(interval) == 0
        })
    }
}
