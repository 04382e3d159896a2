//! Reminders, tags, lists, priorities, escapes, and what is left for the title.

use punctual_events::Priority;

use super::*;

#[test]
fn reminders() {
    for (text, expected) in [
        ("call fri at 9am remind me 30 min before", &["PT30M"][..]),
        ("call fri remind me 1 day before and 1h30 before", &["P1D", "PT1H30M"]),
        ("call fri remind me when due", &["PT0S"]),
        ("call fri remind me 10 minutes after", &["-PT10M"]),
        ("call fri remind me at 8pm", &["20:00"]),
        ("call fri at 9 remind me at 8:30", &["08:30"]),
        ("call fri remind me 1 day before at 8pm", &["20:00 P1D"]),
        (
            "call fri remind me the day before at noon and at 7:30am",
            &["12:00 P1D", "07:30"],
        ),
        ("call fri remind me the evening before", &["18:00 P1D"]),
        ("call fri remind me at 8 and 12", &["08:00", "12:00"]),
        ("call fri remind me at 8, at noon and 5pm", &["08:00", "12:00", "17:00"]),
        ("call remind me at 8pm", &["2026-12-03T19:00:00.000Z"]),
        ("call fri remind me tomorrow at 8am", &["2026-12-04T07:00:00.000Z"]),
        ("call remind me in 2 hours", &["2026-12-03T11:00:00.000Z"]),
        (
            "call fri remind me 2 days before christmas",
            &["2026-12-23T08:00:00.000Z"],
        ),
    ] {
        let reading = reading(text);
        assert_eq!(reminders_of(&reading), expected, "{text}");
        assert_eq!(reading.draft.title, "call", "{text}");
    }
}

#[test]
fn a_time_of_day_reminds_of_every_instance_and_a_day_of_one() {
    let reading = reading("pills every day at 9 remind me at 8:30");
    assert_eq!(
        (&*reading.draft.title, rule_of(&reading), &*due_of(&reading)),
        ("pills", "FREQ=DAILY", "2026-12-04T09:00:00")
    );
    assert_eq!(reminders_of(&reading), ["08:30"]);
    let said: Vec<&str> = reading.understood.iter().map(|span| &*span.meaning).collect();
    assert_eq!(said.last(), Some(&"at 08:30 on the day it is due"));
}

#[test]
fn reminders_nag_as_they_are_told() {
    for (text, expected) in [
        ("call fri at 9 nag every 10 min, at most 5", &["PT0S x5 PT10M"][..]),
        ("call fri at 9 nag me every hour max 3 times", &["PT0S x3 PT1H"]),
        ("call fri at 9 remind me every 10 min until done", &["PT0S x100 PT10M"]),
        (
            "call fri at 9 remind me every 10 min until I'm done",
            &["PT0S x100 PT10M"],
        ),
        (
            "call fri remind me at 8:30 and again every 5 minutes up to 4 times",
            &["08:30 x4 PT5M"],
        ),
        (
            "nag every half an hour 2x call fri at 9 remind me 1h before and when due",
            &["PT1H x2 PT30M", "PT0S x2 PT30M"],
        ),
    ] {
        let reading = reading(text);
        assert_eq!(reminders_of(&reading), expected, "{text}");
        assert_eq!((&*reading.draft.title, rule_of(&reading)), ("call", ""), "{text}");
    }
}

#[test]
fn nagging_that_cannot_be_says_why() {
    for (text, why) in [
        ("call nag every 10 min", "there is no due to remind of"),
        (
            "call fri nag every 10 seconds",
            "a reminder comes again every minute at most and every 24 hours at least",
        ),
        (
            "call fri nag every 2 days",
            "a reminder comes again every minute at most and every 24 hours at least",
        ),
        (
            "call fri nag every month",
            "a reminder comes again every minute at most and every 24 hours at least",
        ),
        (
            "call fri nag every 10 min at most 101 times",
            "a reminder comes again 1 to 100 times",
        ),
    ] {
        let reading = reading(text);
        let whys: Vec<&str> = refused(&reading).into_iter().map(|(_, why)| why).collect();
        assert_eq!((whys, reminders_of(&reading).len()), (vec![why], 0), "{text}");
    }
    let twice = reading("call fri nag every 10 min nag every 5 min");
    assert_eq!(refused(&twice), [("nag every 5 min", "how it nags is said already")]);
}

#[test]
fn reminding_every_so_often_without_an_end_is_how_a_task_recurs() {
    let reading = reading("remind me every 2 hours to drink");
    assert_eq!(
        (&*reading.draft.title, rule_of(&reading), reminders_of(&reading)),
        ("drink", "FREQ=HOURLY;INTERVAL=2", vec!["PT0S".to_owned()])
    );
    for text in ["ask about the nag", "nag Bob about rent", "again and again"] {
        let text = super::reading(text);
        assert_eq!((text.understood.len(), text.draft.reminders.len()), (0, 0));
    }
}

#[test]
fn a_reminder_before_a_due_that_is_not_there_is_not_understood() {
    let reading = reading("call remind me 30 min before");
    assert_eq!(
        refused(&reading),
        [("remind me 30 min before", "there is no due to remind of")]
    );
    assert_eq!(reading.draft.title, "call remind me 30 min before");
}

#[test]
fn remind_me_to_do_it_reminds_when_it_is_due() {
    let reading = reading("Remind me to call Bob tomorrow at 5pm");
    assert_eq!(
        (&*reading.draft.title, &*due_of(&reading)),
        ("call Bob", "2026-12-04T17:00:00")
    );
    assert_eq!(reminders_of(&reading), ["PT0S"]);
}

#[test]
fn tags_lists_and_priorities() {
    let all = reading("pay #Home-office #Home-office @bank !urgent p4 now");
    assert_eq!(
        (&*all.draft.title, all.draft.priority),
        ("pay @bank p4 now", Some(Priority::Urgent))
    );
    assert_eq!(all.draft.tags, ["Home-office"]);
    assert_eq!(
        refused(&all),
        [
            ("@bank", "there is no such list"),
            ("p4", "there is a priority already")
        ]
    );
    for (text, priority) in [
        ("x p1", Priority::Urgent),
        ("x !2", Priority::High),
        ("x P3", Priority::Medium),
        ("x !low", Priority::Low),
    ] {
        assert_eq!(reading(text).draft.priority, Some(priority), "{text}");
    }
}

#[test]
fn what_is_escaped_or_quoted_is_text() {
    for (text, title) in [
        (r"read \every day", "read every day"),
        (r"fix \#tag and \@list \!urgent", "fix #tag and @list !urgent"),
        (r#"watch "the day after tomorrow""#, r#"watch "the day after tomorrow""#),
        (r"a \\ b", r"a \ b"),
        (r"c:\ d", r"c:\ d"),
    ] {
        let reading = reading(text);
        assert_eq!((&*reading.draft.title, &*due_of(&reading)), (title, ""), "{text}");
        assert_eq!(reading.understood, [], "{text}");
    }
    assert_eq!(
        due_of(&reading(r#"15" pipe tomorrow"#)),
        "2026-12-04",
        "a quotation mark nobody closes"
    );
}

#[test]
fn words_that_only_look_like_dates_stay_in_the_title() {
    for text in [
        "the sun is out",
        "sun-dried tomatoes",
        "he sat down",
        "may this pass",
        "march on",
        "1/2 pound of butter",
        "fix bug #42",
        "mail bob@example.com",
        "mon-fri.pdf",
        "see fri.example.com",
        "every time I hear it",
        "once in a while",
        "at 28pm",
        "version 1.2.3",
        "in 5 boxes",
        "seconds anyone?",
        "at 10%",
        "Mar 99th",
        "feb 30",
        "10:99",
        "tomorrow's news",
        "p5",
        "wait a minute",
        "the last of us",
        "second hand",
        "on second thought",
        "by first class",
    ] {
        let reading = reading(text);
        assert_eq!(
            (&*reading.draft.title, &*due_of(&reading), rule_of(&reading)),
            (text, "", "")
        );
    }
}

#[test]
fn what_comes_twice_counts_once() {
    for (text, title) in [
        ("meet friday at 5pm or monday", "meet or monday"),
        ("meet 5pm 6pm", "meet 6pm"),
        ("x daily weekly", "x weekly"),
        ("x daily twice for 3 weeks", "x for 3 weeks"),
    ] {
        let reading = reading(text);
        assert_eq!(reading.draft.title, title);
        assert_eq!(refused(&reading).len(), 1, "{text}");
    }
}

#[test]
fn the_title_is_what_is_left_without_the_joints() {
    for (text, title) in [
        ("Call Bob, tomorrow at noon.", "Call Bob."),
        ("due friday: taxes", "taxes"),
        ("meeting (tomorrow) with  Ann", "meeting with Ann"),
        ("a - tomorrow - b", "a b"),
        ("line\nbreak tomorrow\ttab", "line break tab"),
        ("tomorrow", ""),
    ] {
        assert_eq!(reading(text).draft.title, title, "{text}");
    }
}
