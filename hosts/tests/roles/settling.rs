//! An actor whose append has an unknown outcome finds out by itself: nobody sends another command here.

use std::{sync::Arc, time::Duration};

use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    environment::SystemClock,
    ports::{Actors as _, Logs as _, system_command},
};
use punctual_actors::{
    faults::{Fault, Faults, Faulty},
    ports::{Environment, Failure, Ports, Publisher},
    reference::{MemoryDirectory, MemoryStore, MemoryWakeUps, SeededEntropy, UtcOnly},
    turn::TurnError,
    user::UserCommand,
};
use punctual_events::{ActorId, Commit, EventType, Seq, SessionId, UserId};
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
        let runtime = Ports {
            store: Faulty::new(MemoryStore::default(), &faults),
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
