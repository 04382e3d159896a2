//! Commits as earlier releases wrote them. They must load for ever: add files, never change one.

use std::{fs, path::Path};

use punctual_events::{ActorId, Commit, DecodeError, EventData, SeriesEvent, UserEvent};

#[test]
fn every_golden_commit_loads_and_is_genuine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let commit = Commit::decode(line.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(commit.is_genuine(), "{}", path.display());
            for record in &commit.events {
                assert!(record.is_erased() || record.is_genuine(), "{}", path.display());
                let event_type = match commit.header.actor {
                    ActorId::User(_) => UserEvent::from_record(record).unwrap().map(|event| event.event_type()),
                    ActorId::Series(_) => SeriesEvent::from_record(record)
                        .unwrap()
                        .map(|event| event.event_type()),
                };
                assert!(
                    record.is_erased() || event_type == Some(record.event_type),
                    "{}",
                    path.display()
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 0, "no golden commit was found");
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
