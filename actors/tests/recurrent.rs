//! The 1,011 cases of `recurrent` 0.4.1 (PyPI, `src/recurrent/test.py`): texts and what they should mean on Friday 1 January 2010 at midnight. The cases are facts transcribed into
//! `data/recurrent/cases.jsonl`; `data/recurrent/differences.md` lists each text that is read otherwise here, with the reason.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use punctual_actors::{
    phrases::{Reading, Scene, SpanKind, read},
    recurrence::{Rule, Schedule},
    zone::BundledZones,
};
use punctual_events::Timestamp;
use serde_json::Value;

const CASES: &str = include_str!("data/recurrent/cases.jsonl");
const DIFFERENCES: &str = include_str!("data/recurrent/differences.md");

/// What `recurrent` puts around each of its phrases to have it found in a sentence.
const AROUND: [(&str, &str); 3] = [
    ("im available ", ""),
    ("remind me to move car ", " would work best for me"),
    ("", " would work best for me"),
];

fn reading(text: &str) -> Reading {
    let now: Timestamp = "2010-01-01T00:00:00Z".parse().unwrap();
    let scene = Scene {
        now,
        time_zone: "UTC",
        zones: &BundledZones,
    };
    read(text, &scene)
}

/// The parts of a rule or of a date, by name.
type Parts = BTreeMap<String, String>;

/// The parts of what was read, by the names that `recurrent` gives them.
fn parts(reading: &Reading) -> Parts {
    let mut parts = BTreeMap::new();
    let due = reading.draft.due.as_ref();
    let at = due.and_then(|due| due.at);
    let Some(recurrence) = &reading.draft.recurrence else {
        if let Some(date) = due.and_then(|due| due.date) {
            parts.insert("on".to_owned(), date.to_string());
        }
        if let Some(at) = at {
            parts.insert("on".to_owned(), at.get().date().to_string());
            parts.insert("at".to_owned(), at.get().time().to_string());
        }
        return parts;
    };
    parts.insert("interval".to_owned(), "1".to_owned());
    for part in recurrence.rrule.split(';') {
        let (name, value) = part.split_once('=').unwrap();
        parts.insert(name.to_ascii_lowercase(), sorted(&value.to_ascii_lowercase()));
    }
    if let Some(start) = reading.starts {
        parts.insert("dtstart".to_owned(), start.format("%Y%m%d").to_string());
    }
    // An interval of hours has a time only because it begins at some instant.
    if let Some(at) = at.filter(|_| !["hourly", "minutely", "secondly"].contains(&parts["freq"].as_str())) {
        parts.insert("byhour".to_owned(), at.get().format("%-H").to_string());
        parts.insert("byminute".to_owned(), at.get().format("%-M").to_string());
    }
    parts
}

fn sorted(list: &str) -> String {
    let items: BTreeSet<&str> = list.split(',').collect();
    Vec::from_iter(items).join(",")
}

/// What was expected, by the same names.
fn expected(expect: &Value) -> Parts {
    let mut parts = BTreeMap::new();
    match expect {
        Value::Null => {}
        Value::String(text) => {
            let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
            parts.insert("on".to_owned(), date.to_owned());
            if time != "00:00:00" {
                parts.insert("at".to_owned(), time.to_owned());
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
                parts.insert(name.clone(), sorted(&text));
            }
            months_left_out(&mut parts, members);
        }
        _ => unreachable!(),
    }
    parts
}

/// `recurrent` leaves whole months out by naming each day in them; in a series with an end that is the same as naming the other months.
fn months_left_out(parts: &mut Parts, members: &serde_json::Map<String, Value>) {
    let Some(left_out) = members.get("exdate").and_then(Value::as_array) else {
        return;
    };
    let months: Option<Vec<u64>> = left_out
        .iter()
        .map(|date| date.get(0).and_then(Value::as_u64))
        .collect();
    if let Some(months) = months
        && members.contains_key("until")
    {
        let others = (1..=12)
            .filter(|month| !months.contains(month))
            .map(|month| month.to_string());
        parts.remove("exdate");
        parts.insert("bymonth".to_owned(), sorted(&Vec::from_iter(others).join(",")));
    }
}

/// `recurrent` counts "for 3 weeks" from now to the same weekday, we from the first due to the day before it: of such an end the last day before it on which the rule comes round is compared.
fn compare_lengths_by_their_last_day(read: &Reading, of_ours: &mut Parts, of_theirs: &mut Parts) {
    let mut ends = read.understood.iter().filter(|span| span.kind == SpanKind::End);
    let date = read.draft.due.as_ref().and_then(|due| due.date);
    if let Some(date) = date
        && ends.any(|end| end.text.starts_with("for "))
        && let Some(ours) = of_ours.get("until").cloned()
    {
        let recurrence = read.draft.recurrence.as_ref().unwrap();
        for parts in [of_ours, of_theirs] {
            if let Some(until) = parts.get_mut("until") {
                let rule: Rule = recurrence.rrule.replace(&ours, until).parse().unwrap();
                let schedule = Schedule::all_day(rule, date, "UTC");
                let last = schedule.occurrences(&BundledZones).unwrap().last().unwrap();
                *until = last.at.get().date().to_string();
            }
        }
    }
}

/// The phrase inside what was put around it.
fn phrase(text: &str) -> &str {
    AROUND
        .iter()
        .find_map(|(before, after)| text.strip_prefix(before)?.strip_suffix(after))
        .unwrap_or(text)
}

#[test]
fn the_cases_of_recurrent_agree_except_where_the_table_says_why() {
    let reasons: BTreeMap<&str, &str> = DIFFERENCES
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "))
        .collect();
    let (mut agree, mut apart, mut differ, mut unexplained) = (0, 0, BTreeSet::new(), Vec::new());
    let mut differences = 0;
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap();
        if case["expect"].get("exrule").is_some() {
            apart += 1;
            continue;
        }
        let reading = reading(text);
        let (mut expected, mut read) = (expected(&case["expect"]), parts(&reading));
        compare_lengths_by_their_last_day(&reading, &mut read, &mut expected);
        // A date that `recurrent` expects is compared without its time.
        let is_date_only = case["expect"].as_str().is_some_and(|text| !text.contains('T'));
        if expected == read || is_date_only && expected.get("on") == read.get("on") {
            agree += 1;
            continue;
        }
        differences += 1;
        differ.insert(phrase(text).to_owned());
        if !reasons.contains_key(phrase(text)) {
            unexplained.push(format!("{text:?}\n   expected {expected:?}\n   read     {read:?}"));
        }
    }
    // Not by `println!`: libtest keeps that to itself where a test passes.
    let cases = CASES.lines().count();
    writeln!(
        std::io::stderr(),
        "recurrent: {agree} agree, {differences} differ, {apart} need EXRULE, of {cases}"
    )
    .unwrap();
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    let stale: Vec<_> = reasons.keys().filter(|phrase| !differ.contains(**phrase)).collect();
    assert!(stale.is_empty(), "in the table, but they agree: {stale:?}");
    assert_eq!((agree, differences, apart), (911, 88, 12));
}
