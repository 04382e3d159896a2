//! Actors leave memory, and somebody comes back for what they leave behind. Time is virtual.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    ports::{Actors as _, system_command},
};
use punctual_actors::{
    ports::{Clock as _, Failure, Ports, Publisher, Store as _},
    reference::{MemoryDirectory, MemoryPublisher, MemoryStore, MemoryWakeUps, Reference, VirtualClock},
    user::UserCommand,
};
use punctual_events::{ActorId, Commit, Seq, SessionId, Timestamp, UserId};
use uuid::Uuid;

use crate::scheduler::Scheduler;

const USER: UserId = UserId(Uuid::from_u128(1));
const ACTOR: ActorId = ActorId::User(USER);
const IDLE_MS: u64 = 60_000;
const GUARD_MS: u64 = 5 * 60_000;

#[derive(Clone, Default)]
struct Broker {
    taken: MemoryPublisher,
    is_away: Arc<AtomicBool>,
}

impl Publisher for Broker {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Failure::new("away"));
        }
        self.taken.publish(commits).await
    }
}

type Runtime = Ports<MemoryStore, Scheduler, Broker, MemoryDirectory>;

struct World {
    clock: Arc<VirtualClock>,
    host: Arc<ActorHost<Runtime>>,
    runtime: Arc<Runtime>,
}

impl World {
    fn new() -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let reference = Reference::new(&clock, 1);
        let runtime = Arc::new(Ports {
            store: reference.store,
            wake_ups: Scheduler {
                armed: MemoryWakeUps::with_guard(GUARD_MS),
                ..Scheduler::default()
            },
            publisher: Broker::default(),
            directory: reference.directory,
            environment: reference.environment,
            recheck_head_after_ms: Some(2_000),
        });
        let config = HostConfig {
            idle_ms: i64::try_from(IDLE_MS).unwrap(),
            ..HostConfig::default()
        };
        Self {
            clock,
            host: ActorHost::new(Arc::clone(&runtime), config, Arc::new(Unobserved)),
            runtime,
        }
    }

    async fn sign_in(&self) {
        self.sign_in_as(USER).await;
    }

    async fn sign_in_as(&self, user: UserId) {
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SessionId(Uuid::from_u128(2)),
            time_zone: "UTC".into(),
        };
        let command = system_command(&self.runtime.environment, sign_in, None);
        assert!(self.host.command_user(user, command).await.is_ok());
        until_all_wait().await;
    }

    /// So long, in which the host sweeps.
    async fn pass_ms(&self, ms: u64) {
        for _ in 0..ms / 5_000 {
            self.clock.advance_ms(5_000);
            until_all_wait().await;
            self.host.sweep();
            until_all_wait().await;
        }
    }

    fn published(&self) -> Vec<Seq> {
        let taken = self.runtime.publisher.taken.published();
        taken.iter().map(|commit| commit.header.seq).collect()
    }
}

/// Lets every task go on until it waits for time to pass. Nothing here waits for anything else.
async fn until_all_wait() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_actor_whose_events_cannot_be_published_leaves_memory_and_its_guard_comes_back_for_them() {
    let world = World::new();
    world.runtime.publisher.is_away.store(true, Ordering::Relaxed);
    world.sign_in().await;
    world.pass_ms(IDLE_MS / 2).await;
    assert_eq!(world.host.live(), 1, "somebody may want something yet");
    world.pass_ms(IDLE_MS).await;
    assert_eq!((world.host.live(), world.published()), (0, vec![]));

    // The broker is still away when the guard comes.
    let guard = |world: &World| {
        let due = world.runtime.wake_ups.armed.due(Timestamp::MAX);
        due.first().copied().unwrap().1
    };
    let first = guard(&world);
    world.pass_ms(GUARD_MS).await;
    world.host.wake(ACTOR, first).await.unwrap();
    world.runtime.wake_ups.armed.done(ACTOR, first);
    world.pass_ms(2 * IDLE_MS).await;
    assert_eq!((world.host.live(), world.published()), (0, vec![]));

    let second = guard(&world);
    world.pass_ms(GUARD_MS).await;
    world.runtime.publisher.is_away.store(false, Ordering::Relaxed);
    world.host.wake(ACTOR, second).await.unwrap();
    until_all_wait().await;
    assert_eq!(world.published().first(), Some(&Seq(1)));
}

#[tokio::test]
async fn what_was_left_behind_is_published_as_well_when_somebody_wants_something_of_the_actor() {
    let world = World::new();
    world.runtime.publisher.is_away.store(true, Ordering::Relaxed);
    world.sign_in().await;
    world.pass_ms(2 * IDLE_MS).await;
    assert_eq!(world.host.live(), 0);
    world.runtime.publisher.is_away.store(false, Ordering::Relaxed);
    world.sign_in().await;
    // The breaker may have some of its pause left.
    world.pass_ms(10_000).await;
    assert_eq!(world.published(), [Seq(1), Seq(2)]);
}

#[tokio::test]
async fn without_a_guard_ahead_an_actor_whose_events_cannot_be_published_stays() {
    let world = World::new();
    world.runtime.publisher.is_away.store(true, Ordering::Relaxed);
    world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    world.sign_in().await;
    world.pass_ms(5 * IDLE_MS).await;
    assert_eq!(world.host.live(), 1);
    world.runtime.wake_ups.is_away.store(false, Ordering::Relaxed);
    world.pass_ms(IDLE_MS).await;
    assert_eq!(world.host.live(), 0);
    assert!(world.runtime.wake_ups.armed.earliest().is_some());
}

#[tokio::test]
async fn a_guard_that_a_commit_had_to_do_without_is_armed_later_though_nothing_more_happens() {
    let world = World::new();
    world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    world.sign_in().await;
    assert_eq!(world.published(), [Seq(1)], "audit may have missed it all the same");
    world.host.release(ACTOR);
    world.pass_ms(2 * IDLE_MS).await;
    assert_eq!(world.host.live(), 1, "nobody would come back for it");

    world.runtime.wake_ups.is_away.store(false, Ordering::Relaxed);
    world.pass_ms(5_000).await;
    let guard = world.clock.now().plus_millis(i64::try_from(GUARD_MS).unwrap());
    assert_eq!(world.runtime.wake_ups.armed.earliest(), Some(guard));
    world.pass_ms(IDLE_MS).await;
    assert_eq!(world.host.live(), 0);
}

#[tokio::test]
async fn what_audit_has_confirmed_meanwhile_needs_no_guard() {
    let world = World::new();
    world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    world.sign_in().await;
    world.runtime.store.confirm_audited(ACTOR, Seq(1)).await.unwrap();
    world.runtime.wake_ups.is_away.store(false, Ordering::Relaxed);
    world.pass_ms(2 * IDLE_MS).await;
    assert_eq!((world.host.live(), world.runtime.wake_ups.armed.earliest()), (0, None));
}

#[tokio::test]
async fn a_sweep_tries_few_guards_while_whoever_keeps_them_is_away_and_all_when_they_are_back() {
    let world = World::new();
    world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    let many = 50;
    for id in 1..=many {
        world.sign_in_as(UserId(Uuid::from_u128(id))).await;
    }
    let asked = || world.runtime.wake_ups.asked.load(Ordering::Relaxed);
    let before = asked();
    world.pass_ms(5_000).await;
    assert_eq!(asked() - before, 8);
    world.runtime.wake_ups.is_away.store(false, Ordering::Relaxed);
    world.pass_ms(5_000).await;
    let armed = world.runtime.wake_ups.armed.due(Timestamp::MAX);
    assert_eq!(armed.len(), usize::try_from(many).unwrap());
}

#[tokio::test]
async fn those_that_owe_no_guard_any_more_leave_at_once_however_many_they_are() {
    let world = World::new();
    world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    // More than there are guards in a sweep.
    let users: Vec<UserId> = (1..=600).map(|id| UserId(Uuid::from_u128(id))).collect();
    for user in &users {
        world.sign_in_as(*user).await;
    }
    world.pass_ms(2 * IDLE_MS).await;
    assert_eq!(world.host.live(), users.len());
    for user in &users {
        let confirmed = world.runtime.store.confirm_audited(ActorId::User(*user), Seq(1));
        confirmed.await.unwrap();
    }
    // A sweep finds out, and the next one lets go.
    world.pass_ms(10_000).await;
    assert_eq!(world.host.live(), 0);
}

#[tokio::test]
async fn a_process_that_ends_arms_the_guards_it_owes_though_its_events_cannot_be_published() {
    let world = World::new();
    world.runtime.publisher.is_away.store(true, Ordering::Relaxed);
    world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    world.sign_in().await;
    world.host.arm_last_guards().await;
    assert_eq!(world.runtime.wake_ups.armed.earliest(), None, "they are still away");
    world.runtime.wake_ups.is_away.store(false, Ordering::Relaxed);
    world.host.arm_last_guards().await;
    let guard = world.clock.now().plus_millis(i64::try_from(GUARD_MS).unwrap());
    assert_eq!(world.runtime.wake_ups.armed.earliest(), Some(guard));
}

#[tokio::test]
async fn while_audit_is_away_an_actor_is_woken_more_and_more_seldom_though_it_leaves_memory_in_between() {
    let world = World::new();
    world.sign_in().await;
    let mut ahead_min = Vec::new();
    for _ in 0..8 {
        let due = world.runtime.wake_ups.armed.due(Timestamp::MAX);
        assert_eq!(due.len(), 1, "{due:?}");
        let guard = due[0].1;
        let ahead_ms = guard.at.as_millis() - world.clock.now().as_millis();
        ahead_min.push(ahead_ms / 60_000);
        world.pass_ms(2 * IDLE_MS).await;
        assert_eq!(world.host.live(), 0);
        world.clock.advance_ms(u64::try_from(ahead_ms).unwrap() - 2 * IDLE_MS);
        world.host.wake(ACTOR, guard).await.unwrap();
        world.runtime.wake_ups.armed.done(ACTOR, guard);
        until_all_wait().await;
    }
    assert_eq!(ahead_min, [5, 10, 20, 40, 80, 160, 160, 160]);

    // Whatever happens next is guarded as closely as ever.
    world.sign_in().await;
    let armed = world.runtime.wake_ups.armed.due(Timestamp::MAX);
    let soonest = armed.iter().map(|(_, guard)| guard.at).min();
    let interval_ms = i64::try_from(GUARD_MS).unwrap();
    assert_eq!(soonest, Some(world.clock.now().plus_millis(interval_ms)));
}
