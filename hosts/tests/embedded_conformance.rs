//! The ports of the embedded runtime, held to their contracts by the suites that every runtime runs.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use punctual::{
    embedded::{
        bus::Bus,
        sqlite::{Database, Options, SqliteDirectory, SqliteStore},
        timer::Alarm,
        wakeups::{MemoryWakeUps, WakeUpHandler},
    },
    environment::SystemClock,
    ports::EventHandler,
};
use punctual_actors::{
    conformance::{self, Delivery, DirectoryMaker, PublisherMaker, StoreMaker, WakeUpsMaker},
    ports::{BoxFuture, Clock, Failure, WakeUp},
};
use punctual_events::{ActorId, CloudEvent, Timestamp, Topic};
use tempfile::TempDir;

/// Makes everything anew, each in a directory of its own.
#[derive(Default)]
struct Maker {
    directories: Mutex<Vec<TempDir>>,
    delivered: Arc<Mutex<Vec<Delivery>>>,
    events: Arc<Mutex<Vec<CloudEvent>>>,
}

impl Maker {
    fn database(&self) -> Database {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), Options::default()).unwrap();
        self.directories.lock().unwrap().push(directory);
        database
    }
}

/// Opens a database again as the next process would.
async fn reopened(database: Database) -> Database {
    database.close().await;
    let directory = database.directory().to_owned();
    drop(database);
    Database::open(&directory, Options::default()).unwrap()
}

impl StoreMaker for Maker {
    type Store = SqliteStore;

    async fn make(&self) -> SqliteStore {
        SqliteStore::new(self.database())
    }

    async fn reopen(&self, store: SqliteStore) -> SqliteStore {
        SqliteStore::new(reopened(store.database().clone()).await)
    }
}

impl DirectoryMaker for Maker {
    type Directory = SqliteDirectory;

    async fn make(&self) -> SqliteDirectory {
        SqliteDirectory::new(self.database())
    }

    async fn reopen(&self, directory: SqliteDirectory) -> SqliteDirectory {
        SqliteDirectory::new(reopened(directory.database().clone()).await)
    }
}

struct Recorder(Arc<Mutex<Vec<Delivery>>>);

impl WakeUpHandler for Recorder {
    fn wake(&self, actor: ActorId, wake_up: WakeUp) -> BoxFuture<'_, Result<(), Failure>> {
        self.0.lock().unwrap().push(Delivery {
            actor,
            wake_up,
            delivered: SystemClock.now(),
        });
        Box::pin(std::future::ready(Ok(())))
    }
}

impl WakeUpsMaker for Maker {
    type WakeUps = MemoryWakeUps;

    async fn make(&self) -> MemoryWakeUps {
        let wake_ups = MemoryWakeUps::new(Arc::new(SystemClock));
        let (running, alarm) = (wake_ups.clone(), Alarm::system().unwrap());
        let recorder = Arc::new(Recorder(Arc::clone(&self.delivered)));
        tokio::spawn(async move { running.deliver(&alarm, recorder).await });
        wake_ups
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    async fn delivered(&self, wake_ups: &MemoryWakeUps, until: Timestamp) -> Vec<Delivery> {
        let due = |now: Timestamp| now < until || wake_ups.earliest().is_some_and(|at| at <= until);
        while due(SystemClock.now()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // What left the queue is delivered by tasks that are ready now.
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.delivered.lock().unwrap().clone()
    }
}

/// A durable service of task events.
struct Listener {
    events: Arc<Mutex<Vec<CloudEvent>>>,
}

impl EventHandler for Listener {
    fn name(&self) -> &'static str {
        "suite"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        self.events.lock().unwrap().extend_from_slice(events);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl PublisherMaker for Maker {
    type Publisher = Bus;

    async fn make(&self) -> Bus {
        let listener = Arc::new(Listener {
            events: Arc::clone(&self.events),
        });
        Bus::new(self.database(), Arc::new(SystemClock), vec![listener])
    }

    async fn delivered(&self, bus: &Bus, enough: impl Fn(&[CloudEvent]) -> bool) -> Vec<CloudEvent> {
        bus.drain().await;
        let events = self.events.lock().unwrap().clone();
        assert!(enough(&events), "everything is delivered and something is missing");
        events
    }
}

#[tokio::test]
async fn the_bus_keeps_the_contract_of_a_publisher() {
    conformance::publisher(&Maker::default()).await;
}

#[tokio::test]
async fn the_sqlite_store_keeps_the_contract_of_a_store() {
    conformance::store(&Maker::default()).await;
}

#[tokio::test]
async fn the_sqlite_directory_keeps_the_contract_of_a_directory() {
    conformance::directory(&Maker::default()).await;
}

#[tokio::test]
async fn wake_ups_in_memory_keep_the_contract_of_wake_ups() {
    conformance::wake_ups(&Maker::default()).await;
}
