//! Files that real programs wrote, or that other projects test with; `data/ics/SOURCES.md` says which.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use punctual::icalendar::{CalendarReader, DraftMoment, ImportDraft, ImportItem};
use punctual_events::ReminderTime;

use crate::items;

/// Name and bytes of every fixture, sorted by name. An `.ics.out` is the `.ics` of that name, read and written again by calcard.
fn all() -> Vec<(String, Vec<u8>)> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ics"));
    let mut files = Vec::new();
    for source in ["calcard", "icalendar"] {
        for entry in fs::read_dir(root.join(source)).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            if file.contains(".ics") {
                files.push((format!("{source}/{file}"), fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The fixtures of up to 4 KiB, for tests that read them often.
pub(crate) fn small() -> Vec<Vec<u8>> {
    all()
        .into_iter()
        .map(|(_, bytes)| bytes)
        .filter(|bytes| bytes.len() <= 4096)
        .collect()
}

#[test]
fn every_real_file_is_read_as_recorded() {
    let mut report = String::new();
    for (name, bytes) in all().into_iter().filter(|(name, _)| name.ends_with(".ics")) {
        let mut reader = CalendarReader::new(chrono_tz::Europe::Paris);
        let mut rest = &bytes[..];
        let mut items: Vec<ImportItem> = std::iter::from_fn(|| reader.next_item(&mut rest)).collect();
        items.extend(std::iter::from_fn(|| reader.finish()));
        assert!(!items.is_empty(), "{name} was chosen for its to-dos");
        let ignored = reader.ignored();
        let others = [ignored.events, ignored.journals, ignored.others];
        writeln!(
            report,
            "{name}: {} to-dos; events, journals, others: {others:?}",
            items.len()
        )
        .unwrap();
        for item in items {
            describe(&mut report, &item);
        }
    }
    insta::assert_snapshot!("fixtures", report);
}

#[test]
fn a_file_written_again_by_another_program_gives_the_same_items() {
    let files: BTreeMap<String, Vec<u8>> = all().into_iter().collect();
    let pairs = files
        .iter()
        .filter_map(|(name, bytes)| Some((name, bytes, files.get(&format!("{name}.out"))?)));
    for (name, bytes, rewritten) in pairs {
        assert_eq!(items(rewritten), items(bytes), "{name}");
    }
}

fn describe(report: &mut String, item: &ImportItem) {
    let name = item.summary_for_report.as_deref().unwrap_or("-");
    let uid = item.uid.as_deref().unwrap_or("-");
    let recurrence_id = item
        .recurrence_id
        .as_ref()
        .map(|id| format!(" @ {id}"))
        .unwrap_or_default();
    writeln!(report, "  {name:?} uid {uid}{recurrence_id}").unwrap();
    match &item.draft {
        Ok(draft) => writeln!(report, "    taken {}", written(draft)).unwrap(),
        Err(refused) => writeln!(report, "    refused {}: {}", refused.code.as_str(), refused.reason).unwrap(),
    }
    for note in &item.notes {
        writeln!(report, "    note: {note}").unwrap();
    }
}

/// What the draft has besides title and description.
fn written(draft: &ImportDraft) -> String {
    let mut parts = vec![if draft.status_done { "done" } else { "open" }.to_owned()];
    parts.extend(draft.completed.map(|at| format!("completed {at}")));
    parts.extend(draft.priority.map(|priority| format!("{priority:?}")));
    parts.extend(draft.start.as_ref().map(|start| format!("start {}", moment(start))));
    parts.extend(draft.due.as_ref().map(|due| format!("due {}", moment(due))));
    parts.extend(draft.reminders.iter().map(|reminder| {
        let nags = reminder
            .repeat
            .map(|repeat| format!(", {} times every {}", repeat.times, repeat.every));
        let when = match reminder.time {
            ReminderTime::At(at) => format!("remind at {at}"),
            ReminderTime::Before(before) => format!("remind before {before}"),
            ReminderTime::BeforeStart(before) => format!("remind before the start {before}"),
            ReminderTime::OnDay(on) => format!("remind on the day {on:?}"),
        };
        when + &nags.unwrap_or_default()
    }));
    parts.extend(draft.recurrence.as_ref().map(|recurrence| recurrence.rrule.to_string()));
    parts.extend(
        draft
            .description
            .as_ref()
            .map(|text| format!("description of {}", text.chars().count())),
    );
    parts.extend(draft.tags.iter().map(|tag| format!("#{tag}")));
    parts.join(", ")
}

fn moment(moment: &DraftMoment) -> String {
    match moment {
        DraftMoment::Day { date } => date.to_string(),
        DraftMoment::Time {
            at,
            floating: true,
            time_zone,
        } => format!("{at} floating, {time_zone}"),
        DraftMoment::Time { at, time_zone, .. } => format!("{at} {time_zone}"),
    }
}
