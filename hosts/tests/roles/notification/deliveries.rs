//! From a reminder that fired to its webhooks.

use std::{
    io::Write,
    sync::{Arc, Mutex, atomic::Ordering},
};

use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    ports::{EventHandler as _, Services},
    roles::notification::{Counters, Notification},
    webhooks::{AddressPolicy, DirectSender, Registry, Removed, Webhook, WebhookSecret},
};
use punctual_actors::{
    ports::{Clock as _, DAMAGE_PAUSE_MS, Failure},
    reference::{Reference, VirtualClock},
};
use punctual_events::{
    ActorId, COMMIT_FORMAT, Commit, CommitHeader, Digest, EventRecord, EventType, Notification as Fired,
    NotificationId, Principal, Seq, Timestamp, Topic, UserId, WebhookId,
};
use uuid::Uuid;

use super::{deletion::account_key, memory::Memory, receiver::Receiver};

pub(super) const USER: UserId = UserId(Uuid::from_u128(1));
const NOW: &str = "2026-11-23T08:00:00Z";

pub(super) struct World {
    clock: Arc<VirtualClock>,
    counters: Counters,
    pub(super) memory: Arc<Memory>,
    pub(super) registry: Registry,
    role: Notification,
}

pub(super) fn open_to_loopback() -> AddressPolicy {
    AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()])
}

/// What the role is given: records and jobs in `memory`, and the actors of `runtime`.
pub(super) fn services(runtime: &Arc<Reference>, memory: &Arc<Memory>) -> Services {
    let host = ActorHost::new(Arc::clone(runtime), HostConfig::default(), Arc::new(Unobserved));
    Services {
        actors: Arc::clone(&host) as _,
        logs: host,
        records: Arc::clone(memory) as _,
        jobs: Arc::clone(memory) as _,
        audit: Arc::new(NoAudit),
        environment: runtime.environment.clone(),
    }
}

impl World {
    pub(super) fn new(policy: AddressPolicy) -> Self {
        let clock = VirtualClock::new(NOW.parse().unwrap());
        let runtime = Arc::new(Reference::new(&clock, 7));
        let memory = Arc::new(Memory::default());
        let services = services(&runtime, &memory);
        let counters = Counters::default();
        Self {
            clock,
            registry: Registry::new(Arc::clone(&memory) as _),
            memory,
            role: Notification::new(&services, Arc::new(DirectSender::new(policy)), None, counters.clone()),
            counters,
        }
    }

    pub(super) async fn add(&self, number: u128, url: &str) -> Webhook {
        let webhook = Webhook {
            created: self.clock.now(),
            disabled: None,
            id: WebhookId(Uuid::from_u128(number)),
            secret: secret().expose().into(),
            url: url.into(),
        };
        self.registry.add(USER, &webhook).await.unwrap().unwrap();
        webhook
    }

    /// A reminder fires and the role hears of it.
    pub(super) async fn fire(&self, number: u128) -> Result<(), Failure> {
        let events = fired(number, self.clock.now()).cloud_events(Topic::Reminders).unwrap();
        self.role.handle(Topic::Reminders, &events).await
    }

    /// The user is deleted and the role hears of it.
    pub(super) async fn delete_user(&self) -> Result<(), Failure> {
        let events = deleted(self.clock.now()).cloud_events(Topic::Reminders).unwrap();
        self.role.handle(Topic::Reminders, &events).await
    }

    pub(super) async fn run_due(&self) {
        self.memory.run_due(self.clock.now(), &self.role).await;
    }

    /// Lets time pass until the next job is due and does it. `false` when there is none.
    async fn run_next(&self) -> bool {
        let Some(at) = self.memory.next_job() else { return false };
        let ahead_ms = at.as_millis() - self.clock.now().as_millis();
        self.clock.advance_ms(u64::try_from(ahead_ms).unwrap_or(0));
        self.run_due().await;
        true
    }
}

pub(super) struct NoAudit;

impl punctual::ports::AuditStore for NoAudit {
    fn append(
        &self,
        _: punctual::ports::AuditBatch,
    ) -> punctual_actors::ports::BoxFuture<'_, Result<punctual::ports::AuditAppend, Failure>> {
        unreachable!("this role audits nothing")
    }

    fn head(&self, _: ActorId) -> punctual_actors::ports::BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>> {
        unreachable!("this role audits nothing")
    }

    fn end(&self, _: UserId) -> punctual_actors::ports::BoxFuture<'_, Result<punctual::ports::AuditPlace, Failure>> {
        unreachable!("this role audits nothing")
    }

    fn read(
        &self,
        _: UserId,
        _: punctual::ports::AuditPlace,
        _: usize,
    ) -> punctual_actors::ports::BoxFuture<'_, Result<Vec<punctual::ports::AuditStretch>, Failure>> {
        unreachable!("this role audits nothing")
    }

    fn erase(&self, _: ActorId, _: Seq) -> punctual_actors::ports::BoxFuture<'_, Result<(), Failure>> {
        unreachable!("this role audits nothing")
    }
}

fn secret() -> WebhookSecret {
    WebhookSecret::from_random([4; 32])
}

/// The commit in which the user was deleted.
fn deleted(at: Timestamp) -> Commit {
    let data = serde_json::json!({"account": account_key().to_string(), "series": []});
    commit(
        at,
        EventRecord::new(EventType::UserDeleted, Principal::System, &data).unwrap(),
    )
}

#[tokio::test]
async fn only_what_the_role_has_to_know_the_content_of_has_to_be_readable() {
    let world = World::new(open_to_loopback());
    let can_read = |event_type, data: serde_json::Value| {
        let record = EventRecord::new(event_type, Principal::System, &data).unwrap();
        let events = commit(world.clock.now(), record)
            .cloud_events(Topic::Reminders)
            .unwrap();
        world.role.can_read(&events[0])
    };
    for event_type in [EventType::ReminderFired, EventType::MailChanged] {
        assert!(!can_read(event_type, serde_json::json!({"title": 7})));
        assert!(can_read(event_type, serde_json::Value::Null), "it was erased");
    }
    assert!(can_read(EventType::UserDeleted, serde_json::json!({"title": 7})));
    let fired = fired(1, world.clock.now()).cloud_events(Topic::Reminders).unwrap();
    assert!(world.role.can_read(&fired[0]));
}

/// The commit in which a notification of this number fired.
pub(super) fn fired(number: u128, at: Timestamp) -> Commit {
    let data = Fired {
        again: None,
        dismissed: None,
        due_at: at,
        fired_at: at,
        held_until: None,
        id: NotificationId(Uuid::from_u128(number)),
        late: false,
        reminder: Uuid::from_u128(8).into(),
        repetition: 0,
        replaces: None,
        snoozed: None,
        task: Uuid::from_u128(9).into(),
        title: "call the confidential doctor".into(),
    };
    commit(
        at,
        EventRecord::new(EventType::ReminderFired, Principal::System, &data).unwrap(),
    )
}

fn commit(at: Timestamp, event: EventRecord) -> Commit {
    let header = CommitHeader {
        actor: ActorId::User(USER),
        hash: Digest::ZERO,
        owner: USER,
        previous: Digest::ZERO,
        previous_on_topic: [Seq::ZERO; 3],
        seq: Seq(1),
        time: at,
        traceparent: None,
    };
    Commit {
        format: COMMIT_FORMAT,
        header,
        commands: Vec::new(),
        events: vec![event],
    }
}

#[tokio::test]
async fn a_reminder_reaches_every_webhook_signed() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    for number in [1, 2] {
        world.add(number, &receiver.url("/hook")).await;
    }
    world.fire(77).await.unwrap();
    world.run_due().await;
    for _ in 0..2 {
        let received = receiver.arrived.try_recv().unwrap();
        let id = Uuid::from_u128(77).to_string();
        assert_eq!(received.header("webhook-id"), id);
        assert_eq!(received.header("content-type"), "application/json");
        assert_eq!(
            received.header("webhook-signature"),
            secret().sign(&id, world.clock.now(), &received.body)
        );
        let body: serde_json::Value = serde_json::from_slice(&received.body).unwrap();
        assert_eq!(
            (&body["type"], &body["timestamp"]),
            (&"reminder.fired".into(), &"2026-11-23T08:00:00.000Z".into())
        );
        assert_eq!(
            (&body["data"]["id"], &body["data"]["title"]),
            (&id.into(), &"call the confidential doctor".into())
        );
    }
    assert_eq!((world.memory.jobs(), world.counters.delivered.get()), (0, 2));
}

#[tokio::test]
async fn every_try_has_the_same_id_and_body_and_a_signature_of_its_own_time() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    receiver.answer_with(503);
    world.fire(77).await.unwrap();
    world.run_due().await;
    world.run_next().await;
    receiver.answer_with(200);
    world.run_next().await;
    assert_eq!(world.memory.jobs(), 0);
    let tries: Vec<_> = std::iter::from_fn(|| receiver.arrived.try_recv().ok()).collect();
    assert_eq!(tries.len(), 3);
    for later in &tries[1..] {
        assert_eq!(later.header("webhook-id"), tries[0].header("webhook-id"));
        assert_eq!(later.body, tries[0].body);
        assert_ne!(later.header("webhook-timestamp"), tries[0].header("webhook-timestamp"));
        assert_ne!(later.header("webhook-signature"), tries[0].header("webhook-signature"));
    }
    assert_eq!((world.counters.delivered.get(), world.counters.failed.get()), (1, 2));
}

#[tokio::test]
async fn after_24_hours_of_failures_the_webhook_is_disabled_and_hears_nothing_more() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    let webhook = world.add(1, &receiver.url("/hook")).await;
    receiver.answer_with(500);
    world.fire(77).await.unwrap();
    while world.run_next().await {}
    assert!((10..=12).contains(&receiver.count()));
    let listed = world.registry.list(USER).await.unwrap();
    let disabled = listed[0].disabled.as_ref().unwrap();
    assert_eq!(
        (listed[0].id, &*disabled.reason),
        (webhook.id, "answered with status 500")
    );
    assert_eq!(disabled.since, "2026-11-24T08:00:00Z".parse().unwrap());
    world.fire(78).await.unwrap();
    assert_eq!((world.memory.jobs(), world.counters.disabled.get()), (0, 1));
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    receiver.answer_with(307);
    world.fire(77).await.unwrap();
    world.run_due().await;
    assert_eq!(
        (receiver.count(), world.memory.jobs(), world.counters.failed.get()),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn an_address_that_is_refused_is_tried_again_like_every_failure() {
    let (world, mut receiver) = (World::new(AddressPolicy::default()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    world.fire(77).await.unwrap();
    world.run_due().await;
    assert_eq!(
        (receiver.count(), world.memory.jobs(), world.counters.failed.get()),
        (0, 1, 1)
    );
    while world.run_next().await {}
    assert!(world.registry.list(USER).await.unwrap()[0].disabled.is_some());
}

#[tokio::test]
async fn an_event_that_comes_again_starts_no_second_delivery() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    world.fire(77).await.unwrap();
    world.fire(77).await.unwrap();
    assert_eq!(world.memory.jobs(), 1);
    world.run_due().await;
    assert_eq!((receiver.count(), world.memory.jobs()), (1, 0));
}

#[tokio::test]
async fn a_webhook_that_was_deleted_hears_nothing_more() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    let webhook = world.add(1, &receiver.url("/hook")).await;
    receiver.answer_with(500);
    world.fire(77).await.unwrap();
    world.run_due().await;
    assert_eq!(world.registry.remove(USER, webhook.id).await.unwrap(), Removed::Now);
    world.run_next().await;
    assert_eq!((receiver.count(), world.memory.jobs()), (1, 0));
}

#[tokio::test]
async fn a_delivery_whose_webhooks_cannot_be_read_is_put_off() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    world.fire(77).await.unwrap();
    world.memory.damage_records();
    world.run_due().await;
    let pause_ms = i64::try_from(DAMAGE_PAUSE_MS).unwrap();
    assert_eq!(world.memory.next_job(), Some(world.clock.now().plus_millis(pause_ms)));
    assert_eq!(receiver.count(), 0);
}

/// Four tries are under way, and two wait for them, when this returns.
async fn six_tries_at_one_that_is_silent() -> (Arc<World>, Receiver, tokio::task::JoinHandle<()>) {
    let (world, silent) = (Arc::new(World::new(open_to_loopback())), Receiver::start().await);
    world.add(1, &silent.url("/silent")).await;
    for number in 0..6 {
        world.fire(number).await.unwrap();
    }
    let running = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.run_due().await }
    });
    world.clock.until_somebody_sleeps().await;
    (world, silent, running)
}

#[tokio::test]
async fn a_try_under_way_when_its_user_is_deleted_leaves_no_delivery() {
    let (world, _silent, running) = six_tries_at_one_that_is_silent().await;
    // What becomes of the two that wait is decided after the deletion.
    world.delete_user().await.unwrap();
    let before = world.memory.scheduled();
    world.clock.advance_ms(1_000);
    while world.memory.scheduled() < before + 2 {
        tokio::task::yield_now().await;
    }
    while world.memory.jobs() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(!world.memory.text().contains("confidential"));
    running.abort();
}

#[tokio::test]
async fn an_outage_of_ours_is_not_the_receivers_fault() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    receiver.answer_with(500);
    world.fire(77).await.unwrap();
    world.clock.advance_ms(3 * 86_400_000);
    world.run_due().await;
    assert_eq!((receiver.count(), world.memory.jobs()), (1, 1));
    assert!(world.registry.list(USER).await.unwrap()[0].disabled.is_none());
}

#[tokio::test]
async fn a_day_off_between_two_tries_disables_nothing_yet() {
    let (world, receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    receiver.answer_with(500);
    world.fire(77).await.unwrap();
    world.run_due().await;
    world.clock.advance_ms(2 * 86_400_000);
    world.run_due().await;
    assert!(world.registry.list(USER).await.unwrap()[0].disabled.is_none());
    receiver.answer_with(200);
    assert!(world.run_next().await);
    assert_eq!((world.memory.jobs(), world.counters.delivered.get()), (0, 1));
}

#[tokio::test]
async fn an_event_is_not_taken_before_its_deliveries_are_durable() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook")).await;
    world.memory.is_away.store(true, Ordering::Relaxed);
    assert!(world.fire(77).await.is_err());
    world.memory.is_away.store(false, Ordering::Relaxed);
    assert_eq!(world.memory.jobs(), 0);
    world.fire(77).await.unwrap();
    // And a try whose end cannot be noted is repeated.
    receiver.answer_with(500);
    world.memory.is_away.store(true, Ordering::Relaxed);
    world.run_due().await;
    world.memory.is_away.store(false, Ordering::Relaxed);
    assert_eq!((receiver.count(), world.memory.jobs()), (0, 1));
}

#[tokio::test]
async fn a_receiver_that_never_answers_keeps_no_other_waiting() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    let (silent, world) = (Receiver::start().await, Arc::new(world));
    world.add(1, &silent.url("/silent")).await;
    world.add(2, &receiver.url("/hook")).await;
    for number in 0..100 {
        world.fire(number).await.unwrap();
    }
    let running = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.run_due().await }
    });
    for _ in 0..100 {
        receiver.arrived.recv().await.unwrap();
    }
    assert!(!running.is_finished());
    running.abort();
}

#[tokio::test]
async fn a_receiver_that_is_busy_is_tried_later_and_loses_no_try() {
    let (world, _silent, running) = six_tries_at_one_that_is_silent().await;
    // The two wait until their patience ends.
    world.clock.advance_ms(1_000);
    while world.memory.scheduled_after(world.clock.now()) < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!((world.memory.jobs(), world.counters.failed.get()), (6, 0));
    running.abort();
}

/// Everything that is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_show_neither_credentials_nor_what_people_wrote() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (world, receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    world.add(1, &receiver.url("/hook?token=s3cret")).await;
    receiver.answer_with(500);
    world.fire(77).await.unwrap();
    while world.run_next().await {}
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let own: Vec<&str> = text.lines().filter(|line| line.contains("punctual")).collect();
    assert!(own.iter().any(|line| line.contains("a webhook is disabled")), "{text}");
    for line in own {
        assert!(
            !line.contains("s3cret") && !line.contains("whsec") && !line.contains("confidential"),
            "{line}"
        );
    }
}
