//! What the breaker keeps from a broker that is away, and what is kept meanwhile, in virtual time.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Mutex, atomic::AtomicBool},
    task::Poll,
};

use punctual_events::Timestamp;

use super::*;
use crate::{
    conformance::LogWriter,
    ports::{Failure, Ports, Publisher},
    reference::{MemoryDirectory, MemoryStore, MemoryWakeUps, Reference, VirtualClock},
};

/// A publisher that counts the tries and takes nothing while the broker is away.
#[derive(Default)]
struct Broker {
    is_back: AtomicBool,
    tries: AtomicU32,
    taken: Mutex<Vec<Seq>>,
}

impl Publisher for Broker {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        if self.is_back.load(Ordering::Relaxed) {
            self.taken
                .lock()
                .unwrap()
                .extend(commits.iter().map(|commit| commit.header.seq));
            Ok(())
        } else {
            Err(Failure::new("the broker is away"))
        }
    }
}

/// A process.
struct Process {
    breaker: Breaker,
    room: Arc<Room>,
    clock: Arc<VirtualClock>,
    runtime: Ports<MemoryStore, MemoryWakeUps, Broker, MemoryDirectory>,
}

impl Process {
    fn new() -> Self {
        Self::with_room(1 << 20)
    }

    fn with_room(bytes: usize) -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let reference = Reference::new(&clock, 1);
        Self {
            breaker: Breaker::default(),
            room: Room::of_bytes(bytes),
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
    async fn publish(&self, outbox: &mut Outbox) -> (Result<Seq, Failure>, u64) {
        let batch = outbox.next().unwrap();
        let mut publishing = pin!(self.publish_batch(&batch));
        let mut waited_ms = 0;
        loop {
            if let Poll::Ready(outcome) = poll(publishing.as_mut()).await {
                if let Ok(seq) = outcome {
                    outbox.taken(seq);
                }
                return (outcome, waited_ms);
            }
            let pause_ms = self.clock.next_sleeper_ms().unwrap();
            self.clock.advance_ms(pause_ms);
            waited_ms += pause_ms;
        }
    }

    async fn publish_batch(&self, batch: &Batch) -> Result<Seq, Failure> {
        batch.publish(&self.runtime, &self.breaker, &self.room).await
    }

    /// What an actor has to publish.
    fn outbox(&self, actor: u128) -> Outbox {
        let mut outbox = Outbox::default();
        outbox.extend([LogWriter::user(actor).draft("x").commit], &self.room);
        outbox
    }

    /// Fails so many times in a row, each time until the pause is over; how long each took.
    async fn fail(&self, times: u32) -> Vec<u64> {
        let (mut outbox, mut waited) = (self.outbox(9), Vec::new());
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

#[tokio::test]
async fn after_five_failures_in_a_row_no_actor_tries_before_the_pause_is_over() {
    let process = Process::new();
    process.fail(TRIP_AFTER - 1).await;
    let (one, other) = [1, 2].map(|actor| process.outbox(actor).next().unwrap()).into();
    let mut fifth = pin!(process.publish_batch(&one));
    assert!(poll(fifth.as_mut()).await.is_pending());
    assert_eq!(process.tries(), TRIP_AFTER);
    assert!(process.is_open());

    let mut kept = pin!(process.publish_batch(&other));
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
    let (one, other) = [1, 2].map(|actor| process.outbox(actor).next().unwrap()).into();
    let mut fourth = pin!(process.publish_batch(&one));
    assert!(poll(fourth.as_mut()).await.is_pending() && !process.is_open());
    let mut fifth = pin!(process.publish_batch(&other));
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
    let mut taken = process.outbox(1);
    assert_eq!(process.publish(&mut taken).await.0.unwrap(), Seq(1));
    assert!(taken.is_empty());
    process.set_broker(false);
    assert_eq!(process.fail(2).await, [100, 200]);
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_the_breaker_open_for_no_longer_than_a_pause() {
    let process = Process::new();
    process.fail(TRIP_AFTER - 1).await;
    let one = process.outbox(1).next().unwrap();
    let mut fifth = pin!(process.publish_batch(&one));
    assert!(poll(fifth.as_mut()).await.is_pending() && process.is_open());
    process.clock.jump_ms(-3_600_000);
    process.set_broker(true);
    let (outcome, waited_ms) = process.publish(&mut process.outbox(2)).await;
    assert!(outcome.is_ok());
    assert!(waited_ms <= LONGEST_PAUSE_MS, "{waited_ms}");
}

/// An actor with a log of so many commits, all of which are to be published.
async fn with_a_log(process: &Process, commits: usize) -> Outbox {
    let commits = LogWriter::user(1).append_many(&process.runtime.store, commits).await;
    let mut outbox = Outbox::default();
    for commit in commits {
        outbox.extend([commit], &process.room);
    }
    outbox
}

async fn publish_all(process: &Process, outbox: &mut Outbox) -> Vec<Seq> {
    while !outbox.is_empty() {
        process.publish(outbox).await.0.unwrap();
    }
    std::mem::take(&mut *process.runtime.publisher.taken.lock().unwrap())
}

fn seqs(from: u64, to: u64) -> Vec<Seq> {
    (from..=to).map(Seq).collect()
}

#[tokio::test]
async fn what_there_is_no_room_for_is_read_from_the_log_and_published_in_order() {
    for (room, kept) in [(0, 1..2), (10_000, 2..100), (1 << 20, 200..201)] {
        let process = Process::with_room(room);
        let mut outbox = with_a_log(&process, 200).await;
        let is_kept = |waiting: &&Waiting| matches!(waiting, Waiting::Kept { .. });
        let are_kept = outbox.waiting.iter().filter(is_kept).count();
        assert!(kept.contains(&are_kept), "{are_kept} in {room} bytes");
        assert!(process.room.taken_bytes() <= room.max(1_000));
        assert!(process.publish(&mut outbox).await.0.is_err());
        assert_eq!(outbox.len(), 200, "what was not taken stays");
        process.set_broker(true);
        assert_eq!(publish_all(&process, &mut outbox).await, seqs(1, 200));
        assert_eq!(process.room.taken_bytes(), 0);
    }
}

#[tokio::test]
async fn what_comes_while_others_wait_is_published_after_them() {
    let process = Process::with_room(0);
    process.set_broker(true);
    let mut outbox = Outbox::default();
    let mut log = LogWriter::user(1);
    for _ in 0..20 {
        for commit in log.append_many(&process.runtime.store, 3).await {
            outbox.extend([commit], &process.room);
        }
        let batch = outbox.next().unwrap();
        outbox.extend([log.append(&process.runtime.store, "meanwhile").await], &process.room);
        outbox.taken(process.publish_batch(&batch).await.unwrap());
    }
    assert_eq!(publish_all(&process, &mut outbox).await, seqs(1, 80));
    assert_eq!(process.room.taken_bytes(), 0);
}

#[tokio::test]
async fn what_has_left_the_log_meanwhile_is_passed_over() {
    let process = Process::with_room(0);
    let mut outbox = Outbox::default();
    let mut log = LogWriter::user(1);
    for _ in 0..5 {
        let commit = log.draft("x");
        log.take_in(&commit);
        outbox.extend([commit.commit], &process.room);
    }
    process.set_broker(true);
    assert_eq!(publish_all(&process, &mut outbox).await, seqs(1, 1));
}

#[tokio::test]
async fn few_logs_are_read_at_once() {
    let process = Process::with_room(1 << 20);
    let outbox = with_a_log(&process, 1).await;
    let batch = Batch::Logged {
        actor: LogWriter::user(1).actor(),
        first: Seq(1),
        last: Seq(1),
    };
    drop(outbox);
    let mut reading: Vec<_> = (0..6).map(|_| Box::pin(process.publish_batch(&batch))).collect();
    for publishing in &mut reading {
        assert!(poll(publishing.as_mut()).await.is_pending());
    }
    assert_eq!(
        process.tries(),
        4,
        "as many as there is room for; they wait for the broker"
    );
    drop(reading);
    assert_eq!(process.room.taken_bytes(), 0);
}
