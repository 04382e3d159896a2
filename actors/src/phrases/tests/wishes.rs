//! What people ask for in a sentence, on Monday 30 November 2026 at 10:00 in Paris.

use super::*;

/// A text, its title, due, rule and reminders.
type Wish<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [&'a str]);

fn on_monday(text: &str) -> Reading {
    at(text, "2026-11-30T09:00:00Z", "Europe/Paris")
}

fn doubts_on_monday(text: &str) -> Vec<String> {
    let understood = on_monday(text).understood;
    understood.into_iter().filter_map(|span| span.ambiguous).collect()
}

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
        (
            "remind me on the 15th of next month to pay",
            &["remind me", "15th of next month"],
        ),
    ] {
        let reading = on_monday(text);
        let said: Vec<&str> = refused(&reading).iter().map(|(piece, _)| *piece).collect();
        assert_eq!(said, pieces, "{text}");
        assert_eq!(reading.draft.reminders.len(), 0, "{text}");
    }
}
