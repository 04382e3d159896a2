//! Reading a log. Its rows lie among those of all others, each naming the one before, so it is read backwards from a row that is known: that of
//! the last commit, or of one with a mark.

use std::sync::Arc;

use punctual_actors::ports::Head;
use punctual_events::{ActorId, Commit, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    ReadError,
    rows::{ActorKey, ActorRow, Name, SeqColumn, seq_column},
    watermarks::Marks,
};

/// The log of an actor at one moment.
pub(super) struct Log<'c> {
    actor: ActorId,
    connection: &'c Connection,
    drained: Seq,
    /// The first commit that is left.
    first: Seq,
    pub(super) head: Head,
    pub(super) key: ActorKey,
    /// The row of the last commit.
    tail: i64,
}

/// Where a commit is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) id: i64,
    pub(super) seq: Seq,
}

/// A row of `commits`.
pub(super) struct CommitRow<'a>(&'a Row<'a>);

impl CommitRow<'_> {
    pub(super) fn place(&self) -> rusqlite::Result<Place> {
        Ok(Place {
            id: self.0.get(0)?,
            seq: self.0.get::<_, SeqColumn>(1)?.0,
        })
    }

    fn previous(&self) -> rusqlite::Result<i64> {
        self.0.get(2)
    }

    fn time(&self) -> rusqlite::Result<Timestamp> {
        self.0.get(3).map(Timestamp::from_millis)
    }

    pub(super) fn body(&self) -> rusqlite::Result<&[u8]> {
        Ok(self.0.get_ref(4)?.as_blob()?)
    }
}

impl<'c> Log<'c> {
    /// The log of an actor that has one.
    pub(super) fn of(connection: &'c Connection, actor: ActorId) -> rusqlite::Result<Option<Self>> {
        let mut select = connection.prepare_cached(ActorRow::BY_NAME)?;
        let row = select.query_row([Name::from(actor)], ActorRow::read).optional()?;
        Ok(row.and_then(
            |ActorRow {
                 key,
                 head,
                 drained,
                 first,
                 tail,
             }| {
                Some(Self {
                    actor,
                    connection,
                    drained,
                    first,
                    head: head?,
                    key,
                    tail,
                })
            },
        ))
    }

    /// Commits after `after`, at most `limit`, in order.
    pub(super) fn commits(&self, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        self.read(after, limit, |row| Ok(Arc::new(Commit::decode(row.body()?)?)))
    }

    /// The next commits at the front that may be dropped: decided before `before`, in the pages, confirmed, and not the last. A wall clock that
    /// was set back makes no hole: they end before the first that has to stay.
    pub(super) fn droppable(
        &self,
        before: Timestamp,
        unwritten: Marks,
        keep_undrained: bool,
        limit: usize,
    ) -> Result<Vec<Place>, ReadError> {
        let audited = self.head.audited.max(unwritten.audited);
        let mut through = self.head.snapshot.min(audited).min(Seq(self.head.seq.0 - 1));
        if keep_undrained {
            through = through.min(self.drained.max(unwritten.drained));
        }
        let front = self.read(Seq::ZERO, limit, |row| Ok((row.place()?, row.time()?)))?;
        let droppable = front
            .into_iter()
            .take_while(|(place, time)| place.seq <= through && *time < before);
        Ok(droppable.map(|(place, _)| place).collect())
    }

    /// Reads rows after `after`, at most `limit`, in order, through `read`.
    pub(super) fn read<T>(
        &self,
        after: Seq,
        limit: usize,
        mut read: impl FnMut(&CommitRow<'_>) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let after = after.max(Seq(self.first.0 - 1));
        let last = Seq(after.0.saturating_add(limit as u64)).min(self.head.seq);
        if after >= last {
            return Ok(Vec::new());
        }
        let (mut id, mut read_rows) = (self.at_or_after(last)?, Vec::new());
        let sql = "SELECT id, seq, previous, time, body FROM commits WHERE id = ?1 AND actor = ?2";
        let mut select = self.connection.prepare_cached(sql)?;
        loop {
            let mut rows = select.query(params![id, self.key.0])?;
            let row = CommitRow(rows.next()?.ok_or(ReadError::Hole(self.actor))?);
            let seq = row.place()?.seq;
            if seq <= last {
                read_rows.push(read(&row)?);
            }
            if seq <= after.next() {
                read_rows.reverse();
                return Ok(read_rows);
            }
            id = row.previous()?;
        }
    }

    /// The nearest row known that is not before `seq`.
    fn at_or_after(&self, seq: Seq) -> rusqlite::Result<i64> {
        let sql = "SELECT id FROM marks WHERE actor = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1";
        let mut select = self.connection.prepare_cached(sql)?;
        let mark = select
            .query_row(params![self.key.0, seq_column(seq)], |row| row.get(0))
            .optional()?;
        Ok(mark.unwrap_or(self.tail))
    }
}
