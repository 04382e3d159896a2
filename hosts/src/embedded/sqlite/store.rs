//! The logs of all actors, in SQLite.

use std::sync::Arc;

use bytes::BytesMut;
use punctual_actors::ports::{EncodedCommit, Failure, Head, HeadUpdate, Loaded, Page, PageSave, Store};
use punctual_events::{ActorId, Commit, DecodeError, Seq, Timestamp};
use rusqlite::Connection;

use super::{
    Database, ReadError,
    log::Log,
    operations::{Append, DropFront, ForgetPages, ReplaceBodies, Save},
    rows::ActorKey,
    watermarks::Marks,
};

/// Commits dropped or rewritten by one operation: others commit in between.
const COMMITS_PER_OPERATION: usize = 64;

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
        let head = self
            .database
            .read(move |connection| Ok(Log::of(connection, actor)?.map(|log| log.head)))
            .await?;
        Ok(head.map(|head| self.with_marks(actor, head)))
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        let read = move |connection: &Connection| match Log::of(connection, actor)? {
            Some(log) => log.commits(after, limit),
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
        let unwritten = self.database.marks(actor);
        let keep_undrained = self.database.options().keep_undrained;
        loop {
            let read = move |connection: &Connection| match Log::of(connection, actor)? {
                Some(log) => log.droppable(before, unwritten, keep_undrained, COMMITS_PER_OPERATION),
                None => Ok(Vec::new()),
            };
            let commits = self.database.read(read).await?;
            if commits.is_empty() {
                return Ok(());
            }
            self.database.write(DropFront { actor, commits }).await?;
        }
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        // Pages first: from then on no older page can come back, whatever happens to the rest.
        self.database.write(ForgetPages { actor, through }).await?;
        let mut after = Seq::ZERO;
        while after < through {
            let limit = usize::try_from(through.0 - after.0)
                .unwrap_or(usize::MAX)
                .min(COMMITS_PER_OPERATION);
            let read = move |connection: &Connection| match Log::of(connection, actor)? {
                Some(log) => log.read(after, limit, |row| Ok((row.place()?, erased(row.body()?)?))),
                None => Ok(Vec::new()),
            };
            let commits = self.database.read(read).await?;
            let Some((last, _)) = commits.last() else { break };
            after = last.seq;
            // The first that are left may be later than asked for.
            let wanted = commits.into_iter().filter(|(place, _)| place.seq <= through);
            let bodies = wanted.map(|(place, body)| (place.id, body)).collect();
            self.database.write(ReplaceBodies { bodies }).await?;
        }
        Ok(())
    }
}

/// Head, pages and tail of one moment.
fn load(connection: &Connection, actor: ActorId) -> Result<Loaded, ReadError> {
    let Some(log) = Log::of(connection, actor)? else {
        return Ok(Loaded::default());
    };
    // The last commit is always wanted, also when the pages contain it.
    let after = log.head.snapshot.min(Seq(log.head.seq.0 - 1));
    let tail = log.commits(after, usize::MAX)?;
    if !tail
        .iter()
        .map(|commit| commit.header.seq.0)
        .eq(after.0 + 1..=log.head.seq.0)
    {
        return Err(ReadError::Hole(actor));
    }
    Ok(Loaded {
        pages: pages(connection, log.key)?,
        head: Some(log.head),
        tail,
    })
}

/// All in one allocation, which goes back to the system when they have been read: of many, each thread that reads would keep its own.
fn pages(connection: &Connection, key: ActorKey) -> rusqlite::Result<Vec<Page>> {
    let mut size = connection.prepare_cached("SELECT coalesce(sum(length(body)), 0) FROM pages WHERE actor = ?1")?;
    let size: i64 = size.query_row([key.0], |row| row.get(0))?;
    let mut bodies = BytesMut::with_capacity(usize::try_from(size).unwrap_or(0));
    let mut select = connection.prepare_cached("SELECT name, body FROM pages WHERE actor = ?1")?;
    let pages = select.query_map([key.0], |row| {
        bodies.extend_from_slice(row.get_ref(1)?.as_blob()?);
        Ok(Page {
            name: row.get(0)?,
            bytes: bodies.split().freeze(),
        })
    })?;
    pages.collect()
}

/// A commit without its content, in its stored form.
fn erased(body: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut commit = Commit::decode(body)?;
    commit.events.iter_mut().for_each(|event| *event = event.erased());
    Ok(commit.encode().map_err(DecodeError::from)?)
}
