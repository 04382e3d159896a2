//! The hours of nights, and times that a part of the day said elsewhere tells its half, on Monday 30 November 2026 at 10:00 in Paris.

use super::*;

/// The title, the due and the rule.
fn assert_read(cases: &[(&str, &str, &str, &str)]) {
    for (text, title, due, rule) in cases {
        let reading = on_monday(text);
        assert_eq!(refused(&reading), [], "{text}");
        let read = (&*reading.draft.title, &*due_of(&reading), rule_of(&reading));
        assert_eq!(read, (*title, *due, *rule), "{text}");
    }
}

#[test]
fn twelve_behind_an_evening_is_the_midnight_it_ends_with_and_says_so() {
    let evenings = [
        ("tonight 12", "", "2026-12-01T00:00:00", ""),
        ("call tonight 12", "call", "2026-12-01T00:00:00", ""),
        ("tonight 12:30", "", "2026-12-01T00:30:00", ""),
        ("this evening 12", "", "2026-12-01T00:00:00", ""),
        ("tomorrow night at 12", "", "2026-12-02T00:00:00", ""),
        ("tomorrow night 12", "", "2026-12-02T00:00:00", ""),
        ("friday night 12 #home", "", "2026-12-05T00:00:00", ""),
    ];
    assert_read(&evenings);
    for (text, ..) in evenings {
        assert_eq!(doubts_on_monday(text).len(), 1, "{text}");
    }
    let asked = on_monday("remind me tonight 12 to call");
    assert_eq!(reminders_of(&asked), ["2026-11-30T23:00:00.000Z"]);
    assert_read(&[("tonight 12 eggs", "12 eggs", "2026-11-30T20:00:00", "")]);
    let noon = on_monday("tonight 12pm");
    assert_eq!(refused(&noon), [("12pm", "there is a time already")]);
}

#[test]
fn the_nights_of_weekdays_reach_into_the_days_behind_them() {
    assert_read(&[
        (
            "poker every friday night at 12",
            "poker",
            "2026-12-05T00:00:00",
            "FREQ=WEEKLY;BYDAY=SA",
        ),
        (
            "every friday night at midnight",
            "",
            "2026-12-05T00:00:00",
            "FREQ=WEEKLY;BYDAY=SA",
        ),
        (
            "every fri and sun night at 1:30",
            "",
            "2026-12-05T01:30:00",
            "FREQ=WEEKLY;BYDAY=MO,SA",
        ),
        (
            "friday evenings at 12",
            "",
            "2026-12-05T00:00:00",
            "FREQ=WEEKLY;BYDAY=SA",
        ),
        (
            "every other sunday night at 12",
            "",
            "2026-12-07T00:00:00",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
        ),
        // The nights of one weekend are of one week.
        (
            "every other sat and sun night at 12",
            "",
            "2026-12-06T00:00:00",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=TU",
        ),
        (
            "every 3 weeks on fri and sat night at 12",
            "",
            "2026-12-05T00:00:00",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=SA,SU",
        ),
        ("every day night at 12", "", "2026-12-01T00:00:00", "FREQ=DAILY"),
        // These are on the day.
        (
            "every friday night at 11",
            "",
            "2026-12-04T23:00:00",
            "FREQ=WEEKLY;BYDAY=FR",
        ),
        ("every friday night", "", "2026-12-04T21:00:00", "FREQ=WEEKLY;BYDAY=FR"),
    ]);
    let why = "on the day behind it, which the night reaches into";
    for text in ["every friday night at 12", "every friday night at 1"] {
        assert_eq!(doubts_on_monday(text), [why], "{text}");
    }
}

#[test]
fn a_part_of_every_day_tells_the_half_of_the_day_of_a_time_said_elsewhere() {
    assert_read(&[
        ("nightly backup at 2", "backup", "2026-12-01T02:00:00", "FREQ=DAILY"),
        ("backup at 2 nightly", "backup", "2026-12-01T02:00:00", "FREQ=DAILY"),
        ("nightly backup at 11", "backup", "2026-11-30T23:00:00", "FREQ=DAILY"),
        ("nightly backup at 12", "backup", "2026-12-01T00:00:00", "FREQ=DAILY"),
        ("nightly backup at 02:00", "backup", "2026-12-01T02:00:00", "FREQ=DAILY"),
        ("every night backup at 2", "backup", "2026-12-01T02:00:00", "FREQ=DAILY"),
        (
            "every evening walk the dog at 8",
            "walk the dog",
            "2026-11-30T20:00:00",
            "FREQ=DAILY",
        ),
        ("every morning run at 6", "run", "2026-12-01T06:00:00", "FREQ=DAILY"),
        ("nightly backup", "backup", "2026-11-30T21:00:00", "FREQ=DAILY"),
    ]);
    assert_eq!(doubts_on_monday("nightly backup at 2"), [] as [&str; 0]);
    for (text, piece) in [
        ("nightly backup at 2pm", "at 2pm"),
        ("nightly backup at noon", "at noon"),
        ("every morning gym at 6pm", "at 6pm"),
    ] {
        let reading = on_monday(text);
        assert_eq!(refused(&reading), [(piece, "there is a time already")], "{text}");
    }
}

#[test]
fn the_end_of_a_range_and_a_range_without_its_half_of_the_day_say_so() {
    let end = "a task has one time, and no end: a day until a time is not understood";
    let range = "a range of times or of other numbers; a task has one time, which is said “at”";
    for (text, piece, why, due) in [
        ("dinner dec 5 to 7pm", "to 7pm", end, "2026-12-05"),
        ("dinner tomorrow to 19:30 #home", "to 19:30", end, "2026-12-01"),
        ("call bob between 4 and 5", "between 4 and 5", range, ""),
        ("call bob from 4 to 5 tomorrow", "from 4 to 5", range, "2026-12-01"),
    ] {
        let reading = on_monday(text);
        assert_eq!(refused(&reading), [(piece, why)], "{text}");
        assert_eq!(due_of(&reading), due, "{text}");
        assert!(reading.draft.title.contains(piece), "{text}");
    }
    for text in ["walk between 4 and 5 lakes", "carry 3 to 5 boxes", "from 4 to 5 people"] {
        let reading = on_monday(text);
        assert_eq!((refused(&reading), &*reading.draft.title), (vec![], text));
    }
}
