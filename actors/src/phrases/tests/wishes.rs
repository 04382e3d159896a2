//! What people ask for in a sentence, on Monday 30 November 2026 at 10:00 in Paris.

use super::*;

/// A text, its title, due, rule and reminders.
type Wish<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [&'a str]);

fn assert_wishes(wishes: &[Wish<'_>]) {
    for (text, title, due, rule, reminders) in wishes {
        let reading = on_monday(text);
        assert_eq!(refused(&reading), [], "{text}");
        assert_eq!(
            (&*reading.draft.title, &*due_of(&reading), rule_of(&reading)),
            (*title, *due, *rule),
            "{text}"
        );
        assert_eq!(reminders_of(&reading), *reminders, "{text}");
    }
}

#[test]
fn a_reminder_of_days_that_come_again_recurs() {
    assert_wishes(&[
        (
            "remind me on the 15th of every month to pay rent",
            "pay rent",
            "2026-12-15",
            "FREQ=MONTHLY;BYMONTHDAY=15",
            &["PT0S"],
        ),
        (
            "remind me the 1st of every month at 9am to pay rent",
            "pay rent",
            "2026-12-01T09:00:00",
            "FREQ=MONTHLY;BYMONTHDAY=1",
            &["PT0S"],
        ),
        (
            "remind me on the 1st and 15th of every month to pay rent",
            "pay rent",
            "2026-12-01",
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            &["PT0S"],
        ),
        (
            "remind me 1 day before the 1st of every month to pay rent",
            "pay rent",
            "2026-12-01",
            "FREQ=MONTHLY;BYMONTHDAY=1",
            &["P1D"],
        ),
        (
            "remind me on fridays at 5pm to file the report",
            "file the report",
            "2026-12-04T17:00:00",
            "FREQ=WEEKLY;BYDAY=FR",
            &["PT0S"],
        ),
        (
            "remind me at 5pm on fridays to file the report",
            "file the report",
            "2026-12-04",
            "FREQ=WEEKLY;BYDAY=FR",
            &["17:00"],
        ),
        (
            "remind me mondays to water the plants",
            "water the plants",
            "2026-12-07",
            "FREQ=WEEKLY;BYDAY=MO",
            &["PT0S"],
        ),
        (
            "remind me on saturdays and sundays to run",
            "run",
            "2026-12-05",
            "FREQ=WEEKLY;BYDAY=SA,SU",
            &["PT0S"],
        ),
        (
            "every tuesday, remind me to put the bins out",
            "put the bins out",
            "2026-12-01",
            "FREQ=WEEKLY;BYDAY=TU",
            &["PT0S"],
        ),
        (
            "remind me every day at 8am, except sundays, to take pills",
            "take pills",
            "2026-12-01T08:00:00",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA",
            &["PT0S"],
        ),
    ]);
}

#[test]
fn a_day_before_how_it_recurs_is_where_it_starts() {
    let weekly = "FREQ=WEEKLY";
    assert_wishes(&[
        (
            "remind me tomorrow at 9 every week to call",
            "call",
            "2026-12-01T09:00:00",
            weekly,
            &["PT0S"],
        ),
        (
            "remind me tomorrow evening every week to call",
            "call",
            "2026-12-01T18:00:00",
            weekly,
            &["PT0S"],
        ),
        (
            "remind me at 9 on friday every week to call",
            "call",
            "2026-12-04T09:00:00",
            weekly,
            &["PT0S"],
        ),
        (
            "remind me friday, every week, to call",
            "call",
            "2026-12-04",
            weekly,
            &["PT0S"],
        ),
        (
            "remind me starting tomorrow every day at 8am to take pills",
            "take pills",
            "2026-12-01T08:00:00",
            "FREQ=DAILY",
            &["PT0S"],
        ),
        (
            "remind me on friday at 5pm to call every week",
            "call",
            "2026-12-04T17:00:00",
            weekly,
            &["PT0S"],
        ),
        (
            "remind me tomorrow at 8 and 12 every day to stretch",
            "stretch",
            "2026-12-01T08:00:00",
            "FREQ=DAILY;BYHOUR=8,12",
            &["PT0S"],
        ),
        // A reminder that was said after the rule is one by itself.
        (
            "call every week, remind me tomorrow at 9",
            "call",
            "2026-11-30",
            weekly,
            &["2026-12-01T08:00:00.000Z"],
        ),
        // These come again as reminders, and the task does not.
        (
            "remind me tomorrow at 8am every 10 min to stretch",
            "stretch",
            "",
            "",
            &["2026-12-01T07:00:00.000Z x100 PT10M"],
        ),
    ]);
}

#[test]
fn what_is_doubtful_in_a_start_said_as_a_reminder_says_so() {
    assert_eq!(
        doubts_on_monday("remind me tomorrow at 9 every week to call"),
        ["9 in the morning; say “9pm” for the evening"]
    );
    let first = doubts_on_monday("remind me tomorrow at 8:30 and 12 every day to call");
    assert!(first[0].starts_with("only the first counts"), "{first:?}");
}

#[test]
fn a_time_without_a_day_is_on_the_day_of_the_reminder() {
    for text in [
        "remind me tomorrow to call at 5pm",
        "call at 5pm remind me tomorrow at 9am",
    ] {
        assert_wishes(&[(text, "call", "2026-12-01T17:00:00", "", &["2026-12-01T08:00:00.000Z"])]);
        assert_eq!(
            doubts_on_monday(text),
            ["what it is of is taken to be due on that day, too"],
            "{text}"
        );
    }
}

#[test]
fn a_part_of_the_day_belongs_to_the_day_of_a_reminder() {
    for (said, expected) in [
        ("tomorrow evening", "2026-12-01T17:00:00.000Z"),
        ("tomorrow evening at 7", "2026-12-01T18:00:00.000Z"),
        ("friday afternoon at 3", "2026-12-04T14:00:00.000Z"),
        ("on friday night", "2026-12-04T20:00:00.000Z"),
        ("tonight", "2026-11-30T19:00:00.000Z"),
        ("tonight at 9", "2026-11-30T20:00:00.000Z"),
        ("tonight at midnight", "2026-11-30T23:00:00.000Z"),
        ("this afternoon", "2026-11-30T14:00:00.000Z"),
        ("this evening at 8", "2026-11-30T19:00:00.000Z"),
        ("20 minutes from now", "2026-11-30T09:20:00.000Z"),
        ("in december", "2026-12-01T08:00:00.000Z"),
        ("by friday", "2026-12-04T08:00:00.000Z"),
        ("this coming friday", "2026-12-04T08:00:00.000Z"),
        ("in an hour and a half", "2026-11-30T10:30:00.000Z"),
        ("in 2 and a half hours", "2026-11-30T11:30:00.000Z"),
        ("in 1.5 hours", "2026-11-30T10:30:00.000Z"),
    ] {
        let text = format!("remind me {said} to call Bob");
        assert_wishes(&[(&text, "call Bob", "", "", &[expected])]);
        assert_eq!(doubts_on_monday(&text), [] as [&str; 0], "{text}");
    }
    assert_wishes(&[
        (
            "tomorrow, remind me to pay rent",
            "pay rent",
            "2026-12-01",
            "",
            &["PT0S"],
        ),
        ("call tonight at midnight", "call", "2026-12-01T00:00:00", "", &[]),
    ]);
}

#[test]
fn a_reminder_whose_parts_do_not_fit_is_not_understood() {
    for (text, pieces) in [
        (
            "remind me tomorrow evening at 7am to call",
            &["remind me", "at 7am"][..],
        ),
        ("remind me tonight at 7am to call", &["remind me", "at 7am"]),
    ] {
        let reading = on_monday(text);
        let said: Vec<&str> = refused(&reading).iter().map(|(piece, _)| *piece).collect();
        assert_eq!(said, pieces, "{text}");
        assert_eq!(reading.draft.reminders.len(), 0, "{text}");
    }
}

#[test]
fn week_behind_a_day_is_a_week_after_it() {
    let monday = "2026-12-14";
    assert_wishes(&[
        ("call mum monday week", "call mum", monday, "", &[]),
        (
            "call mum monday week, remind me the day before",
            "call mum",
            monday,
            "",
            &["P1D"],
        ),
        ("call mum monday week #home", "call mum", monday, "", &[]),
        ("call mum monday week 3pm", "call mum", "2026-12-14T15:00:00", "", &[]),
        (
            "call mum monday week at 9am",
            "call mum",
            "2026-12-14T09:00:00",
            "",
            &[],
        ),
        (
            "call mum monday week morning",
            "call mum",
            "2026-12-14T09:00:00",
            "",
            &[],
        ),
        (
            "call mum monday week about the party",
            "call mum about the party",
            monday,
            "",
            &[],
        ),
        ("call mum friday week !high", "call mum", "2026-12-11", "", &[]),
        ("call mum tomorrow week", "call mum", "2026-12-08", "", &[]),
        (
            "remind me friday week to call mum",
            "call mum",
            "",
            "",
            &["2026-12-11T08:00:00.000Z"],
        ),
        // It belongs to what is behind it.
        ("friday week 12", "week 12", "2026-12-04", "", &[]),
        ("friday week review", "week review", "2026-12-04", "", &[]),
        ("friday week-planning", "week-planning", "2026-12-04", "", &[]),
    ]);
    assert_eq!(
        doubts_on_monday("friday week review"),
        ["“week” is a word of the title; say “a week from friday” for a week later"]
    );
    assert_eq!(
        doubts_on_monday("tomorrow week"),
        ["a week after tomorrow; say “tomorrow” for Tuesday 1 December 2026"]
    );
}

#[test]
fn recurrences_are_understood_to_their_last_word() {
    assert_wishes(&[
        (
            "gym every mon/wed/fri at 7am",
            "gym",
            "2026-12-02T07:00:00",
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            &[],
        ),
        ("gym every tue/thu", "gym", "2026-12-01", "FREQ=WEEKLY;BYDAY=TU,TH", &[]),
        ("gym every mwf", "gym", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,WE,FR", &[]),
        (
            "pills every morning at 8 and every evening at 9",
            "pills",
            "2026-11-30T21:00:00",
            "FREQ=DAILY;BYHOUR=8,21",
            &[],
        ),
        (
            "pills every morning and every evening",
            "pills",
            "2026-11-30T18:00:00",
            "FREQ=DAILY;BYHOUR=9,18",
            &[],
        ),
        (
            "gym every monday morning",
            "gym",
            "2026-12-07T09:00:00",
            "FREQ=WEEKLY;BYDAY=MO",
            &[],
        ),
        (
            "gym every friday evening at 7",
            "gym",
            "2026-12-04T19:00:00",
            "FREQ=WEEKLY;BYDAY=FR",
            &[],
        ),
        (
            "gym tuesday and thursday evenings",
            "gym",
            "2026-12-01T18:00:00",
            "FREQ=WEEKLY;BYDAY=TU,TH",
            &[],
        ),
        ("gym bi-annually", "gym", "2026-11-30", "FREQ=MONTHLY;INTERVAL=6", &[]),
        (
            "dentist biennially",
            "dentist",
            "2026-11-30",
            "FREQ=YEARLY;INTERVAL=2",
            &[],
        ),
        ("gym every day at 9.30", "gym", "2026-12-01T09:30:00", "FREQ=DAILY", &[]),
    ]);
    let first = doubts_on_monday("pills every morning at 8:30 and every evening at 9");
    assert!(first[0].starts_with("only the first counts"), "{first:?}");
    assert_eq!(
        doubts_on_monday("bi-annually"),
        ["every 6 months; say “every 2 years” for that"]
    );
}

#[test]
fn what_is_only_half_of_a_wish_says_so() {
    for (text, piece) in [
        ("call every monday at 6pm and friday", "friday"),
        ("pills every monday and every evening", "every evening"),
        ("call in a month and a half", "in a month and a half"),
        ("call in 1.2 years", "in 1.2 years"),
        ("call in 99999 days", "in 99999 days"),
        (
            "call in 4294967290 business days from now",
            "in 4294967290 business days from now",
        ),
        ("pay rent last day of the month", "last day of the month"),
        ("buy milk at 1.50", "at 1.50"),
        ("pay 3 days before the end of every month", "the end of every month"),
        ("stretch every hour with Ann until 5pm", "until 5pm"),
    ] {
        let reading = on_monday(text);
        let said: Vec<&str> = refused(&reading).iter().map(|(piece, _)| *piece).collect();
        assert_eq!(said, [piece], "{text}");
        assert!(reading.draft.title.contains(piece), "{text}");
    }
    assert_wishes(&[
        ("pay by eod friday", "pay", "2026-12-04", "", &[]),
        ("pay by end of day tomorrow", "pay", "2026-12-01", "", &[]),
        ("pay within 2 weeks", "pay", "2026-12-14", "", &[]),
        ("call at half past two", "call", "2026-11-30T14:30:00", "", &[]),
        (
            "remind me tuesday and wednesday at 8am to run",
            "run",
            "",
            "",
            &["2026-12-01T07:00:00.000Z", "2026-12-02T07:00:00.000Z"],
        ),
        ("pay last day of this month", "pay", "2026-11-30", "", &[]),
        ("pay last day of next month", "pay", "2026-12-31", "", &[]),
        (
            "call in 2 hours and remind me 5 minutes before",
            "call",
            "2026-11-30T12:00:00",
            "",
            &["PT5M"],
        ),
    ]);
}

#[test]
fn a_number_with_a_dot_could_be_another_than_a_time() {
    for (text, title, due) in [
        ("buy shares at 14.50", "buy shares", "2026-11-30T14:50:00"),
        ("sell the car by 13.45", "sell the car", "2026-11-30T13:45:00"),
    ] {
        assert_wishes(&[(text, title, due, "", &[])]);
        let doubts = doubts_on_monday(text);
        assert!(doubts.len() == 1 && doubts[0].starts_with("taken for a time"), "{text}");
    }
    assert_wishes(&[("meet tomorrow at 17.30", "meet", "2026-12-01T17:30:00", "", &[])]);
    assert_eq!(doubts_on_monday("meet tomorrow at 17.30"), [] as [&str; 0]);
    assert_wishes(&[("gym noon", "gym", "2026-11-30T12:00:00", "", &[])]);
    assert_eq!(doubts_on_monday("gym noon").len(), 1);
    assert_eq!(on_monday("watch high noon").understood, []);
}
