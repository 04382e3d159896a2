//! Which rules come too often for a series.

use super::*;

fn is_refused(text: &str) -> bool {
    let schedule = schedule(text, "2026-12-01T09:00:00", "Europe/Paris");
    match schedule.ensure_a_minute_apart(&BundledZones) {
        Err(error) => {
            assert_eq!(error, RuleError::TooFrequent, "{text}");
            true
        }
        Ok(()) => false,
    }
}

#[test]
fn occurrences_less_than_a_minute_apart_are_refused() {
    for text in [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;INTERVAL=59",
        "FREQ=SECONDLY;COUNT=2",
        "FREQ=SECONDLY;INTERVAL=30;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=SECONDLY;BYSECOND=0,59;BYMINUTE=59,0",
        "FREQ=MINUTELY;BYSECOND=0,30",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0,59",
        "FREQ=YEARLY;BYSECOND=10,20",
        "FREQ=HOURLY;BYMINUTE=0,59;BYSECOND=0,30;BYSETPOS=1,-1",
        // The start is an occurrence too.
        "FREQ=DAILY;BYSECOND=30",
    ] {
        assert!(is_refused(text), "{text}");
    }
}

#[test]
fn occurrences_a_minute_apart_are_taken() {
    for text in [
        "FREQ=MINUTELY",
        "FREQ=SECONDLY;INTERVAL=60",
        "FREQ=SECONDLY;INTERVAL=30;BYSECOND=0",
        "FREQ=SECONDLY;INTERVAL=59;BYSECOND=0",
        "FREQ=SECONDLY;BYSECOND=0",
        "FREQ=SECONDLY;COUNT=1",
        "FREQ=HOURLY;BYMINUTE=0,30,59",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0,59;BYSETPOS=1",
        "FREQ=YEARLY;BYSECOND=0,20;BYSETPOS=1",
        "FREQ=HOURLY;BYMINUTE=0,59;BYSECOND=0,30;BYSETPOS=1",
        "FREQ=DAILY;UNTIL=20261201T090030;BYSECOND=0,50",
    ] {
        assert!(!is_refused(text), "{text}");
    }
}

#[test]
fn an_added_date_may_not_come_within_a_minute_of_another() {
    let daily = |added: &str, excluded: &[&str]| {
        let excluded: Vec<NaiveDateTime> = excluded.iter().map(|at| wall(at).get()).collect();
        schedule("FREQ=DAILY", "2026-12-01T09:00:00", "Europe/Paris")
            .with_dates(&[wall(added).get()], &excluded)
            .ensure_a_minute_apart(&BundledZones)
    };
    for close in ["2026-12-01T09:00:59", "2026-12-05T08:59:01", "2026-12-05T09:00:59"] {
        assert_eq!(daily(close, &[]), Err(RuleError::TooFrequent), "{close}");
    }
    for apart in ["2026-12-05T08:59:00", "2026-12-05T09:00:00", "2026-12-05T09:01:00"] {
        assert_eq!(daily(apart, &[]), Ok(()), "{apart}");
    }
    assert_eq!(daily("2026-12-05T09:00:59", &["2026-12-05T09:00:00"]), Ok(()));
    assert_eq!(daily("2026-12-05T09:00:59", &["2026-12-05T09:00:59"]), Ok(()));
}

/// How long it may take is in `benches/recurrence.rs`.
#[test]
fn many_dates_beside_a_rule_that_seldom_occurs_are_far_enough_apart() {
    let first = wall("2026-12-01T09:00:30").get();
    let dates: Vec<NaiveDateTime> = (1..=366).map(|day| first + chrono::TimeDelta::days(day)).collect();
    for text in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
        "FREQ=YEARLY;INTERVAL=399",
        "FREQ=WEEKLY;INTERVAL=20000;BYDAY=MO,TU,WE;BYSETPOS=1",
        "FREQ=MONTHLY;BYMONTHDAY=29;BYMONTH=2;BYDAY=SU;BYSETPOS=1",
        "FREQ=DAILY;COUNT=10",
        "FREQ=DAILY;UNTIL=20261202T000000",
    ] {
        let start = if text.contains("DAILY") {
            "2026-11-01T09:00:00"
        } else {
            "2026-12-01T09:00:00"
        };
        let schedule = schedule(text, start, "Europe/Paris").with_dates(&dates, &dates[1..]);
        assert_eq!(schedule.ensure_a_minute_apart(&BundledZones), Ok(()), "{text}");
        assert!(
            schedule.counted_of(400, wall("2030-01-01T00:00:00").get(), &BundledZones) >= 34,
            "{text}"
        );
    }
}

#[test]
fn an_added_date_is_alone_once_the_rule_has_ended() {
    for (end, refused) in [
        ("COUNT=5", true),
        ("COUNT=4", false),
        ("UNTIL=20261205T090000", true),
        ("UNTIL=20261205T085959", false),
    ] {
        let schedule = schedule(&format!("FREQ=DAILY;{end}"), "2026-12-01T09:00:00", "UTC");
        let added = [wall("2026-12-05T09:00:59").get(), wall("2026-12-06T09:00:59").get()];
        let checked = schedule.with_dates(&added, &[]).ensure_a_minute_apart(&BundledZones);
        assert_eq!(checked.is_err(), refused, "{end}");
    }
}
