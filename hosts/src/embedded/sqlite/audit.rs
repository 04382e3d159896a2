//! The audit record: batches of the chains that audit copied, in the same file and the same transactions as the logs.

use bytes::Bytes;
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Digest, Seq};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    Database,
    rows::{DigestColumn, Name, SeqColumn, seq_column},
    session::Session,
    writer::Operation,
};
use crate::ports::{AuditAppend, AuditBatch, AuditStore};

/// Batches erased by one operation: others commit in between.
const ERASED_PER_OPERATION: i64 = 64;

/// The [`AuditStore`] of the embedded runtime.
#[derive(Clone)]
pub struct SqliteAudit {
    database: Database,
}

impl SqliteAudit {
    /// The audit record in `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

impl AuditStore for SqliteAudit {
    fn append(&self, batch: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>> {
        Box::pin(async move {
            if batch.from == Seq::ZERO || batch.to < batch.from {
                return Err(Failure::new("a batch of no commits"));
            }
            self.database.write(Append { batch }).await
        })
    }

    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>> {
        Box::pin(self.database.read(move |connection| Ok(last(connection, actor)?)))
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<AuditBatch>, Failure>> {
        Box::pin(self.database.read(move |connection| {
            // The batch that holds the commit after `after` is the last that begins at it or before: no look at those before that one.
            let sql = "SELECT first, last, head, entries, contents FROM audit_batches
                       WHERE actor = ?1 AND last > ?2 AND first >= coalesce(
                           (SELECT max(first) FROM audit_batches WHERE actor = ?1 AND first <= ?3), 0)
                       ORDER BY first LIMIT ?4";
            let (next, limit) = (Seq(after.0.saturating_add(1)), i64::try_from(limit).unwrap_or(i64::MAX));
            let mut select = connection.prepare_cached(sql)?;
            let parameters = params![Name::from(actor), seq_column(after), seq_column(next), limit];
            let batches = select.query_map(parameters, |row| batch(actor, row))?;
            Ok(batches.collect::<Result<_, _>>()?)
        }))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let mut after = 0;
            while let Some(last) = self.database.write(Erase { actor, after, through }).await? {
                after = last;
            }
            Ok(())
        })
    }
}

fn batch(actor: ActorId, row: &Row<'_>) -> rusqlite::Result<AuditBatch> {
    Ok(AuditBatch {
        actor,
        from: row.get::<_, SeqColumn>(0)?.0,
        to: row.get::<_, SeqColumn>(1)?.0,
        head: row.get::<_, DigestColumn>(2)?.0,
        entries: row.get::<_, Vec<u8>>(3)?.into(),
        contents: row.get::<_, Option<Vec<u8>>>(4)?.map(Bytes::from),
    })
}

/// The last commit there is of an actor, and its hash.
fn last(connection: &Connection, actor: ActorId) -> rusqlite::Result<Option<(Seq, Digest)>> {
    let sql = "SELECT last, head FROM audit_batches WHERE actor = ?1 ORDER BY first DESC LIMIT 1";
    let mut select = connection.prepare_cached(sql)?;
    let last = select.query_row([Name::from(actor)], |row| {
        Ok((row.get::<_, SeqColumn>(0)?.0, row.get::<_, DigestColumn>(1)?.0))
    });
    last.optional()
}

struct Append {
    batch: AuditBatch,
}

impl Operation for Append {
    type Answer = AuditAppend;

    fn size(&self) -> usize {
        self.batch.entries.len() + self.batch.contents.as_ref().map_or(0, Bytes::len) + 256
    }

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<AuditAppend> {
        let AuditBatch {
            actor,
            from,
            to,
            head,
            entries,
            contents,
        } = &self.batch;
        let last = last(session.connection, *actor)?.map_or(Seq::ZERO, |(last, _)| last);
        if *from != last.next() {
            return Ok(AuditAppend::Elsewhere(last));
        }
        let sql =
            "INSERT INTO audit_batches (actor, first, last, head, entries, contents) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        session.connection.prepare_cached(sql)?.execute(params![
            Name::from(*actor),
            seq_column(*from),
            seq_column(*to),
            head.0.as_slice(),
            entries.as_ref(),
            contents.as_deref(),
        ])?;
        Ok(AuditAppend::Done)
    }
}

/// Erases the contents of some batches that begin after `after`. Answers the last of them; `None` when there are none.
struct Erase {
    actor: ActorId,
    after: i64,
    through: Seq,
}

impl Operation for Erase {
    type Answer = Option<i64>;

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Option<i64>> {
        session.has_erased = true;
        let name = Name::from(self.actor);
        let sql = "SELECT max(first) FROM (SELECT first FROM audit_batches
                   WHERE actor = ?1 AND first > ?2 AND first <= ?3 ORDER BY first LIMIT ?4)";
        let parameters = params![name, self.after, seq_column(self.through), ERASED_PER_OPERATION];
        let last: Option<i64> = session
            .connection
            .prepare_cached(sql)?
            .query_row(parameters, |row| row.get(0))?;
        let sql = "UPDATE audit_batches SET contents = NULL WHERE actor = ?1 AND first > ?2 AND first <= ?3";
        session
            .connection
            .prepare_cached(sql)?
            .execute(params![name, self.after, last])?;
        Ok(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::sqlite::tests::{open, user};

    fn batch(from: u64, to: u64) -> AuditBatch {
        AuditBatch {
            actor: user(1),
            from: Seq(from),
            to: Seq(to),
            head: Digest([u8::try_from(to % 256).unwrap(); 32]),
            entries: format!("{from} to {to}").into(),
            contents: Some("secret".into()),
        }
    }

    fn ranges(batches: &[AuditBatch]) -> Vec<(u64, u64)> {
        batches.iter().map(|batch| (batch.from.0, batch.to.0)).collect()
    }

    #[tokio::test]
    async fn only_a_batch_that_joins_is_appended_and_the_answer_says_where_the_record_ends() {
        let opened = open();
        let audit = SqliteAudit::new(opened.database.clone());
        assert_eq!(audit.head(user(1)).await.unwrap(), None);
        assert_eq!(audit.append(batch(2, 3)).await.unwrap(), AuditAppend::Elsewhere(Seq(0)));
        assert_eq!(audit.append(batch(1, 3)).await.unwrap(), AuditAppend::Done);
        for other in [batch(1, 3), batch(2, 9), batch(5, 6)] {
            assert_eq!(audit.append(other).await.unwrap(), AuditAppend::Elsewhere(Seq(3)));
        }
        assert_eq!(audit.append(batch(4, 4)).await.unwrap(), AuditAppend::Done);
        assert_eq!(audit.head(user(1)).await.unwrap(), Some((Seq(4), Digest([4; 32]))));
        assert_eq!(audit.head(user(2)).await.unwrap(), None);
        assert!(audit.append(batch(5, 4)).await.is_err());
    }

    #[tokio::test]
    async fn reading_begins_with_the_batch_that_holds_the_next_commit() {
        let opened = open();
        let audit = SqliteAudit::new(opened.database.clone());
        for appended in [batch(1, 3), batch(4, 4), batch(5, 9)] {
            assert_eq!(audit.append(appended).await.unwrap(), AuditAppend::Done);
        }
        let read = async |after, limit| ranges(&audit.read(user(1), Seq(after), limit).await.unwrap());
        assert_eq!(read(0, 10).await, [(1, 3), (4, 4), (5, 9)]);
        assert_eq!(read(2, 10).await, [(1, 3), (4, 4), (5, 9)]);
        assert_eq!(read(3, 1).await, [(4, 4)]);
        assert_eq!(read(6, 10).await, [(5, 9)]);
        assert_eq!(read(9, 10).await, []);
        assert_eq!(read(u64::MAX, 10).await, []);
        assert_eq!(audit.read(user(1), Seq(4), 10).await.unwrap(), [batch(5, 9)]);
    }

    #[tokio::test]
    async fn erasing_takes_the_contents_and_leaves_the_chain() {
        let opened = open();
        let audit = SqliteAudit::new(opened.database.clone());
        for seq in 1..=150 {
            audit.append(batch(seq * 2 - 1, seq * 2)).await.unwrap();
        }
        audit.erase(user(1), Seq(281)).await.unwrap();
        let batches = audit.read(user(1), Seq(0), 1_000).await.unwrap();
        assert_eq!(batches.len(), 150);
        assert!(
            batches
                .iter()
                .all(|batch| batch.contents.is_none() == (batch.from <= Seq(281)))
        );
        assert_eq!(batches[0].entries, "1 to 2");
        audit.erase(user(2), Seq(1)).await.unwrap();
    }
}
