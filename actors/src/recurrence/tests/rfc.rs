//! The examples of RFC 5545, section 3.8.5.3, that stay within what is supported, in New York at 09:00 as there.

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
fn daily_examples() {
    assert_days(
        "FREQ=DAILY;COUNT=10",
        "1997-09-02",
        "1997: 09-02,03,04,05,06,07,08,09,10,11",
    );
    assert_days(
        "FREQ=DAILY;INTERVAL=2",
        "1997-09-02",
        "1997: 09-02,04,06,08,10,12,14,16,18,20,22,24,26,28,30 10-02,04",
    );
    assert_days(
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        "1997-09-02",
        "1997: 09-02,12,22 10-02,12",
    );
}

#[test]
fn daily_until_christmas_ends_on_the_23rd() {
    let schedule = schedule(
        "FREQ=DAILY;UNTIL=19971224T000000Z",
        "1997-09-02T09:00:00",
        "America/New_York",
    );
    let all: Vec<_> = schedule.occurrences(&BundledZones).unwrap().collect();
    assert_eq!(all.len(), 113);
    assert_eq!(all[112].at, wall("1997-12-23T09:00:00"));
}

#[test]
fn every_day_in_january_can_be_said_daily_or_yearly() {
    let daily = schedule(
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
        "1998-01-01T09:00:00",
        "America/New_York",
    );
    let yearly = "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA";
    let yearly = schedule(yearly, "1998-01-01T09:00:00", "America/New_York");
    assert_eq!(instants(&daily, 100).len(), 93); // UNTIL is the very instant of the last
    assert_eq!(instants(&daily, 100), instants(&yearly, 100));
}

#[test]
fn weekly_examples() {
    assert_days(
        "FREQ=WEEKLY;COUNT=10",
        "1997-09-02",
        "1997: 09-02,09,16,23,30 10-07,14,21,28 11-04",
    );
    let to_christmas = "1997: 09-02,09,16,23,30 10-07,14,21,28 11-04,11,18,25 12-02,09,16,23";
    assert_days("FREQ=WEEKLY;UNTIL=19971224T000000Z", "1997-09-02", to_christmas);
    assert_days(
        "FREQ=WEEKLY;INTERVAL=2",
        "1997-09-02",
        "1997: 09-02,16,30 10-14,28 11-11,25 12-09,23 1998: 01-06,20 02-03",
    );
    let five_weeks = "1997: 09-02,04,09,11,16,18,23,25,30 10-02";
    assert_days(
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;BYDAY=TU,TH",
        "1997-09-02",
        five_weeks,
    );
    assert_days("FREQ=WEEKLY;COUNT=10;BYDAY=TU,TH", "1997-09-02", five_weeks);
    assert_days(
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;BYDAY=MO,WE,FR",
        "1997-09-01",
        "1997: 09-01,03,05,15,17,19,29 10-01,03,13,15,17,27,29,31 11-10,12,14,24,26,28 12-08,10,12,22",
    );
    assert_days(
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;BYDAY=TU,TH",
        "1997-09-02",
        "1997: 09-02,04,16,18,30 10-02,14,16",
    );
    assert_days(
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997-08-05",
        "1997: 08-05,10,19,24",
    );
}

#[test]
fn monthly_examples_by_weekday() {
    let first_fridays = "1997: 09-05 10-03 11-07 12-05 1998: 01-02 02-06 03-06 04-03 05-01 06-05";
    assert_days("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997-09-05", first_fridays);
    assert_days(
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997-09-05",
        "1997: 09-05 10-03 11-07 12-05",
    );
    let first_and_last = "1997: 09-07,28 11-02,30 1998: 01-04,25 03-01,29 05-03,31";
    assert_days(
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997-09-07",
        first_and_last,
    );
    assert_days(
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997-09-22",
        "1997: 09-22 10-20 11-17 12-22 1998: 01-19 02-16",
    );
    let tuesdays = "1997: 09-02,09,16,23,30 11-04,11,18,25 1998: 01-06,13,20,27 03-03,10,17,24,31";
    assert_days("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1997-09-02", tuesdays);
}

#[test]
fn monthly_examples_by_day_of_the_month() {
    assert_days(
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997-09-28",
        "1997: 09-28 10-29 11-28 12-29 1998: 01-29 02-26",
    );
    let second_and_15th = "1997: 09-02,15 10-02,15 11-02,15 12-02,15 1998: 01-02,15";
    assert_days("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", "1997-09-02", second_and_15th);
    let first_and_last = "1997: 09-30 10-01,31 11-01,30 12-01,31 1998: 01-01,31 02-01";
    assert_days("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997-09-30", first_and_last);
    let every_18_months = "1997: 09-10,11,12,13,14,15 1999: 03-10,11,12,13";
    assert_days(
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997-09-10",
        every_18_months,
    );
    assert_days(
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007-01-15",
        "2007: 01-15,30 02-15 03-15,30",
    );
}

#[test]
fn monthly_examples_where_day_and_weekday_must_both_fit() {
    // The standard excludes the start with an EXDATE; here it is the first occurrence.
    let fridays_the_13th = "1997: 09-02 1998: 02-13 03-13 11-13 1999: 08-13 2000: 10-13";
    assert_days("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1997-09-02", fridays_the_13th);
    let saturdays = "1997: 09-13 10-11 11-08 12-13 1998: 01-10 02-07 03-07 04-11 05-09 06-13";
    assert_days(
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997-09-13",
        saturdays,
    );
}

#[test]
fn yearly_examples() {
    let summers = "1997: 06-10 07-10 1998: 06-10 07-10 1999: 06-10 07-10 2000: 06-10 07-10 2001: 06-10 07-10";
    assert_days("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "1997-06-10", summers);
    let springs = "1997: 03-10 1999: 01-10 02-10 03-10 2001: 01-10 02-10 03-10 2003: 01-10 02-10 03-10";
    assert_days("FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "1997-03-10", springs);
    assert_days(
        "FREQ=YEARLY;BYDAY=20MO",
        "1997-05-19",
        "1997: 05-19 1998: 05-18 1999: 05-17",
    );
    let thursdays = "1997: 03-13,20,27 1998: 03-05,12,19,26 1999: 03-04,11,18,25";
    assert_days("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13", thursdays);
    let summer = "1997: 06-05,12,19,26 07-03,10,17,24,31 08-07,14,21,28 1998: 06-04,11,18,25 07-02";
    assert_days("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "1997-06-05", summer);
    let elections = "1996: 11-05 2000: 11-07 2004: 11-02";
    assert_days(
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996-11-05",
        elections,
    );
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
