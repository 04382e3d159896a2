//! What the store writes, as operations of the writer.

use punctual_actors::ports::{EncodedCommit, Failure, HeadUpdate, PageSave, PageWrite};
use punctual_events::{ActorId, Seq, Timestamp};
use rusqlite::params;

use super::{
    log::Place,
    rows::{ActorKey, seq_column},
    session::{NewCommit, Session},
    writer::Operation,
};

/// A commit at the end of its log, if that is where the caller expects it.
pub(super) struct Append {
    commit: EncodedCommit,
    expected: Seq,
    update: HeadUpdate,
}

impl Append {
    pub(super) fn new(expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<Self, Failure> {
        if commit.commit.header.seq != expected.next() {
            return Err(Failure::new("the commit is not the one after the expected sequence"));
        }
        Ok(Self {
            commit,
            expected,
            update,
        })
    }
}

impl Operation for Append {
    type Answer = Result<(), Failure>;

    fn size(&self) -> usize {
        self.commit.bytes.len() + 256
    }

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Self::Answer> {
        let header = &self.commit.commit.header;
        let known = match session.known(header.actor)? {
            None if self.expected == Seq::ZERO => Some(session.register(header.actor)?),
            known => known,
        };
        let Some(known) = known.filter(|known| known.seq == self.expected) else {
            return Ok(Err(Failure::new("the log is not at the expected sequence")));
        };
        let commit = NewCommit {
            body: &self.commit.bytes,
            hash: &header.hash,
            time: header.time.as_millis(),
            wake_at: self.update.wake_at.map(Timestamp::as_millis),
            zone_version: &self.update.zone_version,
            published: self.update.published,
        };
        session.append(header.actor, known, &commit)?;
        Ok(Ok(()))
    }
}

/// The state as of a commit.
pub(super) struct Save {
    pub(super) actor: ActorId,
    pub(super) save: PageSave,
}

impl Operation for Save {
    type Answer = Result<bool, Failure>;

    fn size(&self) -> usize {
        self.save
            .pages
            .iter()
            .map(|page| page.bytes.as_ref().map_or(0, bytes::Bytes::len) + 128)
            .sum()
    }

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Self::Answer> {
        let PageSave { at, pages, since } = &self.save;
        let Some((key, head)) = session.head(self.actor)?.filter(|(_, head)| *at <= head.seq) else {
            return Ok(Err(Failure::new("pages are ahead of their log")));
        };
        if *at <= head.snapshot || since.is_some_and(|since| since != head.snapshot) {
            return Ok(Ok(false));
        }
        if since.is_none() {
            session.remove_pages(key)?;
        }
        pages.iter().try_for_each(|page| write_page(session, key, page))?;
        session.set_snapshot(key, *at)?;
        Ok(Ok(true))
    }
}

fn write_page(session: &Session<'_>, key: ActorKey, page: &PageWrite) -> rusqlite::Result<()> {
    let connection = session.connection;
    match &page.bytes {
        Some(bytes) => connection
            .prepare_cached(
                "INSERT INTO pages (actor, name, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (actor, name) DO UPDATE SET body = excluded.body",
            )?
            .execute(params![key.0, page.name, bytes.as_ref()])?,
        None => connection
            .prepare_cached("DELETE FROM pages WHERE actor = ?1 AND name = ?2")?
            .execute(params![key.0, page.name])?,
    };
    Ok(())
}

/// Commits at the front of a log that nobody needs, in order.
pub(super) struct DropFront {
    pub(super) actor: ActorId,
    pub(super) commits: Vec<Place>,
}

impl Operation for DropFront {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let (Some(front), Some(last)) = (self.commits.first(), self.commits.last()) else {
            return Ok(());
        };
        let Some(row) = session.actor(self.actor)?.filter(|row| row.first == front.seq) else {
            return Ok(());
        };
        let connection = session.connection;
        let mut delete = connection.prepare_cached("DELETE FROM commits WHERE id = ?1")?;
        self.commits
            .iter()
            .try_for_each(|place| delete.execute([place.id]).map(drop))?;
        let left = params![row.key.0, seq_column(last.seq.next())];
        connection
            .prepare_cached("DELETE FROM marks WHERE actor = ?1 AND seq < ?2")?
            .execute(left)?;
        connection
            .prepare_cached("UPDATE actors SET first = ?2 WHERE id = ?1")?
            .execute(left)?;
        Ok(())
    }
}

/// The first step of an erasure: a save without pages, so that none from before comes back.
pub(super) struct ForgetPages {
    pub(super) actor: ActorId,
    pub(super) through: Seq,
}

impl Operation for ForgetPages {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let Some((key, head)) = session.head(self.actor)? else {
            return Ok(());
        };
        let through = self.through.min(head.seq);
        session.has_erased = true;
        // Pages of a later state are of what came after that which is erased.
        if through >= head.snapshot {
            session.remove_pages(key)?;
            session.set_snapshot(key, through)?;
        }
        Ok(())
    }
}

/// The second step: commits without their content. Those that were dropped meanwhile stay dropped.
pub(super) struct ReplaceBodies {
    pub(super) bodies: Vec<(i64, Vec<u8>)>,
}

impl Operation for ReplaceBodies {
    type Answer = ();

    fn size(&self) -> usize {
        self.bodies.iter().map(|(_, body)| body.len()).sum()
    }

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        session.has_erased = true;
        let mut update = session
            .connection
            .prepare_cached("UPDATE commits SET body = ?2 WHERE id = ?1")?;
        self.bodies
            .iter()
            .try_for_each(|(id, body)| update.execute(params![id, body]).map(drop))
    }
}
