//! Work at an instant: a row per job, and a queue in memory that knows when each is due.

use std::{panic::AssertUnwindSafe, sync::Arc};

use bytes::Bytes;
use futures_util::FutureExt as _;
use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{Database, session::Session, writer::Operation};
use crate::{
    embedded::{
        backoff::Backoff,
        timer::{Alarm, Timer},
    },
    ports::{JobHandler, Jobs},
};

/// Jobs done at the same time, at most. They mostly wait for receivers of webhooks, slow ones among them, which must not fill this.
const CONCURRENT: usize = 1_024;

/// A job in the queue. The nonce tells it from a later one of the same name: an entry whose row has another nonce, or none, is passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    name: Arc<str>,
    nonce: i64,
}

/// The [`Jobs`] of the embedded runtime. Clones share them.
#[derive(Clone)]
pub struct SqliteJobs {
    clock: Arc<dyn Clock>,
    database: Database,
    timer: Timer<Entry>,
}

impl SqliteJobs {
    /// The jobs in `database`, once they are loaded.
    #[must_use]
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self {
            timer: Timer::new(Arc::clone(&clock)),
            clock,
            database,
        }
    }

    /// Queues the jobs that earlier processes left, and answers how many there were.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(&self) -> Result<usize, Failure> {
        let read = self.database.read(|connection| {
            let mut select = connection.prepare("SELECT at, name, nonce FROM jobs")?;
            let jobs = select.query_map([], |row| {
                let entry = Entry {
                    name: row.get(1)?,
                    nonce: row.get(2)?,
                };
                Ok((Timestamp::from_millis(row.get(0)?), entry))
            })?;
            Ok(jobs.collect::<Result<Vec<_>, _>>()?)
        });
        let jobs = read.await?;
        let count = jobs.len();
        self.timer.extend(jobs);
        Ok(count)
    }

    /// Has jobs done as they become due, each until the handler has done it. Runs until dropped; one at a time.
    pub async fn deliver(&self, alarm: &Alarm, handler: Arc<dyn JobHandler>) {
        let permits = Arc::new(Semaphore::new(CONCURRENT));
        let mut running = JoinSet::new();
        loop {
            for (_, entry) in self.timer.due(alarm, CONCURRENT).await {
                let (jobs, handler, permits) = (self.clone(), Arc::clone(&handler), Arc::clone(&permits));
                running.spawn(async move { jobs.run_until_done(&entry, &*handler, &permits).await });
            }
            while running.try_join_next().is_some() {}
        }
    }

    async fn run_until_done(&self, entry: &Entry, handler: &dyn JobHandler, permits: &Semaphore) {
        let mut backoff = Backoff::default();
        loop {
            let outcome = {
                // Held for the try only: jobs that fail must not keep the others waiting.
                let _permit = permits.acquire().await;
                // One that panics is tried again like one that fails: nobody else would before the next start.
                let tried = AssertUnwindSafe(self.run(entry, handler)).catch_unwind().await;
                tried.unwrap_or_else(|_| Err(Failure::new("it panicked")))
            };
            let Err(failure) = outcome else { return };
            let pause_ms = backoff.after_ms(&failure);
            tracing::warn!(job = &*entry.name, %failure, pause_ms, "a job failed");
            self.clock.sleep_ms(pause_ms).await;
        }
    }

    /// One try, unless the job was cancelled or replaced meanwhile.
    async fn run(&self, entry: &Entry, handler: &dyn JobHandler) -> Result<(), Failure> {
        let Entry { name, nonce } = entry.clone();
        let read = self.database.read(move |connection| {
            let mut select = connection.prepare_cached("SELECT payload FROM jobs WHERE name = ?1 AND nonce = ?2")?;
            Ok(select
                .query_row(params![name, nonce], |row| row.get::<_, Vec<u8>>(0))
                .optional()?)
        });
        let Some(payload) = read.await? else { return Ok(()) };
        handler.run(&entry.name, payload.into()).await?;
        // One that the handler scheduled anew has another nonce and stays.
        self.database.write(Finish { entry: entry.clone() }).await
    }
}

impl Jobs for SqliteJobs {
    fn schedule<'a>(&'a self, name: &'a str, at: Timestamp, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        let name: Arc<str> = name.into();
        Box::pin(async move {
            let operation = Schedule {
                name: Arc::clone(&name),
                at,
                payload,
            };
            let (before, nonce) = self.database.write(operation).await?;
            self.forget(&name, before);
            self.timer.insert(at, Entry { name, nonce });
            Ok(())
        })
    }

    fn cancel<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let name: Arc<str> = name.into();
        Box::pin(async move {
            let cancelled = self
                .database
                .write(Cancel {
                    name: Arc::clone(&name),
                })
                .await?;
            self.forget(&name, cancelled);
            Ok(())
        })
    }

    fn cancel_all<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let operation = CancelAll { prefix: prefix.into() };
        Box::pin(async move {
            for (name, place) in self.database.write(operation).await? {
                self.forget(&name, Some(place));
            }
            Ok(())
        })
    }
}

impl SqliteJobs {
    fn forget(&self, name: &Arc<str>, place: Option<Place>) {
        if let Some(Place { at, nonce }) = place {
            self.timer.remove(
                at,
                &Entry {
                    name: Arc::clone(name),
                    nonce,
                },
            );
        }
    }
}

/// Where a job was in the queue.
struct Place {
    at: Timestamp,
    nonce: i64,
}

/// Takes the row of a name away.
fn take(session: &Session<'_>, name: &str) -> rusqlite::Result<Option<Place>> {
    let mut delete = session
        .connection
        .prepare_cached("DELETE FROM jobs WHERE name = ?1 RETURNING at, nonce")?;
    let place = delete.query_row([name], |row| {
        Ok(Place {
            at: Timestamp::from_millis(row.get(0)?),
            nonce: row.get(1)?,
        })
    });
    place.optional()
}

struct Schedule {
    name: Arc<str>,
    at: Timestamp,
    payload: Bytes,
}

impl Operation for Schedule {
    /// The job it replaces, and the nonce of the new one.
    type Answer = (Option<Place>, i64);

    fn size(&self) -> usize {
        self.payload.len() + 256
    }

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Self::Answer> {
        let before = take(session, &self.name)?;
        let sql = "INSERT INTO jobs (name, at, nonce, payload) VALUES (?1, ?2, random(), ?3) RETURNING nonce";
        let parameters = params![self.name, self.at.as_millis(), self.payload.as_ref()];
        let nonce = session
            .connection
            .prepare_cached(sql)?
            .query_row(parameters, |row| row.get(0))?;
        Ok((before, nonce))
    }
}

struct Cancel {
    name: Arc<str>,
}

impl Operation for Cancel {
    type Answer = Option<Place>;

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Self::Answer> {
        take(session, &self.name)
    }
}

struct CancelAll {
    prefix: Box<str>,
}

impl Operation for CancelAll {
    type Answer = Vec<(Arc<str>, Place)>;

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Self::Answer> {
        session.has_erased = true;
        // No name has a character after the prefix that is larger.
        let end = format!("{}{}", self.prefix, char::MAX);
        let mut delete = session
            .connection
            .prepare_cached("DELETE FROM jobs WHERE name >= ?1 AND name < ?2 RETURNING name, at, nonce")?;
        let cancelled = delete.query_map(params![self.prefix, end], |row| {
            let place = Place {
                at: Timestamp::from_millis(row.get(1)?),
                nonce: row.get(2)?,
            };
            Ok((row.get(0)?, place))
        })?;
        cancelled.collect()
    }
}

struct Finish {
    entry: Entry,
}

impl Operation for Finish {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let mut delete = session
            .connection
            .prepare_cached("DELETE FROM jobs WHERE name = ?1 AND nonce = ?2")?;
        delete.execute(params![self.entry.name, self.entry.nonce]).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        embedded::sqlite::tests::{Opened, open},
        environment::SystemClock,
    };

    /// Passes jobs on after failing a few times, every other time by a panic; one called `again` schedules itself anew once.
    struct Worker {
        done: mpsc::UnboundedSender<(String, Bytes, Timestamp)>,
        failures: AtomicU32,
        jobs: SqliteJobs,
    }

    impl JobHandler for Worker {
        fn run<'a>(&'a self, name: &'a str, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
            Box::pin(async move {
                let fails = |left: u32| left.checked_sub(1);
                let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails);
                if let Ok(left) = left {
                    assert!(left % 2 == 0, "on purpose");
                    return Err(Failure::new("not now"));
                }
                if name == "again" && payload == "first" {
                    self.jobs.schedule(name, SystemClock.now(), "second".into()).await?;
                }
                self.done
                    .send((name.into(), payload, SystemClock.now()))
                    .map_err(Failure::new)
            })
        }
    }

    fn jobs_of(opened: &Opened) -> SqliteJobs {
        SqliteJobs::new(opened.database.clone(), Arc::new(SystemClock))
    }

    fn start(jobs: &SqliteJobs, failures: u32) -> mpsc::UnboundedReceiver<(String, Bytes, Timestamp)> {
        let (done, receiver) = mpsc::unbounded_channel();
        let worker = Arc::new(Worker {
            done,
            failures: AtomicU32::new(failures),
            jobs: jobs.clone(),
        });
        let (running, alarm) = (jobs.clone(), Alarm::system().unwrap());
        tokio::spawn(async move { running.deliver(&alarm, worker).await });
        receiver
    }

    /// Waits until no job is left.
    async fn until_all_are_done(jobs: &SqliteJobs) {
        while jobs.load().await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_job_is_done_at_its_instant_and_is_gone_then() {
        let opened = open();
        let jobs = jobs_of(&opened);
        let mut done = start(&jobs, 0);
        let at = SystemClock.now().plus_millis(20);
        jobs.schedule("a", at, "payload".into()).await.unwrap();
        let (name, payload, when) = done.recv().await.unwrap();
        assert_eq!((&*name, &*payload), ("a", &b"payload"[..]));
        assert!(when >= at);
        until_all_are_done(&jobs).await;
    }

    #[tokio::test]
    async fn a_job_of_the_same_name_is_replaced_and_a_cancelled_one_is_not_done() {
        let opened = open();
        let jobs = jobs_of(&opened);
        let at = SystemClock.now().plus_millis(30);
        jobs.schedule("a", at, "old".into()).await.unwrap();
        jobs.schedule("b", at, "cancelled".into()).await.unwrap();
        jobs.schedule("a", at, "new".into()).await.unwrap();
        jobs.cancel("b").await.unwrap();
        jobs.cancel("b").await.unwrap();
        jobs.schedule("c", at.plus_millis(1), "last".into()).await.unwrap();
        let mut done = start(&jobs, 0);
        // On a machine that is busy both are due by now, and done at the same time.
        let mut payloads = [done.recv().await.unwrap().1, done.recv().await.unwrap().1];
        payloads.sort();
        assert_eq!(payloads, ["last", "new"]);
    }

    #[tokio::test]
    async fn all_jobs_whose_names_begin_alike_are_cancelled_at_once() {
        let opened = open();
        let jobs = jobs_of(&opened);
        let at = SystemClock.now().plus_millis(30);
        for name in ["a", "a/", "a/1", "a/é", "a0", "b/1"] {
            jobs.schedule(name, at, name.to_owned().into()).await.unwrap();
        }
        jobs.cancel_all("a/").await.unwrap();
        jobs.cancel_all("c/").await.unwrap();
        let mut done = start(&jobs, 0);
        let mut names = Vec::new();
        for _ in 0..3 {
            names.push(done.recv().await.unwrap().0);
        }
        names.sort();
        assert_eq!(names, ["a", "a0", "b/1"]);
        let left = opened.database.read(|connection| {
            Ok(
                connection.query_row("SELECT count(*) FROM jobs WHERE name LIKE 'a/%'", [], |row| {
                    row.get::<_, i64>(0)
                })?,
            )
        });
        assert_eq!(left.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_job_that_fails_or_panics_is_done_again() {
        let opened = open();
        let jobs = jobs_of(&opened);
        let mut done = start(&jobs, 2);
        jobs.schedule("a", Timestamp::from_millis(0), "x".into()).await.unwrap();
        assert_eq!(done.recv().await.unwrap().0, "a");
    }

    #[tokio::test]
    async fn a_job_its_handler_scheduled_anew_is_done_again() {
        let opened = open();
        let jobs = jobs_of(&opened);
        let mut done = start(&jobs, 0);
        jobs.schedule("again", Timestamp::from_millis(0), "first".into())
            .await
            .unwrap();
        assert_eq!(done.recv().await.unwrap().1, "first");
        assert_eq!(done.recv().await.unwrap().1, "second");
        until_all_are_done(&jobs).await;
    }

    #[tokio::test]
    async fn jobs_of_an_earlier_process_are_done() {
        let opened = open();
        jobs_of(&opened)
            .schedule("a", Timestamp::from_millis(0), "x".into())
            .await
            .unwrap();
        let opened = opened.reopened().await;
        let jobs = jobs_of(&opened);
        assert_eq!(jobs.load().await.unwrap(), 1);
        assert_eq!(start(&jobs, 0).recv().await.unwrap().0, "a");
    }
}
