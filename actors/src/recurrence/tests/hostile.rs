//! Rules made to loop, overflow or wait: each has an answer. How long it may take is in `benches/recurrence.rs`.

use super::*;

#[test]
fn a_rule_that_never_occurs_is_refused() {
    for text in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=2MO",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=6MO",
        "FREQ=YEARLY;BYMONTH=12;BYDAY=-53SU",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",
        "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;INTERVAL=4294967295;BYMONTH=2",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=1",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=1",
        "FREQ=HOURLY;INTERVAL=12;BYHOUR=10",
        "FREQ=HOURLY;INTERVAL=36;BYHOUR=8",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=DAILY;BYHOUR=9,10;BYSETPOS=3,-3",
        "FREQ=YEARLY;BYWEEKNO=53,-53;BYMONTH=6",
        "FREQ=YEARLY;BYYEARDAY=366;INTERVAL=2",
        "FREQ=DAILY;UNTIL=20250630",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20250706T235959Z",
    ] {
        assert_eq!(
            ensure_occurs(text, "2025-07-01T09:00:00"),
            Err(RuleError::NeverOccurs),
            "{text}"
        );
    }
}

#[test]
fn a_rule_that_occurs_rarely_is_taken() {
    for text in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
        "FREQ=DAILY;INTERVAL=4294967295",
        "FREQ=YEARLY;INTERVAL=400",
        "FREQ=YEARLY;INTERVAL=4294967295;COUNT=4294967295",
        "FREQ=DAILY;UNTIL=20250701",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20250707T090000Z",
    ] {
        assert_eq!(ensure_occurs(text, "2025-07-01T09:00:00"), Ok(()), "{text}");
    }
}

#[test]
fn a_leap_day_comes_after_eight_years_around_1900() {
    assert_eq!(
        walls("FREQ=YEARLY", "1896-02-29T00:00:00", 2)[1].to_string(),
        "1904-02-29 00:00:00"
    );
}

#[test]
fn huge_intervals_leave_the_first_occurrence_alone() {
    for frequency in ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] {
        for end in ["", ";COUNT=4000000000", ";UNTIL=99991231T235959Z"] {
            let text = format!("FREQ={frequency};INTERVAL=4294967295{end}");
            assert_eq!(walls(&text, "2026-12-01T09:00:00", 5).len(), 1, "{text}");
        }
    }
}

#[test]
fn four_hundred_years_without_an_occurrence_end_a_series() {
    assert_eq!(walls("FREQ=YEARLY;INTERVAL=400", "2026-12-01T09:00:00", 50).len(), 20);
    assert_eq!(walls("FREQ=YEARLY;INTERVAL=401", "2026-12-01T09:00:00", 50).len(), 1);
    assert_eq!(
        walls("FREQ=DAILY;INTERVAL=7;BYDAY=SU", "2026-12-01T09:00:00", 50).len(),
        1
    );
}

#[test]
fn nothing_happens_after_the_year_9999() {
    for text in ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"] {
        assert_eq!(walls(text, "9999-12-31T09:00:00", 5).len(), 1, "{text}");
        let kiritimati = schedule(text, "9999-12-31T23:59:59", "Pacific/Niue");
        assert_eq!(kiritimati.next_after(Timestamp::MAX, &BundledZones), Ok(None));
        assert_eq!(
            kiritimati.next_after_wall(wall("9999-12-31T23:59:59"), &BundledZones),
            Ok(None)
        );
        let last = chrono::NaiveDate::MAX;
        assert_eq!(
            kiritimati.next_from_completion(
                (chrono::NaiveDateTime::MAX, chrono::NaiveDateTime::MIN),
                1,
                &BundledZones
            ),
            Ok(None)
        );
        assert_eq!(
            Schedule::all_day(rule(text), last, "UTC").next_after(Timestamp::MIN, &BundledZones),
            Ok(None)
        );
        assert_eq!(
            Schedule::all_day(rule(text), last, "UTC").ensure_occurs(&BundledZones),
            Err(RuleError::NeverOccurs)
        );
        let first = Schedule::all_day(rule(text), chrono::NaiveDate::MIN, "Pacific/Kiritimati");
        assert!(first.next_after(Timestamp::MIN, &BundledZones).is_ok());
    }
    assert_eq!(walls("FREQ=DAILY", "9999-12-30T09:00:00", 5).len(), 2);
}

#[test]
fn a_huge_count_counts_from_the_first_century() {
    let schedule = schedule("FREQ=DAILY;COUNT=739952", "0001-01-01T00:00:00", "UTC");
    let next = |after: &str| {
        schedule
            .next_after(instant(after), &BundledZones)
            .unwrap()
            .map(|next| next.at.to_string())
    };
    // Day 739,952 of the calendar is 2026-12-02.
    assert_eq!(next("2026-12-01T23:59:59Z"), Some("2026-12-02T00:00:00".to_owned()));
    assert_eq!(next("2026-12-02T00:00:00Z"), None);
}

/// From the first day of the calendar to the last.
#[test]
fn hostile_rules_have_an_answer_wherever_they_are_asked() {
    for text in include_str!("../../../benches/hostile-rules.txt").lines() {
        let schedule = schedule(text, "0001-01-01T09:00:00", "Europe/Paris");
        let occurs = schedule.ensure_occurs(&BundledZones);
        for after in ["0001-01-01T09:00:00", "2026-12-01T09:00:00", "9999-12-30T09:00:00"] {
            let next = schedule.next_after_wall(wall(after), &BundledZones).unwrap();
            assert!(next.is_none_or(|next| next.at > wall(after)), "{text} after {after}");
            assert!(next.is_none() || occurs.is_ok(), "{text} after {after}");
        }
    }
}
