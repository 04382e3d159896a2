//! Where the audit records of actors and owners end. The writer asks with each batch it takes, and only the writer moves the ends, so that what it
//! remembers is what the file has.

use std::collections::HashMap;

use punctual_events::{ActorId, Digest, Seq, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::rows::{DigestColumn, Name, SeqColumn};
use crate::ports::AuditPlace;

/// Ends that are remembered, of actors and of owners. At the limit all are forgotten at once: finding one again is a look into an index.
const KNOWN_ENDS: usize = 16_384;

/// What the writer remembers.
#[derive(Default)]
pub(super) struct AuditEnds {
    commits: HashMap<ActorId, Seq>,
    places: HashMap<UserId, AuditPlace>,
}

impl AuditEnds {
    /// The last commit there is of an actor; zero where there is none.
    pub(super) fn commit(&self, connection: &Connection, actor: ActorId) -> rusqlite::Result<Seq> {
        match self.commits.get(&actor) {
            Some(seq) => Ok(*seq),
            None => Ok(last(connection, actor)?.map_or(Seq::ZERO, |(seq, _)| seq)),
        }
    }

    /// The last place of an owner's record.
    pub(super) fn place(&self, connection: &Connection, owner: UserId) -> rusqlite::Result<AuditPlace> {
        match self.places.get(&owner) {
            Some(place) => Ok(*place),
            None => end(connection, owner),
        }
    }

    /// Takes in that a batch was written.
    pub(super) fn moved(&mut self, (actor, seq): (ActorId, Seq), (owner, place): (UserId, AuditPlace)) {
        if self.commits.len() >= KNOWN_ENDS {
            *self = Self::default();
        }
        self.commits.insert(actor, seq);
        self.places.insert(owner, place);
    }
}

/// The last commit there is of an actor, and its hash.
pub(super) fn last(connection: &Connection, actor: ActorId) -> rusqlite::Result<Option<(Seq, Digest)>> {
    let sql = "SELECT last, head FROM audit_batches WHERE actor = ?1 ORDER BY first DESC LIMIT 1";
    let mut select = connection.prepare_cached(sql)?;
    let last = select.query_row([Name::from(actor)], |row| {
        Ok((row.get::<_, SeqColumn>(0)?.0, row.get::<_, DigestColumn>(1)?.0))
    });
    last.optional()
}

/// The last place of an owner's record.
pub(super) fn end(connection: &Connection, owner: UserId) -> rusqlite::Result<AuditPlace> {
    let sql = "SELECT place + (last - first) FROM audit_places WHERE owner = ?1 ORDER BY place DESC LIMIT 1";
    let mut select = connection.prepare_cached(sql)?;
    let end = select.query_row([Name::from(ActorId::User(owner))], place);
    Ok(end.optional()?.unwrap_or_default())
}

/// The place in the first column.
pub(super) fn place(row: &Row<'_>) -> rusqlite::Result<AuditPlace> {
    Ok(AuditPlace(row.get::<_, SeqColumn>(0)?.0.0))
}
