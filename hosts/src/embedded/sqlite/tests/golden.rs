//! Databases as older releases left them. They must open for ever; a script here is never edited.

use punctual_actors::ports::{Directory as _, Store as _};
use rusqlite::Connection;

use super::*;
use crate::{
    embedded::{
        environment::SystemClock,
        sqlite::{SqliteAudit, SqliteDirectory, SqliteJobs, SqliteRecords},
    },
    ports::{AuditStore as _, Records as _},
};

#[tokio::test]
async fn a_database_of_version_1_opens() {
    let directory = tempfile::tempdir().unwrap();
    let written = Connection::open(directory.path().join("punctual.db")).unwrap();
    written.execute_batch(include_str!("golden_v1.sql")).unwrap();
    drop(written);

    let database = Database::open(directory.path(), Options::default()).unwrap();
    let store = SqliteStore::new(database.clone());
    let actors = SqliteDirectory::new(database.clone()).list(None, 10).await.unwrap();
    assert_eq!(actors, [user(1), user(2)]);
    let loaded = store.load(user(1)).await.unwrap();
    let head = loaded.head.unwrap();
    assert_eq!(
        (head.seq, head.snapshot, head.published, head.audited),
        (Seq(3), Seq(1), Seq(2), Seq(2))
    );
    assert_eq!(
        (&*head.zone_version, head.wake_at),
        ("2026a", Some(Timestamp::from_millis(1_800_000_000_000)))
    );
    assert_eq!(head.hash, loaded.tail[1].header.hash);
    assert_eq!(sorted(&loaded.pages), [("tasks/0".into(), "{}".into())]);
    assert_eq!(seqs(&loaded.tail), [2, 3]);
    assert!(
        loaded
            .tail
            .iter()
            .all(|commit| commit.is_genuine() && commit.events[0].is_genuine())
    );
    assert_eq!(store.head(user(2)).await.unwrap(), None);

    let (value, _) = SqliteRecords::new(database.clone())
        .get("account/1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(value, "{}");
    assert_eq!(
        SqliteJobs::new(database.clone(), Arc::new(SystemClock))
            .load()
            .await
            .unwrap(),
        1
    );
    let audit = SqliteAudit::new(database);
    assert_eq!(
        audit.head(user(1)).await.unwrap(),
        Some((Seq(2), loaded.tail[0].header.hash))
    );
    assert_eq!(
        audit.read(user(1), Seq(0), 9).await.unwrap()[0].contents,
        Some("contents".into())
    );
}
