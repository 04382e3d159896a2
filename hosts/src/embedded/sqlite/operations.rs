//! What the store writes, as operations of the writer.

use punctual_actors::ports::{EncodedCommit, Failure, HeadUpdate, PageSave, PageWrite};
use punctual_events::{ActorId, Seq, Timestamp};
use rusqlite::params;

use super::{
    rows::{ActorKey, seq_column},
    session::{Advance, Session},
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
        let moved_on = || Failure::new("the log is not at the expected sequence");
        let key = match session.key(header.actor)? {
            Some(key) => key,
            None if self.expected == Seq::ZERO => session.key_or_new(header.actor)?,
            None => return Ok(Err(moved_on())),
        };
        let Some(commit_key) = key.commit(header.seq) else {
            return Ok(Err(Failure::new("the log is full")));
        };
        let to = Advance {
            expected: self.expected,
            hash: &header.hash,
            wake_at: self.update.wake_at.map(Timestamp::as_millis),
            zone_version: &self.update.zone_version,
            published: self.update.published,
        };
        if !session.advance(key, &to)? {
            return Ok(Err(moved_on()));
        }
        session.insert_commit(commit_key, header.time.as_millis(), &self.commit.bytes)?;
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

/// Commits at the beginning of a log that nobody needs.
pub(super) struct Compact {
    pub(super) actor: ActorId,
    pub(super) before: Timestamp,
    pub(super) keep_undrained: bool,
}

impl Operation for Compact {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let Some(row) = session.actor(self.actor)? else {
            return Ok(());
        };
        let Some(head) = row.head else { return Ok(()) };
        let unwritten = session.watermarks.of(self.actor);
        let mut through = head
            .snapshot
            .min(head.audited.max(unwritten.audited))
            .min(Seq(head.seq.0 - 1));
        if self.keep_undrained {
            through = through.min(row.drained.max(unwritten.drained));
        }
        let (start, _) = row.key.commits_after(Seq::ZERO);
        // A wall clock that was set back must not make a hole: what is dropped ends before the first commit that is kept.
        let sql = "DELETE FROM commits WHERE key > ?1 AND key <= ?2 AND key < coalesce(
                       (SELECT min(key) FROM commits WHERE key > ?1 AND key <= ?2 AND time >= ?3), ?2 + 1)";
        let end = start + seq_column(through);
        session
            .connection
            .prepare_cached(sql)?
            .execute(params![start, end, self.before.as_millis()])?;
        Ok(())
    }
}

/// The first step of an erasure: a save without pages, so that none from before comes back. Answers the actor's number.
pub(super) struct ForgetPages {
    pub(super) actor: ActorId,
    pub(super) through: Seq,
}

impl Operation for ForgetPages {
    type Answer = Option<ActorKey>;

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Self::Answer> {
        let Some((key, head)) = session.head(self.actor)? else {
            return Ok(None);
        };
        let through = self.through.min(head.seq);
        // Pages of a later state are of what came after that which is erased.
        if through >= head.snapshot {
            session.remove_pages(key)?;
            session.set_snapshot(key, through)?;
        }
        Ok(Some(key))
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
        let mut update = session
            .connection
            .prepare_cached("UPDATE commits SET body = ?2 WHERE key = ?1")?;
        self.bodies
            .iter()
            .try_for_each(|(key, body)| update.execute(params![key, body]).map(drop))
    }
}
