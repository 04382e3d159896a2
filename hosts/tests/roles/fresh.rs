//! How long a process that lost an actor may show what it knew: time is virtual.

use std::sync::{Arc, atomic::Ordering};

use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    ports::{Actors as _, system_command},
};
use punctual_actors::{
    ports::{Clock as _, Ports},
    reference::{MemoryDirectory, MemoryPublisher, MemoryStore, Reference, VirtualClock},
    turn::{Pending, TurnError},
    user::{UserCommand, UserQuestion},
};
use punctual_events::{Principal, SessionId, Timestamp, UserId};
use uuid::Uuid;

use crate::scheduler::Scheduler;

const USER: UserId = UserId(Uuid::from_u128(1));
const SESSION: SessionId = SessionId(Uuid::from_u128(2));
const PERSON: Principal = Principal::User(USER, SESSION);
/// The limit.
const AGE_MS: i64 = 2_000;

type Runtime = Ports<MemoryStore, Scheduler, MemoryPublisher, MemoryDirectory>;

/// Two processes, of which the first has the actor in memory and the second takes it over.
struct World {
    clock: Arc<VirtualClock>,
    runtime: Arc<Runtime>,
    stale: Arc<ActorHost<Runtime>>,
    owner: Arc<ActorHost<Runtime>>,
}

impl World {
    async fn new() -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let reference = Reference::new(&clock, 1);
        let runtime = Arc::new(Ports {
            store: reference.store,
            wake_ups: Scheduler::default(),
            publisher: reference.publisher,
            directory: reference.directory,
            environment: reference.environment,
            recheck_head_after_ms: Some(AGE_MS),
        });
        let host = || ActorHost::new(Arc::clone(&runtime), HostConfig::default(), Arc::new(Unobserved));
        let (stale, owner) = (host(), host());
        let world = Self {
            clock,
            runtime,
            stale,
            owner,
        };
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SESSION,
            time_zone: "UTC".into(),
        };
        let signed_in = world.stale.command_user(USER, world.system(sign_in)).await;
        assert!(signed_in.is_ok());
        let end = UserCommand::EndSession { session: SESSION };
        assert!(world.owner.command_user(USER, world.system(end)).await.is_ok());
        world
    }

    fn system(&self, command: UserCommand) -> Pending<UserCommand> {
        system_command(&self.runtime.environment, command, None)
    }

    /// A read by the session that the other process has ended.
    async fn is_served(&self) -> bool {
        self.stale.ask_user(USER, PERSON, &UserQuestion::Profile).await.is_ok()
    }

    async fn create(&self, reminder: Option<Timestamp>) -> Result<(), TurnError> {
        let reminders: Vec<_> = reminder.iter().map(|at| serde_json::json!({"at": at})).collect();
        let draft = serde_json::json!({"title": if reminder.is_some() { "x" } else { "" }, "reminders": reminders});
        let create = UserCommand::CreateTask {
            draft: Box::new(serde_json::from_value(draft).unwrap()),
            imported: None,
        };
        let command = Pending {
            by: PERSON,
            ..self.system(create)
        };
        self.stale.command_user(USER, command).await.map(drop)
    }
}

#[tokio::test]
async fn what_a_process_knew_it_shows_for_two_seconds_at_most() {
    let world = World::new().await;
    world.clock.advance_ms(2_000);
    assert!(world.is_served().await, "no head is read for each question");
    world.clock.advance_ms(1);
    assert!(!world.is_served().await);
}

#[tokio::test]
async fn a_command_that_was_refused_lets_it_show_that_for_no_longer() {
    let world = World::new().await;
    world.clock.advance_ms(1_900);
    let refused = world.create(None).await;
    assert!(matches!(refused, Err(TurnError::Refused(_))), "{refused:?}");
    world.clock.advance_ms(101);
    assert!(!world.is_served().await);
}

#[tokio::test]
async fn nor_do_commands_whose_wake_ups_cannot_be_armed() {
    let world = World::new().await;
    world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    let reminder = world.clock.now().plus_millis(3_600_000);
    for _ in 0..3 {
        world.clock.advance_ms(1_000);
        let unarmed = world.create(Some(reminder)).await;
        assert!(unarmed.is_err());
    }
    assert!(!world.is_served().await);
}
