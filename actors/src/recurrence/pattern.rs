//! When a rule falls: what comes next from any wall time on, and how many there were.

use std::ops::Range;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use super::days::Days;
use super::month::{Month, at_or_after, date_of, day_number};
use super::positions::Positions;
use super::rule::{Frequency, Rule};
use super::sets::bits;
use super::ticks::{Search, Ticks};
use super::times::Times;

/// A rule as it runs from a start, without its end. It names nothing before the start.
pub(super) struct Pattern<'r> {
    days: Days<'r>,
    start: NaiveDateTime,
    kind: Kind<'r>,
}

enum Kind<'r> {
    /// Each of the days at each of the times.
    Days(Times),
    /// Each of the days at each of the periods, each at each of the times.
    Ticks(Ticks, Times),
    /// Some of the times of a week, a month or a year.
    Positions(Positions<'r>),
    /// A rule that repeats within the day, of a series of whole days.
    Nothing,
}

impl<'r> Pattern<'r> {
    pub(super) fn new(rule: &'r Rule, start: NaiveDateTime, all_day: bool) -> Self {
        let days = Days {
            rule,
            first: start.date(),
        };
        let times = if all_day {
            // RFC 5545: the parts for times "MUST be ignored" where the start is a date.
            Times::midnight()
        } else {
            Times::within_period(rule, start.time())
        };
        let unit_s = rule.frequency.unit_s();
        let is_within_a_day = unit_s.is_some() || rule.frequency == Frequency::Daily;
        let kind = match (rule.positions.is_empty(), unit_s) {
            (_, Some(_)) if all_day => Kind::Nothing,
            (false, _) if !is_within_a_day => Kind::Positions(Positions::new(days, times)),
            (has_no_positions, unit_s) => {
                let times = if has_no_positions {
                    times
                } else {
                    times.at_positions(&rule.positions)
                };
                match unit_s {
                    _ if times.len() == 0 => Kind::Nothing,
                    Some(unit_s) => Kind::Ticks(Ticks::new(rule, unit_s, start), times),
                    None => Kind::Days(times),
                }
            }
        };
        Self { days, start, kind }
    }

    /// Whether a day can have more than one.
    pub(super) fn is_several_a_day(&self) -> bool {
        match &self.kind {
            Kind::Days(times) => times.len() > 1,
            Kind::Ticks(..) => true,
            Kind::Positions(positions) => positions.are_several_a_day(),
            Kind::Nothing => false,
        }
    }

    /// The first from `from` on, which is one of the next 400 years and before the year 10,000.
    pub(super) fn next_from(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        self.next_until(from, NaiveDate::MAX)
    }

    /// The first from `from` on that is before `end`; nothing later is looked for.
    pub(super) fn next_before(&self, from: NaiveDateTime, end: NaiveDateTime) -> Option<NaiveDateTime> {
        self.next_until(from, end.date()).filter(|at| *at < end)
    }

    /// Whether `at` is one of its times.
    pub(super) fn names(&self, at: NaiveDateTime) -> bool {
        self.next_until(at, at.date()) == Some(at)
    }

    /// The first from `from` on; months or weeks that begin after `last` are not looked at.
    fn next_until(&self, from: NaiveDateTime, last: NaiveDate) -> Option<NaiveDateTime> {
        let from = from.max(self.start);
        match &self.kind {
            Kind::Days(times) => self.next_on_days(from, last, times),
            Kind::Ticks(ticks, times) => self.next_tick(from, last, ticks, times),
            Kind::Positions(positions) => positions.next_until(from, last),
            Kind::Nothing => None,
        }
    }

    fn next_on_days(&self, from: NaiveDateTime, last: NaiveDate, times: &Times) -> Option<NaiveDateTime> {
        let today = from.date();
        let mut days = self
            .days
            .months_from(today)
            .take_while(|(month, _)| month.first <= last)
            .flat_map(|(month, days)| bits(days.into()).filter_map(move |day| month.first.with_day(day)));
        let mut date = days.next()?;
        if date == today {
            match times.first_from(from.time().num_seconds_from_midnight()) {
                Some(second) => return at(date, second),
                None => date = days.next()?,
            }
        }
        at(date, times.first_from(0)?)
    }

    fn next_tick(&self, from: NaiveDateTime, last: NaiveDate, ticks: &Ticks, times: &Times) -> Option<NaiveDateTime> {
        let today = day_number(from.date());
        let mut search = Search::default();
        let months = self.days.months_from(from.date());
        let mut months = months.take_while(|(month, _)| month.first <= last);
        months.find_map(|(month, days)| {
            day_numbers(month, days).find_map(|day| {
                let second = if day == today {
                    from.time().num_seconds_from_midnight()
                } else {
                    0
                };
                let second = ticks.first_in_day(day, second, times, &mut search)?;
                at(date_of(day)?, second)
            })
        })
    }

    /// How many there are after the start and before `end`, or `enough` when that is less.
    pub(super) fn count_until(&self, end: NaiveDateTime, enough: u64) -> u64 {
        let Some(first) = self.start.checked_add_signed(TimeDelta::seconds(1)) else {
            return 0;
        };
        if end <= first {
            return 0;
        }
        match &self.kind {
            Kind::Days(times) => self.count_days(
                first..end,
                enough,
                |_, days| u64::from(days.count_ones()) * u64::from(times.len()),
                |_, second| times.count_before(second).into(),
            ),
            Kind::Ticks(ticks, times) => self.count_days(
                first..end,
                enough,
                |month, days| {
                    let periods = day_numbers(month, days).map(|day| u64::from(ticks.count_in_day(day)));
                    periods.sum::<u64>() * u64::from(times.len())
                },
                |day, second| ticks.count_before(day, second, times),
            ),
            Kind::Positions(positions) => positions.count(self.start, end, enough),
            Kind::Nothing => 0,
        }
    }

    /// Sums what `on_days` says of the days of each month, the first and the last day in part: up to what `before` says of a day and a second of it.
    fn count_days(
        &self,
        span: Range<NaiveDateTime>,
        enough: u64,
        on_days: impl Fn(Month, u32) -> u64,
        before: impl Fn(i64, u32) -> u64,
    ) -> u64 {
        let ends = [span.start, span.end].map(|at| (day_number(at.date()), at.time().num_seconds_from_midnight()));
        let [(first_day, first_second), (last_day, last_second)] = ends;
        let bit = |month: Month, day: i64| u32::try_from(day - month.first_day + 1).ok().filter(|bit| *bit < 32);
        let mut count = 0;
        let mut from = span.start.date();
        // A search for months ends after 400 years; the sum goes on.
        loop {
            let mut next = None;
            for (month, mut days) in self.days.months_from(from) {
                if month.first_day > last_day || count >= enough {
                    return count.min(enough);
                }
                if let Some(last) = bit(month, last_day) {
                    if days >> last & 1 != 0 {
                        count += before(last_day, last_second);
                    }
                    days &= !at_or_after(last);
                }
                count += on_days(month, days);
                if bit(month, first_day).is_some_and(|first| self.days.of(&month) >> first & 1 != 0) {
                    count -= before(first_day, first_second);
                }
                next = Month::at(month.index() + 1);
            }
            match next {
                Some(month) => from = month.first,
                None => return count.min(enough),
            }
        }
    }
}

fn day_numbers(month: Month, days: u32) -> impl Iterator<Item = i64> {
    bits(days.into()).map(move |day| month.first_day + i64::from(day) - 1)
}

fn at(date: chrono::NaiveDate, second: u32) -> Option<NaiveDateTime> {
    Some(date.and_time(NaiveTime::from_num_seconds_from_midnight_opt(second, 0)?))
}
