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
