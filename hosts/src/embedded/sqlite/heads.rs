//! Reading many heads at start.

use punctual_actors::ports::Failure;
use punctual_events::Timestamp;
use rusqlite::params;

use super::{
    Database,
    rows::{Named, SeqColumn},
};
use crate::embedded::wakeups::ArmedHead;

impl Database {
    /// Heads that ask to be woken, in the order of the table: one pass over it, whatever their number.
    pub(in crate::embedded) async fn armed_heads(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<ArmedHead>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            let sql =
                "SELECT id, name, seq, wake_at FROM actors WHERE id > ?1 AND wake_at IS NOT NULL ORDER BY id LIMIT ?2";
            let mut select = connection.prepare_cached(sql)?;
            let heads = select.query_map(params![after.unwrap_or(0), limit], |row| {
                Ok(ArmedHead {
                    key: row.get(0)?,
                    actor: row.get::<_, Named>(1)?.0,
                    seq: row.get::<_, SeqColumn>(2)?.0,
                    wake_at: Timestamp::from_millis(row.get(3)?),
                })
            })?;
            Ok(heads.collect::<Result<_, _>>()?)
        })
        .await
    }
}
