//! Databases as older releases left them. They must open for ever; a script here is never edited.

use punctual_actors::ports::{Directory as _, Store as _};
use rusqlite::Connection;

use super::*;
use crate::{
    embedded::sqlite::{SqliteAudit, SqliteDirectory, SqliteJobs, SqliteRecords},
    environment::SystemClock,
    ports::{AuditPlace, AuditStore as _, Records as _},
};

const OWNER: UserId = UserId(Uuid::from_u128(1));

#[tokio::test]
async fn a_database_of_version_1_opens() {
    let directory = restored(include_str!("golden_v1.sql"));
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
    let record = audit.read(OWNER, AuditPlace::ZERO, 9).await.unwrap();
    assert_eq!(record[0].batch.as_ref().unwrap().contents, Some("contents".into()));
}

/// A database of the first release: a user with a series, which the audit record of version 1 does not connect.
const RELEASE_0_1: &str = include_str!("../../../../tests/golden/0.1.sql");

fn restored(sql: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let written = Connection::open(directory.path().join("punctual.db")).unwrap();
    written.execute_batch(sql).unwrap();
    directory
}

/// Kind, first place and first commit of every batch in the record of the only user.
fn places(directory: &tempfile::TempDir) -> Vec<(String, i64, i64)> {
    let opened = Connection::open(directory.path().join("punctual.db")).unwrap();
    let sql = "SELECT hex(substr(places.actor, 1, 1)), place, places.first
               FROM audit_places AS places JOIN actors ON actors.id = 1 AND actors.name = places.owner ORDER BY place";
    let mut select = opened.prepare(sql).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn what_version_1_audited_gets_places_in_the_record_of_its_owner() {
    let directory = restored(RELEASE_0_1);
    drop(Database::open(directory.path(), Options::default()).unwrap());
    let expected = [
        ("00", 1, 1),
        ("01", 2, 1),
        ("00", 3, 2),
        ("01", 14, 2),
        ("00", 16, 13),
        ("00", 17, 14),
        ("00", 19, 16),
        ("00", 20, 17),
    ];
    assert_eq!(
        places(&directory),
        expected.map(|(kind, place, first)| (kind.to_owned(), place, first))
    );
}

#[tokio::test]
async fn a_series_whose_owner_is_not_known_any_more_does_not_keep_version_1_from_opening() {
    for damaged in [
        "x'00'",
        "CAST('{}' AS BLOB)",
        "CAST('{\"header\":{\"owner\":\"?\"}}' AS BLOB)",
    ] {
        let damage = format!("UPDATE commits SET body = {damaged} WHERE id = (SELECT tail FROM actors WHERE id = 2);");
        let directory = restored(&(RELEASE_0_1.to_owned() + &damage));
        drop(Database::open(directory.path(), Options::default()).unwrap());
        let places = places(&directory);
        assert_eq!(places.len(), 6);
        assert!(places.iter().all(|(kind, ..)| kind == "00"));
    }
}
