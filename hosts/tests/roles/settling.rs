//! An actor whose append has an unknown outcome finds out by itself, and one that is woken by somebody who gives up goes on: nobody sends another
//! command here.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    environment::SystemClock,
    ports::{Actors as _, Logs as _, system_command},
};
use punctual_actors::{
    faults::{Fault, Faults, Faulty},
    ports::{Environment, Failure, Ports, Publisher, Store as _, WakeUp},
    reference::{MemoryDirectory, MemoryStore, MemoryWakeUps, SeededEntropy, UtcOnly},
    turn::TurnError,
    user::UserCommand,
};
use punctual_events::{ActorId, Commit, EventType, Seq, SessionId, UserId};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

const USER: UserId = UserId(Uuid::from_u128(1));
const ACTOR: ActorId = ActorId::User(USER);
/// Long enough for a loaded machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Passes on what is published.
struct Published(mpsc::UnboundedSender<Arc<Commit>>);

impl Publisher for Published {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        commits
            .iter()
            .try_for_each(|commit| self.0.send(Arc::clone(commit)))
            .map_err(Failure::new)
    }
}

type Host = ActorHost<Ports<Faulty<MemoryStore>, MemoryWakeUps, Published, MemoryDirectory>>;

struct Stage {
    environment: Environment,
    host: Arc<Host>,
    /// What goes wrong with the store.
    faults: Faults,
    store: MemoryStore,
    published: mpsc::UnboundedReceiver<Arc<Commit>>,
}

impl Stage {
    /// A user who has signed in once.
    async fn new() -> Self {
        let environment = Environment {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SeededEntropy::new(1)),
            zones: Arc::new(UtcOnly),
        };
        let (faults, (sender, published)) = (Faults::none(), mpsc::unbounded_channel());
        let store = MemoryStore::default();
        let runtime = Ports {
            store: Faulty::new(store.clone(), &faults),
            wake_ups: MemoryWakeUps::default(),
            publisher: Published(sender),
            directory: MemoryDirectory::default(),
            environment: environment.clone(),
            recheck_head_after_ms: None,
        };
        let host = ActorHost::new(Arc::new(runtime), HostConfig::default(), Arc::new(Unobserved));
        let mut stage = Self {
            environment,
            host,
            faults,
            store,
            published,
        };
        stage.sign_in(1).await.unwrap();
        assert_eq!(stage.next_published().await.header.seq, Seq(1));
        stage
    }

    async fn sign_in(&self, session: u128) -> Result<(), TurnError> {
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: self.environment.clock.now().plus_millis(86_400_000),
            session: SessionId(Uuid::from_u128(session)),
            time_zone: "UTC".into(),
        };
        let command = system_command(&self.environment, sign_in, None);
        self.host.command_user(USER, command).await.map(drop)
    }

    /// A task with a reminder that is due.
    async fn create_reminded(&self) -> WakeUp {
        let at = self.environment.clock.now();
        let draft = json!({"title": "t", "reminders": [{"at": at.plus_millis(20)}]});
        let create = UserCommand::CreateTask {
            draft: Box::new(serde_json::from_value(draft).unwrap()),
            imported: None,
        };
        let command = system_command(&self.environment, create, None);
        self.host.command_user(USER, command).await.unwrap();
        self.environment.clock.sleep_ms(20).await;
        WakeUp {
            at: at.plus_millis(20),
            seq: Seq(2),
            nonce: 1,
            is_guard: false,
        }
    }

    /// Has somebody ask for something, who gives up as soon as the log ends with `seq`, before the answer to the append is seen.
    async fn give_up_at(&self, seq: Seq, asking: impl Future) {
        let mut asking = pin!(asking);
        while self.store.head(ACTOR).await.unwrap().unwrap().seq < seq {
            assert!(futures_util::poll!(&mut asking).is_pending());
            tokio::task::yield_now().await;
        }
    }

    /// A sign-in during which the store goes wrong: its append like this, and each load after it.
    async fn sign_in_meeting(&self, append: Fault) {
        let lost = Fault::RequestLost;
        self.faults.script([append, lost, lost, lost]);
        let outcome = self.sign_in(2).await;
        assert!(matches!(outcome, Err(TurnError::Unknown(_))), "{outcome:?}");
    }

    async fn next_published(&mut self) -> Arc<Commit> {
        let next = tokio::time::timeout(PATIENCE, self.published.recv()).await;
        next.expect("nothing was published").expect("the host lives")
    }
}

#[tokio::test]
async fn a_commit_whose_outcome_was_unknown_is_published_without_another_command() {
    let mut stage = Stage::new().await;
    stage.sign_in_meeting(Fault::ReplyLost).await;
    let commit = stage.next_published().await;
    assert_eq!(commit.header.seq, Seq(2));
    assert_eq!(commit.events[0].event_type, EventType::SessionStarted);
}

#[tokio::test]
async fn it_is_found_also_after_the_store_was_away_for_longer() {
    let mut stage = Stage::new().await;
    stage.faults.script([Fault::ReplyLost]);
    stage.faults.script([Fault::RequestLost; 3 + 4 + 4]);
    assert!(stage.sign_in(2).await.is_err());
    assert_eq!(stage.next_published().await.header.seq, Seq(2));
}

#[tokio::test]
async fn an_append_that_is_still_on_its_way_is_shut_out_and_cannot_arrive_unnoticed() {
    let mut stage = Stage::new().await;
    stage.sign_in_meeting(Fault::Late).await;
    let fence = stage.next_published().await;
    assert_eq!((fence.header.seq, fence.events.len()), (Seq(2), 0));
    assert!(stage.faults.arrive_late(0).await);
    let log = stage.host.read(ACTOR, Seq(1), 9).await.unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].header.hash, fence.header.hash);
}

#[tokio::test]
async fn what_a_wake_up_fired_is_published_though_whoever_delivered_it_gave_up_half_way() {
    let mut stage = Stage::new().await;
    let wake_up = stage.create_reminded().await;
    assert_eq!(stage.next_published().await.header.seq, Seq(2));
    stage.give_up_at(Seq(3), stage.host.wake(ACTOR, wake_up)).await;
    let fired = stage.next_published().await;
    assert_eq!(fired.header.seq, Seq(3));
    assert_eq!(fired.events[0].event_type, EventType::ReminderFired);
}

#[tokio::test]
async fn what_arming_anew_fired_is_published_though_whoever_asked_for_it_gave_up_half_way() {
    let mut stage = Stage::new().await;
    stage.create_reminded().await;
    assert_eq!(stage.next_published().await.header.seq, Seq(2));
    stage.give_up_at(Seq(3), stage.host.rearm(ACTOR)).await;
    let fired = stage.next_published().await;
    assert_eq!(fired.events[0].event_type, EventType::ReminderFired);
}

#[tokio::test]
async fn of_one_wake_up_that_is_delivered_again_and_again_few_wait_and_nobody_is_refused_for_long() {
    let stage = Stage::new().await;
    let wake_up = stage.create_reminded().await;
    // None runs before somebody waits.
    let mut deliveries: Vec<_> = (0..6).map(|_| Box::pin(stage.host.wake(ACTOR, wake_up))).collect();
    let refused = deliveries.iter_mut().map(|delivery| {
        let outcome = delivery.as_mut().now_or_never();
        outcome.is_some_and(|outcome| outcome.is_err())
    });
    let refused: Vec<bool> = refused.collect();
    assert_eq!(refused, [false, false, false, false, true, true]);
    for delivery in deliveries.into_iter().take(4) {
        delivery.await.unwrap();
    }
    stage.host.wake(ACTOR, wake_up).await.unwrap();
}
