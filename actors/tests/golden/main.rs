//! States as earlier releases stored them: pages, the head and the commits after them. They must load for ever: a file in `states/` is never
//! changed. `docs/adding-a-golden-state.md` says how a release gets its own.

mod commits;
mod file;
#[path = "../../../events/tests/holds/mod.rs"]
mod holds;
mod life;
mod pauses;
mod readable;
mod times;

use std::path::{Path, PathBuf};

use punctual_actors::{
    activation::Activation, machine::Machine, reference::UtcOnly, series::SeriesActor, user::UserActor,
};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/states")
}

/// Loads a state and gives it in readable form.
fn load<M: Machine>(text: &str, tell: impl Fn(&M) -> Value) -> Value {
    let (actor, loaded) = file::read(text);
    let activation = Activation::<M>::restore(actor, &loaded, &UtcOnly, life::LATER, 0).expect("a golden state loads");
    let snapshot = activation.snapshot();
    readable::state(snapshot, tell(&snapshot.machine), &life::KEYS)
}

fn load_by_kind(kind: &str, text: &str) -> Value {
    match kind {
        "user" => load::<UserActor>(text, readable::user),
        kind if kind.starts_with("series") => load::<SeriesActor>(text, readable::series),
        other => panic!("no actor is a {other}"),
    }
}

/// Every golden state: its release, its kind, what was stored and what it says.
fn states() -> Vec<(String, String, String, Value)> {
    let mut states = Vec::new();
    for release in file::names(&folder()) {
        for kind in file::names(&folder().join(&release)) {
            let at = folder().join(&release).join(&kind);
            let expected = serde_json::from_str(&file::text(&at.join("expected.json"))).expect("JSON");
            states.push((release.clone(), kind, file::text(&at.join("stored.jsonl")), expected));
        }
    }
    states
}

#[test]
fn every_golden_state_loads_and_says_what_it_said() {
    for (release, kind, stored, expected) in states() {
        let found = load_by_kind(&kind, &stored);
        holds::assert_holds(&found, &expected, &format!("{release}/{kind}"));
    }
}

#[test]
fn this_release_has_its_golden_states() {
    let release = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    let commits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/tests/golden");
    let mut is_new = file::keep(&commits, &format!("{release}-every-event.jsonl"), &commits::live());
    for (name, stored) in [
        (release.to_owned(), life::live()),
        (format!("{release}-times"), times::live()),
        (format!("{release}-pauses"), pauses::live()),
    ] {
        for (kind, stored) in stored {
            let readable = serde_json::to_string_pretty(&load_by_kind(kind, &stored)).expect("JSON") + "\n";
            let at = folder().join(&name).join(kind);
            is_new |= file::keep(&at, "stored.jsonl", &stored);
            is_new |= file::keep(&at, "expected.json", &readable);
        }
    }
    assert!(
        !is_new,
        "the golden states of {release} were missing and are written now: read them and commit them"
    );
}

#[test]
fn a_golden_state_with_one_page_of_a_newer_format_is_refused() {
    for (release, kind, stored, _) in states() {
        for line in stored.lines().filter(|line| line.starts_with("{\"page\"")) {
            let newer = line.replacen("\"format\":1", "\"format\":99", 1);
            assert_ne!(line, newer);
            let (actor, loaded) = file::read(&stored.replace(line, &newer));
            let refused = match kind.as_str() {
                "user" => Activation::<UserActor>::restore(actor, &loaded, &UtcOnly, life::LATER, 0).map(drop),
                _ => Activation::<SeriesActor>::restore(actor, &loaded, &UtcOnly, life::LATER, 0).map(drop),
            };
            let error = refused.expect_err("a page of a newer format").to_string();
            assert!(
                error.contains("newer") && error.contains("99"),
                "{release}/{kind}: {error}"
            );
        }
    }
}
