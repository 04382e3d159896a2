//! Reading many heads at start.

use std::sync::Arc;

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Seq, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params_from_iter, types::Value};

use super::{
    Database,
    rows::{ActorRow, Name, Named, SeqColumn},
    watermarks::Marks,
};

/// Heads that were read at once.
pub(in crate::embedded) struct Heads<T> {
    /// Those that can be read.
    pub(in crate::embedded) heads: Vec<T>,
    /// Where the next read goes on; `None` when there is nothing more.
    pub(in crate::embedded) next: Option<i64>,
}

/// A head that asks to be woken.
pub(in crate::embedded) struct ArmedHead {
    pub(in crate::embedded) actor: ActorId,
    pub(in crate::embedded) seq: Seq,
    pub(in crate::embedded) wake_at: Timestamp,
}

/// A head whose last commits are not noted as delivered.
pub(in crate::embedded) struct UndrainedHead {
    pub(in crate::embedded) actor: ActorId,
    pub(in crate::embedded) seq: Seq,
    pub(in crate::embedded) drained: Seq,
}

impl ArmedHead {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            actor: row.get::<_, Named>(1)?.0,
            seq: row.get::<_, SeqColumn>(2)?.0,
            wake_at: Timestamp::from_millis(row.get(3)?),
        })
    }
}

impl UndrainedHead {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            actor: row.get::<_, Named>(1)?.0,
            seq: row.get::<_, SeqColumn>(2)?.0,
            drained: row.get::<_, SeqColumn>(3)?.0,
        })
    }
}

impl Database {
    /// Heads that ask to be woken, in the order of the table: one pass over it, whatever their number.
    pub(in crate::embedded) async fn armed_heads(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Heads<ArmedHead>, Failure> {
        let sql =
            "SELECT id, name, seq, wake_at FROM actors WHERE id > ?1 AND wake_at IS NOT NULL ORDER BY id LIMIT ?2";
        self.heads(sql, after, limit, None, ArmedHead::read).await
    }

    /// Heads with commits that are not noted as delivered, in the order of the table.
    pub(in crate::embedded) async fn undrained_heads(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Heads<UndrainedHead>, Failure> {
        let sql = "SELECT id, name, seq, drained FROM actors WHERE id > ?1 AND drained < seq ORDER BY id LIMIT ?2";
        let mut read = self.heads(sql, after, limit, None, UndrainedHead::read).await?;
        for head in &mut read.heads {
            head.drained = head.drained.max(self.marks(head.actor).drained);
        }
        Ok(read)
    }

    /// Heads whose wake-up was computed with zone data other than `version`, in the order of the table.
    pub(in crate::embedded) async fn armed_heads_of_other_zone_data(
        &self,
        version: &str,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Heads<ArmedHead>, Failure> {
        let sql = "SELECT id, name, seq, wake_at FROM actors
                   WHERE id > ?1 AND wake_at IS NOT NULL AND zone_version <> ?3 ORDER BY id LIMIT ?2";
        self.heads(sql, after, limit, Some(version.to_owned()), ArmedHead::read)
            .await
    }

    /// Selects heads with their row's number first. One that cannot be read is noted and passed over.
    async fn heads<T: Send + 'static>(
        &self,
        sql: &'static str,
        after: Option<i64>,
        limit: usize,
        zone_version: Option<String>,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Heads<T>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut values = vec![Value::from(after.unwrap_or(0)), limit.into()];
        values.extend(zone_version.map(Value::from));
        let (damaged, observer) = (
            Arc::clone(&self.shared.damaged_rows),
            Arc::clone(&self.options().observer),
        );
        self.read(move |connection| {
            let mut select = connection.prepare_cached(sql)?;
            let mut rows = select.query(params_from_iter(values))?;
            let (mut heads, mut next) = (Vec::new(), None);
            while let Some(row) = rows.next()? {
                let key = row.get(0)?;
                next = Some(key);
                match read(row) {
                    Ok(head) => heads.push(head),
                    Err(error) => damaged.note(key, row, &error, &*observer),
                }
            }
            Ok(Heads { heads, next })
        })
        .await
    }

    /// Everything up to here was delivered; `None` for an actor that never committed.
    pub(in crate::embedded) async fn drained(&self, actor: ActorId) -> Result<Option<Seq>, Failure> {
        let read = self.read(move |connection| {
            let mut select = connection.prepare_cached(ActorRow::BY_NAME)?;
            Ok(select.query_row([Name::from(actor)], ActorRow::read).optional()?)
        });
        let row = read.await?.filter(|row| row.head.is_some());
        Ok(row.map(|row| row.drained.max(self.marks(actor).drained)))
    }

    /// Notes that everything up to `seq` was delivered; written with a later batch.
    pub(in crate::embedded) fn note_drained(&self, actor: ActorId, seq: Seq) {
        self.raise(
            actor,
            Marks {
                drained: seq,
                ..Marks::default()
            },
        );
    }
}
