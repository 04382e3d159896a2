//! The record on a real file.

use punctual_events::SeriesId;
use rusqlite::Connection;
use uuid::Uuid;

use super::*;
use crate::{
    embedded::sqlite::tests::{open, user},
    ports::contract::{OWNER, batch, batch_of, batches_join},
};

fn series(id: u128) -> ActorId {
    ActorId::Series(SeriesId(Uuid::from_u128(id)))
}

async fn append_all(audit: &SqliteAudit, batches: impl IntoIterator<Item = AuditBatch>) {
    for batch in batches {
        assert_eq!(audit.append(batch).await.unwrap(), AuditAppend::Done);
    }
}

#[tokio::test]
async fn only_a_batch_that_joins_is_appended_and_the_answer_says_where_the_record_ends() {
    let opened = open();
    batches_join(&SqliteAudit::new(opened.database.clone())).await;
}

/// Appends a batch and fails.
struct Undone(AuditBatch);

impl Operation for Undone {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let batch = self.0.clone();
        assert_eq!(Append { batch }.run(session)?, AuditAppend::Done);
        Err(rusqlite::Error::InvalidQuery)
    }
}

#[tokio::test]
async fn a_batch_that_was_undone_is_not_where_the_record_ends() {
    let opened = open();
    let audit = SqliteAudit::new(opened.database.clone());
    append_all(&audit, [batch(1, 3)]).await;
    opened.database.write(Undone(batch(4, 6))).await.unwrap_err();
    append_all(&audit, [batch(4, 4), batch(5, 5)]).await;
    let stretches = audit.read(OWNER, AuditPlace::ZERO, 10).await.unwrap();
    assert_eq!(
        stretches.iter().map(|stretch| stretch.place.0).collect::<Vec<_>>(),
        [1, 4, 5]
    );
}

#[tokio::test]
async fn the_commits_of_all_actors_of_an_owner_have_one_running_number() {
    let opened = open();
    let audit = SqliteAudit::new(opened.database.clone());
    assert_eq!(audit.end(OWNER).await.unwrap(), AuditPlace::ZERO);
    let of_another = AuditBatch {
        owner: UserId(Uuid::from_u128(2)),
        ..batch_of(user(2), 1, 7)
    };
    let batches = [
        batch(1, 3),
        batch_of(series(9), 1, 2),
        of_another,
        batch(4, 4),
        batch_of(series(9), 3, 3),
    ];
    append_all(&audit, batches).await;
    let stretches = audit.read(OWNER, AuditPlace::ZERO, 10).await.unwrap();
    let found: Vec<_> = stretches
        .iter()
        .map(|stretch| (stretch.place.0, stretch.actor, stretch.from.0))
        .collect();
    assert_eq!(
        found,
        [(1, user(1), 1), (4, series(9), 1), (6, user(1), 4), (7, series(9), 3)]
    );
    assert_eq!(stretches[1].batch, Some(batch_of(series(9), 1, 2)));
    assert_eq!(audit.end(OWNER).await.unwrap(), AuditPlace(7));
}

#[tokio::test]
async fn reading_begins_with_the_batch_that_holds_the_next_place() {
    let opened = open();
    let audit = SqliteAudit::new(opened.database.clone());
    append_all(&audit, [batch(1, 3), batch_of(series(9), 1, 1), batch(4, 8)]).await;
    let read = async |after, limit| {
        let stretches = audit.read(OWNER, AuditPlace(after), limit).await.unwrap();
        stretches
            .iter()
            .map(|stretch| (stretch.place.0, stretch.end().0))
            .collect::<Vec<_>>()
    };
    assert_eq!(read(0, 10).await, [(1, 3), (4, 4), (5, 9)]);
    assert_eq!(read(2, 10).await, [(1, 3), (4, 4), (5, 9)]);
    assert_eq!(read(3, 1).await, [(4, 4)]);
    assert_eq!(read(6, 10).await, [(5, 9)]);
    assert_eq!(read(9, 10).await, []);
    assert_eq!(read(u64::MAX, 10).await, []);
}

#[tokio::test]
async fn a_batch_that_was_lost_leaves_its_place() {
    let opened = open();
    let audit = SqliteAudit::new(opened.database.clone());
    append_all(&audit, [batch(1, 3), batch_of(series(9), 1, 2), batch(4, 4)]).await;
    let other = Connection::open(opened.directory.path().join("punctual.db")).unwrap();
    let lost = other.execute("DELETE FROM audit_batches WHERE actor = ?1", [Name::from(series(9))]);
    assert_eq!(lost.unwrap(), 1);
    let stretches = audit.read(OWNER, AuditPlace(3), 10).await.unwrap();
    let expected = AuditStretch {
        place: AuditPlace(4),
        actor: series(9),
        from: Seq(1),
        to: Seq(2),
        batch: None,
    };
    assert_eq!(stretches[0], expected);
    assert_eq!(stretches[1].batch, Some(batch(4, 4)));
}

#[tokio::test]
async fn erasing_takes_the_contents_and_leaves_the_chain() {
    let opened = open();
    let audit = SqliteAudit::new(opened.database.clone());
    append_all(&audit, [batch_of(series(9), 1, 1)]).await;
    append_all(&audit, (1..=150).map(|seq| batch(seq * 2 - 1, seq * 2))).await;
    audit.erase(user(1), Seq(281)).await.unwrap();
    let stretches = audit.read(OWNER, AuditPlace::ZERO, 1_000).await.unwrap();
    let batches: Vec<_> = stretches.into_iter().filter_map(|stretch| stretch.batch).collect();
    assert_eq!(batches.len(), 151);
    assert!(batches.iter().all(|batch| {
        let is_erased = batch.actor == user(1) && batch.from <= Seq(281);
        batch.contents.is_none() == is_erased
    }));
    assert_eq!(batches[1].entries, "1 to 2");
    audit.erase(user(2), Seq(1)).await.unwrap();
}
