//! The actor host under load and after a panic.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    environment::SystemClock,
    ports::{Actors as _, Logs as _, system_command},
};
use punctual_actors::{
    faults::{Faults, Faulty},
    ports::{Entropy, Environment, Failure, Ports, Publisher, WakeUp},
    reference::{MemoryDirectory, MemoryStore, MemoryWakeUps, SeededEntropy, UtcOnly},
    turn::TurnError,
    user::UserCommand,
};
use punctual_events::{ActorId, Commit, Seq, SessionId, UserId};
use tokio::sync::mpsc;
use uuid::Uuid;

const USER: UserId = UserId(Uuid::from_u128(1));
const ACTOR: ActorId = ActorId::User(USER);
/// Long enough for a loaded machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Random numbers, the drawing of which panics as often as it is told.
struct Fickle {
    panics: AtomicU32,
    numbers: SeededEntropy,
}

impl Entropy for Fickle {
    fn random(&self) -> u128 {
        panic_if_any_left(&self.panics);
        self.numbers.random()
    }
}

/// Passes on what is published, after panicking as often as it is told.
struct Published {
    panics: Arc<AtomicU32>,
    commits: mpsc::UnboundedSender<Seq>,
}

impl Publisher for Published {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        panic_if_any_left(&self.panics);
        commits
            .iter()
            .try_for_each(|commit| self.commits.send(commit.header.seq))
            .map_err(Failure::new)
    }
}

fn panic_if_any_left(panics: &AtomicU32) {
    let one_less = |left: u32| left.checked_sub(1);
    let is_left = panics
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
        .is_ok();
    assert!(!is_left, "a panic the test asked for");
}

type Host = ActorHost<Ports<Faulty<MemoryStore>, MemoryWakeUps, Published, MemoryDirectory>>;

struct Stage {
    /// For commands; the host has its own.
    environment: Environment,
    host: Arc<Host>,
    turn_panics: Arc<Fickle>,
    publisher_panics: Arc<AtomicU32>,
    published: mpsc::UnboundedReceiver<Seq>,
    sessions: AtomicU64,
}

impl Stage {
    /// A host on a store whose appends give way to others.
    fn new() -> Self {
        let environment = Environment {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SeededEntropy::new(1)),
            zones: Arc::new(UtcOnly),
        };
        let turn_panics = Arc::new(Fickle {
            panics: AtomicU32::new(0),
            numbers: SeededEntropy::new(2),
        });
        let publisher_panics = Arc::new(AtomicU32::new(0));
        let (commits, published) = mpsc::unbounded_channel();
        let runtime = Ports {
            store: Faulty::new(MemoryStore::default(), &Faults::none()),
            wake_ups: MemoryWakeUps::default(),
            publisher: Published {
                panics: Arc::clone(&publisher_panics),
                commits,
            },
            directory: MemoryDirectory::default(),
            environment: Environment {
                entropy: Arc::clone(&turn_panics) as _,
                ..environment.clone()
            },
            recheck_head_after_ms: None,
        };
        Self {
            environment,
            host: ActorHost::new(Arc::new(runtime), HostConfig::default(), Arc::new(Unobserved)),
            turn_panics,
            publisher_panics,
            published,
            sessions: AtomicU64::new(0),
        }
    }

    async fn sign_in(&self) -> Result<(), TurnError> {
        let session = self.sessions.fetch_add(1, Ordering::SeqCst);
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            // Soon over, so that sessions do not gather.
            expires: self.environment.clock.now().plus_millis(5),
            session: SessionId(Uuid::from_u128(u128::from(session))),
            time_zone: "UTC".into(),
        };
        let command = system_command(&self.environment, sign_in, None);
        self.host.command_user(USER, command).await.map(drop)
    }

    fn wake_up(&self) -> WakeUp {
        WakeUp {
            at: self.environment.clock.now(),
            seq: Seq(1),
            nonce: 0,
            is_guard: false,
        }
    }
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("never came")
}

#[tokio::test]
async fn a_wake_up_gets_its_turn_while_commands_never_stop_coming() {
    let stage = Arc::new(Stage::new());
    stage.sign_in().await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    // Each comes back at once, so somebody always waits when a turn ends.
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (stage, is_over) = (Arc::clone(&stage), Arc::clone(&is_over));
            tokio::spawn(async move {
                while !is_over.load(Ordering::SeqCst) {
                    stage.sign_in().await.unwrap();
                }
            })
        })
        .collect();
    while stage.host.head(ACTOR).await.unwrap() < Seq(10) {
        tokio::task::yield_now().await;
    }
    in_time(stage.host.wake(ACTOR, stage.wake_up())).await.unwrap();
    is_over.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn an_actor_serves_again_after_a_turn_that_panicked() {
    let stage = Stage::new();
    stage.turn_panics.panics.store(1, Ordering::SeqCst);
    let cut_off = in_time(stage.sign_in()).await;
    assert!(matches!(cut_off, Err(TurnError::Unknown(_))), "{cut_off:?}");
    in_time(stage.sign_in()).await.unwrap();
}

#[tokio::test]
async fn a_wake_up_that_panicked_is_to_be_delivered_again() {
    let stage = Stage::new();
    stage.turn_panics.panics.store(1, Ordering::SeqCst);
    assert!(in_time(stage.host.wake(ACTOR, stage.wake_up())).await.is_err());
    in_time(stage.host.wake(ACTOR, stage.wake_up())).await.unwrap();
}

#[tokio::test]
async fn what_was_being_published_when_the_publisher_panicked_is_published() {
    let mut stage = Stage::new();
    stage.publisher_panics.store(1, Ordering::SeqCst);
    stage.sign_in().await.unwrap();
    assert_eq!(in_time(stage.published.recv()).await, Some(Seq(1)));
    in_time(stage.host.drain()).await;
}
