//! Random rules that the standard allows, a seed each.

use std::fmt::Write as _;

use chrono::{NaiveDateTime, TimeDelta};

use crate::differences;

/// Numbers that look random (the generator SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).expect("low is not above high");
        low + i64::try_from(self.next() % span).expect("it is less than the span")
    }

    pub(crate) fn one_in(&mut self, many: i64) -> bool {
        self.between(1, many) == 1
    }

    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = i64::try_from(choices.len()).expect("a short list") - 1;
        &choices[usize::try_from(self.between(0, last)).expect("not negative")]
    }

    /// Up to `most` different numbers, 0 left out where they are signed.
    fn numbers(&mut self, low: i64, high: i64, most: i64) -> Vec<String> {
        let count = self.between(1, most);
        let mut numbers: Vec<i64> = (0..count)
            .map(|_| self.between(low, high))
            .filter(|number| low >= 0 || *number != 0)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.iter().map(ToString::to_string).collect()
    }
}

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// The text of a rule, and 12 is many occurrences of it.
pub(crate) fn rule(random: &mut Random) -> String {
    let frequency = *random.pick(&["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]);
    let mut text = format!("FREQ={frequency}");
    if random.one_in(2) {
        let most = if random.one_in(8) { 5_000 } else { 12 };
        let _ = write!(text, ";INTERVAL={}", random.between(1, most));
    }
    let mut has_parts = false;
    let mut part = |text: &mut String, name: &str, values: Vec<String>| {
        if !values.is_empty() {
            has_parts = true;
            let _ = write!(text, ";{name}={}", values.join(","));
        }
    };
    let is_within_a_day = matches!(frequency, "HOURLY" | "MINUTELY" | "SECONDLY");
    if random.one_in(4) {
        part(&mut text, "BYMONTH", random.numbers(1, 12, 4));
    }
    let by_week = frequency == "YEARLY" && random.one_in(4);
    if by_week {
        part(&mut text, "BYWEEKNO", random.numbers(-53, 53, 3));
    }
    if (frequency == "YEARLY" || is_within_a_day) && random.one_in(6) {
        part(&mut text, "BYYEARDAY", random.numbers(-366, 366, 8));
    }
    if frequency != "WEEKLY" && random.one_in(4) {
        part(&mut text, "BYMONTHDAY", random.numbers(-31, 31, 6));
    }
    if random.one_in(3) {
        let ordinals = match frequency {
            "YEARLY" if !by_week => 53,
            "MONTHLY" => 5,
            _ => 0,
        };
        part(&mut text, "BYDAY", weekdays(random, ordinals));
    }
    for (name, most) in [("BYHOUR", 23), ("BYMINUTE", 59), ("BYSECOND", 59)] {
        if random.one_in(4) {
            part(&mut text, name, random.numbers(0, most, 4));
        }
    }
    if has_parts && random.one_in(4) {
        let positions = random.numbers(-8, 8, 3);
        if !positions.is_empty() {
            let _ = write!(text, ";BYSETPOS={}", positions.join(","));
        }
    }
    // Stated always: without it python-dateutil takes the calendar's.
    let _ = write!(text, ";WKST={}", random.pick(&WEEKDAYS));
    text
}

/// The rule with `UNTIL`, `COUNT` or, most often, without. Where one of the two names other days, so that they count differently, it gets no `COUNT`.
pub(crate) fn ended(random: &mut Random, mut rule: String, start: NaiveDateTime) -> String {
    if random.one_in(5) {
        let day_s = 86_400;
        let period_s = [
            ("YEARLY", 366 * day_s),
            ("MONTHLY", 31 * day_s),
            ("WEEKLY", 7 * day_s),
            ("DAILY", day_s),
        ]
        .into_iter()
        .find_map(|(frequency, seconds)| rule.contains(frequency).then_some(seconds))
        .unwrap_or(day_s);
        let until = start + TimeDelta::seconds(random.between(0, 20 * period_s));
        let _ = write!(rule, ";UNTIL={}", until.format("%Y%m%dT%H%M%S"));
    } else if random.one_in(4) && !differences::may_name_other_days(&rule) {
        let _ = write!(rule, ";COUNT={}", random.between(1, 10));
    }
    rule
}

/// Days of the week, most often with ordinals or without, seldom both.
fn weekdays(random: &mut Random, ordinals: i64) -> Vec<String> {
    let (plain, nth) = match random.between(0, 9) {
        0 => (true, true),
        1..5 => (false, true),
        _ => (true, false),
    };
    (0..random.between(1, 4))
        .map(|index| {
            let day = random.pick(&WEEKDAYS);
            let with_ordinal = ordinals > 0 && nth && !(plain && index % 2 == 0);
            match random.between(-ordinals, ordinals) {
                ordinal if with_ordinal && ordinal != 0 => format!("{ordinal}{day}"),
                _ => (*day).to_owned(),
            }
        })
        .collect()
}
