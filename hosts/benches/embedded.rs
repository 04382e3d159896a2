//! What the embedded runtime costs besides the store: delivery of events, wake-ups, start. `cargo bench -p punctual --bench embedded`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark says what is wrong by panicking, and prints"
)]

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use punctual::{
    embedded::{
        bus::Bus,
        sqlite::{Database, Options, SqliteStore},
        timer::Alarm,
        wakeups::{MemoryWakeUps, WakeUpHandler},
    },
    environment::SystemClock,
    ports::EventHandler,
};
use punctual_actors::ports::{
    BoxFuture, Clock, EncodedCommit, Failure, HeadUpdate, Publisher as _, Store as _, WakeUp, WakeUps as _,
};
use punctual_events::{
    ActorId, COMMIT_FORMAT, CloudEvent, Commit, CommitHeader, Digest, EventRecord, EventType, Principal, Seq,
    Timestamp, Topic, UserId,
};
use uuid::Uuid;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let directory = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
        bus(directory.path()).await;
        wake_ups().await;
        start(directory.path()).await;
    });
}

fn user(id: u128) -> ActorId {
    ActorId::User(UserId(Uuid::from_u128(id)))
}

fn commit(actor: ActorId, seq: u64, event: &EventRecord) -> Arc<Commit> {
    let header = CommitHeader {
        actor,
        hash: Digest::ZERO,
        owner: UserId(actor.uuid()),
        previous: Digest::ZERO,
        previous_on_topic: [Seq::ZERO; 3],
        seq: Seq(seq),
        time: SystemClock.now(),
        traceparent: None,
    };
    Arc::new(Commit {
        format: COMMIT_FORMAT,
        header,
        commands: Vec::new(),
        events: vec![event.clone()],
    })
}

fn event() -> EventRecord {
    let data = serde_json::json!({"task": {"title": "x".repeat(400)}});
    EventRecord::new(EventType::TaskCreated, Principal::System, &data).unwrap()
}

/// A service that does nothing, some time.
struct Service {
    durable: bool,
    handled: AtomicU64,
    linger: Option<Duration>,
}

impl EventHandler for Service {
    fn name(&self) -> &'static str {
        "service"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        self.durable
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(linger) = self.linger {
                tokio::time::sleep(linger).await;
            }
            self.handled.fetch_add(events.len() as u64, Ordering::Relaxed);
            Ok(())
        })
    }
}

/// 64 actors publish one commit after another to a prompt, a lingering and a volatile service. No durable writes: the bus alone.
async fn bus(directory: &Path) {
    const COMMITS: u64 = 320_000;
    // No more than stays in memory: these commits are in no log.
    const ROUND: usize = 64 * 1_000;
    let database = Database::open(&directory.join("bus"), Options::default()).unwrap();
    let service = |durable, linger| {
        Arc::new(Service {
            durable,
            handled: AtomicU64::new(0),
            linger,
        })
    };
    let services = [
        service(true, None),
        service(true, Some(Duration::from_millis(100))),
        service(false, None),
    ];
    let handlers = services
        .iter()
        .map(|service| Arc::clone(service) as Arc<dyn EventHandler>)
        .collect();
    let bus = Bus::new(database.clone(), Arc::new(SystemClock), handlers);
    let commits: Vec<_> = (1..=COMMITS)
        .map(|n| commit(user(u128::from(n % 64)), n.div_ceil(64), &event()))
        .collect();
    let (before, began) = (cpu(), Instant::now());
    for round in commits.chunks(ROUND) {
        for commit in round {
            bus.publish(std::slice::from_ref(commit)).await.unwrap();
            // As an actor would between two commits: the services' tasks get their turn.
            tokio::task::yield_now().await;
        }
        bus.drain().await;
    }
    let per_commit_us = (cpu() - before).as_secs_f64() * 1e6 / COMMITS as f64;
    assert!(
        services
            .iter()
            .all(|service| service.handled.load(Ordering::Relaxed) == COMMITS)
    );
    println!(
        "bus: {per_commit_us:.2} µs of CPU per commit for three services, {:.2} s",
        began.elapsed().as_secs_f64()
    );
    database.close().await;
}

/// Writes down how late wake-ups come.
#[derive(Default)]
struct Lateness(Mutex<Vec<i64>>);

impl WakeUpHandler for Lateness {
    fn wake(&self, _: ActorId, wake_up: WakeUp) -> BoxFuture<'_, Result<(), Failure>> {
        self.0
            .lock()
            .unwrap()
            .push(SystemClock.now().as_millis() - wake_up.at.as_millis());
        Box::pin(std::future::ready(Ok(())))
    }
}

/// 1,000 wake-ups at one instant, and 200 at instants of their own.
async fn wake_ups() {
    for (what, count, apart_ms) in [("1,000 at once", 1_000, 0), ("200, 5 ms apart", 200, 5)] {
        let (wake_ups, lateness) = (MemoryWakeUps::new(Arc::new(SystemClock)), Arc::new(Lateness::default()));
        let first = SystemClock.now().plus_millis(200);
        for n in 0..count {
            let at = first.plus_millis(n * apart_ms);
            wake_ups
                .arm(
                    user(u128::from(n.unsigned_abs())),
                    WakeUp {
                        at,
                        seq: Seq(1),
                        nonce: 1,
                        is_guard: false,
                    },
                )
                .await
                .unwrap();
        }
        let (running, handler) = (wake_ups.clone(), Arc::clone(&lateness));
        let delivering = tokio::spawn(async move { running.deliver(&Alarm::system().unwrap(), handler).await });
        while lateness.0.lock().unwrap().len() < usize::try_from(count).unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        delivering.abort();
        let mut late_ms = lateness.0.lock().unwrap().clone();
        late_ms.sort_unstable();
        let at = |share: usize| late_ms[(late_ms.len() - 1) * share / 100];
        println!(
            "wake-ups, {what}: min {} ms, p50 {} ms, p99 {} ms, max {} ms late",
            at(0),
            at(50),
            at(99),
            at(100)
        );
    }
}

/// Opening a database of 1,000 actors with 100 commits each and a wake-up, and an empty one.
async fn start(directory: &Path) {
    let full = directory.join("full");
    let database = Database::open(&full, Options::default()).unwrap();
    let store = SqliteStore::new(database.clone());
    let appends = (0..1_000).map(|id| {
        let store = store.clone();
        async move {
            for seq in 1..=100 {
                let commit = commit(user(id), seq, &event());
                let bytes = commit.encode().unwrap().into();
                let update = HeadUpdate {
                    wake_at: Some(Timestamp::MAX),
                    zone_version: "2026a".into(),
                    published: Seq::ZERO,
                };
                store
                    .append(Seq(seq - 1), EncodedCommit { commit, bytes }, update)
                    .await
                    .unwrap();
            }
        }
    });
    futures_util::future::join_all(appends).await;
    database.close().await;
    drop((database, store));
    for (what, path) in [("empty", directory.join("empty")), ("1,000 actors × 100 commits", full)] {
        let began = Instant::now();
        let database = Database::open(&path, Options::default()).unwrap();
        let opened = began.elapsed();
        let armed = MemoryWakeUps::new(Arc::new(SystemClock)).load(&database).await.unwrap();
        let loaded = began.elapsed();
        println!("start, {what}: open after {opened:.1?}, {armed} wake-ups after {loaded:.1?}");
        database.close().await;
    }
}

/// CPU time of this process so far (proc(5), schedstat of its threads).
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let nanos = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}
