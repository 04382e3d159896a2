//! The examples of the standard.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::{Case, tell, wall};

const EXAMPLES: &str = include_str!("rfc5545.txt");

#[test]
fn every_example_of_rfc_5545_gives_the_dates_the_standard_says() {
    let mut lines = EXAMPLES.lines().filter(|line| !line.starts_with('#'));
    let mut examples = 0;
    while let Some(head) = lines.next() {
        let (rule, start) = head.split_once(" from ").expect("a start");
        let (start, excluded) = start.split_once(" except ").unwrap_or((start, ""));
        let case = Case {
            rule,
            start: wall(start),
            added: Vec::new(),
            excluded: crate::walls(excluded),
        };
        let (expected, goes_on) = expected(lines.next().expect("dates"), case.start.time());
        let most = if goes_on { expected.len() } else { usize::MAX };
        let found = case.occurrences(most).unwrap_or_else(|error| panic!("{rule}: {error}"));
        assert_eq!(found, expected, "{rule}");
        examples += 1;
    }
    tell(&format!(
        "RFC 5545, section 3.8.5.3: {examples} of {examples} rules agree"
    ));
    assert_eq!(examples, 43);
}

/// The dates of a line, and whether the rule goes on after them.
fn expected(line: &str, usual: NaiveTime) -> (Vec<NaiveDateTime>, bool) {
    let (mut year, mut goes_on) = ("", false);
    let mut dates = Vec::new();
    for word in line.split_whitespace() {
        if let Some(new_year) = word.strip_suffix(':') {
            year = new_year;
        } else if word == "..." {
            goes_on = true;
        } else if let Some((first, last)) = word.split_once("..") {
            let [first, last] = [first, last].map(|day| date(year, day));
            dates.extend(
                first
                    .iter_days()
                    .take_while(|day| *day <= last)
                    .map(|day| day.and_time(usual)),
            );
        } else if let Some((day, times)) = word.split_once('T') {
            let times = times.split(',').map(|time| time.parse::<NaiveTime>().expect("a time"));
            dates.extend(times.map(|time| date(year, day).and_time(time)));
        } else {
            let (month, days) = word.split_once('-').expect("a month");
            let days = days.split(',').map(|day| date(year, &format!("{month}-{day}")));
            dates.extend(days.map(|day| day.and_time(usual)));
        }
    }
    (dates, goes_on)
}

fn date(year: &str, day: &str) -> NaiveDate {
    format!("{year}-{day}")
        .parse()
        .unwrap_or_else(|_| panic!("{year}-{day} is no date"))
}
