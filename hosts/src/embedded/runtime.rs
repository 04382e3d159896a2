//! The embedded runtime put together: one database, one event loop, one queue of wake-ups, all actors in this process.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use punctual_actors::ports::{BoxFuture, Failure, Ports, Publisher, WakeUp};
use punctual_events::{ActorId, Commit};

pub use super::sqlite::DATABASE_NAME;
use super::{
    backoff::Backoff,
    bus::Bus,
    sqlite::{
        Database, Heads, OpenError, Options, SqliteAudit, SqliteDirectory, SqliteJobs, SqliteRecords, SqliteStore,
    },
    timer::Alarm,
    wakeups::{MemoryWakeUps, WakeUpHandler},
};
use crate::{
    actor_host::{ActorHost, HostConfig, Observer},
    background::{Background, EndedEarly},
    environment::environment,
    ports::{EventHandler, JobHandler, Services},
    shutdown::Shutdown,
};

/// Why the runtime cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The system gives no randomness.
    #[error("the system gives no randomness: {0}")]
    Entropy(#[from] getrandom::Error),
    /// The system gives no timer.
    #[error("the system gives no timer: {0}")]
    Timer(#[from] std::io::Error),
    /// What is stored cannot be read.
    #[error("what is stored cannot be read: {0}")]
    Stored(#[from] Failure),
}

/// The event loop, which is there only once the services are: they need the actors, and the actors publish to it.
#[derive(Default)]
pub struct LateBus(OnceLock<Bus>);

impl Publisher for LateBus {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        match self.0.get() {
            Some(bus) => bus.publish(commits).await,
            None => Err(Failure::new("the event loop has not started")),
        }
    }
}

/// The ports of the core on this runtime.
pub type EmbeddedPorts = Ports<SqliteStore, MemoryWakeUps, LateBus, SqliteDirectory>;

/// The runtime, opened but not yet running.
pub struct Embedded {
    database: Database,
    host: Arc<ActorHost<EmbeddedPorts>>,
    jobs: SqliteJobs,
    ports: Arc<EmbeddedPorts>,
    services: Services,
}

impl Embedded {
    /// Opens the data directory.
    ///
    /// # Errors
    /// When it cannot be used, or the system lacks something.
    pub fn open(directory: &Path, config: HostConfig, observer: Arc<dyn Observer>) -> Result<Self, StartError> {
        let options = Options {
            keep_undrained: true,
            observer: Arc::clone(&observer),
        };
        let database = Database::open(directory, options)?;
        let environment = environment()?;
        let ports = Arc::new(EmbeddedPorts {
            directory: SqliteDirectory::new(database.clone()),
            environment: environment.clone(),
            publisher: LateBus::default(),
            // The directory is locked: no other process can own an actor.
            recheck_head_after_ms: None,
            store: SqliteStore::new(database.clone()),
            wake_ups: MemoryWakeUps::new(Arc::clone(&environment.clock)),
        });
        let host = ActorHost::new(Arc::clone(&ports), config, observer);
        let jobs = SqliteJobs::new(database.clone(), Arc::clone(&environment.clock));
        let services = Services {
            actors: Arc::clone(&host) as _,
            logs: Arc::clone(&host) as _,
            records: Arc::new(SqliteRecords::new(database.clone())),
            jobs: Arc::new(jobs.clone()),
            audit: Arc::new(SqliteAudit::new(database.clone())),
            environment,
        };
        Ok(Self {
            database,
            host,
            jobs,
            ports,
            services,
        })
    }

    /// What the roles are built on.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Whether there is any account, or what one left behind.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_accounts(&self) -> Result<bool, StartError> {
        Ok(self.database.has_accounts().await?)
    }

    /// The actors of this process.
    #[must_use]
    pub fn host(&self) -> &Arc<ActorHost<EmbeddedPorts>> {
        &self.host
    }

    /// Starts: events go to `handlers`, jobs to `job_handler`, wake-ups to their actors. What an earlier process left undone is taken up.
    ///
    /// # Errors
    /// When the system gives no timer.
    pub fn run(
        self,
        handlers: Vec<Arc<dyn EventHandler>>,
        job_handler: Arc<dyn JobHandler>,
    ) -> Result<Running, StartError> {
        let bus = Bus::new(
            self.database.clone(),
            Arc::clone(&self.services.environment.clock),
            handlers,
        );
        // Empty until now: `run` takes the only runtime there is.
        let _ = self.ports.publisher.0.set(bus.clone());
        let mut tasks = Background::default();
        tasks.spawn(deliver_wake_ups(
            Arc::clone(&self.ports),
            Arc::clone(&self.host),
            Alarm::system()?,
        ));
        let left = Left {
            bus: bus.clone(),
            database: self.database.clone(),
            jobs: self.jobs.clone(),
            ports: Arc::clone(&self.ports),
        };
        tasks.spawn_once(async move { left.take_up().await });
        let (jobs, alarm) = (self.jobs, Alarm::system()?);
        tasks.spawn(async move { jobs.deliver(&alarm, job_handler).await });
        let host = Arc::clone(&self.host);
        tasks.spawn(async move { host.sweep_for_ever().await });
        Ok(Running {
            bus,
            database: self.database,
            host: self.host,
            tasks,
        })
    }
}

async fn deliver_wake_ups(ports: Arc<EmbeddedPorts>, host: Arc<ActorHost<EmbeddedPorts>>, alarm: Alarm) {
    ports.wake_ups.deliver(&alarm, Arc::new(Wakener(host))).await;
}

struct Wakener(Arc<ActorHost<EmbeddedPorts>>);

impl WakeUpHandler for Wakener {
    fn wake(&self, actor: ActorId, wake_up: WakeUp) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.0.wake(actor, wake_up))
    }
}

/// What earlier processes left to be done.
struct Left {
    bus: Bus,
    database: Database,
    jobs: SqliteJobs,
    ports: Arc<EmbeddedPorts>,
}

impl Left {
    /// Arms what the heads ask for, delivers what was not delivered, queues jobs, and has wake-ups that were computed with other zone data
    /// computed anew. The server serves meanwhile.
    async fn take_up(&self) {
        // Beside each other: one that has to wait keeps none of the others waiting.
        tokio::join!(
            self.until_taken_up("wake-ups", || self.ports.wake_ups.load(&self.database)),
            self.until_taken_up("jobs", || self.jobs.load()),
            self.until_taken_up("actors with undelivered events", || self.bus.recover()),
            self.until_taken_up("wake-ups of other zone data", || self.rezone()),
        );
    }

    /// Tries again until it works: what is not taken up is a reminder that does not fire.
    async fn until_taken_up<F>(&self, what: &str, step: impl Fn() -> F)
    where
        F: Future<Output = Result<usize, Failure>>,
    {
        let mut backoff = Backoff::default();
        loop {
            match step().await {
                Ok(count) => {
                    tracing::debug!(count, what, "taken up");
                    return;
                }
                Err(failure) => {
                    let pause_ms = backoff.after_ms(&failure);
                    tracing::error!(%failure, pause_ms, what, "work of an earlier process could not be taken up");
                    self.ports.environment.clock.sleep_ms(pause_ms).await;
                }
            }
        }
    }

    /// Has actors woken whose wake-up was computed with other zone data: they arm their next one, derived from the present data.
    async fn rezone(&self) -> Result<usize, Failure> {
        let version = self.ports.environment.zones.version();
        let (mut after, mut count) = (None, 0);
        loop {
            let Heads { heads, next } = self
                .database
                .armed_heads_of_other_zone_data(version, after, 1_024)
                .await?;
            if next.is_none() {
                return Ok(count);
            }
            after = next;
            count += heads.len();
            self.ports
                .wake_ups
                .wake_now(heads.iter().map(|head| (head.actor, head.seq)));
        }
    }
}

/// The runtime, running.
pub struct Running {
    bus: Bus,
    database: Database,
    host: Arc<ActorHost<EmbeddedPorts>>,
    tasks: Background,
}

impl Running {
    /// The event loop, for what it says of its lag.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The data, for what it says of its writes.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Waits until the end is announced. Where one of the tasks that deliver ends before, the end begins at once: reminders would not fire, and nobody
    /// would notice.
    ///
    /// # Errors
    /// When one has ended.
    pub async fn until_the_end(&mut self, shutdown: &Shutdown) -> Result<(), EndedEarly> {
        self.tasks.until_the_end(shutdown).await
    }

    /// Ends in order: no more wake-ups and jobs, turns under way finish, events under way are handled, everything is written.
    pub async fn stop(mut self) {
        self.tasks.stop().await;
        self.host.drain().await;
        self.bus.stop().await;
        self.database.close().await;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::actor_host::Unobserved;

    struct NoJobs;

    impl JobHandler for NoJobs {
        fn run<'a>(&'a self, _: &'a str, _: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    #[tokio::test]
    async fn a_runtime_one_of_whose_tasks_ends_begins_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(folder.path(), HostConfig::default(), Arc::new(Unobserved)).unwrap();
        let (mut running, shutdown) = (embedded.run(Vec::new(), Arc::new(NoJobs)).unwrap(), Shutdown::default());
        running.tasks.spawn(async {});
        assert!(running.until_the_end(&shutdown).await.is_err());
        assert!(shutdown.begun().now_or_never().is_some());
        running.stop().await;
    }
}
