//! Spellings that phones, spreadsheets and habits make, on Monday 30 November 2026 at 10:00 in Paris.

use super::*;

#[test]
fn what_is_between_quotation_marks_is_text() {
    for quoted in [
        "\"The Day After Tomorrow\"",
        "“The Day After Tomorrow”",
        "‘The Boss’s Day After Tomorrow’",
        "'The Boss's Day After Tomorrow'",
    ] {
        let reading = on_monday(&format!("read {quoted} on sunday"));
        assert_eq!(
            (&*reading.draft.title, &*due_of(&reading)),
            (&*format!("read {quoted}"), "2026-12-06")
        );
    }
    for (text, title) in [
        (
            "the kids' party tomorrow at the boys' club",
            "the kids' party at the boys' club",
        ),
        ("the boss’s party tomorrow at John’s", "the boss’s party at John’s"),
        ("“open tomorrow", "“open"),
        ("'open tomorrow", "'open"),
    ] {
        let reading = on_monday(text);
        assert_eq!(
            (&*reading.draft.title, &*due_of(&reading)),
            (title, "2026-12-01"),
            "{text}"
        );
    }
}

#[test]
fn quotations_that_never_close_are_read_in_one_pass() {
    let text = "‘’s “ 'x ".repeat(20_000);
    assert!(lexer::lex(&text).tokens.len() > 20_000);
}

#[test]
fn dates_and_lengths_as_they_are_written() {
    for (text, title, due) in [
        ("call in 1 h", "call", "2026-11-30T11:00:00"),
        ("call in 10 m", "call", "2026-11-30T10:10:00"),
        ("call in 1 w", "call", "2026-12-07"),
        ("call 2026-12-24T06:45", "call", "2026-12-24T06:45:00"),
        ("call 2026/12/05", "call", "2026-12-05"),
        ("call 05.12.26", "call", "2026-12-05"),
        ("update to 5.12.26", "update to 5.12.26", ""),
        ("call dec. 7", "call", "2026-12-07"),
        ("call 7-dec-2026", "call", "2026-12-07"),
        ("call due:2026-12-05", "call", "2026-12-05"),
        ("call in twenty minutes", "call", "2026-11-30T10:20:00"),
        ("call at five pm", "call", "2026-11-30T17:00:00"),
        ("meet at five guys", "meet at five guys", ""),
        ("call in half hour", "call", "2026-11-30T10:30:00"),
        ("call in a week's time", "call", "2026-12-07"),
        ("call in two weeks’ time", "call", "2026-12-14"),
        ("call on the weekend", "call", "2026-12-05"),
        ("plan the weekend", "plan the weekend", ""),
        ("call next january", "call", "2027-01-01"),
        ("call next december", "call", "2026-12-01"),
        ("call tomorrow...", "call...", "2026-12-01"),
        ("dive 10 m tomorrow", "dive 10 m", "2026-12-01"),
    ] {
        let reading = on_monday(text);
        assert_eq!((&*reading.draft.title, &*due_of(&reading)), (title, due), "{text}");
    }
    assert_eq!(doubts_on_monday("call next december").len(), 1);
    assert_eq!(doubts_on_monday("call next january").len(), 0);
    let reminded = on_monday("call tomorrow at 17:00 remind me 1 h before");
    assert_eq!(reminders_of(&reminded), ["PT1H"]);
}

#[test]
fn every_single_day_and_every_midnight() {
    for (text, due) in [
        ("every single day", "2026-11-30"),
        ("every midnight", "2026-12-01T00:00:00"),
    ] {
        let reading = on_monday(text);
        assert_eq!((rule_of(&reading), &*due_of(&reading)), ("FREQ=DAILY", due), "{text}");
    }
}

#[test]
fn a_month_counted_from_a_weekday_says_so() {
    assert_eq!(
        doubts_on_monday("review on friday monthly"),
        ["on the 4th of every month; say “first Friday of every month” for a weekday"]
    );
    for text in [
        "review on friday weekly",
        "review on dec 4 monthly",
        "monthly review on the first friday",
    ] {
        assert_eq!(doubts_on_monday(text), [""; 0], "{text}");
    }
}
