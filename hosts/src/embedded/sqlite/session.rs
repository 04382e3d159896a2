//! The writer's side of the connection: prepared statements, and what it remembers of actors.

use std::{collections::HashMap, sync::Arc};

use punctual_actors::ports::Head;
use punctual_events::{ActorId, Digest, Seq};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use super::{
    audit_ends::AuditEnds,
    presence::Presence,
    rows::{ActorKey, ActorRow, Name, SeqColumn, seq_column},
    watermarks::{Marks, Watermarks},
};

/// Every how many commits of a log the place of one is noted.
const MARK_EVERY: u64 = 64;

/// Actors that are remembered. At the limit all are forgotten at once: finding one again is a look into an index.
const KNOWN_ACTORS: usize = 65_536;

/// Watermarks written with one batch.
pub(super) const WATERMARKS_PER_BATCH: usize = 1_024;

/// What operations work with. The statements of an append are kept at hand; the rest come from the connection's cache.
pub(super) struct Session<'c> {
    pub(super) connection: &'c Connection,
    pub(super) watermarks: Arc<Watermarks>,
    /// Set by operations that erase: the write-ahead log still has what they erased.
    pub(super) has_erased: bool,
    /// Where audit records end.
    pub(super) audit_ends: AuditEnds,
    known: HashMap<ActorId, Known>,
    presence: Presence,
    begin: Statement<'c>,
    commit: Statement<'c>,
    advance: Statement<'c>,
    insert_commit: Statement<'c>,
}

/// What an append must know of an actor. Only this thread writes, so what it remembers is what the file has.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) key: ActorKey,
    pub(super) seq: Seq,
    tail: i64,
}

/// A commit as it goes into the tables.
pub(super) struct NewCommit<'a> {
    pub(super) body: &'a [u8],
    pub(super) hash: &'a Digest,
    pub(super) time: i64,
    pub(super) wake_at: Option<i64>,
    pub(super) zone_version: &'a str,
    pub(super) published: Seq,
}

impl<'c> Session<'c> {
    pub(super) fn new(connection: &'c Connection, watermarks: Arc<Watermarks>) -> rusqlite::Result<Self> {
        let advance = connection.prepare(
            "UPDATE actors SET seq = ?2, hash = ?3, tail = ?4, wake_at = ?5, zone_version = ?6, published = max(published, ?7)
             WHERE id = ?1",
        )?;
        let insert_commit =
            connection.prepare("INSERT INTO commits (actor, seq, previous, time, body) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let (begin, commit) = (connection.prepare("BEGIN IMMEDIATE")?, connection.prepare("COMMIT")?);
        Ok(Self {
            connection,
            watermarks,
            has_erased: false,
            audit_ends: AuditEnds::default(),
            known: HashMap::new(),
            presence: Presence::of(connection),
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
        self.presence.check()?;
        self.commit.execute([]).map(drop)
    }

    /// What is known of an actor that has a row.
    pub(super) fn known(&mut self, actor: ActorId) -> rusqlite::Result<Option<Known>> {
        if let Some(known) = self.known.get(&actor) {
            return Ok(Some(*known));
        }
        let mut select = self
            .connection
            .prepare_cached("SELECT id, seq, tail FROM actors WHERE name = ?1")?;
        let known = select.query_row([Name::from(actor)], |row| {
            Ok(Known {
                key: ActorKey(row.get(0)?),
                seq: row.get::<_, SeqColumn>(1)?.0,
                tail: row.get(2)?,
            })
        });
        Ok(known.optional()?.inspect(|known| self.remember(actor, *known)))
    }

    /// Gives a new actor a row.
    pub(super) fn register(&mut self, actor: ActorId) -> rusqlite::Result<Known> {
        if let Some(known) = self.known(actor)? {
            return Ok(known);
        }
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO actors (name) VALUES (?1)")?;
        let known = Known {
            key: ActorKey(insert.insert([Name::from(actor)])?),
            seq: Seq::ZERO,
            tail: 0,
        };
        self.remember(actor, known);
        Ok(known)
    }

    fn remember(&mut self, actor: ActorId, known: Known) {
        if self.known.len() >= KNOWN_ACTORS {
            self.known.clear();
        }
        self.known.insert(actor, known);
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

    /// Adds a commit to the log and moves the head on to it.
    pub(super) fn append(&mut self, actor: ActorId, known: Known, commit: &NewCommit<'_>) -> rusqlite::Result<()> {
        let Known {
            key: ActorKey(key),
            seq,
            tail,
        } = known;
        let seq = seq.next();
        let row = params![key, seq_column(seq), tail, commit.time, commit.body];
        let tail = self.insert_commit.insert(row)?;
        self.advance.execute(params![
            key,
            seq_column(seq),
            commit.hash.0.as_slice(),
            tail,
            commit.wake_at,
            commit.zone_version,
            seq_column(commit.published)
        ])?;
        if seq.0.is_multiple_of(MARK_EVERY) {
            let mut insert = self
                .connection
                .prepare_cached("INSERT INTO marks (actor, seq, id) VALUES (?1, ?2, ?3)")?;
            insert.execute(params![key, seq_column(seq), tail])?;
        }
        self.remember(actor, Known { seq, tail, ..known });
        Ok(())
    }

    /// Writes some of the watermarks that wait, and answers which.
    pub(super) fn write_watermarks(&mut self) -> rusqlite::Result<Vec<(ActorId, Marks)>> {
        let marks = self.watermarks.some(WATERMARKS_PER_BATCH);
        for (actor, marks) in &marks {
            if let Some(Known { key, .. }) = self.known(*actor)? {
                let sql = "UPDATE actors SET audited = max(audited, ?2), drained = max(drained, ?3) WHERE id = ?1";
                let mut update = self.connection.prepare_cached(sql)?;
                update.execute(params![key.0, seq_column(marks.audited), seq_column(marks.drained)])?;
            }
        }
        Ok(marks)
    }

    /// To be called after a roll-back: what the transaction did was never done.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.audit_ends = AuditEnds::default();
    }
}
