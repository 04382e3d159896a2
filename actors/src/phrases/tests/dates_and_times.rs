//! Dates and times.

use super::*;

#[test]
fn dates_near_by() {
    assert_dues(&[
        ("today", "2026-12-03"),
        ("tomorrow", "2026-12-04"),
        ("the day after tomorrow", "2026-12-05"),
        ("fri", "2026-12-04"),
        ("on wednesday", "2026-12-09"),
        ("this sunday", "2026-12-06"),
        ("this weekend", "2026-12-05"),
        ("next friday", "2026-12-11"),
        ("next monday", "2026-12-07"),
        ("next week", "2026-12-07"),
        ("next month", "2027-01-01"),
        ("next year", "2027-01-01"),
        ("in 2 weeks", "2026-12-17"),
        ("in a month", "2027-01-03"),
        ("3 days from now", "2026-12-06"),
        ("a week from friday", "2026-12-11"),
    ]);
}

#[test]
fn edges_of_periods() {
    assert_dues(&[
        ("eom", "2026-12-31"),
        ("end of the month", "2026-12-31"),
        ("end of next month", "2027-01-31"),
        ("by end of february", "2027-02-28"),
        ("eow", "2026-12-06"),
        ("eoy", "2026-12-31"),
        ("start of next year", "2027-01-01"),
    ]);
    assert_eq!(doubts("eow").len(), 1);
}

#[test]
fn dates_of_the_calendar() {
    assert_dues(&[
        ("2027-03-01", "2027-03-01"),
        ("march 3rd", "2027-03-03"),
        ("3 march 2028", "2028-03-03"),
        ("Dec 2", "2027-12-02"),
        ("dec 3", "2026-12-03"),
        ("feb 29", "2028-02-29"),
        ("the 2nd of feb", "2027-02-02"),
        ("2nd fri in feb", "2027-02-12"),
        ("2nd to last fri in feb", "2027-02-19"),
        ("last day of february 2028", "2028-02-29"),
        ("40th day of 2028", "2028-02-09"),
        ("on the 1st", "2027-01-01"),
        ("on 12/25", "2026-12-25"),
        ("on 25/12", "2026-12-25"),
        ("25.12.2027", "2027-12-25"),
        ("thursday, february 18th 2027", "2027-02-18"),
    ]);
}

#[test]
fn days_with_a_name_and_days_counted_from_them() {
    assert_dues(&[
        ("3 days before christmas", "2026-12-22"),
        ("on new year's eve", "2026-12-31"),
        ("new year’s day", "2027-01-01"),
        ("10 days after easter", "2027-04-07"),
        ("2 weeks before 1 march", "2027-02-15"),
    ]);
    let eve = at("3 days before christmas", "2026-12-24T09:00:00Z", "Europe/Paris");
    assert_eq!(due_of(&eve), "2027-12-22", "this year's is over");
}

#[test]
fn next_friday_is_that_of_next_week_and_says_so_where_this_week_has_one_to_come() {
    assert_eq!(
        doubts("next friday"),
        ["Friday of next week; say “this friday” for Friday 4 December 2026"]
    );
    assert_eq!(doubts("next wednesday"), [""; 0], "this week's is over");
    assert_eq!(doubts("next thursday"), [""; 0], "this week's is today");
}

#[test]
fn a_weekday_said_on_that_day_is_in_a_week_and_says_so() {
    assert_dues(&[("thu", "2026-12-10"), ("this thu", "2026-12-03")]);
    assert_eq!(doubts("thu").len(), 1);
    assert_eq!(doubts("this thu").len(), 0);
}

#[test]
fn a_weekday_that_does_not_fit_its_date_says_so() {
    assert_eq!(
        doubts("friday, 18 february 2027"),
        ["Thursday 18 February 2027 is no Friday"]
    );
}

#[test]
fn an_order_of_day_and_month_that_could_be_the_other_says_so() {
    assert_eq!(doubts("3/4/2027").len(), 1);
    assert_eq!(doubts("25/12/2027").len() + doubts("4/4/2027").len(), 0);
}

#[test]
fn times() {
    assert_dues(&[
        ("5pm", "2026-12-03T17:00:00"),
        ("9am", "2026-12-04T09:00:00"),
        ("at 17", "2026-12-03T17:00:00"),
        ("17:30", "2026-12-03T17:30:00"),
        ("tomorrow 3:15", "2026-12-04T15:15:00"),
        ("tomorrow at 03:15", "2026-12-04T03:15:00"),
        ("fri at 8", "2026-12-04T08:00:00"),
        ("fri at 8 in the evening", "2026-12-04T20:00:00"),
        ("fri at 10 o'clock", "2026-12-04T10:00:00"),
        ("fri at 12a", "2026-12-04T00:00:00"),
        ("fri 3 p.m.", "2026-12-04T15:00:00"),
        ("fri at noon", "2026-12-04T12:00:00"),
        ("tomorrow morning", "2026-12-04T09:00:00"),
        ("tonight", "2026-12-03T20:00:00"),
    ]);
}

#[test]
fn an_hour_without_its_half_of_the_day_says_so() {
    assert_eq!(doubts("at 8"), ["8 in the morning; say “8pm” for the evening"]);
    assert_eq!(doubts("at 3:15"), ["3 in the afternoon; say “3:15am” for the morning"]);
    for sure in ["at 8am", "at 17", "at 08:00", "at 8 in the evening", "at noon"] {
        assert_eq!(doubts(sure).len(), 0, "{sure}");
    }
}

#[test]
fn so_long_from_now_is_exact_where_clocks_change() {
    let before_the_change = at("in 2 hours", "2026-03-29T00:30:00Z", "Europe/Paris");
    assert_eq!(
        due_of(&before_the_change),
        "2026-03-29T04:30:00",
        "from 01:30, past the gap"
    );
    let days = at("in 1 day and 2 hours", "2026-03-28T00:30:30Z", "Europe/Paris");
    assert_eq!(due_of(&days), "2026-03-29T04:30:30");
}

#[test]
fn days_are_those_of_the_zone() {
    let now = "2026-12-31T23:30:00Z";
    assert_eq!(due_of(&at("today", now, "UTC")), "2026-12-31");
    assert_eq!(due_of(&at("today", now, "Asia/Kathmandu")), "2027-01-01");
    assert_eq!(
        due_of(&at("today", now, "Mars/Olympus")),
        "2026-12-31",
        "refused elsewhere"
    );
}

#[test]
fn at_the_end_of_time_there_is_nothing_more() {
    for text in [
        "tomorrow",
        "next year x",
        "in 9999 years",
        "every day for 9999 years",
        "eoy",
        "in 9999 hours",
        "every fri",
        "2 weeks after easter",
    ] {
        for now in ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"] {
            let _ = at(text, now, "Pacific/Kiritimati");
            let _ = at(text, now, "Pacific/Niue");
        }
    }
    assert_eq!(
        refused(&reading("in 9999 years")),
        [("in 9999 years", "there is no such day")]
    );
}
