//! Commits as earlier releases wrote them. They must load for ever: add files, never change one.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

mod holds;

use std::{collections::BTreeSet, fs, path::Path};

use punctual_events::{ActorId, Commit, DecodeError, EventData, EventRecord, EventType, SeriesEvent, UserEvent};
use serde_json::Value;

/// Only published: they are made of what is stored.
const NEVER_STORED: [EventType; 2] = [EventType::TaskState, EventType::TaskRemoved];

/// Asserts that an event says all that was written of it. Later releases may say more.
fn assert_says_all<E: EventData>(record: &EventRecord, place: &str) {
    let event = E::from_record(record).unwrap().unwrap();
    assert_eq!(event.event_type(), record.event_type, "{place}");
    let again = event.to_record(record.by).unwrap();
    let [again, written]: [Value; 2] = [&again, record].map(|record| serde_json::from_str(record.data.get()).unwrap());
    holds::assert_holds(&again, &written, &format!("{place}: {}", record.event_type.as_str()));
}

#[test]
fn every_golden_commit_is_genuine_and_every_stored_event_is_among_them_and_is_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut read = BTreeSet::from(NEVER_STORED);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let commit = Commit::decode(line.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let place = format!(
                "{}, commit {} of {}",
                path.display(),
                commit.header.seq.0,
                commit.header.actor
            );
            assert!(commit.is_genuine(), "{place}");
            for record in commit.events.iter().filter(|record| !record.is_erased()) {
                assert!(record.is_genuine(), "{place}");
                match commit.header.actor {
                    ActorId::User(_) => assert_says_all::<UserEvent>(record, &place),
                    ActorId::Series(_) => assert_says_all::<SeriesEvent>(record, &place),
                }
                read.insert(record.event_type);
            }
        }
    }
    let missing: Vec<_> = EventType::ALL.iter().filter(|stored| !read.contains(*stored)).collect();
    assert!(missing.is_empty(), "in no golden commit: {missing:?}");
}

#[test]
fn a_commit_of_a_newer_format_is_refused_by_name() {
    let newer = br#"{"format":2,"something":"else"}"#;
    assert!(matches!(
        Commit::decode(newer),
        Err(DecodeError::Newer { found: 2, known: 1, .. })
    ));
    assert!(matches!(Commit::decode(b"{"), Err(DecodeError::Malformed(_))));
}
