//! Durable commits per second of the SQLite store, beside the floor: a bare group-commit insert with the same settings. CPU is read from the
//! kernel per thread. `cargo bench -p punctual --bench store [-- SECONDS]`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark says what is wrong by panicking, and prints"
)]

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use bytes::Bytes;
use punctual::embedded::sqlite::{Database, Options, SqliteStore};
use punctual_actors::ports::{EncodedCommit, HeadUpdate, Store as _};
use punctual_events::{ActorId, COMMIT_FORMAT, Commit, CommitHeader, Digest, Seq, Timestamp, UserId};
use rusqlite::Connection;
use tokio::sync::oneshot;
use uuid::Uuid;

const BODY_BYTES: usize = 900;

fn main() {
    let seconds = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(5);
    let length = Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for callers in [64, 1] {
        for _ in 0..2 {
            let directory = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
            let floor = Floor::open(directory.path());
            let figures = runtime.block_on(measure(callers, length, |_, _| floor.insert()));
            figures.print("floor", callers);

            let directory = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
            let database = Database::open(directory.path(), Options::default()).unwrap();
            let store = SqliteStore::new(database.clone());
            let body = Bytes::from(vec![b'x'; BODY_BYTES]);
            let figures = runtime.block_on(measure(callers, length, |caller, seq| {
                append(&store, &body, caller, seq)
            }));
            figures.print("store", callers);
            let log_mb = directory.path().join("punctual.db-wal").metadata().unwrap().len() >> 20;
            println!("        write-ahead log: {log_mb} MB");
            runtime.block_on(database.close());
        }
    }
}

async fn append(store: &SqliteStore, body: &Bytes, caller: u64, seq: u64) {
    let actor = ActorId::User(UserId(Uuid::from_u128(u128::from(caller))));
    let header = CommitHeader {
        actor,
        hash: Digest::ZERO,
        owner: UserId(actor.uuid()),
        previous: Digest::ZERO,
        previous_on_topic: [Seq::ZERO; 3],
        seq: Seq(seq),
        time: Timestamp::from_millis(1_800_000_000_000),
        traceparent: None,
    };
    let commit = Arc::new(Commit {
        format: COMMIT_FORMAT,
        header,
        commands: Vec::new(),
        events: Vec::new(),
    });
    let update = HeadUpdate {
        wake_at: None,
        zone_version: "2026a".into(),
        published: Seq(seq - 1),
    };
    store
        .append(
            Seq(seq - 1),
            EncodedCommit {
                commit,
                bytes: body.clone(),
            },
            update,
        )
        .await
        .unwrap();
}

/// The least that can be done: a thread that inserts everything that waits into one table.
struct Floor(mpsc::Sender<oneshot::Sender<()>>);

impl Floor {
    fn open(directory: &std::path::Path) -> Self {
        let connection = Connection::open(directory.join("floor.db")).unwrap();
        let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB)";
        connection.execute_batch(settings).unwrap();
        let (sender, inbox) = mpsc::channel::<oneshot::Sender<()>>();
        std::thread::Builder::new()
            .name("floor-writer".into())
            .spawn(move || Self::serve(&connection, &inbox))
            .unwrap();
        Self(sender)
    }

    fn serve(connection: &Connection, inbox: &mpsc::Receiver<oneshot::Sender<()>>) {
        let body = vec![b'x'; BODY_BYTES];
        let mut insert = connection.prepare("INSERT INTO log (body) VALUES (?1)").unwrap();
        while let Ok(first) = inbox.recv() {
            let replies: Vec<_> = std::iter::once(first).chain(inbox.try_iter().take(1023)).collect();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            for _ in &replies {
                insert.execute([&body]).unwrap();
            }
            connection.execute_batch("COMMIT").unwrap();
            replies.into_iter().for_each(|reply| reply.send(()).unwrap_or(()));
        }
    }

    async fn insert(&self) {
        let (reply, answer) = oneshot::channel();
        self.0.send(reply).unwrap();
        answer.await.unwrap();
    }
}

struct Figures {
    cpu: BTreeMap<String, Duration>,
    elapsed: Duration,
    latencies: Vec<Duration>,
}

/// Runs `callers` loops of `operation(caller, seq)` for a while.
async fn measure<F: Future<Output = ()>>(callers: u64, length: Duration, operation: impl Fn(u64, u64) -> F) -> Figures {
    let (before, began) = (cpu_by_thread(), Instant::now());
    let loops = (0..callers).map(|caller| {
        let operation = &operation;
        async move {
            let mut latencies = Vec::new();
            while began.elapsed() < length {
                let asked = Instant::now();
                operation(caller, latencies.len() as u64 + 1).await;
                latencies.push(asked.elapsed());
            }
            latencies
        }
    });
    let mut latencies = futures_util::future::join_all(loops).await.concat();
    latencies.sort_unstable();
    let mut cpu = cpu_by_thread();
    for (thread, spent) in &mut cpu {
        *spent = spent.saturating_sub(before.get(thread).copied().unwrap_or_default());
    }
    Figures {
        cpu,
        elapsed: began.elapsed(),
        latencies,
    }
}

impl Figures {
    fn print(&self, what: &str, callers: u64) {
        let count = self.latencies.len();
        let per_second = count as f64 / self.elapsed.as_secs_f64();
        let percentile = |share: f64| self.latencies[((count - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let (p50, p99, max) = (percentile(0.5), percentile(0.99), percentile(1.0));
        println!(
            "{what}, {callers:>2} callers: {per_second:>7.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.1} ms"
        );
        for (thread, spent) in self.cpu.iter().filter(|(_, spent)| spent.as_millis() > 20) {
            println!(
                "        {:>6.2} µs of CPU each in {thread}",
                spent.as_secs_f64() * 1e6 / count as f64
            );
        }
    }
}

/// CPU time of this process's threads so far, by name (proc(5), schedstat).
fn cpu_by_thread() -> BTreeMap<String, Duration> {
    let mut cpu = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok) {
        let read = |file| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let nanos = read("schedstat")
            .split(' ')
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        *cpu.entry(read("comm").trim().to_owned()).or_default() += Duration::from_nanos(nanos);
    }
    cpu
}
