//! How the contract's types look in rows.

use punctual_actors::ports::Head;
use punctual_events::{ActorId, Digest, Seq, SeriesId, Timestamp, UserId};
use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use uuid::Uuid;

/// An actor's name in `actors.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name([u8; 17]);

impl From<ActorId> for Name {
    fn from(actor: ActorId) -> Self {
        let mut bytes = [0; 17];
        bytes[0] = match actor {
            ActorId::User(_) => 0,
            ActorId::Series(_) => 1,
        };
        bytes[1..].copy_from_slice(actor.uuid().as_bytes());
        Self(bytes)
    }
}

impl ToSql for Name {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

/// An actor read from a name.
pub(super) struct Named(pub(super) ActorId);

impl FromSql for Named {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let (kind, id) = value.as_blob()?.split_first().ok_or(FromSqlError::InvalidType)?;
        let uuid = Uuid::from_slice(id).map_err(FromSqlError::other)?;
        match kind {
            0 => Ok(Self(ActorId::User(UserId(uuid)))),
            1 => Ok(Self(ActorId::Series(SeriesId(uuid)))),
            other => Err(FromSqlError::OutOfRange(i64::from(*other))),
        }
    }
}

/// A sequence as a column.
pub(super) struct SeqColumn(pub(super) Seq);

impl FromSql for SeqColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number)
            .map(|seq| Self(Seq(seq)))
            .map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// A sequence for a column. Sequences a log can have fit; anything larger names no commit and stays larger than all of them.
pub(super) fn seq_column(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// A digest as a column.
pub(super) struct DigestColumn(pub(super) Digest);

impl FromSql for DigestColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(|bytes| Self(Digest(bytes)))
    }
}

/// An actor's number in this database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ActorKey(pub(super) i64);

/// A row of `actors`.
pub(super) struct ActorRow {
    pub(super) key: ActorKey,
    /// `None` while the actor is only registered.
    pub(super) head: Option<Head>,
    pub(super) drained: Seq,
    /// The first commit that is left.
    pub(super) first: Seq,
    /// The row of the last commit.
    pub(super) tail: i64,
}

impl ActorRow {
    /// Selects the row of a [`Name`].
    pub(super) const BY_NAME: &str = "
        SELECT id, seq, hash, snapshot, zone_version, wake_at, published, audited, drained, first, tail FROM actors WHERE name = ?1";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let seq = |index| row.get::<_, SeqColumn>(index).map(|column| column.0);
        let head = Head {
            seq: seq(1)?,
            hash: row.get::<_, DigestColumn>(2)?.0,
            snapshot: seq(3)?,
            zone_version: row.get(4)?,
            wake_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
            published: seq(6)?,
            audited: seq(7)?,
        };
        Ok(Self {
            key: ActorKey(row.get(0)?),
            head: (head.seq > Seq::ZERO).then_some(head),
            drained: seq(8)?,
            first: seq(9)?,
            tail: row.get(10)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_like_ids_and_read_back() {
        let ids = [
            ActorId::User(UserId(Uuid::from_u128(1))),
            ActorId::User(UserId(Uuid::from_u128(u128::MAX))),
            ActorId::Series(SeriesId(Uuid::from_u128(0))),
        ];
        assert!(ids.is_sorted() && ids.map(|id| Name::from(id).0).is_sorted());
        for id in ids {
            let read = Named::column_result(ValueRef::Blob(&Name::from(id).0)).unwrap();
            assert_eq!(read.0, id);
        }
    }
}
