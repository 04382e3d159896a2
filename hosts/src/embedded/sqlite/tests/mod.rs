//! The database as a whole, on real files.

mod damaged;
mod durability;
mod golden;
mod store;

use std::sync::Arc;

use bytes::Bytes;
use punctual_actors::ports::{EncodedCommit, HeadUpdate, Page, PageSave, PageWrite};
use punctual_events::{
    ActorId, COMMIT_FORMAT, Commit, CommitHeader, Digest, EventRecord, EventType, Principal, Seq, Timestamp, UserId,
};
use uuid::Uuid;

use super::{Database, Options, SqliteStore};

pub(in crate::embedded) struct Opened {
    pub(in crate::embedded) database: Database,
    pub(in crate::embedded) directory: tempfile::TempDir,
    pub(in crate::embedded) store: SqliteStore,
}

pub(in crate::embedded) fn open() -> Opened {
    open_with(Options::default())
}

fn open_with(options: Options) -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::open(directory.path(), options).unwrap();
    Opened {
        store: SqliteStore::new(database.clone()),
        database,
        directory,
    }
}

impl Opened {
    /// Closes the database and opens it again.
    pub(in crate::embedded) async fn reopened(self) -> Self {
        let Self {
            database,
            directory,
            store,
        } = self;
        database.close().await;
        drop((database, store));
        let database = Database::open(directory.path(), Options::default()).unwrap();
        Self {
            store: SqliteStore::new(database.clone()),
            database,
            directory,
        }
    }
}

pub(in crate::embedded) fn user(id: u128) -> ActorId {
    ActorId::User(UserId(Uuid::from_u128(id)))
}

/// A commit of one event with some content, decided at `seq` seconds.
pub(in crate::embedded) fn commit(actor: ActorId, seq: u64) -> EncodedCommit {
    let data = serde_json::json!({"content": format!("secret {seq}")});
    let event = EventRecord::new(EventType::TaskCreated, Principal::System, &data).unwrap();
    let time = Timestamp::from_millis(i64::try_from(seq).unwrap() * 1_000);
    let hash = Commit::hash_of(actor, Seq(seq), time, &Digest::ZERO, [event.digest]);
    let commit = Commit {
        format: COMMIT_FORMAT,
        header: CommitHeader {
            actor,
            hash,
            owner: UserId(actor.uuid()),
            previous: Digest::ZERO,
            previous_on_topic: [Seq::ZERO; 3],
            seq: Seq(seq),
            time,
            traceparent: None,
        },
        commands: Vec::new(),
        events: vec![event],
    };
    let bytes = Bytes::from(commit.encode().unwrap());
    EncodedCommit {
        commit: Arc::new(commit),
        bytes,
    }
}

pub(in crate::embedded) fn update() -> HeadUpdate {
    HeadUpdate {
        wake_at: None,
        zone_version: "2026a".into(),
        published: Seq::ZERO,
    }
}

/// Appends commits 1 to `last`.
pub(in crate::embedded) async fn fill(store: &SqliteStore, actor: ActorId, last: u64) {
    use punctual_actors::ports::Store as _;
    for seq in 1..=last {
        store.append(Seq(seq - 1), commit(actor, seq), update()).await.unwrap();
    }
}

/// A save of pages, each `(name, content)`; a page without content is removed.
fn save(at: u64, since: Option<u64>, pages: &[(&str, Option<&'static str>)]) -> PageSave {
    let page = |(name, content): &(&str, Option<&'static str>)| PageWrite {
        name: (*name).into(),
        bytes: content.map(|content| Bytes::from_static(content.as_bytes())),
    };
    PageSave {
        at: Seq(at),
        pages: pages.iter().map(page).collect(),
        since: since.map(Seq),
    }
}

/// Names and contents, in the order of the names.
fn sorted(pages: &[Page]) -> Vec<(String, String)> {
    let text = |page: &Page| (page.name.to_string(), String::from_utf8(page.bytes.to_vec()).unwrap());
    let mut pages: Vec<_> = pages.iter().map(text).collect();
    pages.sort();
    pages
}

pub(in crate::embedded) fn seqs(commits: &[Arc<Commit>]) -> Vec<u64> {
    commits.iter().map(|commit| commit.header.seq.0).collect()
}
