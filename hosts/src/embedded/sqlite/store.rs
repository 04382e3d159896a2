//! The logs of all actors, in SQLite.

use std::sync::Arc;

use punctual_actors::ports::{EncodedCommit, Failure, Head, HeadUpdate, Loaded, Page, PageSave, Store};
use punctual_events::{ActorId, Commit, DecodeError, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Database, ReadError,
    operations::{Append, Compact, ForgetPages, ReplaceBodies, Save},
    rows::{ActorKey, ActorRow, Name},
    watermarks::Marks,
};

/// Commits rewritten with one operation of an erasure: others commit in between.
const ERASED_PER_OPERATION: u64 = 64;

/// The [`Store`] of the embedded runtime.
#[derive(Clone)]
pub struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    /// The logs in `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Where they are.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A head as it was read, with what is known beyond the file.
    fn with_marks(&self, actor: ActorId, head: Head) -> Head {
        let audited = head.audited.max(self.database.marks(actor).audited);
        Head { audited, ..head }
    }
}

impl Store for SqliteStore {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        self.database.write(Append::new(expected, commit, update)?).await?
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        let mut loaded = self.database.read(move |connection| load(connection, actor)).await?;
        loaded.head = loaded.head.map(|head| self.with_marks(actor, head));
        Ok(loaded)
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        let row = self
            .database
            .read(move |connection| Ok(actor_row(connection, actor)?))
            .await?;
        Ok(row.and_then(|row| row.head).map(|head| self.with_marks(actor, head)))
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        let read = move |connection: &Connection| match actor_row(connection, actor)? {
            Some(row) => log(connection, row.key, after, limit),
            None => Ok(Vec::new()),
        };
        self.database.read(read).await
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        self.database.write(Save { actor, save }).await?
    }

    /// Noted in memory, so it shows in heads at once, and written about a second later together with other commits. A crash before that
    /// forgets the confirmation, never the commits; audit confirms again.
    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.database.raise(
            actor,
            Marks {
                audited: seq,
                ..Marks::default()
            },
        );
        Ok(())
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        let keep_undrained = self.database.options().keep_undrained;
        self.database
            .write(Compact {
                actor,
                before,
                keep_undrained,
            })
            .await
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        // Pages first: from then on no older page can come back, whatever happens to the rest.
        let Some(key) = self.database.write(ForgetPages { actor, through }).await? else {
            return Ok(());
        };
        let mut after = Seq::ZERO;
        loop {
            let read = move |connection: &Connection| erased_bodies(connection, key, after, through);
            let bodies = self.database.read(read).await?;
            let Some((last, _)) = bodies.last() else { return Ok(()) };
            after = ActorKey::seq_of(*last);
            self.database.write(ReplaceBodies { bodies }).await?;
        }
    }
}

fn actor_row(connection: &Connection, actor: ActorId) -> rusqlite::Result<Option<ActorRow>> {
    connection
        .prepare_cached(ActorRow::BY_NAME)?
        .query_row([Name::from(actor)], ActorRow::read)
        .optional()
}

fn load(connection: &Connection, actor: ActorId) -> Result<Loaded, ReadError> {
    let Some(row) = actor_row(connection, actor)? else {
        return Ok(Loaded::default());
    };
    let Some(head) = row.head else {
        return Ok(Loaded::default());
    };
    // The last commit is always wanted, also when the pages contain it.
    let after = head.snapshot.min(Seq(head.seq.0 - 1));
    let tail = log(connection, row.key, after, usize::MAX)?;
    if !tail
        .iter()
        .map(|commit| commit.header.seq.0)
        .eq(after.0 + 1..=head.seq.0)
    {
        return Err(ReadError::Hole(actor));
    }
    Ok(Loaded {
        pages: pages(connection, row.key)?,
        head: Some(head),
        tail,
    })
}

fn pages(connection: &Connection, key: ActorKey) -> rusqlite::Result<Vec<Page>> {
    let mut select = connection.prepare_cached("SELECT name, body FROM pages WHERE actor = ?1")?;
    let pages = select.query_map([key.0], |row| {
        Ok(Page {
            name: row.get(0)?,
            bytes: row.get::<_, Vec<u8>>(1)?.into(),
        })
    })?;
    pages.collect()
}

fn log(connection: &Connection, key: ActorKey, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
    bodies(connection, key, after, limit, |_, body| {
        Ok(Arc::new(Commit::decode(body)?))
    })
}

/// The next commits up to `through` that still have content, without it.
fn erased_bodies(
    connection: &Connection,
    key: ActorKey,
    after: Seq,
    through: Seq,
) -> Result<Vec<(i64, Vec<u8>)>, ReadError> {
    let limit = through.0.saturating_sub(after.0).min(ERASED_PER_OPERATION);
    let mut erased = bodies(
        connection,
        key,
        after,
        usize::try_from(limit).unwrap_or(usize::MAX),
        |key, body| {
            let mut commit = Commit::decode(body)?;
            commit.events.iter_mut().for_each(|event| *event = event.erased());
            Ok((key, commit.encode().map_err(DecodeError::from)?))
        },
    )?;
    erased.retain(|(key, _)| ActorKey::seq_of(*key) <= through);
    Ok(erased)
}

/// Reads commits after `after`, in order, through `read`.
fn bodies<T>(
    connection: &Connection,
    key: ActorKey,
    after: Seq,
    limit: usize,
    mut read: impl FnMut(i64, &[u8]) -> Result<T, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let sql = "SELECT key, body FROM commits WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3";
    let mut select = connection.prepare_cached(sql)?;
    let (start, end) = key.commits_after(after);
    let mut rows = select.query(params![start, end, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        found.push(read(row.get(0)?, body)?);
    }
    Ok(found)
}
