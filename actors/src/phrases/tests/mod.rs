//! What phrases mean on Thursday 3 December 2026 at 10:00 in Paris.

mod abroad;
mod any_text;
mod bare;
mod dates_and_times;
mod days;
mod how_often;
mod left_over;
mod nights;
mod no_days;
mod of_title;
mod plainly;
mod recurrences;
mod reminding;
mod rules;
mod spellings;
mod tasks;
mod unclear;
mod wishes;

use super::*;
use crate::zone::BundledZones;

fn at(text: &str, now: &str, time_zone: &str) -> Reading {
    let scene = Scene {
        now: now.parse().unwrap(),
        time_zone,
        zones: &BundledZones,
    };
    read(text, &scene)
}

fn reading(text: &str) -> Reading {
    at(text, "2026-12-03T09:00:00Z", "Europe/Paris")
}

/// On Monday 30 November 2026 at 10:00.
fn on_monday(text: &str) -> Reading {
    at(text, "2026-11-30T09:00:00Z", "Europe/Paris")
}

fn doubts_on_monday(text: &str) -> Vec<String> {
    let understood = on_monday(text).understood;
    understood.into_iter().filter_map(|span| span.ambiguous).collect()
}

/// The due as a day or a wall time.
fn due_of(reading: &Reading) -> String {
    let due = reading.draft.due.as_ref();
    let day = due.and_then(|due| due.date).map(|date| date.to_string());
    let time = due.and_then(|due| due.at).map(|at| at.to_string());
    day.or(time).unwrap_or_default()
}

fn rule_of(reading: &Reading) -> &str {
    let recurrence = reading.draft.recurrence.as_ref();
    recurrence.map(|recurrence| &*recurrence.rrule).unwrap_or_default()
}

fn reminders_of(reading: &Reading) -> Vec<String> {
    let reminders = reading.draft.reminders.iter();
    reminders
        .map(|reminder| {
            let nags = reminder
                .repeat
                .map(|repeat| format!(" x{} {}", repeat.times, repeat.every));
            let when = match (reminder.at, reminder.before, reminder.time) {
                (Some(at), None, None) => at.to_string(),
                (None, Some(before), None) => before.to_string(),
                (None, None, Some(time)) => time.to_string(),
                (None, Some(before), Some(time)) => format!("{time} {before}"),
                _ => unreachable!("either, not both"),
            };
            when + &nags.unwrap_or_default()
        })
        .collect()
}

/// The pieces that were not understood, with the reason.
fn refused(reading: &Reading) -> Vec<(&str, &str)> {
    let spans = reading.understood.iter().filter(|span| !span.understood);
    spans.map(|span| (&*span.text, &*span.meaning)).collect()
}

fn doubts(text: &str) -> Vec<String> {
    let understood = reading(text).understood;
    understood.into_iter().filter_map(|span| span.ambiguous).collect()
}

/// A text, its title and due, and how many of its pieces are doubtful or not understood.
fn assert_said_on_monday(cases: &[(&str, &str, &str, usize)]) {
    for (text, title, due, said) in cases {
        let reading = on_monday(text);
        assert_eq!((&*reading.draft.title, &*due_of(&reading)), (*title, *due), "{text}");
        let spans = reading.understood.iter();
        let noted = spans.filter(|span| !span.understood || span.ambiguous.is_some());
        assert_eq!(noted.count(), *said, "{text}: {:?}", reading.understood);
    }
}

fn assert_dues(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let reading = reading(text);
        assert_eq!(due_of(&reading), *expected, "{text}");
        assert_eq!(reading.draft.title, "", "{text}");
    }
}

fn assert_rules(cases: &[(&str, &str, &str)]) {
    for (text, rule, due) in cases {
        let reading = reading(text);
        assert_eq!((rule_of(&reading), &*due_of(&reading)), (*rule, *due), "{text}");
        assert_eq!(reading.draft.title, "", "{text}");
    }
}
