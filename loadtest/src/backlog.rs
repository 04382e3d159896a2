//! How far audit, recurring and sync are behind when a load ends, seen from outside: by what is in the audit trail, by what a socket was
//! told, and by how long a completion made right then takes to bring the next instance.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use memchr::memmem;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{
    addresses::Addresses,
    api::Api,
    parallel::in_parallel,
    report::{Ask, Figure, Section, Unit},
    rows::completion::Device,
    seed::User,
    trail::{Followed, Trail},
    websocket::Socket,
};

/// The event that tells of a changed task.
const TASK_STATE: &[u8] = b"dev.punctual.task.state.v1";
/// Between two looks at what the socket was told.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longer than the 5 s that are asked, to tell late from never.
const PATIENCE: Duration = Duration::from_secs(20);

/// A watch over some users of a load.
pub(crate) struct Watch {
    addresses: Addresses,
    token: String,
    /// An instance of a series of the first user, to complete at the end.
    instance: Value,
    watched: Vec<Watched>,
}

struct Watched {
    trail: Trail,
    listener: Listener,
}

/// What was found.
pub(crate) struct Backlog {
    users: Vec<Lag>,
    /// From completing to reading the next instance; `None` when it never came.
    reaction: Option<Duration>,
}

/// What was found of one user.
struct Lag {
    acknowledged: u64,
    /// Seconds the load lasted.
    length_s: f64,
    audit: Followed,
    sync_behind: u64,
    sync_caught_up_after: Option<Duration>,
    was_interrupted: bool,
}

impl Watch {
    /// Opens a socket for each user and remembers where their audit stands. The first one gets a series.
    pub(crate) async fn begin(addresses: impl Into<Addresses>, users: &[User]) -> io::Result<Self> {
        let addresses = addresses.into();
        let token = users[0].token.clone();
        let instance = Device::open(addresses, &token).await?.start_series().await?;
        let mut watched = Vec::new();
        for user in users {
            watched.push(Watched {
                trail: Trail::begin(Api::open(addresses.api, &user.token).await?).await?,
                listener: Listener::start(Socket::open(addresses.sync, &user.token).await?),
            });
        }
        Ok(Self {
            addresses,
            token,
            instance,
            watched,
        })
    }

    /// Looks right after the load and until everything has arrived. `acknowledged` counts each user's commands, each of which made one event
    /// (the completion made here adds a few to those of the first user); the load lasted `length`.
    pub(crate) async fn end(self, acknowledged: &[u64], length: Duration) -> io::Result<Backlog> {
        let end = Instant::now();
        let reaction = tokio::spawn(async move {
            let mut device = Device::open(self.addresses, &self.token).await?;
            device.complete(&self.instance).await
        });
        let following = self.watched.into_iter().zip(acknowledged.to_vec());
        let following = following.map(|(watched, acknowledged)| watched.follow(acknowledged, length, end));
        Ok(Backlog {
            users: in_parallel(usize::MAX, following).await?,
            reaction: reaction.await.map_err(io::Error::other)??.map(|(_, took)| took),
        })
    }
}

impl Watched {
    async fn follow(mut self, acknowledged: u64, length: Duration, end: Instant) -> io::Result<Lag> {
        let told = self.listener.told().tasks;
        let audit = self.trail.follow(acknowledged, end).await?;
        let sync_caught_up_after = self.listener.reached(acknowledged, end).await;
        let was_interrupted = self.listener.told().interrupted;
        self.listener.task.abort();
        Ok(Lag {
            acknowledged,
            length_s: length.as_secs_f64(),
            audit,
            sync_behind: acknowledged.saturating_sub(told),
            sync_caught_up_after,
            was_interrupted,
        })
    }
}

impl Lag {
    /// How far the socket is behind, in seconds of this user's traffic.
    fn sync_behind_s(&self) -> f64 {
        count(self.sync_behind) * self.length_s / count(self.acknowledged.max(1))
    }

    fn audit_behind_s(&self) -> f64 {
        self.audit.behind.as_secs_f64()
    }

    fn describe(&self) -> String {
        format!(
            "audit {:.2} s and sync {:.2} s of traffic behind, audit entries +{} for {} acknowledged commands{}",
            self.audit_behind_s(),
            self.sync_behind_s(),
            self.audit.grown_by,
            self.acknowledged,
            if self.was_interrupted {
                ", the socket was interrupted"
            } else {
                ""
            },
        )
    }
}

impl Backlog {
    /// Adds the figures of the user who is worst off, and a note on each.
    pub(crate) fn report(&self, what: &str, section: &mut Section) {
        let notes = self
            .users
            .iter()
            .map(|lag| format!("{what}, at the end: {}", lag.describe()));
        section.notes.extend(notes);
        let worst = |figure: fn(&Lag) -> f64| self.users.iter().map(figure).fold(0.0, f64::max);
        let behind_s = worst(|lag| lag.audit_behind_s().max(lag.sync_behind_s()));
        let audit_ms = worst(|lag| ms(lag.audit.caught_up_after));
        let sync_ms = worst(|lag| ms(lag.sync_caught_up_after));
        let figures = [
            ("audit and sync behind at the end", behind_s * 1e3, 2_000.0),
            ("audit caught up after", audit_ms, 5_000.0),
            ("sync caught up after", sync_ms, 5_000.0),
            ("next instance of a completion right after", ms(self.reaction), 2_000.0),
        ];
        let figures = figures.map(|(name, value, most)| {
            Figure::new(format!("{what}: {name}"), value, Unit::Milliseconds, Ask::AtMost(most))
        });
        section.figures.extend(figures);
    }
}

/// Milliseconds, without end for what never came.
fn ms(after: Option<Duration>) -> f64 {
    after.map_or(f64::INFINITY, |after| after.as_secs_f64() * 1e3)
}

/// Counts the tasks a socket is told of.
struct Listener {
    told: Arc<Mutex<Told>>,
    task: JoinHandle<()>,
}

/// What a socket was told.
#[derive(Clone, Copy)]
struct Told {
    tasks: u64,
    last: Instant,
    /// The server closed the socket, or asked to start over.
    interrupted: bool,
}

impl Listener {
    fn start(mut socket: Socket) -> Self {
        let told = Arc::new(Mutex::new(Told {
            tasks: 0,
            last: Instant::now(),
            interrupted: false,
        }));
        let counting = Arc::clone(&told);
        let task = tokio::spawn(async move {
            while let Ok(message) = socket.next().await {
                if memmem::find(message, TASK_STATE).is_some() {
                    let mut told = lock(&counting);
                    told.tasks += 1;
                    told.last = Instant::now();
                } else if memmem::find(message, br#""type":"resync""#).is_some() {
                    lock(&counting).interrupted = true;
                }
            }
            lock(&counting).interrupted = true;
        });
        Self { told, task }
    }

    fn told(&self) -> Told {
        *lock(&self.told)
    }

    /// Waits until so many tasks were told of; how long after the load's end that was.
    async fn reached(&self, tasks: u64, end: Instant) -> Option<Duration> {
        while self.told().tasks < tasks {
            if end.elapsed() > PATIENCE {
                return None;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Some(self.told().last.saturating_duration_since(end))
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}
