//! What the standard leaves out or leaves open, in New York at 09:00. Its own examples are in `actors/tests/recurrence/`.

use super::*;

/// What the rule gives from 09:00 on `start`, written like the standard does: `1997: 09-02,11 10-01`.
#[track_caller]
fn assert_days(text: &str, start: &str, expected: &str) {
    let expected = days(expected);
    let schedule = schedule(text, &format!("{start}T09:00:00"), "America/New_York");
    let found: Vec<String> = schedule
        .occurrences(&BundledZones)
        .unwrap()
        .take(if text.contains("COUNT") || text.contains("UNTIL") {
            usize::MAX
        } else {
            expected.len()
        })
        .map(|occurrence| occurrence.at.to_string())
        .collect();
    assert_eq!(found, expected, "{text}");
}

fn days(text: &str) -> Vec<String> {
    let mut year = "";
    let mut days = Vec::new();
    for word in text.split_whitespace() {
        if let Some(new_year) = word.strip_suffix(':') {
            year = new_year;
            continue;
        }
        let (month, of_month) = word.split_once('-').unwrap();
        days.extend(of_month.split(',').map(|day| format!("{year}-{month}-{day}T09:00:00")));
    }
    days
}

#[test]
fn days_a_month_or_year_does_not_have_are_left_out() {
    assert_days(
        "FREQ=MONTHLY",
        "2026-01-31",
        "2026: 01-31 03-31 05-31 07-31 08-31 10-31 12-31 2027: 01-31",
    );
    assert_days("FREQ=YEARLY", "2024-02-29", "2024: 02-29 2028: 02-29 2032: 02-29");
    assert_days(
        "FREQ=YEARLY;BYDAY=53MO",
        "2018-12-31",
        "2018: 12-31 2024: 12-30 2029: 12-31",
    );
    assert_days(
        "FREQ=YEARLY;BYDAY=-1SU,1SU",
        "2026-01-04",
        "2026: 01-04 12-27 2027: 01-03 12-26",
    );
    assert_days(
        "FREQ=MONTHLY;BYDAY=5FR",
        "2026-01-30",
        "2026: 01-30 05-29 07-31 10-30 2027: 01-29",
    );
}

#[test]
fn every_monday_and_the_first_tuesday_are_both_meant() {
    // The crate `rrule` 0.14 yields nothing for this rule: it wants days that are a Monday and the first Tuesday.
    assert_days(
        "FREQ=MONTHLY;BYDAY=MO,1TU",
        "2026-06-01",
        "2026: 06-01,02,08,15,22,29 07-06,07",
    );
}

#[test]
fn a_start_the_rule_does_not_name_is_the_first_occurrence_and_counts() {
    assert_days("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "2026-12-02", "2026: 12-02,07,14");
    assert_days("FREQ=WEEKLY;BYDAY=MO;UNTIL=20261201", "2026-12-02", "2026: 12-02");
    assert_days("FREQ=DAILY;COUNT=1", "2026-12-02", "2026: 12-02");
}
