//! What people say in passing, on Monday 30 November 2026 at 10:00 in Paris: understood, or said to be not.

use super::*;

/// A text, its title, due and rule; all of it is understood, and so many pieces are doubtful.
fn assert_rules_on_monday(cases: &[(&str, &str, &str, &str, usize)]) {
    for (text, title, due, rule, said) in cases {
        assert_said_on_monday(&[(text, title, due, *said)]);
        let reading = on_monday(text);
        assert_eq!((rule_of(&reading), refused(&reading)), (*rule, Vec::new()), "{text}");
    }
}

#[test]
fn a_date_beside_yearly_is_where_it_starts() {
    let yearly = "FREQ=YEARLY";
    assert_rules_on_monday(&[
        ("bday Mia 12/9 yearly", "bday Mia", "2026-12-09", yearly, 1),
        ("anniversary 6/12 every year", "anniversary", "2027-06-12", yearly, 1),
        ("bday Mia 9.12. yearly", "bday Mia", "2026-12-09", yearly, 1),
        ("bday Mia 9.12 yearly", "bday Mia", "2026-12-09", yearly, 1),
    ]);
    assert_said_on_monday(&[("read 1/2 weekly", "read 1/2", "2026-11-30", 0)]);
}

#[test]
fn what_comes_round_within_a_day_ends_with_it() {
    assert_rules_on_monday(&[
        (
            "drink water every hour today",
            "drink water",
            "2026-11-30T11:00:00",
            "FREQ=HOURLY;UNTIL=20261130",
            1,
        ),
        (
            "every 15 minutes today",
            "",
            "2026-11-30T10:15:00",
            "FREQ=MINUTELY;INTERVAL=15;UNTIL=20261130",
            1,
        ),
        (
            "stretch every hour tomorrow",
            "stretch",
            "2026-12-01T00:00:00",
            "FREQ=HOURLY;UNTIL=20261201",
            1,
        ),
        (
            "every 30 min tonight",
            "",
            "2026-11-30T20:00:00",
            "FREQ=MINUTELY;INTERVAL=30;UNTIL=20261130",
            1,
        ),
        (
            "every hour this afternoon",
            "",
            "2026-11-30T15:00:00",
            "FREQ=HOURLY;UNTIL=20261130",
            1,
        ),
        ("every hour starting today", "", "2026-11-30T11:00:00", "FREQ=HOURLY", 0),
        (
            "every 20 hours today",
            "",
            "2026-12-01T06:00:00",
            "FREQ=HOURLY;INTERVAL=20",
            1,
        ),
    ]);
    assert_eq!(
        doubts_on_monday("every 20 hours today"),
        ["it does not come round in what is left of that day, and has no end"]
    );
}

#[test]
fn rules_are_understood_as_people_write_them() {
    let other_day = "FREQ=DAILY;INTERVAL=2";
    assert_rules_on_monday(&[
        ("gym every other night at 9", "gym", "2026-11-30T21:00:00", other_day, 0),
        ("read every other night", "read", "2026-11-30T21:00:00", other_day, 0),
        ("walk every other morning", "walk", "2026-12-01T09:00:00", other_day, 0),
        ("call every other evening", "call", "2026-11-30T18:00:00", other_day, 0),
        (
            "feed fish from dec 5 to 15 every day",
            "feed fish",
            "2026-12-05",
            "FREQ=DAILY;UNTIL=20261215",
            0,
        ),
        (
            "class every tue 6pm x 8",
            "class",
            "2026-12-01T18:00:00",
            "FREQ=WEEKLY;COUNT=8;BYDAY=TU",
            0,
        ),
        (
            "feed the cat 7am and 7pm daily",
            "feed the cat",
            "2026-11-30T19:00:00",
            "FREQ=DAILY;BYHOUR=7,19",
            0,
        ),
    ]);
}

#[test]
fn a_reminder_on_a_date_of_a_yearly_task_says_that_it_comes_once() {
    let once = "once, on that day; say “1 day before” or its like to be reminded each time";
    for text in [
        "mom's birthday every march 14 remind me march 7",
        "taxes yearly april 15 remind me on april 1",
        "insurance every feb 3 remind me in january",
    ] {
        assert_eq!(doubts_on_monday(text), [once], "{text}");
    }
    assert_eq!(doubts_on_monday("every week remind me on december 5"), [""; 0]);
}

#[test]
fn a_second_mention_of_a_day_is_the_same_day() {
    assert_said_on_monday(&[
        ("review by friday eod", "review", "2026-12-04", 0),
        ("submit by thursday end of day", "submit", "2026-12-03", 0),
        ("report friday by end of day", "report", "2026-12-04", 0),
        (
            "christmas dinner dec 25 at 3pm",
            "christmas dinner",
            "2026-12-25T15:00:00",
            0,
        ),
        (
            "christmas eve service dec 24 5pm",
            "christmas eve service",
            "2026-12-24T17:00:00",
            0,
        ),
        (
            "new year's eve party dec 31 9pm",
            "new year's eve party",
            "2026-12-31T21:00:00",
            0,
        ),
        ("mother's day lunch on may 9", "mother's day lunch", "2027-05-09", 0),
        (
            "halloween party oct 31 8pm",
            "halloween party",
            "2027-10-31T20:00:00",
            0,
        ),
        ("christmas dinner dec 24", "christmas dinner", "2026-12-24", 1),
        (
            "call plumber on the first of next month",
            "call plumber",
            "2026-12-01",
            0,
        ),
    ]);
}

#[test]
fn days_in_letters_and_feasts_without_a_date_leave_a_time_in_doubt() {
    for (text, said) in [
        ("gym m w f 6am", &["m w f", "6am"][..]),
        ("gym m, w, f 6am", &["m, w, f", "6am"]),
        ("class tu/th 2pm", &["tu/th", "2pm"]),
        ("class tu th 2pm", &["tu th", "2pm"]),
        ("call th 9am", &["th", "9am"]),
    ] {
        let reading = on_monday(text);
        let pieces: Vec<&str> = refused(&reading).iter().map(|(piece, _)| *piece).collect();
        assert_eq!((pieces.as_slice(), due_of(&reading)), (said, String::new()), "{text}");
    }
    assert_said_on_monday(&[
        ("t/f quiz 2pm", "t/f quiz", "2026-11-30T14:00:00", 0),
        ("new year party 9pm", "new year party", "2026-11-30T21:00:00", 1),
        (
            "valentines dinner at 7pm",
            "valentines dinner",
            "2026-11-30T19:00:00",
            1,
        ),
        (
            "call plumber week 50 at 9am",
            "call plumber week 50",
            "2026-12-01T09:00:00",
            1,
        ),
        ("call plumber tmw 9am", "call plumber", "2026-12-01T09:00:00", 0),
        ("call tmo 9am", "call", "2026-12-01T09:00:00", 0),
        ("call wedn 9am", "call", "2026-12-02T09:00:00", 0),
    ]);
}

#[test]
fn days_that_are_said_roughly_say_how_they_are_taken() {
    assert_said_on_monday(&[
        ("call late next week", "call late", "2026-12-07", 1),
        ("call mid next week", "call mid", "2026-12-07", 1),
        ("call in a week or two", "call in a week or two", "", 1),
        ("leave early tomorrow", "leave early", "2026-12-01", 0),
        ("call in an hour or two", "call in an hour or two", "", 1),
        ("call in a week or so", "call in a week or so", "", 1),
        (
            "off between christmas and new year",
            "off between christmas and new year",
            "",
            1,
        ),
        ("off between dec 5 and dec 7", "off between dec 5 and dec 7", "", 1),
    ]);
}

#[test]
fn times_are_understood_or_said_to_be_unsure_wherever_they_stand() {
    assert_said_on_monday(&[
        ("meeting 1500 tomorrow", "meeting 1500", "2026-12-01", 1),
        ("pay 1500 tomorrow", "pay 1500", "2026-12-01", 0),
        ("walk 1500 steps tomorrow", "walk 1500 steps", "2026-12-01", 0),
        ("dentist 14h tomorrow", "dentist 14h", "2026-12-01", 1),
        ("drive for 14h tomorrow", "drive for 14h", "2026-12-01", 0),
        ("mtg@2pm fri", "mtg", "2026-12-04T14:00:00", 0),
        ("mail a@2pm.com fri", "mail a@2pm.com", "2026-12-04", 0),
        ("lunch noon tomorrow", "lunch", "2026-12-01T12:00:00", 1),
        ("lunch noon friday", "lunch", "2026-12-04T12:00:00", 1),
        ("dinner 7ish tomorrow", "dinner", "2026-12-01T07:00:00", 1),
        ("dentist at ten to three tomorrow", "dentist", "2026-12-01T14:50:00", 1),
        (
            "dentist at five past nine tomorrow",
            "dentist",
            "2026-12-01T09:05:00",
            1,
        ),
    ]);
}
