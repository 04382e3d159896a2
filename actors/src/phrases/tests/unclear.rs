//! What is not taken apart into something else, but said to be not understood; and what is understood so that nothing of it is lost.

use super::*;

#[test]
fn what_looks_like_a_phrase_and_is_none_says_so() {
    let range = "a task has one time, and a recurrence the times it is said “at”, no range of them";
    let no_end = "a recurrence ends on a day or after so many times";
    for (text, piece, why) in [
        (
            "call bob tomorrow remind me",
            "remind me",
            "it does not say when to remind",
        ),
        (
            "call bob tomorrow reminder 15m",
            "reminder 15m",
            "it does not say when to remind",
        ),
        (
            "ask Bob to remind me to call",
            "remind me",
            "it does not say when to remind",
        ),
        ("x every! 0 workdays", "every! 0 workdays", "a step is 1 at least"),
        ("x every 0 workdays", "every 0 workdays", "a step is 1 at least"),
        ("x every 0 days", "every 0 days", "a step is 1 at least"),
        (
            "x every 10000 workdays",
            "every 10000 workdays",
            "no recurrence is said like this",
        ),
        ("x every 2-3 days", "every 2-3 days", "no recurrence is said like this"),
        ("x every hour from 9 to 5", "from 9 to 5", range),
        ("x every hour between 9am and 5pm", "between 9am and 5pm", range),
        ("x daily at 9am to 5", "to 5", range),
        ("x from 3 to 4pm", "from 3 to 4pm", range),
        ("x 3-4pm", "3-4pm", range),
        ("x at 25:00", "at 25:00", "there is no such time"),
        ("x every 20 min for 2 hours", "for 2 hours", no_end),
        ("x every day until further notice", "until", no_end),
        (
            "x every morning until done",
            "until done",
            "only “nag every …” goes on until it is done; a recurrence ends on a day or after so many times",
        ),
        (
            "x every day at 8am except holidays",
            "except",
            "a rule can leave out weekdays and months",
        ),
        (
            "x every month starting soon",
            "starting",
            "a recurrence starts on a day",
        ),
        (
            "x first monday",
            "first monday",
            "it does not say of which month, or “of every month”",
        ),
        (
            "x last friday",
            "last friday",
            "it is over already, or the last of a month that is not said",
        ),
        (
            "x 3rd workday of the month",
            "3rd workday of the month",
            "it does not say whether once or again and again; say “of every month” for that, or name the month",
        ),
        ("x 5th of next year", "5th of next year", "say the month by its name"),
        ("x mon-fri", "mon-fri", "several days, and no recurrence that says when"),
        ("x tue/thu", "tue/thu", "several days, and no recurrence that says when"),
        ("x mwf", "mwf", "several days, and no recurrence that says when"),
        ("x tonight at 7am", "at 7am", "there is a time already"),
    ] {
        let reading = reading(text);
        assert_eq!(refused(&reading), [(piece, why)], "{text}");
        assert!(reading.draft.title.contains(piece), "{text}: {}", reading.draft.title);
        assert_eq!(reading.draft.reminders.len(), 0, "{text}");
    }
}

#[test]
fn counted_days_are_no_recurrence() {
    for text in ["take 2 weekends off", "book 3 mondays", "for two workdays"] {
        let reading = reading(text);
        assert_eq!(
            (&*reading.draft.title, &*due_of(&reading), rule_of(&reading)),
            (text, "", "")
        );
    }
}

#[test]
fn recurrences_lose_nothing_of_what_was_said() {
    assert_rules(&[
        (
            "every day but sunday",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA",
            "2026-12-03",
        ),
        (
            "every weekday except friday",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
            "2026-12-03",
        ),
        ("alternate wednesdays", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "2026-12-09"),
        ("every alternate day", "FREQ=DAILY;INTERVAL=2", "2026-12-03"),
        (
            "every second wednesday",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE",
            "2026-12-09",
        ),
        ("every month end", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-12-31"),
        ("at the end of every month", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-12-31"),
        ("every monday starting in 2 weeks", "FREQ=WEEKLY;BYDAY=MO", "2026-12-21"),
        (
            "every 12h starting at 8am",
            "FREQ=HOURLY;INTERVAL=12",
            "2026-12-04T08:00:00",
        ),
        ("every morning at 6", "FREQ=DAILY", "2026-12-04T06:00:00"),
        ("every night at 2", "FREQ=DAILY", "2026-12-04T02:00:00"),
        (
            "every evening at 8 and 10",
            "FREQ=DAILY;BYHOUR=20,22",
            "2026-12-03T20:00:00",
        ),
        (
            "every morning, noon and night",
            "FREQ=DAILY;BYHOUR=9,12,21",
            "2026-12-03T12:00:00",
        ),
        ("nightly", "FREQ=DAILY", "2026-12-03T21:00:00"),
        ("every fortnight", "FREQ=WEEKLY;INTERVAL=2", "2026-12-03"),
        ("every quarter", "FREQ=MONTHLY;INTERVAL=3", "2026-12-03"),
        ("bi-weekly", "FREQ=WEEKLY;INTERVAL=2", "2026-12-03"),
        ("semi-annually", "FREQ=MONTHLY;INTERVAL=6", "2026-12-03"),
        ("bimonthly", "FREQ=MONTHLY;INTERVAL=2", "2026-12-03"),
    ]);
    for text in ["biweekly", "bi-weekly", "bimonthly", "bi-monthly", "biannually"] {
        assert_eq!(doubts(text).len(), 1, "{text}");
    }
}

#[test]
fn dates_and_times_lose_nothing_of_what_was_said() {
    assert_dues(&[
        ("in 3 workdays", "2026-12-08"),
        ("2 business days from now", "2026-12-07"),
        ("next workday at 9am", "2026-12-04T09:00:00"),
        ("in a fortnight", "2026-12-17"),
        ("a week on monday", "2026-12-14"),
        ("monday week", "2026-12-14"),
        ("tomorrow afternoon at 2", "2026-12-04T14:00:00"),
        ("tonight at 9", "2026-12-03T21:00:00"),
        ("tomorrow morning at 7", "2026-12-04T07:00:00"),
        ("tomorrow at half past 3", "2026-12-04T15:30:00"),
        ("tomorrow quarter to 5pm", "2026-12-04T16:45:00"),
        ("tomorrow 5.30pm", "2026-12-04T17:30:00"),
        ("tomorrow at 17.30", "2026-12-04T17:30:00"),
    ]);
}
