//! Wake-ups, kept in memory. They need no table of their own: a head's `wake_at` is written in the same transaction as the commit that asks for
//! it, and the heads are read again at start ([`MemoryWakeUps::load`]).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use punctual_actors::ports::{BoxFuture, Clock, Failure, WakeUp, WakeUps};
use punctual_events::{ActorId, Seq, Timestamp};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    backoff::Backoff,
    sqlite::{Database, Heads},
    timer::{Alarm, Timer},
};

/// Wake-ups handed over at the same time, at most. Turns woken together share flushes of the disk, so it is generous.
const CONCURRENT: usize = 1_024;

/// Heads read at once at start.
const HEADS_PER_READ: usize = 4_096;

/// Takes a wake-up to its actor.
pub trait WakeUpHandler: Send + Sync + 'static {
    /// Wakes the actor. After an error it is tried again.
    fn wake(&self, actor: ActorId, wake_up: WakeUp) -> BoxFuture<'_, Result<(), Failure>>;
}

/// The [`WakeUps`] of the embedded runtime. Clones share them.
#[derive(Clone)]
pub struct MemoryWakeUps {
    clock: Arc<dyn Clock>,
    /// The heads were read.
    is_loaded: Arc<AtomicBool>,
    timer: Timer<(ActorId, WakeUp)>,
}

impl MemoryWakeUps {
    /// No wake-ups yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            timer: Timer::new(Arc::clone(&clock)),
            is_loaded: Arc::default(),
            clock,
        }
    }

    /// Arms what the heads in the database ask for. It reads the actors some thousands at a time, so it can run while the server already
    /// serves: a wake-up that is found twice is harmless, and what is overdue goes out as soon as it is found. Answers how many there were.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(&self, database: &Database) -> Result<usize, Failure> {
        let (mut after, mut count) = (None, 0);
        loop {
            let Heads { heads, next } = database.armed_heads(after, HEADS_PER_READ).await?;
            if next.is_none() {
                self.is_loaded.store(true, Ordering::Release);
                return Ok(count);
            }
            after = next;
            count += heads.len();
            self.timer.extend(heads.iter().map(|head| {
                let wake_up = WakeUp {
                    at: head.wake_at,
                    seq: head.seq,
                    nonce: 0,
                    is_guard: false,
                };
                (head.wake_at, (head.actor, wake_up))
            }));
        }
    }

    /// Has actors woken at once that are at these sequences, like any whose wake-up is due: many at a time, each until it has taken it.
    pub fn wake_now(&self, actors: impl IntoIterator<Item = (ActorId, Seq)>) {
        let at = self.clock.now();
        let wake_up = |seq| WakeUp {
            at,
            seq,
            nonce: 0,
            is_guard: false,
        };
        self.timer
            .extend(actors.into_iter().map(|(actor, seq)| (at, (actor, wake_up(seq)))));
    }

    /// Delivers wake-ups as they become due, each until the handler has taken it. Runs until dropped; one at a time.
    pub async fn deliver(&self, alarm: &Alarm, handler: Arc<dyn WakeUpHandler>) {
        let permits = Arc::new(Semaphore::new(CONCURRENT));
        let mut deliveries = JoinSet::new();
        loop {
            let due = self.timer.due(alarm, CONCURRENT).await;
            for (_, (actor, wake_up)) in due {
                let (wake_ups, handler, permits) = (self.clone(), Arc::clone(&handler), Arc::clone(&permits));
                deliveries.spawn(async move { wake_ups.wake_until_taken(&*handler, &permits, actor, wake_up).await });
            }
            while deliveries.try_join_next().is_some() {}
        }
    }

    /// When the next is due.
    #[must_use]
    pub fn earliest(&self) -> Option<Timestamp> {
        self.timer.earliest()
    }

    /// Wake-ups that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timer.len()
    }

    /// True when none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timer.is_empty()
    }
}

impl MemoryWakeUps {
    async fn wake_until_taken(
        &self,
        handler: &dyn WakeUpHandler,
        permits: &Semaphore,
        actor: ActorId,
        wake_up: WakeUp,
    ) {
        let mut backoff = Backoff::default();
        loop {
            let outcome = {
                // Held for the try only: actors that cannot be woken must not keep the others asleep.
                let _permit = permits.acquire().await;
                handler.wake(actor, wake_up).await
            };
            let Err(failure) = outcome else { return };
            if wake_up.at > self.clock.now() {
                // The clock was set back since it was due: it waits for its instant again, and is not late by a pause then.
                self.timer.insert(wake_up.at, (actor, wake_up));
                return;
            }
            let pause_ms = backoff.after_ms(&failure);
            tracing::warn!(%actor, %failure, pause_ms, "an actor could not be woken");
            self.clock.sleep_ms(pause_ms).await;
        }
    }
}

impl WakeUps for MemoryWakeUps {
    fn holds_what_heads_say(&self) -> bool {
        self.is_loaded.load(Ordering::Acquire)
    }

    /// None is needed: undrained logs are found at start.
    fn guard_interval_ms(&self) -> Option<u64> {
        None
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.timer.insert(wake_up.at, (actor, wake_up));
        Ok(())
    }

    async fn cancel(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.timer.remove(wake_up.at, &(actor, wake_up));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Instant,
    };

    use punctual_events::{Seq, UserId};
    use tokio::sync::mpsc;
    use uuid::Uuid;

    use super::*;
    use crate::environment::SystemClock;

    /// Passes wake-ups on, after failing a few times.
    struct Recorder {
        failures_left: AtomicU32,
        woken: mpsc::UnboundedSender<(ActorId, WakeUp, Timestamp)>,
    }

    impl WakeUpHandler for Recorder {
        fn wake(&self, actor: ActorId, wake_up: WakeUp) -> BoxFuture<'_, Result<(), Failure>> {
            Box::pin(async move {
                let fail = |left: u32| left.checked_sub(1);
                if self
                    .failures_left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fail)
                    .is_ok()
                {
                    return Err(Failure::new("not now"));
                }
                self.woken
                    .send((actor, wake_up, SystemClock.now()))
                    .map_err(Failure::new)
            })
        }
    }

    fn actor(id: u128) -> ActorId {
        ActorId::User(UserId(Uuid::from_u128(id)))
    }

    fn wake_up(at: Timestamp, nonce: u64) -> WakeUp {
        WakeUp {
            at,
            seq: Seq(1),
            nonce,
            is_guard: false,
        }
    }

    fn start(failures: u32) -> (MemoryWakeUps, mpsc::UnboundedReceiver<(ActorId, WakeUp, Timestamp)>) {
        let (woken, receiver) = mpsc::unbounded_channel();
        let wake_ups = MemoryWakeUps::new(Arc::new(SystemClock));
        let (running, alarm) = (wake_ups.clone(), Alarm::system().unwrap());
        let handler = Arc::new(Recorder {
            failures_left: AtomicU32::new(failures),
            woken,
        });
        tokio::spawn(async move { running.deliver(&alarm, handler).await });
        (wake_ups, receiver)
    }

    #[tokio::test]
    async fn an_armed_wake_up_comes_at_its_instant_and_never_before() {
        let (wake_ups, mut woken) = start(0);
        let at = SystemClock.now().plus_millis(20);
        wake_ups.arm(actor(1), wake_up(at, 1)).await.unwrap();
        let (who, what, when) = woken.recv().await.unwrap();
        assert_eq!((who, what), (actor(1), wake_up(at, 1)));
        assert!(when >= at);
    }

    #[tokio::test]
    async fn a_wake_up_that_was_not_taken_is_delivered_again() {
        let (wake_ups, mut woken) = start(2);
        let at = SystemClock.now();
        wake_ups.arm(actor(1), wake_up(at, 1)).await.unwrap();
        assert_eq!(woken.recv().await.unwrap().0, actor(1));
    }

    #[tokio::test]
    async fn a_wake_up_that_was_taken_out_before_the_clock_was_set_back_waits_for_its_instant_again() {
        let (woken, _receiver) = mpsc::unbounded_channel();
        let handler = Recorder {
            failures_left: AtomicU32::new(u32::MAX),
            woken,
        };
        let wake_ups = MemoryWakeUps::new(Arc::new(SystemClock));
        let at = SystemClock.now().plus_millis(3_600_000);
        let permits = Semaphore::new(1);
        let attempt = wake_ups.wake_until_taken(&handler, &permits, actor(1), wake_up(at, 1));
        tokio::time::timeout(std::time::Duration::from_secs(5), attempt)
            .await
            .expect("it tries again and again");
        assert_eq!(wake_ups.earliest(), Some(at));
    }

    #[tokio::test]
    async fn a_thousand_due_at_once_all_come() {
        let (wake_ups, mut woken) = start(0);
        let at = SystemClock.now().plus_millis(50);
        for id in 0..1_000 {
            wake_ups.arm(actor(id), wake_up(at, 1)).await.unwrap();
        }
        let mut last = Timestamp::MIN;
        for _ in 0..1_000 {
            last = woken.recv().await.unwrap().2;
        }
        eprintln!("the last of 1,000 came {} ms late", last.as_millis() - at.as_millis());
    }

    #[tokio::test]
    async fn arming_a_thousand_costs_little() {
        let wake_ups = MemoryWakeUps::new(Arc::new(SystemClock));
        let began = Instant::now();
        for id in 0..1_000 {
            wake_ups.arm(actor(id), wake_up(Timestamp::MAX, 1)).await.unwrap();
        }
        eprintln!("arming took {:?} each", began.elapsed() / 1_000);
        assert_eq!(wake_ups.len(), 1_000);
    }
}
