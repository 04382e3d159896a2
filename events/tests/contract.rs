//! The generated contract is committed; these tests fail when it is stale. Run them with `UPDATE_CONTRACTS=1` to write it anew.

use std::{fs, path::Path};

use punctual_events::{EventType, SeriesEvent, Topic, contract};

#[test]
fn the_committed_schemas_are_what_the_types_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let files = contract::files();
    if std::env::var_os("UPDATE_CONTRACTS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &files {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    for (name, text) in &files {
        let committed = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(
            &committed, text,
            "events/schemas/{name} is stale: run the test with UPDATE_CONTRACTS=1"
        );
    }
    let committed = fs::read_dir(&folder).unwrap().count();
    assert_eq!(
        committed,
        files.len(),
        "a file in events/schemas/ belongs to no type any more"
    );
}

/// The broker lets the service that hosts the actors of series publish on no other (`components/pubsub/`).
#[test]
fn what_happens_to_a_series_is_on_task_events_alone() {
    let schema = serde_json::to_string(&schemars::schema_for!(SeriesEvent)).unwrap();
    let is_of_series = |event_type: &&EventType| schema.contains(&format!("\"{}\"", event_type.as_str()));
    let types: Vec<&EventType> = EventType::ALL.iter().filter(is_of_series).collect();
    assert!(types.contains(&&EventType::SeriesStarted) && types.contains(&&EventType::HandoverOffered));
    for event_type in types {
        let topics = Topic::ALL
            .into_iter()
            .filter(|topic| topic.carries(*event_type).is_some());
        assert_eq!(topics.collect::<Vec<_>>(), [Topic::TaskEvents], "{event_type:?}");
    }
}

#[test]
fn every_type_is_on_a_topic() {
    for event_type in EventType::ALL {
        assert!(
            Topic::ALL
                .iter()
                .any(|topic| contract::types_on(*topic).contains(event_type)),
            "{event_type:?}"
        );
    }
}
