//! Records outside any actor.

use bytes::Bytes;
use punctual_actors::ports::{BoxFuture, Failure};
use rusqlite::{OptionalExtension as _, params};

use super::{Database, session::Session, writer::Operation};
use crate::{
    accounts::belonging,
    ports::{Etag, Records},
};

/// The [`Records`] of the embedded runtime.
#[derive(Clone)]
pub struct SqliteRecords {
    database: Database,
}

impl SqliteRecords {
    /// The records in `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

impl Records for SqliteRecords {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<(Bytes, Etag)>, Failure>> {
        let key: Box<str> = key.into();
        Box::pin(self.database.read(move |connection| {
            let mut select = connection.prepare_cached("SELECT value, etag FROM records WHERE key = ?1")?;
            let record = select.query_row([key], |row| {
                Ok((Bytes::from(row.get::<_, Vec<u8>>(0)?), etag(row.get(1)?)))
            });
            Ok(record.optional()?)
        }))
    }

    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(self.database.write(Create { key: key.into(), value }))
    }

    fn replace<'a>(&'a self, key: &'a str, etag: Etag, value: Bytes) -> BoxFuture<'a, Result<Option<Etag>, Failure>> {
        Box::pin(self.database.write(Replace {
            key: key.into(),
            etag,
            value,
        }))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.database.write(Delete { key: key.into() }))
    }
}

impl Database {
    /// Whether there is any record but that of the signing key.
    pub(in crate::embedded) async fn has_accounts(&self) -> Result<bool, Failure> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM records WHERE key <> ?1)")?;
            Ok(select.query_row([belonging::RECORD], |row| row.get(0))?)
        })
        .await
    }
}

/// A version as a number of ours. It is drawn at random by each write, so that a record that was deleted and created anew has another; the sign
/// is cut off.
const NEW_ETAG: &str = "random() & 0x7fffffffffffffff";

fn etag(column: i64) -> Etag {
    Etag::new(&column.to_string())
}

struct Create {
    key: Box<str>,
    value: Bytes,
}

impl Operation for Create {
    type Answer = bool;

    fn size(&self) -> usize {
        self.value.len() + 256
    }

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<bool> {
        let sql = format!("INSERT INTO records (key, etag, value) VALUES (?1, {NEW_ETAG}, ?2) ON CONFLICT DO NOTHING");
        let inserted = session
            .connection
            .prepare_cached(&sql)?
            .execute(params![self.key, self.value.as_ref()])?;
        Ok(inserted == 1)
    }
}

struct Replace {
    key: Box<str>,
    etag: Etag,
    value: Bytes,
}

impl Operation for Replace {
    type Answer = Option<Etag>;

    fn size(&self) -> usize {
        self.value.len() + 256
    }

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Option<Etag>> {
        session.has_erased = true;
        let Ok(expected) = self.etag.as_str().parse::<i64>() else {
            return Ok(None);
        };
        let sql =
            format!("UPDATE records SET etag = {NEW_ETAG}, value = ?3 WHERE key = ?1 AND etag = ?2 RETURNING etag");
        let mut update = session.connection.prepare_cached(&sql)?;
        let replaced = update.query_row(params![self.key, expected, self.value.as_ref()], |row| row.get(0));
        Ok(replaced.optional()?.map(etag))
    }
}

struct Delete {
    key: Box<str>,
}

impl Operation for Delete {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        session.has_erased = true;
        session
            .connection
            .prepare_cached("DELETE FROM records WHERE key = ?1")?
            .execute([&self.key])
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{embedded::sqlite::tests::open, ports::contract};

    #[tokio::test]
    async fn the_first_of_two_creations_wins() {
        let opened = open();
        let records = SqliteRecords::new(opened.database.clone());
        let (one, two) = tokio::join!(records.create("a", "1".into()), records.create("a", "2".into()));
        assert_eq!((one.unwrap(), two.unwrap()), (true, false));
        let (value, _) = records.get("a").await.unwrap().unwrap();
        assert_eq!(value, "1");
        assert_eq!(records.get("b").await.unwrap(), None);
    }

    #[tokio::test]
    async fn only_the_version_that_was_read_is_replaced() {
        let opened = open();
        contract::versions_are_compared(&SqliteRecords::new(opened.database.clone())).await;
    }

    #[tokio::test]
    async fn a_record_created_anew_is_another_version() {
        let opened = open();
        contract::versions_do_not_come_again(&SqliteRecords::new(opened.database.clone())).await;
        let opened = opened.reopened().await;
        assert!(
            SqliteRecords::new(opened.database.clone())
                .get("a")
                .await
                .unwrap()
                .is_some()
        );
    }
}
