//! The audit record: batches of the chains that audit copied, and their places in the records of their owners; in the same file and the same
//! transactions as the logs. Only the writer gives places, one after another.

use bytes::Bytes;
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Digest, Seq, UserId};
use rusqlite::{Row, params};

use super::{
    Database,
    audit_ends::{end, last, place},
    rows::{DigestColumn, Name, Named, SeqColumn, seq_column},
    session::Session,
    writer::Operation,
};
use crate::ports::{AuditAppend, AuditBatch, AuditPlace, AuditStore, AuditStretch};

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

    fn end(&self, owner: UserId) -> BoxFuture<'_, Result<AuditPlace, Failure>> {
        Box::pin(self.database.read(move |connection| Ok(end(connection, owner)?)))
    }

    fn read(
        &self,
        owner: UserId,
        after: AuditPlace,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<AuditStretch>, Failure>> {
        Box::pin(self.database.read(move |connection| {
            // The batch that holds the place after `after` is the last that begins at it or before: no look at those before that one.
            let sql = "SELECT p.place, p.actor, p.first, p.last, b.last, b.head, b.entries, b.contents
                       FROM audit_places AS p LEFT JOIN audit_batches AS b ON b.actor = p.actor AND b.first = p.first
                       WHERE p.owner = ?1 AND p.place + (p.last - p.first) > ?2 AND p.place >= coalesce(
                           (SELECT max(place) FROM audit_places WHERE owner = ?1 AND place <= ?3), 0)
                       ORDER BY p.place LIMIT ?4";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut select = connection.prepare_cached(sql)?;
            let name = Name::from(ActorId::User(owner));
            let parameters = params![name, place_column(after), place_column(after.next()), limit];
            let stretches = select.query_map(parameters, |row| stretch(owner, row))?;
            Ok(stretches.collect::<Result<_, _>>()?)
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

/// A place for a column; what does not fit is after all there are.
fn place_column(place: AuditPlace) -> i64 {
    i64::try_from(place.0).unwrap_or(i64::MAX)
}

fn stretch(owner: UserId, row: &Row<'_>) -> rusqlite::Result<AuditStretch> {
    let seq = |index| row.get::<_, SeqColumn>(index).map(|column| column.0);
    let (actor, from) = (row.get::<_, Named>(1)?.0, seq(2)?);
    let batch = match row.get::<_, Option<SeqColumn>>(4)? {
        None => None,
        Some(SeqColumn(to)) => Some(AuditBatch {
            actor,
            owner,
            from,
            to,
            head: row.get::<_, DigestColumn>(5)?.0,
            entries: row.get::<_, Vec<u8>>(6)?.into(),
            contents: row.get::<_, Option<Vec<u8>>>(7)?.map(Bytes::from),
        }),
    };
    Ok(AuditStretch {
        place: place(row)?,
        actor,
        from,
        to: seq(3)?,
        batch,
    })
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
            owner,
            from,
            to,
            head,
            entries,
            contents,
        } = &self.batch;
        let connection = session.connection;
        let last = session.audit_ends.commit(connection, *actor)?;
        if *from != last.next() {
            return Ok(AuditAppend::Elsewhere(last));
        }
        let (name, first, last) = (Name::from(*actor), seq_column(*from), seq_column(*to));
        let sql =
            "INSERT INTO audit_batches (actor, first, last, head, entries, contents) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (head, contents) = (head.0.as_slice(), contents.as_deref());
        connection
            .prepare_cached(sql)?
            .execute(params![name, first, last, head, entries.as_ref(), contents])?;
        let place = session.audit_ends.place(connection, *owner)?.next();
        let sql = "INSERT INTO audit_places (owner, place, actor, first, last) VALUES (?1, ?2, ?3, ?4, ?5)";
        connection.prepare_cached(sql)?.execute(params![
            Name::from(ActorId::User(*owner)),
            place_column(place),
            name,
            first,
            last
        ])?;
        let end = AuditPlace(place.0 + (to.0 - from.0));
        session.audit_ends.moved((*actor, *to), (*owner, end));
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
mod tests;
