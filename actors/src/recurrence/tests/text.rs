//! What is read, what is written, what is refused.

use super::*;

fn malformed(text: &str) -> bool {
    matches!(Rule::parse(text), Err(RuleError::Malformed { .. }))
}

fn unsupported_part(text: &str) -> String {
    match Rule::parse(text) {
        Err(RuleError::Unsupported { part }) => part,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn the_canonical_text_is_sorted_and_says_nothing_twice() {
    for (text, canonical) in [
        ("freq=daily", "FREQ=DAILY"),
        (
            "BYDAY=FR,mo,FR;INTERVAL=01;FREQ=WEEKLY;WKST=MO",
            "FREQ=WEEKLY;BYDAY=MO,FR",
        ),
        (
            "BYDAY=+1FR,-1SU,WE,1FR;FREQ=MONTHLY;COUNT=007",
            "FREQ=MONTHLY;COUNT=7;BYDAY=WE,-1SU,1FR",
        ),
        (
            "FREQ=YEARLY;BYMONTHDAY=-1,+31,1,-10;BYMONTH=12,02",
            "FREQ=YEARLY;BYMONTH=2,12;BYMONTHDAY=1,31,-1,-10",
        ),
        ("FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY;UNTIL=20261231"),
        ("FREQ=DAILY;UNTIL=20261231T235959", "FREQ=DAILY;UNTIL=20261231T235959"),
        ("FREQ=DAILY;UNTIL=20261231t235960z", "FREQ=DAILY;UNTIL=20261231T235959Z"),
        (
            "BYSETPOS=-1,+2,2;BYSECOND=60,0,9;BYMINUTE=59,0;BYHOUR=23,07;BYWEEKNO=-1,53;BYYEARDAY=366,1,-366;FREQ=YEARLY",
            "FREQ=YEARLY;BYWEEKNO=53,-1;BYYEARDAY=1,366,-366;BYHOUR=7,23;BYMINUTE=0,59;BYSECOND=0,9,59;BYSETPOS=-1,2",
        ),
        ("FREQ=SECONDLY", "FREQ=SECONDLY"),
        ("FREQ=MINUTELY;INTERVAL=5", "FREQ=MINUTELY;INTERVAL=5"),
        ("FREQ=HOURLY;BYYEARDAY=100", "FREQ=HOURLY;BYYEARDAY=100"),
        (
            "FREQ=DAILY;INTERVAL=4294967295;COUNT=4000000000",
            "FREQ=DAILY;INTERVAL=4294967295;COUNT=4000000000",
        ),
    ] {
        assert_eq!(rule(text).to_string(), canonical);
        assert_eq!(rule(canonical), rule(text));
    }
}

#[test]
fn parts_the_standard_does_not_know_are_named() {
    for (text, part) in [
        ("RSCALE=HEBREW;FREQ=YEARLY;SKIP=FORWARD", "RSCALE"),
        ("FREQ=YEARLY;X-ACME=1", "X-ACME"),
        ("FREQ=YEARLY;BYEASTER=0", "BYEASTER"),
    ] {
        assert_eq!(unsupported_part(text), part);
    }
}

#[test]
fn another_first_day_of_the_week_is_remembered_only_where_it_changes_something() {
    for text in [
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=SU,TU",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=DAILY;INTERVAL=3;BYDAY=MO",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=2SU",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYDAY=SU",
    ] {
        assert_eq!(rule(&format!("{text};WKST=SU")), rule(text));
    }
    for text in [
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
        "FREQ=WEEKLY;BYDAY=TU,SU;BYSETPOS=1;WKST=SA",
        "FREQ=YEARLY;BYWEEKNO=20;WKST=SU",
    ] {
        assert_eq!(rule(text).to_string(), text);
    }
}

#[test]
fn what_the_standard_forbids_is_refused() {
    for text in [
        "FREQ=MONTHLY;BYWEEKNO=20",
        "FREQ=SECONDLY;BYWEEKNO=20",
        "FREQ=MONTHLY;BYYEARDAY=100",
        "FREQ=WEEKLY;BYYEARDAY=100",
        "FREQ=DAILY;BYYEARDAY=100",
        "FREQ=HOURLY;BYDAY=1MO",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;INTERVAL=2;BYSETPOS=-1;COUNT=3",
    ] {
        assert!(malformed(text), "{text}");
    }
}

#[test]
fn broken_text_is_refused() {
    for text in [
        "",
        ";",
        "=",
        "FREQ",
        "FREQ=",
        "FREQ=DAILY;",
        "FREQ=DAILY;;COUNT=1",
        "FREQ=FORTNIGHTLY",
        "INTERVAL=1",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY COUNT=1",
        "FREQ=DAILY\r\nATTENDEE:x",
        "FREQ=DÄILY",
        "FREQ=DAILY;\0=1",
        "FREQ=WEEKLY;WKST=XX",
        "FREQ=DAILY;COUNT=2;UNTIL=20261231",
    ] {
        assert!(malformed(text), "{text:?}");
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    for text in [
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=+1",
        "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;INTERVAL=4294967296",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=1,,2",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=-32",
        "FREQ=MONTHLY;BYMONTHDAY=--1",
        "FREQ=MONTHLY;BYMONTHDAY=001",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=-6MO",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;BYWEEKNO=0",
        "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=YEARLY;BYYEARDAY=0",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=YEARLY;BYYEARDAY=-367",
        "FREQ=YEARLY;BYYEARDAY=0001",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYHOUR=-1",
        "FREQ=DAILY;BYHOUR=",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=61",
        "FREQ=DAILY;BYHOUR=9;BYSETPOS=0",
        "FREQ=DAILY;BYHOUR=9;BYSETPOS=367",
        "FREQ=YEARLY;BYDAY=128MO",
        "FREQ=YEARLY;BYDAY=M",
        "FREQ=YEARLY;BYDAY=1",
        "FREQ=YEARLY;BYDAY=1é",
        "FREQ=YEARLY;BYDAY=",
    ] {
        assert!(malformed(text), "{text}");
    }
}

#[test]
fn ordinals_and_days_of_the_month_need_a_frequency_they_mean_something_with() {
    assert!(malformed("FREQ=DAILY;BYDAY=1MO"));
    assert!(malformed("FREQ=WEEKLY;BYDAY=-1MO"));
    assert!(malformed("FREQ=WEEKLY;BYMONTHDAY=1"));
}

#[test]
fn an_until_that_is_no_date_is_refused() {
    for until in [
        "",
        "T",
        "2026-12-31",
        "20261301",
        "20260230",
        "00000101",
        "99999-01-01",
        "20261231T",
        "20261231T24",
        "20261231T240000",
        "20261231T235961",
        "20261231T000000ZZ",
        "20261231T000000+0100",
        "20261231Z",
        "２0261231",
    ] {
        assert!(malformed(&format!("FREQ=DAILY;UNTIL={until}")), "{until}");
    }
}

#[test]
fn long_text_is_refused_unread() {
    let months = vec!["1"; 5000].join(",");
    assert!(malformed(&format!("FREQ=YEARLY;BYMONTH={months}")));
    assert!(malformed(&"A".repeat(1_000_000)));
    let most = format!(
        "FREQ=YEARLY;BYMONTH=1{}",
        ",12".repeat((super::super::MAX_RULE_BYTES - 21) / 3)
    );
    assert!(most.len() <= super::super::MAX_RULE_BYTES);
    assert_eq!(rule(&most).to_string(), "FREQ=YEARLY;BYMONTH=1,12");
}
