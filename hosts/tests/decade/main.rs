//! Ten years in fifty zones: series of every frequency through the actors of a user and of the series, in virtual time, against wall times that are
//! reckoned apart from the recurrence engine. Each occurrence comes once, and its reminder at its instant. How far the clocks are from UTC is compared with
//! other data.
//!
//! By default each zone has one of the years for what comes often, and the hours around the changes of its clocks; `PUNCTUAL_TEST_LONG=1` has all of it.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod independent;
mod life;
mod reckoned;
mod zones;

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;

use crate::{
    life::live,
    reckoned::{Wall, instants},
    zones::ZONES,
};

/// Years in which many zones changed their rules, and one lost a day.
const YEARS: std::ops::Range<i32> = 2010..2020;

fn is_long() -> bool {
    std::env::var("PUNCTUAL_TEST_LONG").is_ok_and(|value| value == "1")
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day < to)
}

/// All of the decade, or the year that falls to a zone.
fn years_of(place: usize) -> (NaiveDate, NaiveDate) {
    if is_long() {
        return (date(YEARS.start, 1, 1), date(YEARS.end, 1, 1));
    }
    let year = YEARS.start + i32::try_from(place % YEARS.len()).unwrap();
    (date(year, 1, 1), date(year + 1, 1, 1))
}

/// Half an hour after when clocks change in many zones: in the gap of some, in the hour that comes twice in others.
fn time_of(place: usize) -> NaiveTime {
    let hour = [0, 1, 2, 3, 23][place / 2 % 5];
    NaiveTime::from_hms_opt(hour, 30, 0).unwrap()
}

/// Several zones at a time: they have nothing to do with each other.
fn in_each_zone(check: impl Fn(usize, Tz) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((place, zone)) = ZONES.into_iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            check(place, zone);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// A series whose occurrences are at `walls`, of which the first is the first due.
#[track_caller]
fn comes_once_at_its_wall_time(zone: Tz, rule: &str, walls: &[NaiveDateTime]) {
    let expected = instants(zone, walls);
    let last = expected.last().unwrap().instant;
    let came = live(zone, rule, walls[0], last);
    let place = format!("{rule} from {} in {zone}", walls[0]);
    let due: Vec<NaiveDateTime> = came.iter().map(|came| came.due).collect();
    assert_same(&due, &expected.iter().map(|wall| wall.at).collect::<Vec<_>>(), &place);
    for (came, expected) in came.iter().zip(&expected) {
        let Wall { instant, .. } = *expected;
        assert_eq!(came.reminders, [(instant, instant)], "{place}: {came:?}");
    }
}

/// Says where they part, and not all of them.
#[track_caller]
fn assert_same(found: &[NaiveDateTime], expected: &[NaiveDateTime], place: &str) {
    let parts = found.iter().zip(expected).position(|(one, other)| one != other);
    let parts = parts.or((found.len() != expected.len()).then_some(found.len().min(expected.len())));
    if let Some(at) = parts {
        let around = |all: &[NaiveDateTime]| all[at.saturating_sub(1)..all.len().min(at + 3)].to_vec();
        let (found, expected) = (around(found), around(expected));
        panic!("{place}: occurrence {at}: found {found:?}, expected {expected:?}");
    }
}

#[test]
fn every_hour_comes_once_at_its_wall_time_also_where_clocks_change() {
    in_each_zone(|place, zone| {
        let (from, to) = years_of(place);
        let minutes = if place % 2 == 0 { 0 } else { 15 };
        let stretches = if is_long() {
            vec![(from, to)]
        } else {
            reckoned::changes(zone, from, to)
        };
        for (from, to) in stretches {
            let first = from.and_hms_opt(0, minutes, 0).unwrap();
            let ticks = std::iter::successors(Some(first), |at| at.checked_add_signed(TimeDelta::hours(1)));
            let ticks: Vec<NaiveDateTime> = ticks.take_while(|at| at.date() < to).collect();
            comes_once_at_its_wall_time(zone, "FREQ=HOURLY", &reckoned::without_doubles(zone, &ticks));
        }
    });
}

#[test]
fn every_day_comes_once_at_its_wall_time() {
    in_each_zone(|place, zone| {
        let (from, to) = years_of(place);
        let walls: Vec<_> = days(from, to).map(|day| day.and_time(time_of(place))).collect();
        comes_once_at_its_wall_time(zone, "FREQ=DAILY", &walls);
    });
}

#[test]
fn every_week_comes_once_at_its_wall_time() {
    in_each_zone(|place, zone| {
        let (from, to) = years_of(place);
        // Clocks change on Sundays in most zones.
        let sundays = days(from, to).filter(|day| day.weekday() == Weekday::Sun);
        let walls: Vec<_> = sundays.map(|day| day.and_time(time_of(place))).collect();
        comes_once_at_its_wall_time(zone, "FREQ=WEEKLY;BYDAY=SU", &walls);
    });
}

#[test]
fn every_month_comes_once_at_its_wall_time() {
    let (from, to) = (date(YEARS.start, 1, 1), date(YEARS.end, 1, 1));
    let is_last_sunday =
        |day: &NaiveDate| day.weekday() == Weekday::Sun && (*day + Days::new(7)).month() != day.month();
    in_each_zone(|place, zone| {
        let at = |day: NaiveDate| day.and_time(time_of(place));
        let last_sundays: Vec<_> = days(from, to).filter(is_last_sunday).map(at).collect();
        comes_once_at_its_wall_time(zone, "FREQ=MONTHLY;BYDAY=-1SU", &last_sundays);
        if is_long() {
            let longest: Vec<_> = days(from, to).filter(|day| day.day() == 31).map(at).collect();
            comes_once_at_its_wall_time(zone, "FREQ=MONTHLY;BYMONTHDAY=31", &longest);
        }
    });
}

#[test]
fn every_year_comes_once_at_its_wall_time_leap_days_and_weeks_53_too() {
    let (from, to) = (date(YEARS.start, 1, 1), date(YEARS.end, 1, 1));
    let is_leap = |day: &NaiveDate| (day.month(), day.day()) == (2, 29);
    let is_in_week_53 = |day: &NaiveDate| day.weekday() == Weekday::Sun && day.iso_week().week() == 53;
    in_each_zone(|place, zone| {
        let at = |day: NaiveDate| day.and_time(time_of(place));
        let yearly: Vec<_> = days(from, to)
            .filter(|day| (day.month(), day.day()) == (3, 30))
            .map(at)
            .collect();
        comes_once_at_its_wall_time(zone, "FREQ=YEARLY", &yearly);
        // They are rare: three decades.
        let to = date(YEARS.end + 20, 1, 1);
        let leap: Vec<_> = days(from, to).filter(is_leap).map(at).collect();
        comes_once_at_its_wall_time(zone, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", &leap);
        let week_53: Vec<_> = days(from, to).filter(is_in_week_53).map(at).collect();
        comes_once_at_its_wall_time(zone, "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", &week_53);
    });
}
