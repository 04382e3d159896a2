//! An actor whose pages cannot be read: nobody waits for it, and nobody tries all the time.

use std::sync::Arc;

use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    ports::{Actors as _, system_command},
};
use punctual_actors::{
    faults::{Fault, Faults, Faulty},
    ports::{Clock as _, DAMAGE_PAUSE_MS, Environment, PageSave, PageWrite, Ports, Store as _, WakeUp},
    reference::{MemoryDirectory, MemoryPublisher, MemoryStore, MemoryWakeUps, Reference, VirtualClock},
    turn::TurnError,
    user::UserCommand,
};
use punctual_events::{ActorId, Seq, SessionId, Timestamp, UserId};
use uuid::Uuid;

const USER: UserId = UserId(Uuid::from_u128(1));
const ACTOR: ActorId = ActorId::User(USER);

type Runtime = Ports<Faulty<MemoryStore>, MemoryWakeUps, MemoryPublisher, MemoryDirectory>;

struct Stage {
    clock: Arc<VirtualClock>,
    faults: Faults,
    host: Arc<ActorHost<Runtime>>,
    runtime: Arc<Runtime>,
}

impl Stage {
    /// A user who has signed in once and is in memory, and whose pages are garbage.
    async fn new() -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let (reference, faults) = (Reference::new(&clock, 1), Faults::none());
        let runtime = Arc::new(Ports {
            store: Faulty::new(reference.store, &faults),
            wake_ups: reference.wake_ups,
            publisher: reference.publisher,
            directory: reference.directory,
            environment: reference.environment,
            recheck_head_after_ms: None,
        });
        let stage = Self {
            clock,
            faults,
            host: host(&runtime),
            runtime,
        };
        stage.sign_in(&stage.host, 1).await.unwrap();
        let garbage = PageSave {
            at: Seq(1),
            pages: vec![PageWrite {
                name: "root".into(),
                bytes: Some("{".into()),
            }],
            since: None,
        };
        assert!(stage.runtime.store.save(ACTOR, garbage).await.unwrap());
        stage
    }

    async fn sign_in(&self, host: &ActorHost<Runtime>, session: u128) -> Result<(), TurnError> {
        let environment: &Environment = &self.runtime.environment;
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SessionId(Uuid::from_u128(session)),
            time_zone: "UTC".into(),
        };
        let command = system_command(environment, sign_in, None);
        host.command_user(USER, command).await.map(drop)
    }
}

fn host(runtime: &Arc<Runtime>) -> Arc<ActorHost<Runtime>> {
    ActorHost::new(Arc::clone(runtime), HostConfig::default(), Arc::new(Unobserved))
}

fn is_damage(outcome: &Result<(), TurnError>) -> bool {
    matches!(outcome, Err(TurnError::Unknown(failure)) if failure.is_damage())
}

#[tokio::test]
async fn the_wake_up_of_an_actor_that_cannot_be_read_is_put_off() {
    let stage = Stage::new().await;
    let next = host(&stage.runtime);
    assert!(is_damage(&stage.sign_in(&next, 2).await));
    let now = stage.clock.now();
    let wake_up = WakeUp {
        at: now,
        seq: Seq(1),
        nonce: 7,
        is_guard: false,
    };
    next.wake(ACTOR, wake_up).await.unwrap();
    let later = now.plus_millis(i64::try_from(DAMAGE_PAUSE_MS).unwrap());
    let armed = stage.runtime.wake_ups.due(later);
    assert_eq!(armed, [(ACTOR, WakeUp { at: later, ..wake_up })]);
}

/// Lets every task go on until it waits for time to pass. Nothing here waits for anything else.
async fn until_all_wait() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_keeps_looking_for_a_commit_in_a_log_that_cannot_be_read() {
    let stage = Stage::new().await;
    stage.faults.script([Fault::ReplyLost]);
    assert!(is_damage(&stage.sign_in(&stage.host, 2).await));
    until_all_wait().await;
    let first_look_ms = stage.clock.next_sleeper_ms();
    assert!(first_look_ms.is_some(), "one look is worth it");
    stage.clock.advance_ms(first_look_ms.unwrap());
    until_all_wait().await;
    assert_eq!(stage.clock.next_sleeper_ms(), None);
}
