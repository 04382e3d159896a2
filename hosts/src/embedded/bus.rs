//! Delivery of events inside the process.
//!
//! The log is the broker: publishing accepts commits at once, and what was not delivered when the process ended is read from the log again by
//! the next. Each durable service has its own place in each actor's log and its own task while it is behind there, so that one that is slow or
//! fails holds up neither the others nor other actors; what gathers meanwhile is its next batch. How far all of them have come is noted in the
//! head now and then (`drained`): what was handled since the last note is delivered again after a crash.

mod delivery;
mod queue;
#[cfg(test)]
mod tests;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dashmap::DashMap;
use punctual_actors::ports::{Clock, Failure, Publisher};
use punctual_events::{ActorId, Commit, Seq, Timestamp};
use tokio::sync::{Notify, watch};

use self::queue::ActorQueue;
use super::sqlite::{Database, Heads, SqliteStore};
use crate::ports::EventHandler;

/// Queues kept though there is nothing to do. A forgotten one costs a read of the head when its actor commits again.
const IDLE_QUEUES: usize = 16_384;

/// Tasks of services up to which start-up adds more.
const RECOVERING_TASKS: usize = 1_024;

/// Heads read at once at start.
const HEADS_PER_READ: usize = 4_096;

/// How far a durable service is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The service.
    pub service: &'static str,
    /// Commits it has not handled.
    pub commits: u64,
    /// When the oldest of them was decided, as far as is known.
    pub oldest: Option<Timestamp>,
}

/// The [`Publisher`] of the embedded runtime. Clones share it.
#[derive(Clone)]
pub struct Bus {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    database: Database,
    durable: Vec<Arc<dyn EventHandler>>,
    queues: DashMap<ActorId, ActorQueue>,
    /// A task has ended.
    rested: Notify,
    stopped: watch::Sender<bool>,
    store: SqliteStore,
    /// Tasks that run.
    tasks: AtomicUsize,
    volatile: Vec<Arc<dyn EventHandler>>,
}

impl Bus {
    /// A bus that delivers to `handlers`. What earlier processes left is delivered by [`recover`](Self::recover).
    #[must_use]
    pub fn new(database: Database, clock: Arc<dyn Clock>, handlers: Vec<Arc<dyn EventHandler>>) -> Self {
        let (durable, volatile) = handlers.into_iter().partition(|handler| handler.is_durable());
        Self {
            shared: Arc::new(Shared {
                clock,
                store: SqliteStore::new(database.clone()),
                database,
                durable,
                queues: DashMap::new(),
                rested: Notify::new(),
                stopped: watch::Sender::new(false),
                tasks: AtomicUsize::new(0),
                volatile,
            }),
        }
    }

    /// Has everything delivered that no process has noted as delivered. It reads the actors some thousands at a time and may run while commits
    /// are published. Answers how many actors there were.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn recover(&self) -> Result<usize, Failure> {
        let (mut after, mut count) = (None, 0);
        loop {
            let Heads { heads, next } = self.shared.database.undrained_heads(after, HEADS_PER_READ).await?;
            if next.is_none() {
                return Ok(count);
            }
            after = next;
            count += heads.len();
            for head in heads {
                self.fewer_tasks_than(RECOVERING_TASKS).await;
                self.shared.with_queue(head.actor, |queue| {
                    queue.seed(Some(head.drained));
                    queue.learn(head.seq);
                });
            }
        }
    }

    /// How far each durable service is behind.
    #[must_use]
    pub fn lag(&self) -> Vec<Lag> {
        let lag = |service: &Arc<dyn EventHandler>| Lag {
            service: service.name(),
            commits: 0,
            oldest: None,
        };
        let mut lags: Vec<Lag> = self.shared.durable.iter().map(lag).collect();
        for queue in &self.shared.queues {
            for (lane, lag) in lags.iter_mut().enumerate() {
                let (commits, oldest) = queue.lag(lane);
                lag.commits += commits;
                lag.oldest = [lag.oldest, oldest].into_iter().flatten().min();
            }
        }
        lags
    }

    /// Waits until everything published is delivered.
    pub async fn drain(&self) {
        self.fewer_tasks_than(1).await;
    }

    /// Ends the tasks after the batch they are at; what is not delivered then is delivered by the next process.
    pub async fn stop(&self) {
        self.shared.stopped.send_replace(true);
        self.drain().await;
    }

    async fn fewer_tasks_than(&self, limit: usize) {
        loop {
            let rested = self.shared.rested.notified();
            if self.shared.tasks.load(Ordering::Acquire) < limit {
                return;
            }
            rested.await;
        }
    }
}

impl Publisher for Bus {
    /// Takes the commits and hands them to the volatile services at once; their failures are ignored, for they read logs to catch up. The
    /// durable ones have tasks of their own.
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        let Some(first) = commits.first() else { return Ok(()) };
        self.shared.with_queue(first.header.actor, |queue| {
            queue.push(commits);
            if first.header.seq == Seq(1) {
                queue.seed(Some(Seq::ZERO));
            }
        });
        let observer = self.shared.database.observer();
        for handler in &self.shared.volatile {
            if let Err(failure) = delivery::deliver(&**handler, commits, observer).await {
                tracing::debug!(service = handler.name(), %failure, "a volatile service did not take events");
            }
        }
        Ok(())
    }
}

impl Shared {
    /// Changes the queue of an actor and has tasks do what there is to do.
    fn with_queue(self: &Arc<Self>, actor: ActorId, change: impl FnOnce(&mut ActorQueue)) {
        let mut queue = self
            .queues
            .entry(actor)
            .or_insert_with(|| ActorQueue::new(self.durable.len()));
        let new = queue.needs_seed() && queue.first().is_none();
        change(&mut queue);
        if queue.needs_seed() && new {
            delivery::spawn_seed(self, actor);
        }
        self.start_lanes(actor, &mut queue);
        drop(queue);
        if new && self.queues.len() > IDLE_QUEUES {
            self.queues.retain(|_, queue| !queue.is_idle());
        }
    }

    fn start_lanes(self: &Arc<Self>, actor: ActorId, queue: &mut ActorQueue) {
        for (lane, handler) in self.durable.iter().enumerate() {
            if queue.start(lane, |commit| delivery::wants(&**handler, commit)) {
                delivery::spawn(self, actor, lane);
            }
        }
        self.trim(actor, queue);
    }

    /// Drops what all have handled from memory and notes how far they have come.
    fn trim(&self, actor: ActorId, queue: &mut ActorQueue) {
        if let Some(drained) = queue.trim() {
            self.database.note_drained(actor, drained);
        }
    }
}
