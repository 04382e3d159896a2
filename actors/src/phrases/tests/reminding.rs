//! Reminders that recur, that are on another day than the due, and that nag.

use super::*;

/// Title, due, rule and reminders of a text all of which is understood.
fn understood(text: &str) -> (String, String, String, Vec<String>) {
    let reading = reading(text);
    assert_eq!(refused(&reading), [], "{text}");
    let (due, rule, reminders) = (due_of(&reading), rule_of(&reading).to_owned(), reminders_of(&reading));
    (reading.draft.title, due, rule, reminders)
}

#[test]
fn remind_me_before_a_recurrence_reminds_of_every_instance() {
    let weekdays = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";
    for (text, title, due, rule, reminder) in [
        (
            "remind me every day at 8am to take pills",
            "take pills",
            "2026-12-04T08:00:00",
            "FREQ=DAILY",
            "PT0S",
        ),
        (
            "every day at 8am remind me to take pills",
            "take pills",
            "2026-12-04T08:00:00",
            "FREQ=DAILY",
            "PT0S",
        ),
        (
            "remind me daily at 9pm to lock the door",
            "lock the door",
            "2026-12-03T21:00:00",
            "FREQ=DAILY",
            "PT0S",
        ),
        (
            "remind me every morning to stretch",
            "stretch",
            "2026-12-04T09:00:00",
            "FREQ=DAILY",
            "PT0S",
        ),
        (
            "remind me every weekday at 07:30 to feed the cat",
            "feed the cat",
            "2026-12-04T07:30:00",
            weekdays,
            "PT0S",
        ),
        (
            "remind me every monday about the bins",
            "the bins",
            "2026-12-07",
            "FREQ=WEEKLY;BYDAY=MO",
            "PT0S",
        ),
        (
            "please remind me to pay rent every 1st",
            "pay rent",
            "2027-01-01",
            "FREQ=MONTHLY;BYMONTHDAY=1",
            "PT0S",
        ),
        (
            "remind me at 8pm every day to take pills",
            "take pills",
            "2026-12-03",
            "FREQ=DAILY",
            "20:00",
        ),
    ] {
        let expected = (title.into(), due.into(), rule.into(), vec![reminder.into()]);
        assert_eq!(understood(text), expected, "{text}");
    }
}

#[test]
fn a_series_whose_reminder_has_passed_today_begins_tomorrow() {
    for text in [
        "remind me at 8am every day to take pills",
        "remind me every day to take pills",
        "take pills every day remind me at 8am",
    ] {
        assert_eq!(understood(text).1, "2026-12-04", "{text}");
    }
    assert_eq!(understood("take pills every day remind me at noon").1, "2026-12-03");
    assert_eq!(
        understood("take pills every day remind me the day before").1,
        "2026-12-03"
    );
}

#[test]
fn a_reminder_whose_instant_has_passed_says_so() {
    for text in [
        "call today remind me at 8am",
        "call in 10 minutes remind me 30 min before",
        "call fri remind me 2 days before",
        "remind me to call today",
    ] {
        assert_eq!(doubts(text), ["that is over already: it will not remind"], "{text}");
    }
    let first = "pay every 4th at 9am remind me 2 days before";
    assert_eq!(
        doubts(first),
        ["that is over already the first time: it reminds from the second on"]
    );
    assert_eq!(doubts("call fri remind me at 8am"), [] as [&str; 0]);
}

#[test]
fn a_reminder_can_be_on_the_day_before_or_on_the_day() {
    for (said, expected) in [
        ("at 8pm the day before", &["20:00 P1D"][..]),
        ("at 8pm on the day before", &["20:00 P1D"]),
        ("at 8pm the evening before", &["20:00 P1D"]),
        ("at 8 the evening before", &["20:00 P1D"]),
        ("the evening before at 8pm", &["20:00 P1D"]),
        ("the evening before at 8", &["20:00 P1D"]),
        ("the night before", &["21:00 P1D"]),
        ("at noon 2 days before", &["12:00 P2D"]),
        ("at 8pm and 10pm the day before", &["20:00 P1D", "22:00 P1D"]),
        ("the day before", &["P1D"]),
        ("the day before it's due", &["P1D"]),
        ("the week before", &["P7D"]),
        ("on the day", &["09:00"]),
        ("on the day at 7am", &["07:00"]),
        ("at 7am on the day", &["07:00"]),
        ("that morning", &["09:00"]),
        ("at 7 that morning", &["07:00"]),
        ("the morning of", &["09:00"]),
        ("15 minutes prior", &["PT15M"]),
        ("30 min before it is due", &["PT30M"]),
        ("the day before christmas", &["2026-12-24T08:00:00.000Z"]),
    ] {
        let text = format!("call 15 december at 5pm remind me {said}");
        let expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(
            understood(&text),
            ("call".into(), "2026-12-15T17:00:00".into(), String::new(), expected),
            "{text}"
        );
    }
}

#[test]
fn nagging_says_how_often_and_how_long_in_many_ways() {
    for (said, expected) in [
        ("nag hourly", "PT0S x100 PT1H"),
        ("nag daily", "PT0S x100 PT24H"),
        ("nag me hourly until done", "PT0S x100 PT1H"),
        ("nag every other hour", "PT0S x100 PT2H"),
        ("nag every 10 min at most once", "PT0S x1 PT10M"),
        ("nag every 10 min at most twice", "PT0S x2 PT10M"),
        ("nag every 10 min no more than 3 times", "PT0S x3 PT10M"),
        ("nag every 10 min for an hour", "PT0S x6 PT10M"),
        ("nag every 20 min for up to 2 hours", "PT0S x6 PT20M"),
        ("remind me every 10 min for an hour", "PT0S x6 PT10M"),
        ("keep reminding me every 10 min", "PT0S x100 PT10M"),
        ("remind me until done every 10 min", "PT0S x100 PT10M"),
        ("remind me at 8am every 10 min until done", "08:00 x100 PT10M"),
        ("remind me at 8am and every 10 min until done", "08:00 x100 PT10M"),
        ("remind me at 8am, then every 10 min until done", "08:00 x100 PT10M"),
        ("remind me 1 hour before and every 10 min 5 times", "PT1H x5 PT10M"),
    ] {
        let text = format!("call fri at 9am {said}");
        let due = "2026-12-04T09:00:00".into();
        let expected = ("call".into(), due, String::new(), vec![expected.into()]);
        assert_eq!(understood(&text), expected, "{text}");
    }
}

#[test]
fn what_could_be_nagging_or_a_recurrence_says_so() {
    let nags = "call fri at 9am remind me at 8am every 10 min";
    assert_eq!(understood(nags).3, ["08:00 x100 PT10M"]);
    assert_eq!(
        doubts(nags),
        ["of one task, again and again; what recurs is said before “remind me”"]
    );
    let recurs = "call fri at 9am remind me every 10 min";
    assert_eq!(understood(recurs).2, "FREQ=MINUTELY;INTERVAL=10;UNTIL=20261204");
    assert_eq!(
        doubts(recurs),
        [
            "until the end of that day; say “starting” for from then on",
            "the task itself recurs; “nag every …” comes again for one task"
        ]
    );
}

#[test]
fn nagging_without_an_end_or_a_step_it_can_have_is_not_understood() {
    for (said, piece, why) in [
        (
            "nag every 10 min at most 0",
            "nag every 10 min at most 0",
            "a reminder comes again 1 to 100 times",
        ),
        (
            "nag every 10 min 0 times",
            "nag every 10 min 0 times",
            "a reminder comes again 1 to 100 times",
        ),
        (
            "nag every 2 hours for an hour",
            "nag every 2 hours for an hour",
            "a reminder comes again 1 to 100 times",
        ),
        (
            "nag every 10 min until 6pm",
            "nag every 10 min until 6pm",
            "it nags until it is done, so many times, or for a length of hours or days",
        ),
        ("nag for an hour", "nag for an hour", "it does not say how often to nag"),
        ("nag me", "nag me", "it does not say how often to nag"),
        ("nag", "nag", "it does not say how often to nag"),
        (
            "nag weekly",
            "nag weekly",
            "a reminder comes again every minute at most and every 24 hours at least",
        ),
    ] {
        let reading = reading(&format!("call fri at 9am {said}"));
        assert_eq!(refused(&reading), [(piece, why)]);
        assert_eq!((rule_of(&reading), reading.draft.reminders.len()), ("", 0), "{said}");
        assert_eq!(reading.draft.title, format!("call {piece}"));
    }
}

#[test]
fn how_long_before_may_be_said_behind_what_is_to_be_done() {
    for (text, title, due, expected) in [
        (
            "remind me about the meeting tomorrow at 3pm 10 minutes before",
            "the meeting",
            "2026-12-04T15:00:00",
            &["PT10M"][..],
        ),
        (
            "remind me about mom's birthday on jan 20 a week before",
            "mom's birthday",
            "2027-01-20",
            &["P7D"],
        ),
        (
            "remind me to call Bob tomorrow at 5pm 10 minutes before",
            "call Bob",
            "2026-12-04T17:00:00",
            &["PT10M"],
        ),
        (
            "remind me of the exam on dec 14 the day before",
            "the exam",
            "2026-12-14",
            &["P1D"],
        ),
        (
            "remind me of the exam on dec 14 at 9am, 1 day before and 1 hour before",
            "the exam",
            "2026-12-14T09:00:00",
            &["P1D", "PT1H"],
        ),
        (
            "remind me to pay dec 10, the evening before",
            "pay",
            "2026-12-10",
            &["18:00 P1D"],
        ),
        (
            "meeting tomorrow at 4pm, 15 min reminder",
            "meeting",
            "2026-12-04T16:00:00",
            &["PT15M"],
        ),
        (
            "meeting tomorrow at 4pm with a 15 min reminder",
            "meeting",
            "2026-12-04T16:00:00",
            &["PT15M"],
        ),
        (
            "meeting tomorrow at 4pm alert 1 hour before",
            "meeting",
            "2026-12-04T16:00:00",
            &["PT1H"],
        ),
        (
            "meeting tomorrow at 4pm, ping me 1 hour before",
            "meeting",
            "2026-12-04T16:00:00",
            &["PT1H"],
        ),
        (
            "meeting tomorrow at 4pm warn me 15 minutes before",
            "meeting",
            "2026-12-04T16:00:00",
            &["PT15M"],
        ),
        (
            "remind me to eat 10 minutes before bed tomorrow at 5pm",
            "eat 10 minutes before bed",
            "2026-12-04T17:00:00",
            &["PT0S"],
        ),
        (
            "take 5 min reminder course tomorrow",
            "take 5 min reminder course",
            "2026-12-04",
            &[],
        ),
        (
            "remind me to arrive 15 minutes early on friday at 9am",
            "arrive 15 minutes early",
            "2026-12-04T09:00:00",
            &["PT0S"],
        ),
        ("ask bob to ping me tomorrow", "ask bob to ping me", "2026-12-04", &[]),
    ] {
        let (read_title, read_due, _, reminders) = understood(text);
        assert_eq!((&*read_title, &*read_due), (title, due), "{text}");
        assert_eq!(reminders, expected, "{text}");
    }
    let of_months = reading("remind me to renew on may 5 a month before");
    assert_eq!(
        refused(&of_months),
        [("a month before", "months differ in length: say it in weeks or days")]
    );
    assert_eq!(reminders_of(&of_months), ["PT0S"]);
}

#[test]
fn a_reminder_that_is_set_for_a_time_is_at_it_also_at_one_of_one_digit() {
    for (text, due, rule, reminder) in [
        ("set a reminder for 9:30 tomorrow", "", "", "2026-12-04T08:30:00.000Z"),
        ("set a reminder for 10:30 tomorrow", "", "", "2026-12-04T09:30:00.000Z"),
        (
            "add a reminder for 8:15 every friday",
            "2026-12-04",
            "FREQ=WEEKLY;BYDAY=FR",
            "08:15",
        ),
    ] {
        let reading = reading(text);
        assert_eq!(refused(&reading), [], "{text}");
        assert_eq!((&*due_of(&reading), rule_of(&reading)), (due, rule), "{text}");
        assert_eq!(reminders_of(&reading), [reminder], "{text}");
    }
}
