//! Rules that repeat within the day: which hours, minutes or seconds of a day are in phase and allowed.
//!
//! The periods of a series are numbered through from 0001-01-01; those in phase are one number in `interval`. On a given day they are the numbers of the day
//! that leave one remainder, and the remainders of all days are a few at most. So a day is asked by jumping between "next in phase" and "next allowed", and where days are
//! empty again and again, a table says once for each remainder how many there are.

use std::cell::OnceCell;

use chrono::{NaiveDateTime, Timelike};

use super::month::day_number;
use super::rule::Rule;
use super::times::{DAY_S, Times};

/// Days found empty by jumping before the table is worth its price, at most one step for each second of a day.
const EMPTY_DAYS_BEFORE_TABLE: u32 = 4;

pub(super) struct Ticks {
    /// How long a period is, in seconds.
    unit_s: u32,
    /// How many there are in a day.
    per_day: u32,
    interval: u32,
    /// The number of the series' first.
    first: i64,
    allowed: Times,
    /// How many allowed periods a day has that leave each remainder by the interval.
    table: OnceCell<Vec<u32>>,
}

impl Ticks {
    pub(super) fn new(rule: &Rule, unit_s: u32, start: NaiveDateTime) -> Self {
        let per_day = DAY_S / unit_s;
        let of_day = start.time().num_seconds_from_midnight() / unit_s;
        Self {
            unit_s,
            per_day,
            interval: rule.interval,
            first: day_number(start.date()) * i64::from(per_day) + i64::from(of_day),
            allowed: Times::of_allowed_periods(rule),
            table: OnceCell::new(),
        }
    }

    /// The first time of a day from `second` on: one of `within`, which are the times within each period.
    pub(super) fn first_in_day(&self, day: i64, second: u32, within: &Times, search: &mut Search) -> Option<u32> {
        let remainder = self.remainder(day)?;
        let wholly = second == 0;
        let of_remainder = |table: &Vec<u32>| table.get(usize::try_from(remainder).ok()?).copied();
        if wholly && self.table.get().and_then(of_remainder) == Some(0) {
            return None;
        }
        let (period, into) = (second / self.unit_s, second % self.unit_s);
        let found = self.first_period(remainder, period).and_then(|found| {
            let from = if found == period { into } else { 0 };
            match within.first_from(from) {
                Some(time) => Some(found * self.unit_s + time),
                None => Some(self.first_period(remainder, found + 1)? * self.unit_s + within.first_from(0)?),
            }
        });
        if found.is_none() {
            search.empty_days += 1;
            if search.empty_days == EMPTY_DAYS_BEFORE_TABLE {
                self.fill_table();
            }
        }
        found
    }

    /// How many periods of a day are in phase and allowed.
    pub(super) fn count_in_day(&self, day: i64) -> u32 {
        let Some(remainder) = self.remainder(day) else { return 0 };
        if self.interval == 1 {
            return self.allowed.len();
        }
        if self.interval >= self.per_day {
            return u32::from(self.first_period(remainder, remainder) == Some(remainder));
        }
        let index = usize::try_from(remainder).unwrap_or(usize::MAX);
        self.fill_table().get(index).copied().unwrap_or(0)
    }

    /// How many times of a day are before `second`.
    pub(super) fn count_before(&self, day: i64, second: u32, within: &Times) -> u64 {
        let Some(remainder) = self.remainder(day) else { return 0 };
        let (end, into) = (second / self.unit_s, second % self.unit_s);
        let (mut periods, mut last) = (0_u64, 0);
        if self.interval == 1 {
            periods = self.allowed.count_before(end * self.unit_s).into();
        } else {
            let mut period = self.first_period(remainder, 0);
            while let Some(found) = period.filter(|found| *found < end) {
                periods += 1;
                period = self.first_period(remainder, found + 1);
            }
        }
        if self.first_period(remainder, end) == Some(end) {
            last = within.count_before(into);
        }
        periods * u64::from(within.len()) + u64::from(last)
    }

    /// The smallest number of a day's periods in phase, counted from the day's first; `None` when there is none that day.
    fn remainder(&self, day: i64) -> Option<u32> {
        let remainder = (self.first - day * i64::from(self.per_day)).rem_euclid(self.interval.into());
        u32::try_from(remainder)
            .ok()
            .filter(|remainder| *remainder < self.per_day)
    }

    /// The first period of the day from `from` on that is in phase and allowed.
    fn first_period(&self, remainder: u32, from: u32) -> Option<u32> {
        let in_phase = |from: u32| {
            let missing = from.saturating_sub(remainder).div_ceil(self.interval);
            missing.checked_mul(self.interval)?.checked_add(remainder)
        };
        let mut period = in_phase(from)?;
        loop {
            if period >= self.per_day {
                return None;
            }
            let allowed = self.allowed.first_from(period * self.unit_s)? / self.unit_s;
            if allowed == period {
                return Some(period);
            }
            period = in_phase(allowed)?;
        }
    }

    /// Of no use where a day has one period in phase at most.
    fn fill_table(&self) -> &[u32] {
        self.table.get_or_init(|| {
            if self.interval >= self.per_day {
                return Vec::new();
            }
            let mut table = vec![0; usize::try_from(self.interval).unwrap_or(0)];
            let mut next = self.allowed.first_from(0);
            while let Some(second) = next {
                let remainder = usize::try_from(second / self.unit_s % self.interval).unwrap_or(0);
                table[remainder] += 1;
                next = self.allowed.first_from(second + self.unit_s);
            }
            table
        })
    }
}

/// What a search has seen so far.
#[derive(Default)]
pub(super) struct Search {
    empty_days: u32,
}
