//! What the breaker keeps from a broker that is away, in virtual time.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::atomic::AtomicBool,
    task::Poll,
};

use punctual_events::Timestamp;

use super::*;
use crate::{
    conformance::LogWriter,
    ports::Ports,
    reference::{MemoryDirectory, MemoryStore, MemoryWakeUps, Reference, VirtualClock},
};

/// A publisher that counts the tries and takes nothing while the broker is away.
#[derive(Default)]
struct Broker {
    is_back: AtomicBool,
    tries: AtomicU32,
}

impl Publisher for Broker {
    async fn publish(&self, _: &[Arc<Commit>]) -> Result<(), Failure> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        if self.is_back.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(Failure::new("the broker is away"))
        }
    }
}

/// A process.
struct Process {
    breaker: Breaker,
    clock: Arc<VirtualClock>,
    runtime: Ports<MemoryStore, MemoryWakeUps, Broker, MemoryDirectory>,
}

impl Process {
    fn new() -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let reference = Reference::new(&clock, 1);
        Self {
            breaker: Breaker::default(),
            clock,
            runtime: Ports {
                store: reference.store,
                wake_ups: reference.wake_ups,
                publisher: Broker::default(),
                directory: reference.directory,
                environment: reference.environment,
                recheck_head_after_ms: None,
            },
        }
    }

    fn tries(&self) -> u32 {
        self.runtime.publisher.tries.load(Ordering::Relaxed)
    }

    fn set_broker(&self, is_back: bool) {
        self.runtime.publisher.is_back.store(is_back, Ordering::Relaxed);
    }

    fn is_open(&self) -> bool {
        self.breaker.is_open(&*self.clock)
    }

    /// Publishes, or tries to, and says how long that took, in milliseconds.
    async fn publish(&self, outbox: &mut Outbox) -> (Result<Option<Seq>, Failure>, u64) {
        let mut publishing = pin!(outbox.publish_some(&self.runtime, &self.breaker));
        let mut waited_ms = 0;
        loop {
            if let Poll::Ready(outcome) = poll(publishing.as_mut()).await {
                return (outcome, waited_ms);
            }
            let pause_ms = self.clock.next_sleeper_ms().unwrap();
            self.clock.advance_ms(pause_ms);
            waited_ms += pause_ms;
        }
    }

    /// Fails so many times in a row, each time until the pause is over; how long each took.
    async fn fail(&self, times: u32) -> Vec<u64> {
        let (mut outbox, mut waited) = (outbox(9), Vec::new());
        for _ in 0..times {
            let (outcome, waited_ms) = self.publish(&mut outbox).await;
            assert!(outcome.is_err() && outbox.len() == 1, "what was not taken stays");
            waited.push(waited_ms);
        }
        waited
    }
}

/// Where a future has come.
async fn poll<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

/// What an actor has to publish.
fn outbox(actor: u128) -> Outbox {
    let mut outbox = Outbox::default();
    outbox.extend([LogWriter::user(actor).draft("x").commit]);
    outbox
}

#[tokio::test]
async fn after_five_failures_in_a_row_no_actor_tries_before_the_pause_is_over() {
    let process = Process::new();
    process.fail(TRIP_AFTER - 1).await;
    let (mut one, mut other) = (outbox(1), outbox(2));
    let mut fifth = pin!(one.publish_some(&process.runtime, &process.breaker));
    assert!(poll(fifth.as_mut()).await.is_pending());
    assert_eq!(process.tries(), TRIP_AFTER);
    assert!(process.is_open());

    let mut kept = pin!(other.publish_some(&process.runtime, &process.breaker));
    let pause_ms = FIRST_PAUSE_MS << TRIP_AFTER;
    for passed_ms in [0, pause_ms - 1] {
        process.clock.advance_ms(passed_ms);
        assert!(poll(kept.as_mut()).await.is_pending());
        assert_eq!(process.tries(), TRIP_AFTER, "after {passed_ms} ms");
    }
    process.clock.advance_ms(1);
    assert!(!process.is_open());
    assert!(poll(kept.as_mut()).await.is_pending());
    assert_eq!(process.tries(), TRIP_AFTER + 1);
}

#[tokio::test]
async fn before_that_each_actor_tries_for_itself() {
    let process = Process::new();
    process.fail(TRIP_AFTER - 2).await;
    let (mut one, mut other) = (outbox(1), outbox(2));
    let mut fourth = pin!(one.publish_some(&process.runtime, &process.breaker));
    assert!(poll(fourth.as_mut()).await.is_pending() && !process.is_open());
    let mut fifth = pin!(other.publish_some(&process.runtime, &process.breaker));
    assert!(poll(fifth.as_mut()).await.is_pending());
    assert_eq!(process.tries(), TRIP_AFTER);
}

#[tokio::test]
async fn pauses_double_up_to_five_seconds() {
    let process = Process::new();
    let expected = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];
    assert_eq!(process.fail(8).await, expected);
}

#[tokio::test]
async fn one_success_closes_the_breaker_and_the_count_begins_anew() {
    let process = Process::new();
    process.fail(TRIP_AFTER + 3).await;
    process.set_broker(true);
    let mut taken = outbox(1);
    assert_eq!(process.publish(&mut taken).await.0.unwrap(), Some(Seq(1)));
    assert!(taken.is_empty());
    process.set_broker(false);
    assert_eq!(process.fail(2).await, [100, 200]);
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_the_breaker_open_for_no_longer_than_a_pause() {
    let process = Process::new();
    process.fail(TRIP_AFTER - 1).await;
    let mut one = outbox(1);
    let mut fifth = pin!(one.publish_some(&process.runtime, &process.breaker));
    assert!(poll(fifth.as_mut()).await.is_pending() && process.is_open());
    process.clock.jump_ms(-3_600_000);
    process.set_broker(true);
    let (outcome, waited_ms) = process.publish(&mut outbox(2)).await;
    assert!(outcome.is_ok());
    assert!(waited_ms <= LONGEST_PAUSE_MS, "{waited_ms}");
}
