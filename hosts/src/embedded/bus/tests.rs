use std::{sync::Mutex, time::Duration};

use punctual_actors::{
    ports::{BoxFuture, Store as _},
    reference::VirtualClock,
};
use punctual_events::{CloudEvent, Topic};
use tokio::sync::Semaphore;

use super::*;
use crate::{
    embedded::sqlite::tests::{Opened, commit, fill, open, update, user},
    environment::SystemClock,
};

/// A service that writes down what it was handed.
struct Service {
    calls: Mutex<Vec<(ActorId, Vec<u64>)>>,
    /// The commit whose events it cannot read.
    cannot_read: Option<Seq>,
    durable: bool,
    /// Calls that still fail.
    failures: AtomicUsize,
    /// Times it still panics when it is asked for its name, which is before it is handed anything.
    panics: AtomicUsize,
    /// A call takes one; a service without limits has plenty.
    permits: Semaphore,
    refuses: Option<ActorId>,
    seen: Notify,
    topics: &'static [Topic],
    gathers_ms: u64,
}

fn service() -> Service {
    Service {
        calls: Mutex::default(),
        cannot_read: None,
        durable: true,
        failures: AtomicUsize::new(0),
        panics: AtomicUsize::new(0),
        permits: Semaphore::new(1_000_000),
        refuses: None,
        seen: Notify::new(),
        topics: &[Topic::TaskEvents],
        gathers_ms: 0,
    }
}

impl EventHandler for Service {
    fn name(&self) -> &'static str {
        let one_less = |left: usize| left.checked_sub(1);
        let panics = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        assert!(panics.is_err(), "a panic the test asked for");
        "service"
    }

    fn topics(&self) -> &'static [Topic] {
        self.topics
    }

    fn is_durable(&self) -> bool {
        self.durable
    }

    fn can_read(&self, event: &CloudEvent) -> bool {
        self.cannot_read != Some(event.commit.seq)
    }

    fn gathers_ms(&self) -> u64 {
        self.gathers_ms
    }

    fn handle<'a>(&'a self, topic: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            assert!(events.iter().all(|event| event.topic == topic));
            self.permits.acquire().await.unwrap().forget();
            let actor = events[0].commit.actor;
            let fails = |left: usize| left.checked_sub(1);
            if self.refuses == Some(actor)
                || self
                    .failures
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails)
                    .is_ok()
            {
                return Err(Failure::new("not now"));
            }
            let seqs = events.iter().map(|event| event.commit.seq.0).collect();
            self.calls.lock().unwrap().push((actor, seqs));
            self.seen.notify_one();
            Ok(())
        })
    }
}

impl Service {
    fn seqs_of(&self, actor: ActorId) -> Vec<u64> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .filter(|(of, _)| *of == actor)
            .flat_map(|(_, seqs)| seqs.clone())
            .collect()
    }

    async fn until_it_has(&self, actor: ActorId, count: usize) {
        while self.seqs_of(actor).len() < count {
            self.seen.notified().await;
        }
    }
}

fn start(opened: &Opened, services: &[&Arc<Service>]) -> Bus {
    let handlers = services
        .iter()
        .map(|service| Arc::clone(service) as Arc<dyn EventHandler>)
        .collect();
    Bus::new(opened.database.clone(), Arc::new(SystemClock), handlers)
}

async fn publish(bus: &Bus, actor: ActorId, seqs: impl IntoIterator<Item = u64>) {
    let commits: Vec<_> = seqs.into_iter().map(|seq| commit(actor, seq).commit).collect();
    bus.publish(&commits).await.unwrap();
}

async fn drained(opened: &Opened, actor: ActorId) -> Option<Seq> {
    opened.database.drained(actor).await.unwrap()
}

#[tokio::test]
async fn a_service_gets_the_commits_of_an_actor_in_order_and_the_watermark_follows() {
    let (opened, service) = (open(), Arc::new(service()));
    let bus = start(&opened, &[&service]);
    fill(&opened.store, user(1), 20).await;
    for seq in 1..=20 {
        publish(&bus, user(1), [seq]).await;
    }
    bus.drain().await;
    assert_eq!(service.seqs_of(user(1)), (1..=20).collect::<Vec<_>>());
    assert_eq!(drained(&opened, user(1)).await, Some(Seq(20)));
    assert_eq!(
        bus.lag(),
        [Lag {
            service: "service",
            commits: 0,
            oldest: None
        }]
    );
}

#[tokio::test]
async fn an_event_whose_content_cannot_be_read_is_passed_over_and_holds_up_nothing() {
    let service = Arc::new(Service {
        cannot_read: Some(Seq(2)),
        ..service()
    });
    let opened = open();
    let bus = start(&opened, &[&service]);
    fill(&opened.store, user(1), 3).await;
    for seq in 1..=3 {
        publish(&bus, user(1), [seq]).await;
    }
    bus.drain().await;
    assert_eq!(service.seqs_of(user(1)), [1, 3]);
    assert_eq!(drained(&opened, user(1)).await, Some(Seq(3)));
}

#[tokio::test]
async fn what_gathers_while_a_service_is_slow_is_one_batch_and_shows_as_lag() {
    let (opened, service) = (
        open(),
        Arc::new(Service {
            permits: Semaphore::new(0),
            ..service()
        }),
    );
    let bus = start(&opened, &[&service]);
    publish(&bus, user(1), [1]).await;
    tokio::task::yield_now().await;
    publish(&bus, user(1), [2]).await;
    publish(&bus, user(1), [3, 4]).await;
    let [lag] = bus.lag()[..] else { panic!() };
    assert_eq!((lag.commits, lag.oldest), (4, Some(Timestamp::from_millis(1_000))));
    service.permits.add_permits(2);
    bus.drain().await;
    assert_eq!(
        *service.calls.lock().unwrap(),
        [(user(1), vec![1]), (user(1), vec![2, 3, 4])]
    );
}

#[tokio::test]
async fn after_a_small_batch_what_comes_gathers_and_after_a_large_one_it_does_not() {
    let (opened, clock) = (open(), VirtualClock::new(Timestamp::from_millis(0)));
    let service = Arc::new(Service {
        gathers_ms: 100,
        ..service()
    });
    let bus = Bus::new(
        opened.database.clone(),
        Arc::clone(&clock) as _,
        vec![Arc::clone(&service) as _],
    );
    publish(&bus, user(1), [1]).await;
    service.until_it_has(user(1), 1).await;
    for seq in [2, 3] {
        publish(&bus, user(1), [seq]).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    clock.advance_ms(100);
    service.until_it_has(user(1), 3).await;
    publish(&bus, user(2), 1..=64).await;
    service.until_it_has(user(2), 64).await;
    publish(&bus, user(2), [65]).await;
    service.until_it_has(user(2), 65).await;
    let calls = service.calls.lock().unwrap();
    let sizes: Vec<usize> = calls.iter().map(|(_, seqs)| seqs.len()).collect();
    assert_eq!(sizes, [1, 2, 64, 1]);
}

#[tokio::test]
async fn a_failure_is_tried_again_and_holds_up_no_other_actor() {
    let (opened, service) = (
        open(),
        Arc::new(Service {
            refuses: Some(user(1)),
            ..service()
        }),
    );
    let bus = start(&opened, &[&service]);
    publish(&bus, user(1), [1]).await;
    publish(&bus, user(2), [1]).await;
    service.until_it_has(user(2), 1).await;
    assert_eq!(service.seqs_of(user(1)), [] as [u64; 0]);

    let later = Arc::new(Service {
        failures: AtomicUsize::new(1),
        ..self::service()
    });
    let bus = start(&opened, &[&later]);
    publish(&bus, user(3), [1]).await;
    publish(&bus, user(3), [2]).await;
    bus.drain().await;
    assert_eq!(later.seqs_of(user(3)), [1, 2]);
}

#[tokio::test]
async fn a_slow_service_holds_up_no_other_service_but_the_watermark() {
    let (opened, quick, slow) = (
        open(),
        Arc::new(service()),
        Arc::new(Service {
            permits: Semaphore::new(0),
            ..service()
        }),
    );
    let bus = start(&opened, &[&quick, &slow]);
    fill(&opened.store, user(1), 2).await;
    publish(&bus, user(1), [1, 2]).await;
    quick.until_it_has(user(1), 2).await;
    assert_eq!(drained(&opened, user(1)).await, Some(Seq(0)));
    slow.permits.add_permits(1);
    bus.drain().await;
    assert_eq!(drained(&opened, user(1)).await, Some(Seq(2)));
}

#[tokio::test]
async fn a_volatile_service_has_everything_when_publishing_returns_and_its_failures_are_ignored() {
    let opened = open();
    let (live, failing) = (
        Arc::new(Service {
            durable: false,
            ..service()
        }),
        Arc::new(Service {
            durable: false,
            failures: AtomicUsize::new(100),
            ..service()
        }),
    );
    let bus = start(&opened, &[&failing, &live]);
    publish(&bus, user(1), [1, 2]).await;
    publish(&bus, user(1), [3]).await;
    assert_eq!(live.seqs_of(user(1)), [1, 2, 3]);
}

#[tokio::test]
async fn a_service_hears_only_its_topics_and_the_rest_does_not_hold_up_the_watermark() {
    let (opened, service) = (
        open(),
        Arc::new(Service {
            topics: &[Topic::Reminders],
            ..service()
        }),
    );
    let bus = start(&opened, &[&service]);
    fill(&opened.store, user(1), 3).await;
    publish(&bus, user(1), [1, 2, 3]).await;
    bus.drain().await;
    assert_eq!(service.seqs_of(user(1)), [] as [u64; 0]);
    assert_eq!(drained(&opened, user(1)).await, Some(Seq(3)));
}

#[tokio::test]
async fn what_a_process_left_undelivered_is_delivered_by_the_next() {
    let opened = open();
    fill(&opened.store, user(1), 600).await;
    fill(&opened.store, user(2), 1).await;
    opened.database.note_drained(user(1), Seq(10));
    opened.database.note_drained(user(2), Seq(1));
    let opened = opened.reopened().await;
    let service = Arc::new(service());
    let bus = start(&opened, &[&service]);
    assert_eq!(bus.recover().await.unwrap(), 1);
    bus.drain().await;
    assert_eq!(service.seqs_of(user(1)), (11..=600).collect::<Vec<_>>());
    assert_eq!(drained(&opened, user(1)).await, Some(Seq(600)));
    let opened = opened.reopened().await;
    assert_eq!(
        start(&opened, &[&service]).recover().await.unwrap(),
        0,
        "it was noted before the close"
    );
}

#[tokio::test]
async fn a_commit_nobody_published_is_delivered_before_the_next_one() {
    let (opened, service) = (open(), Arc::new(service()));
    let bus = start(&opened, &[&service]);
    fill(&opened.store, user(1), 3).await;
    publish(&bus, user(1), [3]).await;
    bus.drain().await;
    assert_eq!(service.seqs_of(user(1)), [1, 2, 3]);
}

#[tokio::test]
async fn what_does_not_fit_in_memory_comes_from_the_log() {
    let (opened, service) = (
        open(),
        Arc::new(Service {
            permits: Semaphore::new(0),
            ..service()
        }),
    );
    let bus = start(&opened, &[&service]);
    fill(&opened.store, user(1), 1_500).await;
    for seq in 1..=1_500 {
        publish(&bus, user(1), [seq]).await;
    }
    service.permits.add_permits(1_000_000);
    bus.drain().await;
    assert_eq!(service.seqs_of(user(1)), (1..=1_500).collect::<Vec<_>>());
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_service_that_keeps_failing() {
    let (opened, service) = (
        open(),
        Arc::new(Service {
            refuses: Some(user(1)),
            ..service()
        }),
    );
    let bus = start(&opened, &[&service]);
    opened.store.append(Seq(0), commit(user(1), 1), update()).await.unwrap();
    publish(&bus, user(1), [1]).await;
    tokio::time::timeout(Duration::from_secs(20), bus.stop()).await.unwrap();
    assert_eq!(drained(&opened, user(1)).await, Some(Seq(0)));
}

#[tokio::test]
async fn a_lane_goes_on_after_a_panic_around_its_service() {
    let service = Arc::new(Service {
        panics: AtomicUsize::new(1),
        ..service()
    });
    let opened = open();
    let bus = start(&opened, &[&service]);
    publish(&bus, user(1), [1]).await;
    tokio::time::timeout(Duration::from_secs(20), service.until_it_has(user(1), 1))
        .await
        .expect("nobody delivers");
    bus.drain().await;
}
