//! Numbered changes sent at a fixed rate, and the sockets that see them arrive.
//!
//! Senders do not wait for anybody: each change has its moment, whatever became of those before. What is measured runs from the moment a
//! request is handed to the kernel to the moment its frame was read, on one clock; how late the senders were is told beside it.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use memchr::memmem;
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

use crate::{
    histogram::Histogram,
    http::Connection,
    parallel::in_parallel,
    request::{NUMBER_SLOT, Request},
    seed::User,
    websocket::Socket,
};

/// Sockets opened at the same time.
const OPENING_AT_A_TIME: usize = 32;
/// Connections that send, when there are enough users.
const SENDERS: usize = 50;
/// Stands before a change's number in the title it sets.
const MARK: &str = "Change ";
/// How long the last frames may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sockets that are being read, each by a task of its own.
pub(crate) struct Audience {
    shared: Arc<Shared>,
    readers: Vec<JoinHandle<()>>,
}

/// What was seen.
pub(crate) struct Seen {
    /// From sending the request to the frame's arrival.
    pub(crate) latency: Histogram,
    /// How much later than planned requests were sent.
    pub(crate) lateness: Histogram,
    /// Changes that were not answered with 200.
    pub(crate) refused: u64,
    /// Frames that should have come and did not.
    pub(crate) missing: u64,
    /// Sockets that the server closed or asked to start over.
    pub(crate) interrupted: u64,
}

/// How changes are made.
pub(crate) struct Changes {
    /// Of the first task of each of these, in turn.
    pub(crate) users: Vec<User>,
    /// Changes a second.
    pub(crate) per_second: u32,
    /// Changes that come first and are not measured.
    pub(crate) warm_up: usize,
    /// Changes that are measured.
    pub(crate) measured: usize,
}

struct Shared {
    begin: Instant,
    /// When each change was sent, in nanoseconds after `begin`; 0 when it was not.
    sent_ns: Vec<AtomicU64>,
    first_measured: usize,
    latency: Mutex<Histogram>,
    lateness: Mutex<Histogram>,
    refused: AtomicU64,
    interrupted: AtomicU64,
}

impl Audience {
    /// Opens a socket for each of these tokens.
    pub(crate) async fn open(address: SocketAddr, tokens: Vec<String>, changes: &Changes) -> io::Result<Self> {
        let total = changes.warm_up + changes.measured;
        let shared = Arc::new(Shared {
            begin: Instant::now(),
            sent_ns: (0..total).map(|_| AtomicU64::new(0)).collect(),
            first_measured: changes.warm_up,
            latency: Mutex::default(),
            lateness: Mutex::default(),
            refused: AtomicU64::new(0),
            interrupted: AtomicU64::new(0),
        });
        let opening = tokens
            .into_iter()
            .map(|token| async move { Socket::open(address, &token).await });
        let sockets = in_parallel(OPENING_AT_A_TIME, opening).await?;
        let readers = sockets
            .into_iter()
            .map(|socket| tokio::spawn(listen(socket, Arc::clone(&shared))));
        Ok(Self {
            readers: readers.collect(),
            shared,
        })
    }

    /// Makes the changes and waits for the frames; `frames_per_change` says on how many sockets each has to arrive.
    pub(crate) async fn watch(self, address: SocketAddr, changes: Changes, frames_per_change: u64) -> io::Result<Seen> {
        let expected = changes.measured as u64 * frames_per_change;
        send(address, changes, &self.shared).await?;
        let patience_ends = Instant::now() + PATIENCE;
        while lock(&self.shared.latency).count() < expected && Instant::now() < patience_ends {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for reader in self.readers {
            reader.abort();
        }
        let latency = lock(&self.shared.latency).clone();
        Ok(Seen {
            missing: expected.saturating_sub(latency.count()),
            latency,
            lateness: lock(&self.shared.lateness).clone(),
            refused: self.shared.refused.load(Ordering::Relaxed),
            interrupted: self.shared.interrupted.load(Ordering::Relaxed),
        })
    }
}

impl Seen {
    /// One line for people.
    pub(crate) fn describe(&self) -> String {
        let ms = |histogram: &Histogram, share| histogram.quantile(share).as_secs_f64() * 1e3;
        format!(
            "{} frames; p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms; {} missing, {} changes refused, {} sockets interrupted; requests left p99 \
             {:.2} ms after their moment",
            self.latency.count(),
            ms(&self.latency, 0.5),
            ms(&self.latency, 0.99),
            self.latency.max().as_secs_f64() * 1e3,
            self.missing,
            self.refused,
            self.interrupted,
            ms(&self.lateness, 0.99),
        )
    }
}

async fn listen(mut socket: Socket, shared: Arc<Shared>) {
    while let Ok(message) = socket.next().await {
        let now_ns = nanoseconds(shared.begin.elapsed());
        let Some(number) = number_in(message) else {
            if memmem::find(message, br#""type":"resync""#).is_some() {
                break;
            }
            continue;
        };
        let sent_ns = shared
            .sent_ns
            .get(number)
            .map_or(0, |sent| sent.load(Ordering::Relaxed));
        if number >= shared.first_measured && sent_ns > 0 {
            lock(&shared.latency).record(Duration::from_nanos(now_ns.saturating_sub(sent_ns)));
        }
    }
    shared.interrupted.fetch_add(1, Ordering::Relaxed);
}

/// The number of the change a frame tells of.
fn number_in(message: &[u8]) -> Option<usize> {
    let at = memmem::find(message, MARK.as_bytes())? + MARK.len();
    let digits = message.get(at..at + NUMBER_SLOT.len())?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

async fn send(address: SocketAddr, changes: Changes, shared: &Arc<Shared>) -> io::Result<()> {
    let senders = SENDERS.min(changes.users.len());
    let changes = Arc::new(changes);
    let start = Instant::now() + Duration::from_millis(50);
    let mut running = JoinSet::new();
    for first in 0..senders {
        let connection = Connection::open(address).await?;
        let turns = Turns { first, senders, start };
        running.spawn(send_some(connection, turns, Arc::clone(&changes), Arc::clone(shared)));
    }
    while let Some(finished) = running.join_next().await {
        finished.map_err(io::Error::other)??;
    }
    Ok(())
}

/// Which changes a sender makes, and from when on.
struct Turns {
    first: usize,
    senders: usize,
    start: Instant,
}

async fn send_some(
    mut connection: Connection,
    turns: Turns,
    changes: Arc<Changes>,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let body = json!({ "title": format!("{MARK}{NUMBER_SLOT}") }).to_string();
    for number in (turns.first..shared.sent_ns.len()).step_by(turns.senders) {
        let user = &changes.users[number % changes.users.len()];
        let mut request = Request::with_body("PATCH", &format!("/v1/tasks/{}", user.tasks[0]), &user.token, &body);
        request.set_number(number as u64);
        let moment = turns.start + Duration::from_secs(number as u64) / changes.per_second;
        tokio::time::sleep_until(moment.into()).await;
        if number >= shared.first_measured {
            lock(&shared.lateness).record(moment.elapsed());
        }
        shared.sent_ns[number].store(nanoseconds(shared.begin.elapsed()), Ordering::Relaxed);
        let status = connection.exchange(request.bytes()).await?.status;
        shared.refused.fetch_add(u64::from(status != 200), Ordering::Relaxed);
    }
    Ok(())
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn lock(histogram: &Mutex<Histogram>) -> std::sync::MutexGuard<'_, Histogram> {
    histogram.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_tells_which_change_it_is() {
        let frame = br#"{"type":"event","event":{"data":{"title":"Change 00000000042","tags":[]}}}"#;
        assert_eq!(number_in(frame), Some(42));
        assert_eq!(number_in(br#"{"type":"ready","cursor":"x"}"#), None);
        assert_eq!(number_in(br#"{"title":"Change 7"}"#), None);
    }
}
