//! The writer's side of the connection: prepared statements and the numbers of actors.

use std::{collections::HashMap, sync::Arc};

use punctual_actors::ports::Head;
use punctual_events::{ActorId, Digest, Seq};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use super::{
    rows::{ActorKey, ActorRow, Name, seq_column},
    watermarks::{Marks, Watermarks},
};

/// Actors whose number is remembered. At the limit all are forgotten at once: finding one again is a look into an index.
const KNOWN_ACTORS: usize = 65_536;

/// Watermarks written with one batch.
const WATERMARKS_PER_BATCH: usize = 1_024;

/// What operations work with. The statements of an append are kept at hand; the rest come from the connection's cache.
pub(super) struct Session<'c> {
    pub(super) connection: &'c Connection,
    pub(super) watermarks: Arc<Watermarks>,
    keys: HashMap<ActorId, ActorKey>,
    begin: Statement<'c>,
    commit: Statement<'c>,
    advance: Statement<'c>,
    insert_commit: Statement<'c>,
}

/// What an append changes in the actor's row.
pub(super) struct Advance<'a> {
    pub(super) expected: Seq,
    pub(super) hash: &'a Digest,
    pub(super) wake_at: Option<i64>,
    pub(super) zone_version: &'a str,
    pub(super) published: Seq,
}

impl<'c> Session<'c> {
    pub(super) fn new(connection: &'c Connection, watermarks: Arc<Watermarks>) -> rusqlite::Result<Self> {
        let advance = connection.prepare(
            "UPDATE actors SET seq = seq + 1, hash = ?3, wake_at = ?4, zone_version = ?5, published = max(published, ?6)
             WHERE id = ?1 AND seq = ?2",
        )?;
        let insert_commit = connection.prepare("INSERT INTO commits (key, time, body) VALUES (?1, ?2, ?3)")?;
        let (begin, commit) = (connection.prepare("BEGIN IMMEDIATE")?, connection.prepare("COMMIT")?);
        Ok(Self {
            connection,
            watermarks,
            keys: HashMap::new(),
            begin,
            commit,
            advance,
            insert_commit,
        })
    }

    /// Starts a transaction.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.execute([]).map(drop)
    }

    /// Commits it; when this returns, it is on the disk.
    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        self.commit.execute([]).map(drop)
    }

    /// The number of an actor, if it has one.
    pub(super) fn key(&mut self, actor: ActorId) -> rusqlite::Result<Option<ActorKey>> {
        if let Some(key) = self.keys.get(&actor) {
            return Ok(Some(*key));
        }
        let mut select = self
            .connection
            .prepare_cached("SELECT id FROM actors WHERE name = ?1")?;
        let key = select
            .query_row([Name::from(actor)], |row| row.get(0).map(ActorKey))
            .optional()?;
        Ok(key.inspect(|key| self.remember(actor, *key)))
    }

    /// The number of an actor; a new one gets a number.
    pub(super) fn key_or_new(&mut self, actor: ActorId) -> rusqlite::Result<ActorKey> {
        if let Some(key) = self.key(actor)? {
            return Ok(key);
        }
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO actors (name) VALUES (?1)")?;
        let key = ActorKey(insert.insert([Name::from(actor)])?);
        self.remember(actor, key);
        Ok(key)
    }

    fn remember(&mut self, actor: ActorId, key: ActorKey) {
        if self.keys.len() >= KNOWN_ACTORS {
            self.keys.clear();
        }
        self.keys.insert(actor, key);
    }

    /// The row of an actor as the transaction sees it.
    pub(super) fn actor(&mut self, actor: ActorId) -> rusqlite::Result<Option<ActorRow>> {
        self.connection
            .prepare_cached(ActorRow::BY_NAME)?
            .query_row([Name::from(actor)], ActorRow::read)
            .optional()
    }

    /// Number and head of an actor that has a log.
    pub(super) fn head(&mut self, actor: ActorId) -> rusqlite::Result<Option<(ActorKey, Head)>> {
        Ok(self.actor(actor)?.and_then(|row| Some((row.key, row.head?))))
    }

    /// Removes every page of an actor.
    pub(super) fn remove_pages(&self, key: ActorKey) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM pages WHERE actor = ?1")?
            .execute([key.0])
            .map(drop)
    }

    /// Says which commit an actor's pages are of.
    pub(super) fn set_snapshot(&self, key: ActorKey, at: Seq) -> rusqlite::Result<()> {
        let mut update = self
            .connection
            .prepare_cached("UPDATE actors SET snapshot = ?2 WHERE id = ?1")?;
        update.execute(params![key.0, seq_column(at)]).map(drop)
    }

    /// Moves the head one commit on if it is where the caller expects it.
    pub(super) fn advance(&mut self, key: ActorKey, to: &Advance<'_>) -> rusqlite::Result<bool> {
        let changed = self.advance.execute(params![
            key.0,
            seq_column(to.expected),
            to.hash.0.as_slice(),
            to.wake_at,
            to.zone_version,
            seq_column(to.published)
        ])?;
        Ok(changed == 1)
    }

    /// Writes a commit.
    pub(super) fn insert_commit(&mut self, key: i64, time: i64, body: &[u8]) -> rusqlite::Result<()> {
        self.insert_commit.execute(params![key, time, body]).map(drop)
    }

    /// Writes some of the watermarks that wait, and answers which.
    pub(super) fn write_watermarks(&mut self) -> rusqlite::Result<Vec<(ActorId, Marks)>> {
        let marks = self.watermarks.some(WATERMARKS_PER_BATCH);
        for (actor, marks) in &marks {
            if let Some(key) = self.key(*actor)? {
                let sql = "UPDATE actors SET audited = max(audited, ?2), drained = max(drained, ?3) WHERE id = ?1";
                let mut update = self.connection.prepare_cached(sql)?;
                update.execute(params![key.0, seq_column(marks.audited), seq_column(marks.drained)])?;
            }
        }
        Ok(marks)
    }

    /// To be called after a roll-back: numbers given out in the transaction were never given.
    pub(super) fn forget(&mut self) {
        self.keys.clear();
    }
}
