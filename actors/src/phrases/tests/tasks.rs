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
        ("call fri remind me at 8pm", &["2026-12-04T19:00:00.000Z"]),
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
        ("meet friday or monday", "meet or monday"),
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
