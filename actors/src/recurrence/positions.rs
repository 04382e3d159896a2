//! `BYSETPOS` in weeks, months and years: which of a period's times are taken. (Within a day, the times are the same in every period, and [`Times`] holds those taken.)

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use super::days::{Days, MOST_EMPTY_MONTHS};
use super::month::{Month, date_of, day_number, month_index};
use super::rule::Frequency;
use super::sets::bits;
use super::times::{Times, index_of};

/// Weeks in 400 years.
const MOST_EMPTY_WEEKS: i64 = 20_871;

pub(super) struct Positions<'r> {
    days: Days<'r>,
    times: Times,
}

/// The days of the two months asked for last: the weeks of a month ask for the same.
#[derive(Default)]
struct RecentMonths([Option<(i64, u32)>; 2]);

impl RecentMonths {
    fn days(&mut self, month: i64, days: &Days<'_>) -> u32 {
        let place = usize::from(month.rem_euclid(2) == 1);
        match self.0[place] {
            Some((known, bits)) if known == month => bits,
            _ => {
                let bits = Month::at(month).map_or(0, |month| days.of(&month));
                self.0[place] = Some((month, bits));
                bits
            }
        }
    }
}

impl<'r> Positions<'r> {
    pub(super) fn new(days: Days<'r>, times: Times) -> Self {
        Self { days, times }
    }

    /// Whether a day can have more than one.
    pub(super) fn are_several_a_day(&self) -> bool {
        self.times.len() > 1
    }

    /// The first that is taken from `from` on; periods after that of `last` are not looked at.
    pub(super) fn next_until(&self, from: NaiveDateTime, last: NaiveDate) -> Option<NaiveDateTime> {
        let (mut days, mut months, mut is_any) = (Vec::new(), RecentMonths::default(), vec![None; 367]);
        let last = self.number_of(last);
        let periods = self.periods_from(from.date());
        periods.take_while(|period| *period <= last).find_map(|period| {
            // A position may be one that no period, or hardly any, has. Counting days is quicker than listing them.
            let length = self.days_in(period, &mut months);
            let is_any = is_any[length].get_or_insert_with(|| self.indices(length).next().is_some());
            is_any.then(|| self.fill(&mut days, period))??;
            let taken = self.indices(days.len()).filter_map(|index| self.at(&days, index));
            taken.filter(|at| *at >= from).min()
        })
    }

    /// How many are taken after `first` and before `end`, or `enough` when that is less. How many a period between the first and the last has follows
    /// from the number of its days.
    pub(super) fn count(&self, first: NaiveDateTime, end: NaiveDateTime, enough: u64) -> u64 {
        let ends = [first, end].map(|at| self.number_of(at.date()));
        let (mut days, mut taken, mut months) = (Vec::new(), vec![None; 367], RecentMonths::default());
        let mut count = 0;
        for period in self.periods_until(first.date(), end.date()) {
            if !ends.contains(&period) {
                let length = self.days_in(period, &mut months);
                count += *taken[length].get_or_insert_with(|| self.places(length).len());
            } else if self.fill(&mut days, period).is_some() {
                let places = self.places(days.len()).into_iter();
                let times = places.filter_map(|index| self.at(&days, index));
                count += times.filter(|at| *at > first && *at < end).count();
            }
            if u64::try_from(count).is_ok_and(|count| count >= enough) {
                return enough;
            }
        }
        u64::try_from(count).unwrap_or(enough)
    }

    /// The places in the set of a period with so many days, in order.
    fn places(&self, days: usize) -> Vec<u64> {
        let mut places: Vec<u64> = self.indices(days).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// How many days a period has that lies within the years 1 to 9999.
    fn days_in(&self, period: i64, months: &mut RecentMonths) -> usize {
        let mut days_of = |month: i64| months.days(month, &self.days);
        match self.days.rule.frequency {
            Frequency::Weekly => {
                let begins = period * 7 + i64::from(self.days.rule.week_start);
                let (Some(first), Some(last)) = (date_of(begins), date_of(begins + 6)) else {
                    return 0;
                };
                // The bit of a day is its number in the month.
                let from = u64::from(days_of(month_index(first))) >> first.day();
                if first.day() < last.day() {
                    return (from & 0x7f).count_ones() as usize;
                }
                let until = u64::from(days_of(month_index(last))) & ((2 << last.day()) - 1);
                (from.count_ones() + until.count_ones()) as usize
            }
            Frequency::Yearly => (period * 12..period * 12 + 12)
                .map(|month| days_of(month).count_ones() as usize)
                .sum(),
            _ => days_of(period).count_ones() as usize,
        }
    }

    /// The places in the set of a period with so many days, in the order of the positions. Two positions may be one place.
    fn indices(&self, days: usize) -> impl Iterator<Item = u64> + '_ {
        let length = u64::try_from(days).unwrap_or(0) * u64::from(self.times.len());
        let positions = self.days.rule.positions.iter();
        positions.filter_map(move |position| index_of(*position, length))
    }

    fn at(&self, days: &[i64], index: u64) -> Option<NaiveDateTime> {
        let a_day = u64::from(self.times.len());
        let day = days.get(usize::try_from(index / a_day).ok()?)?;
        let time = NaiveTime::from_num_seconds_from_midnight_opt(self.times.nth(index % a_day)?, 0)?;
        Some(date_of(*day)?.and_time(time))
    }

    /// The numbers of the periods in phase from that of `date`, 400 years of them.
    fn periods_from(&self, date: NaiveDate) -> impl Iterator<Item = i64> + use<> {
        let most = match self.days.rule.frequency {
            Frequency::Weekly => MOST_EMPTY_WEEKS,
            Frequency::Yearly => MOST_EMPTY_MONTHS / 12,
            _ => MOST_EMPTY_MONTHS,
        };
        let from = self.number_of(date);
        self.in_phase(from, from + most)
    }

    fn periods_until(&self, date: NaiveDate, end: NaiveDate) -> impl Iterator<Item = i64> + use<> {
        self.in_phase(self.number_of(date), self.number_of(end))
    }

    fn in_phase(&self, from: i64, last: i64) -> impl Iterator<Item = i64> + use<> {
        let interval = i64::from(self.days.rule.interval);
        let first = from + (self.number_of(self.days.first) - from).rem_euclid(interval);
        std::iter::successors(Some(first), move |number| Some(number + interval))
            .take_while(move |number| *number <= last)
    }

    fn number_of(&self, date: NaiveDate) -> i64 {
        let rule = self.days.rule;
        match rule.frequency {
            Frequency::Weekly => (day_number(date) - i64::from(rule.week_start)).div_euclid(7),
            Frequency::Yearly => date.year().into(),
            _ => month_index(date),
        }
    }

    /// The days of a period, by number; `None` when it is not of the years 1 to 9999.
    fn fill(&self, days: &mut Vec<i64>, period: i64) -> Option<()> {
        days.clear();
        match self.days.rule.frequency {
            Frequency::Weekly => {
                let begins = period * 7 + i64::from(self.days.rule.week_start);
                let week = begins..begins + 7;
                // Of the year 0 or 10,000 a week may have some days.
                let months = [begins, begins + 6].map(|day| date_of(day).map(month_index));
                let months = match months {
                    [Some(first), Some(last)] if first == last => [Some(first), None],
                    both => both,
                };
                months
                    .into_iter()
                    .flatten()
                    .for_each(|month| self.add(days, month, &week));
                date_of(begins + 6).filter(|date| date.year() <= 9999).map(|_| ())
            }
            Frequency::Yearly => {
                let months = period * 12..period * 12 + 12;
                months.for_each(|month| self.add(days, month, &(i64::MIN..i64::MAX)));
                (1..=9999).contains(&period).then_some(())
            }
            _ => {
                self.add(days, period, &(i64::MIN..i64::MAX));
                Month::at(period).map(|_| ())
            }
        }
    }

    fn add(&self, days: &mut Vec<i64>, month: i64, wanted: &std::ops::Range<i64>) {
        let Some(month) = Month::at(month) else { return };
        let of_month = bits(self.days.of(&month).into()).map(|day| month.first_day + i64::from(day) - 1);
        days.extend(of_month.filter(|day| wanted.contains(day)));
    }
}
