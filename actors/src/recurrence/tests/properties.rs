//! Random rules: order, agreement of the ways to ask, the text, and another implementation as the oracle.

use chrono::{DateTime, NaiveDate, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn list<T: ToString>(name: &'static str, values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(T::to_string).collect();
    if values.is_empty() {
        String::new()
    } else {
        format!(";{name}={}", values.join(","))
    }
}

fn weekday() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
}

/// `BYDAY` with or without ordinals, never mixed: the oracle gets that wrong.
fn by_day(ordinals: std::ops::RangeInclusive<i8>) -> impl Strategy<Value = Vec<String>> {
    let plain = vec(weekday().prop_map(str::to_owned), 0..4);
    let nth = vec((ordinals, weekday()), 1..4).prop_map(|days| {
        days.into_iter()
            .filter(|(nth, _)| *nth != 0)
            .map(|(nth, day)| format!("{nth}{day}"))
            .collect()
    });
    prop_oneof![plain, nth]
}

fn month_days() -> impl Strategy<Value = Vec<i8>> {
    vec((-31_i8..=31).prop_filter("not 0", |day| *day != 0), 0..4)
}

fn months() -> impl Strategy<Value = Vec<u8>> {
    vec(1_u8..=12, 0..4)
}

/// Any rule the standard allows, without an end.
fn endless() -> impl Strategy<Value = String> {
    let numbers = |most: i16, length: usize| vec(0..=most, 0..length);
    let signed = |most: i16, length: usize| vec((-most..=most).prop_filter("not 0", |number| *number != 0), 0..length);
    let times = (numbers(23, 3), numbers(59, 3), numbers(59, 3));
    let of_year = (signed(366, 4), signed(53, 3), by_day(-53..=53), any::<bool>());
    let parts = (any_interval(), months(), month_days(), by_day(-5..=5), times, of_year);
    let rest = (signed(20, 3), weekday(), 0_usize..7, any::<bool>());
    (parts, rest).prop_map(|((interval, months, month_days, of_month, times, of_year), rest)| {
        let (year_days, weeks, nth, by_week) = of_year;
        let (positions, week_start, frequency, with_positions) = rest;
        let plain = || {
            of_month
                .iter()
                .map(|day| day[day.len() - 2..].to_owned())
                .collect::<Vec<_>>()
        };
        let (frequency, weeks, year_days, month_days, days) = match frequency {
            0 if by_week => ("YEARLY", weeks, year_days, month_days, plain()),
            0 => ("YEARLY", Vec::new(), year_days, month_days, nth),
            1 => ("MONTHLY", Vec::new(), Vec::new(), month_days, of_month),
            2 => ("WEEKLY", Vec::new(), Vec::new(), Vec::new(), plain()),
            3 => ("DAILY", Vec::new(), Vec::new(), month_days, plain()),
            sub_daily => {
                let frequency = ["HOURLY", "MINUTELY", "SECONDLY"][sub_daily - 4];
                (frequency, Vec::new(), year_days, month_days, plain())
            }
        };
        let (hours, minutes, seconds) = times;
        let lists = [
            list("BYMONTH", &months),
            list("BYWEEKNO", &weeks),
            list("BYYEARDAY", &year_days),
            list("BYMONTHDAY", &month_days),
            list("BYDAY", &days),
            list("BYHOUR", &hours),
            list("BYMINUTE", &minutes),
            list("BYSECOND", &seconds),
        ]
        .concat();
        let positions = if with_positions && !lists.is_empty() {
            list("BYSETPOS", &positions)
        } else {
            String::new()
        };
        format!("FREQ={frequency};INTERVAL={interval}{lists}{positions};WKST={week_start}")
    })
}

fn any_interval() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(1_u32), 4 => 1_u32..40, 1 => 40_u32..100_000]
}

/// Rules without the parts the crate `rrule` gets wrong.
fn for_the_crate() -> impl Strategy<Value = String> {
    let daily = (Just("DAILY"), by_day(0..=0), month_days());
    let weekly = (Just("WEEKLY"), by_day(0..=0), Just(Vec::new()));
    let monthly = (Just("MONTHLY"), by_day(-5..=5), month_days());
    let yearly = (Just("YEARLY"), by_day(-53..=53), month_days());
    (prop_oneof![daily, weekly, monthly, yearly], 1_u32..40, months()).prop_map(
        |((frequency, by_day, month_days), interval, months)| {
            let lists = [
                list("BYMONTH", &months),
                list("BYMONTHDAY", &month_days),
                list("BYDAY", &by_day),
            ]
            .concat();
            format!("FREQ={frequency};INTERVAL={interval}{lists}")
        },
    )
}

fn end() -> impl Strategy<Value = String> {
    let count = (1_u32..60).prop_map(|count| format!(";COUNT={count}"));
    let form = prop::sample::select(vec!["%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"]);
    let until = (start(), form).prop_map(|(until, form)| format!(";UNTIL={}", until.get().format(form)));
    option::of(prop_oneof![count, until]).prop_map(Option::unwrap_or_default)
}

/// Starts within two hours of a change of the clocks in one of the zones, or anywhere.
fn any_start() -> impl Strategy<Value = WallTime> {
    let changes = [
        "2026-03-29T02:00:00",
        "2026-10-25T02:00:00",
        "2026-03-08T02:00:00",
        "2026-11-01T01:00:00",
        "2026-04-05T01:30:00",
        "2026-10-04T02:00:00",
        "2011-12-30T00:00:00",
        "2018-11-04T00:00:00",
    ];
    let near = (prop::sample::select(changes.to_vec()), -7200_i64..7200).prop_map(|(change, off)| {
        let change = wall(change).get();
        WallTime::new(change + chrono::TimeDelta::seconds(off)).unwrap()
    });
    prop_oneof![near, start()]
}

fn start() -> impl Strategy<Value = WallTime> {
    (0_i64..2_500_000_000)
        .prop_map(|second| WallTime::new(DateTime::<Utc>::from_timestamp(second, 0).unwrap().naive_utc()).unwrap())
}

fn zone() -> impl Strategy<Value = &'static str> {
    let zones = [
        "UTC",
        "Europe/Paris",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Sao_Paulo",
    ];
    prop::sample::select(zones.to_vec())
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    (endless(), end(), any_start(), zone(), any::<bool>()).prop_map(|(text, end, start, zone, all_day)| {
        let rule = rule(&format!("{text}{end}"));
        if all_day && rule.frequency.unit_s().is_none() {
            Schedule::all_day(rule, start.get().date(), zone)
        } else {
            Schedule::timed(rule, start, zone)
        }
    })
}

proptest! {
    #[test]
    fn text_round_trips(text in endless(), end in end()) {
        let rule = rule(&format!("{text}{end}"));
        prop_assert_eq!(Rule::parse(&rule.to_string()), Ok(rule));
    }

    #[test]
    fn any_text_is_a_rule_or_a_refusal(text in "(FREQ=(DAILY|YEARLY)[;A-Z0-9=,+-]{0,40}|\\PC{0,40})") {
        if let Ok(rule) = Rule::parse(&text) {
            prop_assert_eq!(Rule::parse(&rule.to_string()), Ok(rule));
        }
    }

    #[test]
    fn wall_times_strictly_increase_and_instants_never_go_back(schedule in any_schedule()) {
        let found: Vec<_> = schedule.occurrences(&BundledZones).unwrap().take(50).collect();
        prop_assert!(!found.is_empty());
        prop_assert!(found.is_sorted_by(|a, b| a.at < b.at && a.instant <= b.instant));
    }

    #[test]
    fn a_period_counts_as_many_as_are_found_in_it(text in endless(), start in start(), nth in 1_usize..120, off in -3_i64..3) {
        let rule = rule(&text);
        let pattern = crate::recurrence::pattern::Pattern::new(&rule, start.get(), false);
        let first = start.get() + chrono::TimeDelta::seconds(1);
        let next = |at: &chrono::NaiveDateTime| pattern.next_from(*at + chrono::TimeDelta::seconds(1));
        let all: Vec<_> = std::iter::successors(pattern.next_from(first), next).take(nth).collect();
        if let Some(last) = all.last() {
            let end = *last + chrono::TimeDelta::seconds(off);
            let expected = all.iter().filter(|at| **at < end).count() as u64;
            prop_assume!(off <= 1 || next(last).is_none_or(|next| next >= end));
            prop_assert_eq!(pattern.count_until(end, u64::MAX), expected);
            prop_assert!(all.iter().all(|at| pattern.names(*at)));
        }
    }

    #[test]
    fn each_occurrence_is_next_after_the_one_before(schedule in any_schedule()) {
        let all: Vec<_> = schedule.occurrences(&BundledZones).unwrap().take(20).collect();
        for pair in all.windows(2) {
            prop_assert_eq!(schedule.next_after_wall(pair[0].at, &BundledZones), Ok(Some(pair[1])));
        }
        if all.len() < 20 {
            prop_assert_eq!(schedule.next_after_wall(all[all.len() - 1].at, &BundledZones), Ok(None));
        }
    }

    #[test]
    fn next_after_an_instant_is_the_first_of_all_that_come_later(schedule in any_schedule(), nth in 0_usize..200, off in -8_000_000_i64..8_000_000) {
        let near: Vec<_> = schedule.occurrences(&BundledZones).unwrap().take(nth + 1).collect();
        let now = near[near.len() - 1].instant.plus_millis(off);
        let expected = schedule.occurrences(&BundledZones).unwrap().find(|occurrence| occurrence.instant > now);
        prop_assert_eq!(schedule.next_after(now, &BundledZones), Ok(expected));
    }

    #[test]
    fn nothing_lies_between_two_occurrences((schedule, at) in (any_schedule(), 0.0_f64..1.0)) {
        let first: Vec<_> = schedule.occurrences(&BundledZones).unwrap().take(2).collect();
        if let [one, two] = first[..] {
            let span = (two.at.get() - one.at.get()).num_seconds();
            #[expect(clippy::cast_possible_truncation, reason = "any second in between will do")]
            let between = one.at.get() + chrono::TimeDelta::seconds((span as f64 * at) as i64);
            let between = WallTime::new(between).unwrap();
            prop_assert_eq!(schedule.next_after_wall(between, &BundledZones), Ok(Some(two)));
        }
    }

    #[test]
    fn until_is_never_passed(text in endless(), start in start(), until in start()) {
        let text = format!("{text};UNTIL={}", until.get().format("%Y%m%dT%H%M%S"));
        let found = walls(&text, &start.to_string(), 50);
        prop_assert!(found[1..].iter().all(|at| *at <= until.get()), "{:?}", found);
    }

    #[test]
    fn count_cuts_the_endless_series_off(text in endless(), start in start(), count in 1_usize..40, from in 0_usize..40) {
        let start = start.to_string();
        let counted = format!("{text};COUNT={count}");
        let all = walls(&counted, &start, 100);
        prop_assert_eq!(&all, &walls(&text, &start, count));
        // Counted from the start, wherever one begins.
        if let Some(at) = all.get(from) {
            let rest = schedule(&counted, &start, "UTC");
            let rest = rest.occurrences_after(WallTime::new(*at).unwrap(), &BundledZones).unwrap();
            prop_assert_eq!(rest.map(|occurrence| occurrence.at.get()).collect::<Vec<_>>(), &all[from + 1..]);
        }
    }

    #[test]
    fn the_rrule_crate_agrees(text in for_the_crate(), start in start()) {
        let schedule = Schedule::timed(rule(&text), start, "UTC");
        // One rule in five never occurs: too many to be counted as rejects, of which there may be 1,024 however many cases there are.
        if schedule.ensure_occurs(&BundledZones).is_err() {
            return Ok(());
        }
        let oracle: rrule::RRule<rrule::Unvalidated> = text.parse().unwrap();
        let Ok(oracle) = oracle.build(start.get().and_utc().with_timezone(&rrule::Tz::UTC)) else {
            // Version 0.14 refuses the fifth last weekday of a month and the 53rd last of a year.
            prop_assert!(text.contains("-5"), "{}", text);
            return Ok(());
        };
        let horizon = NaiveDate::from_ymd_opt(2300, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
        let expected: Vec<_> = oracle.into_iter().map(|at| at.naive_utc()).take_while(|at| *at < horizon).take(30).collect();
        let ours = schedule.occurrences(&BundledZones).unwrap().map(|occurrence| occurrence.at.get());
        let start_is_named = expected.first() == Some(&start.get());
        let ours: Vec<_> = ours.skip(usize::from(!start_is_named)).take_while(|at| *at < horizon).take(30).collect();
        prop_assert_eq!(ours, expected);
    }
}
