//! The form of a golden state: a line for the actor and its head, one for each page, one for each commit after them.

use std::{fs, io::Write as _, path::Path, sync::Arc};

use bytes::Bytes;
use punctual_actors::ports::{Head, Loaded, Page};
use punctual_events::{ActorId, Commit, Digest, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Serialize, Deserialize)]
struct HeadLine {
    actor: ActorId,
    seq: Seq,
    hash: Digest,
    snapshot: Seq,
    zone_version: Box<str>,
    published: Seq,
    audited: Seq,
    wake_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct PageLine {
    page: Box<str>,
    body: Box<RawValue>,
}

#[derive(Serialize, Deserialize)]
struct CommitLine {
    commit: Box<RawValue>,
}

fn raw(bytes: &[u8]) -> Box<RawValue> {
    serde_json::from_slice(bytes).expect("what is stored is JSON")
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("JSON") + "\n"
}

/// What is stored of an actor, as text.
pub(crate) fn write(actor: ActorId, loaded: &Loaded) -> String {
    let head = loaded.head.clone().expect("a head");
    let mut text = line(&HeadLine {
        actor,
        seq: head.seq,
        hash: head.hash,
        snapshot: head.snapshot,
        zone_version: head.zone_version,
        published: head.published,
        audited: head.audited,
        wake_at: head.wake_at,
    });
    for page in &loaded.pages {
        text += &line(&PageLine {
            page: page.name.clone(),
            body: raw(&page.bytes),
        });
    }
    for commit in &loaded.tail {
        text += &line(&CommitLine {
            commit: raw(&commit.encode().expect("JSON")),
        });
    }
    text
}

/// The actor and what a store would load.
pub(crate) fn read(text: &str) -> (ActorId, Loaded) {
    let mut lines = text.lines();
    let first = lines.next().expect("a line for the head");
    let head: HeadLine = serde_json::from_str(first).expect("a head");
    let mut loaded = Loaded {
        head: Some(Head {
            seq: head.seq,
            hash: head.hash,
            snapshot: head.snapshot,
            zone_version: head.zone_version,
            published: head.published,
            audited: head.audited,
            wake_at: head.wake_at,
        }),
        ..Loaded::default()
    };
    for line in lines {
        if line.starts_with("{\"page\"") {
            let PageLine { page, body } = serde_json::from_str(line).expect("a page");
            let bytes = Bytes::from(body.get().to_owned());
            loaded.pages.push(Page { name: page, bytes });
        } else {
            let CommitLine { commit } = serde_json::from_str(line).expect("a commit");
            let commit = Commit::decode(commit.get().as_bytes()).expect("a commit decodes");
            loaded.tail.push(Arc::new(commit));
        }
    }
    (head.actor, loaded)
}

/// What is in a folder, sorted.
#[expect(clippy::disallowed_methods, reason = "golden files are on the disk")]
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: Result<fs::DirEntry, std::io::Error>| entry.expect("an entry").file_name().into_string();
    let mut names: Vec<String> = entries.map(|entry| name(entry).expect("UTF-8")).collect();
    names.sort();
    names
}

/// The text of a file.
#[expect(clippy::disallowed_methods, reason = "golden files are on the disk")]
pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Writes a file that is not there yet; one that is stays as it is. True when it was written.
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "golden files are on the disk"
)]
pub(crate) fn keep(folder: &Path, name: &str, text: &str) -> bool {
    fs::create_dir_all(folder).expect("a folder");
    match fs::File::create_new(folder.join(name)) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true).expect("written"),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
        Err(error) => panic!("{name}: {error}"),
    }
}
