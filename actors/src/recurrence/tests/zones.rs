//! Wall time is the truth: what becomes of it where clocks change, for `UNTIL`, and after a completion.

use super::*;
use crate::zone::UnknownZone;
use chrono::NaiveDate;
use punctual_events::Moment;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn next_after(schedule: &Schedule, now: &str) -> Option<String> {
    let next = schedule.next_after(instant(now), &BundledZones).unwrap();
    next.map(|occurrence| format!("{} = {}", occurrence.at, occurrence.instant))
}

fn next_from_completion(schedule: &Schedule, completed: &str, made: u32) -> Option<String> {
    let next = schedule
        .next_from_completion(
            (
                date(completed).and_hms_opt(7, 0, 0).unwrap(),
                chrono::NaiveDateTime::MIN,
            ),
            made,
            &BundledZones,
        )
        .unwrap();
    next.map(|occurrence| occurrence.at.to_string())
}

#[test]
fn a_daily_task_keeps_its_wall_time_through_both_changes_of_the_clocks() {
    let spring = schedule("FREQ=DAILY", "2026-03-28T09:00:00", "Europe/Paris");
    assert_eq!(
        instants(&spring, 2),
        ["2026-03-28T08:00:00.000Z", "2026-03-29T07:00:00.000Z"]
    );
    let autumn = schedule("FREQ=DAILY", "2026-10-24T09:00:00", "Europe/Paris");
    assert_eq!(
        instants(&autumn, 2),
        ["2026-10-24T07:00:00.000Z", "2026-10-25T08:00:00.000Z"]
    );
}

#[test]
fn in_a_gap_only_that_days_occurrence_moves() {
    let paris = schedule("FREQ=DAILY", "2026-03-28T02:30:00", "Europe/Paris");
    let expected = [
        "2026-03-28T01:30:00.000Z",
        "2026-03-29T01:30:00.000Z",
        "2026-03-30T00:30:00.000Z",
    ];
    assert_eq!(instants(&paris, 3), expected);
    let lord_howe = schedule("FREQ=DAILY", "2026-10-04T02:15:00", "Australia/Lord_Howe");
    assert_eq!(
        instants(&lord_howe, 2),
        ["2026-10-03T15:45:00.000Z", "2026-10-04T15:15:00.000Z"]
    );
}

#[test]
fn every_half_hour_stays_every_half_hour_when_clocks_go_forward() {
    let paris = schedule("FREQ=MINUTELY;INTERVAL=30", "2026-03-29T01:30:00", "Europe/Paris");
    assert_eq!(
        instants(&paris, 3),
        [
            "2026-03-29T00:30:00.000Z",
            "2026-03-29T01:00:00.000Z",
            "2026-03-29T01:30:00.000Z"
        ]
    );
    // Those left out are counted.
    let four = schedule(
        "FREQ=MINUTELY;INTERVAL=30;COUNT=4",
        "2026-03-29T01:30:00",
        "Europe/Paris",
    );
    assert_eq!(
        instants(&four, 9),
        ["2026-03-29T00:30:00.000Z", "2026-03-29T01:00:00.000Z"]
    );
    let at_three = wall("2026-03-29T01:30:00");
    assert_eq!(
        four.next_after_wall(at_three, &BundledZones).unwrap().unwrap().at,
        wall("2026-03-29T03:00:00")
    );
}

#[test]
fn a_skipped_time_moves_where_no_other_is_in_its_way() {
    let twice = schedule(
        "FREQ=DAILY;BYHOUR=2,12;BYMINUTE=30",
        "2026-03-29T00:00:00",
        "Europe/Paris",
    );
    assert_eq!(
        instants(&twice, 3)[1..],
        ["2026-03-29T01:30:00.000Z", "2026-03-29T10:30:00.000Z"]
    );
    let moved = "2026-03-29T02:30:00 = 2026-03-29T01:30:00.000Z";
    assert_eq!(next_after(&twice, "2026-03-29T01:10:00Z").unwrap(), moved);
    let every_second = schedule("FREQ=SECONDLY;BYHOUR=2", "2026-03-29T00:00:00", "Europe/Paris");
    let moved = "2026-03-29T02:10:01 = 2026-03-29T01:10:01.000Z";
    assert_eq!(next_after(&every_second, "2026-03-29T01:10:00Z").unwrap(), moved);
}

#[test]
fn a_repeated_hour_has_no_occurrences_the_second_time() {
    let every_second = schedule("FREQ=SECONDLY", "2026-10-25T00:00:00", "Europe/Paris");
    // Clocks show 02:30 for the second time.
    let following = "2026-10-25T03:00:00 = 2026-10-25T02:00:00.000Z";
    assert_eq!(next_after(&every_second, "2026-10-25T01:30:00Z").unwrap(), following);
}

#[test]
fn after_a_completion_hours_count_from_its_minute() {
    let next = |rule: &str, completed: &str| {
        let schedule = schedule(rule, "2026-12-01T09:00:00", "Europe/Paris");
        let next = schedule.next_from_completion((wall(completed).get(), wall(completed).get()), 1, &BundledZones);
        next.unwrap().unwrap().at.to_string()
    };
    assert_eq!(
        next("FREQ=HOURLY;INTERVAL=8", "2026-12-09T20:13:27"),
        "2026-12-10T04:13:00"
    );
    assert_eq!(
        next("FREQ=MINUTELY;INTERVAL=30", "2026-12-09T20:13:27"),
        "2026-12-09T20:43:00"
    );
    assert_eq!(
        next("FREQ=SECONDLY;INTERVAL=90", "2026-12-09T20:13:27"),
        "2026-12-09T20:14:57"
    );
    // Of several times a day, the next after the completion.
    let twice_a_day = "FREQ=DAILY;BYHOUR=9,18";
    assert_eq!(next(twice_a_day, "2026-12-09T08:00:00"), "2026-12-09T18:00:00");
    assert_eq!(next(twice_a_day, "2026-12-09T19:00:00"), "2026-12-10T09:00:00");
}

#[test]
fn an_occurrence_moved_by_a_gap_is_found_until_its_instant_has_passed() {
    let paris = schedule("FREQ=DAILY", "2026-03-28T02:30:00", "Europe/Paris");
    // Clocks show 03:10, past 02:30; but the occurrence is at 03:30.
    let moved = "2026-03-29T02:30:00 = 2026-03-29T01:30:00.000Z";
    assert_eq!(next_after(&paris, "2026-03-29T01:10:00Z").unwrap(), moved);
    let following = "2026-03-30T02:30:00 = 2026-03-30T00:30:00.000Z";
    assert_eq!(next_after(&paris, "2026-03-29T01:30:00Z").unwrap(), following);
}

#[test]
fn an_occurrence_happens_once_where_clocks_show_its_time_twice() {
    let paris = schedule("FREQ=DAILY", "2026-10-24T02:45:00", "Europe/Paris");
    // Clocks show 02:30 for the second time.
    let following = "2026-10-26T02:45:00 = 2026-10-26T01:45:00.000Z";
    assert_eq!(next_after(&paris, "2026-10-25T01:30:00Z").unwrap(), following);
}

#[test]
fn a_skipped_day_keeps_its_occurrence_at_the_instant_of_the_next() {
    let apia = schedule("FREQ=DAILY", "2011-12-29T09:00:00", "Pacific/Apia");
    let expected = [
        "2011-12-29T19:00:00.000Z",
        "2011-12-30T19:00:00.000Z",
        "2011-12-30T19:00:00.000Z",
        "2011-12-31T19:00:00.000Z",
    ];
    assert_eq!(instants(&apia, 4), expected);
    let after_both = "2012-01-01T09:00:00 = 2011-12-31T19:00:00.000Z";
    assert_eq!(next_after(&apia, "2011-12-30T19:00:00Z").unwrap(), after_both);
}

#[test]
fn an_all_day_occurrence_is_at_the_first_instant_of_its_day() {
    let paris = Schedule::all_day(rule("FREQ=WEEKLY;BYDAY=SU"), date("2026-03-22"), "Europe/Paris");
    let expected = [
        "2026-03-21T23:00:00.000Z",
        "2026-03-28T23:00:00.000Z",
        "2026-04-04T22:00:00.000Z",
    ];
    assert_eq!(instants(&paris, 3), expected);
    let sao_paulo = Schedule::all_day(rule("FREQ=DAILY"), date("2018-11-03"), "America/Sao_Paulo");
    assert_eq!(
        instants(&sao_paulo, 2),
        ["2018-11-03T03:00:00.000Z", "2018-11-04T03:00:00.000Z"]
    );
}

#[test]
fn until_in_utc_is_an_instant() {
    // 09:00 in Auckland is 20:00 UTC of the day before.
    let auckland = |until: &str| {
        schedule(
            &format!("FREQ=DAILY;UNTIL={until}"),
            "2026-12-01T09:00:00",
            "Pacific/Auckland",
        )
    };
    assert_eq!(instants(&auckland("20261202T200000Z"), 9).len(), 3);
    assert_eq!(instants(&auckland("20261202T195959Z"), 9).len(), 2);
}

#[test]
fn until_without_a_zone_is_wall_time_and_a_date_is_its_whole_day() {
    let auckland = |until: &str| {
        schedule(
            &format!("FREQ=DAILY;UNTIL={until}"),
            "2026-12-01T09:00:00",
            "Pacific/Auckland",
        )
    };
    assert_eq!(instants(&auckland("20261202T090000"), 9).len(), 2);
    assert_eq!(instants(&auckland("20261202T085959"), 9).len(), 1);
    assert_eq!(instants(&auckland("20261202"), 9).len(), 2);
    let all_day = |until: &str| {
        let rule = rule(&format!("FREQ=DAILY;UNTIL={until}"));
        Schedule::all_day(rule, date("2026-12-01"), "Pacific/Auckland")
    };
    assert_eq!(instants(&all_day("20261203"), 9).len(), 3);
    assert_eq!(instants(&all_day("20261203T000000"), 9).len(), 3);
    assert_eq!(instants(&all_day("20261202T110000Z"), 9).len(), 3); // the first instant of the 3rd there
    assert_eq!(instants(&all_day("20261202T105959Z"), 9).len(), 2);
}

#[test]
fn completing_late_rolls_to_the_next_future_date() {
    let mondays = schedule("FREQ=WEEKLY;BYDAY=MO", "2026-11-02T09:00:00", "Europe/Paris");
    let following = "2026-12-07T09:00:00 = 2026-12-07T08:00:00.000Z";
    assert_eq!(next_after(&mondays, "2026-11-30T08:00:00Z").unwrap(), following);
    let same_morning = "2026-11-30T09:00:00 = 2026-11-30T08:00:00.000Z";
    assert_eq!(next_after(&mondays, "2026-11-30T07:59:59.999Z").unwrap(), same_morning);
}

#[test]
fn the_start_is_next_while_it_lies_ahead() {
    let mondays = schedule("FREQ=WEEKLY;BYDAY=MO", "2026-12-02T09:00:00", "Europe/Paris");
    let start = "2026-12-02T09:00:00 = 2026-12-02T08:00:00.000Z";
    assert_eq!(next_after(&mondays, "1970-01-01T00:00:00Z").unwrap(), start);
    assert_eq!(
        mondays
            .next_after_wall(wall("2026-12-02T08:59:59"), &BundledZones)
            .unwrap()
            .unwrap()
            .at,
        wall("2026-12-02T09:00:00")
    );
    assert_eq!(
        mondays
            .next_after_wall(wall("2026-12-02T09:00:00"), &BundledZones)
            .unwrap()
            .unwrap()
            .at,
        wall("2026-12-07T09:00:00")
    );
}

#[test]
fn after_a_completion_the_rule_counts_from_that_day() {
    let every_3_days = schedule("FREQ=DAILY;INTERVAL=3", "2026-12-01T09:00:00", "Europe/Paris");
    assert_eq!(
        next_from_completion(&every_3_days, "2026-12-09", 1).unwrap(),
        "2026-12-12T09:00:00"
    );
    let weekly = schedule("FREQ=WEEKLY", "2026-12-01T09:00:00", "Europe/Paris");
    assert_eq!(
        next_from_completion(&weekly, "2026-12-04", 1).unwrap(),
        "2026-12-11T09:00:00"
    );
    let mondays = schedule("FREQ=WEEKLY;BYDAY=MO", "2026-11-30T09:00:00", "Europe/Paris");
    assert_eq!(
        next_from_completion(&mondays, "2026-12-07", 1).unwrap(),
        "2026-12-14T09:00:00"
    );
    assert_eq!(
        next_from_completion(&mondays, "2026-12-06", 1).unwrap(),
        "2026-12-07T09:00:00"
    );
    // Completed before the start, too.
    assert_eq!(
        next_from_completion(&mondays, "2026-11-20", 1).unwrap(),
        "2026-11-23T09:00:00"
    );
}

#[test]
fn after_a_completion_count_and_until_still_end_the_series() {
    let three = schedule("FREQ=DAILY;COUNT=3", "2026-12-01T09:00:00", "Europe/Paris");
    assert_eq!(
        next_from_completion(&three, "2026-12-05", 2).unwrap(),
        "2026-12-06T09:00:00"
    );
    assert_eq!(next_from_completion(&three, "2026-12-05", 3), None);
    let until = schedule("FREQ=DAILY;UNTIL=20261205", "2026-12-01T09:00:00", "Europe/Paris");
    assert_eq!(
        next_from_completion(&until, "2026-12-04", 9).unwrap(),
        "2026-12-05T09:00:00"
    );
    assert_eq!(next_from_completion(&until, "2026-12-05", 9), None);
}

#[test]
fn moments_go_in_and_come_out() {
    let due = Moment::Day {
        date: date("2026-12-01"),
        instant: Timestamp::MIN,
    };
    let all_day = Schedule::from_moment(rule("FREQ=DAILY"), &due, "Europe/Paris");
    let first = all_day.occurrences(&BundledZones).unwrap().next().unwrap();
    let expected = Moment::Day {
        date: date("2026-12-01"),
        instant: instant("2026-11-30T23:00:00Z"),
    };
    assert_eq!(all_day.moment(first), expected);

    let due = Moment::Time {
        at: wall("2026-12-01T09:00:00"),
        floating: false,
        instant: Timestamp::MIN,
        time_zone: "Asia/Tokyo".into(),
    };
    let timed = Schedule::from_moment(rule("FREQ=DAILY"), &due, "Europe/Paris");
    let first = timed.occurrences(&BundledZones).unwrap().next().unwrap();
    let instant = instant("2026-12-01T00:00:00Z");
    let expected = Moment::Time {
        at: wall("2026-12-01T09:00:00"),
        floating: false,
        instant,
        time_zone: "Asia/Tokyo".into(),
    };
    assert_eq!(timed.moment(first), expected);
}

#[test]
fn an_unknown_zone_is_an_error_and_never_the_end_of_a_series() {
    let lost = schedule("FREQ=DAILY", "2026-12-01T09:00:00", "Mars/Olympus");
    let unknown = UnknownZone("Mars/Olympus".into());
    assert_eq!(lost.next_after(Timestamp::MIN, &BundledZones), Err(unknown.clone()));
    assert_eq!(
        lost.next_after_wall(wall("2026-12-01T09:00:00"), &BundledZones),
        Err(unknown.clone())
    );
    assert_eq!(
        lost.next_from_completion(
            (wall("2026-12-01T07:00:00").get(), chrono::NaiveDateTime::MIN),
            1,
            &BundledZones
        ),
        Err(unknown.clone())
    );
    assert_eq!(lost.ensure_occurs(&BundledZones), Err(RuleError::UnknownZone(unknown)));
}

#[test]
fn a_month_after_a_completion_on_the_31st_is_the_end_of_the_next_month() {
    let monthly = schedule("FREQ=MONTHLY", "2027-01-10T09:00:00", "UTC");
    for (completed, next) in [
        ("2027-01-31", "2027-02-28T09:00:00"),
        ("2028-01-30", "2028-02-29T09:00:00"),
        ("2027-03-31", "2027-04-30T09:00:00"),
        ("2027-01-15", "2027-02-15T09:00:00"),
    ] {
        assert_eq!(next_from_completion(&monthly, completed, 1).unwrap(), next);
    }
    let yearly = schedule("FREQ=YEARLY", "2028-02-01T09:00:00", "UTC");
    assert_eq!(
        next_from_completion(&yearly, "2028-02-29", 1).unwrap(),
        "2029-02-28T09:00:00"
    );
    let until = schedule("FREQ=MONTHLY;UNTIL=20270227", "2027-01-10T09:00:00", "UTC");
    assert_eq!(next_from_completion(&until, "2027-01-31", 1), None);
    // Days that are named are meant: those a month lacks are skipped.
    let named = schedule("FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31T09:00:00", "UTC");
    assert_eq!(
        next_from_completion(&named, "2027-01-31", 1).unwrap(),
        "2027-03-31T09:00:00"
    );
}

#[test]
fn days_ignore_the_parts_for_times_and_refuse_to_repeat_by_the_hour() {
    let days = |text: &str| Schedule::all_day(rule(text), date("2026-12-01"), "UTC");
    let daily = days("FREQ=DAILY;BYHOUR=9,18;BYMINUTE=30");
    assert_eq!(
        instants(&daily, 2),
        ["2026-12-01T00:00:00.000Z", "2026-12-02T00:00:00.000Z"]
    );
    let hourly = days("FREQ=HOURLY");
    assert!(matches!(
        hourly.ensure_occurs(&BundledZones),
        Err(RuleError::Malformed { .. })
    ));
    assert_eq!(instants(&hourly, 2).len(), 1);
}

#[test]
fn dates_are_added_and_taken_away_whatever_the_rule_says() {
    let walls = |dates: &[&str]| dates.iter().map(|at| wall(at).get()).collect::<Vec<_>>();
    let dated = |text: &str, added: &[&str], excluded: &[&str]| {
        let schedule = schedule(text, "2026-12-01T09:00:00", "UTC").with_dates(&walls(added), &walls(excluded));
        let all = schedule.occurrences(&BundledZones).unwrap();
        all.take(9)
            .map(|occurrence| occurrence.at.to_string())
            .collect::<Vec<_>>()
    };
    // Added after the end and twice, taken away where it is counted, and where it was added.
    let added = [
        "2027-01-01T10:00:00",
        "2026-12-02T09:00:00",
        "2026-12-03T12:00:00",
        "2026-11-30T09:00:00",
    ];
    assert_eq!(
        dated(
            "FREQ=DAILY;COUNT=3",
            &added,
            &["2026-12-03T09:00:00", "2026-12-03T12:00:00", "2026-12-09T00:00:00"]
        ),
        ["2026-12-01T09:00:00", "2026-12-02T09:00:00", "2027-01-01T10:00:00"]
    );
    assert_eq!(
        dated("FREQ=DAILY;UNTIL=20261202", &[], &["2026-12-01T09:00:00"]),
        ["2026-12-02T09:00:00"]
    );
    let nothing = schedule("FREQ=DAILY;COUNT=1", "2026-12-01T09:00:00", "UTC");
    let nothing = nothing.with_dates(&[], &walls(&["2026-12-01T09:00:00"]));
    assert_eq!(nothing.ensure_occurs(&BundledZones), Err(RuleError::NeverOccurs));
}

#[test]
fn a_start_that_clocks_skip_is_moved_and_nothing_comes_at_its_instant_again() {
    for (rule, expected) in [
        // Clocks go from 02:00 to 03:00, so that the start is at 03:15.
        ("FREQ=MINUTELY;INTERVAL=15", ["01:15", "01:30", "01:45", "02:00"]),
        ("FREQ=HOURLY", ["01:15", "02:15", "03:15", "04:15"]),
        ("FREQ=HOURLY;COUNT=9", ["01:15", "02:15", "03:15", "04:15"]),
        ("FREQ=HOURLY;BYMINUTE=0,40", ["01:15", "01:40", "02:00", "02:40"]),
    ] {
        let schedule = schedule(rule, "2026-03-29T02:15:00", "Europe/Paris");
        let found = instants(&schedule, 4);
        let expected = expected.map(|time| format!("2026-03-29T{time}:00.000Z"));
        assert_eq!(found, expected, "{rule}");
        let first = schedule.occurrences(&BundledZones).unwrap().next().unwrap();
        let next = schedule.next_after_wall(first.at, &BundledZones).unwrap().unwrap();
        assert_eq!(next.instant.to_string(), expected[1], "{rule}");
    }
}

#[test]
fn the_times_passed_over_by_a_start_that_clocks_skip_count() {
    let schedule = schedule(
        "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
        "2026-03-29T02:15:00",
        "Europe/Paris",
    );
    // 02:15 is at 03:15; 02:30, 02:45, 03:00 and 03:15 are passed over.
    assert_eq!(
        instants(&schedule, 9),
        ["2026-03-29T01:15:00.000Z", "2026-03-29T01:30:00.000Z"]
    );
}

#[test]
fn an_added_date_at_the_instant_a_skipped_time_becomes_is_no_second_occurrence() {
    // 2:30 is skipped on 28 March 2027, and becomes 3:30.
    let daily = |time: &str| schedule("FREQ=DAILY;COUNT=3", &format!("2027-03-27T{time}"), "Europe/Paris");
    let added = |times: &[&str]| times.iter().map(|time| wall(time).get()).collect::<Vec<_>>();
    let skipped = [
        "2027-03-27T01:30:00.000Z",
        "2027-03-28T01:30:00.000Z",
        "2027-03-29T00:30:00.000Z",
    ];
    let rule_is_moved = daily("02:30:00").with_dates(&added(&["2027-03-28T03:30:00"]), &[]);
    assert_eq!(instants(&rule_is_moved, 9), skipped);
    let at = wall("2027-03-28T02:30:00");
    let next = rule_is_moved.next_after_wall(at, &BundledZones).unwrap().unwrap();
    assert_eq!(next.at, wall("2027-03-29T02:30:00"), "nor after the one that was moved");
    let shown = [
        "2027-03-27T02:30:00.000Z",
        "2027-03-28T01:30:00.000Z",
        "2027-03-29T01:30:00.000Z",
    ];
    let extra_is_moved = daily("03:30:00").with_dates(&added(&["2027-03-28T02:30:00"]), &[]);
    assert_eq!(instants(&extra_is_moved, 9), shown);
    let both = ["2027-03-28T02:30:00", "2027-03-28T03:30:00"];
    let both_added =
        schedule("FREQ=DAILY;COUNT=1", "2027-03-27T09:00:00", "Europe/Paris").with_dates(&added(&both), &[]);
    assert_eq!(
        instants(&both_added, 9),
        ["2027-03-27T08:00:00.000Z", "2027-03-28T01:30:00.000Z"]
    );
    // What the rule does not reach, or EXDATE takes away, is no other occurrence.
    let over = schedule("FREQ=DAILY;COUNT=1", "2027-03-27T02:30:00", "Europe/Paris");
    assert_eq!(
        instants(&over.with_dates(&added(&["2027-03-28T03:30:00"]), &[]), 9),
        skipped[..2]
    );
    let taken = daily("02:30:00").with_dates(&added(&["2027-03-28T03:30:00"]), &added(&["2027-03-28T02:30:00"]));
    assert_eq!(instants(&taken, 9), skipped);
}
