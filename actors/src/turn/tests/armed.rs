//! What is armed in the course of time: not more and more.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use punctual_events::{ActorId, EventType, Seq, Timestamp, UserId};
use uuid::Uuid;

use super::{create, pending, sign_in};
use crate::{
    faults::{Fault, Faults, Faulty},
    machine::Machine as _,
    ports::{Clock as _, Failure, Ports, Store as _, WakeUp, WakeUps},
    reference::{MemoryDirectory, MemoryPublisher, MemoryStore, MemoryWakeUps, Reference, VirtualClock},
    turn::{Outcome, Pending, Slot},
    user::{UserActor, UserCommand, UserReply},
};

const INTERVAL_MS: u64 = 300_000;

/// Wake-ups that can be asked to fail, some time after they were armed or at once.
#[derive(Clone, Default)]
struct Scheduler {
    armed: MemoryWakeUps,
    fails: Faults,
    is_away: Arc<AtomicBool>,
}

impl WakeUps for Scheduler {
    fn guard_interval_ms(&self) -> Option<u64> {
        Some(INTERVAL_MS)
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Failure::new("away"));
        }
        Faulty::new(self.armed.clone(), &self.fails).arm(actor, wake_up).await
    }

    async fn cancel(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.armed.cancel(actor, wake_up).await
    }
}

type Runtime = Ports<Faulty<MemoryStore>, Scheduler, MemoryPublisher, MemoryDirectory>;

struct World {
    clock: Arc<VirtualClock>,
    faults: Faults,
    runtime: Runtime,
    slot: Slot<UserActor>,
    commands: u128,
}

impl World {
    async fn new(recheck_head_after_ms: Option<i64>) -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let (reference, faults) = (Reference::new(&clock, 1), Faults::none());
        let mut world = Self {
            runtime: Ports {
                store: Faulty::new(reference.store, &faults),
                wake_ups: Scheduler::default(),
                publisher: reference.publisher,
                directory: reference.directory,
                environment: reference.environment,
                recheck_head_after_ms,
            },
            clock,
            faults,
            slot: Slot::new(ActorId::User(UserId(Uuid::from_u128(1)))),
            commands: 1,
        };
        assert!(world.turn(sign_in()).await.is_ok());
        world
    }

    async fn turn(&mut self, command: UserCommand) -> Outcome<UserActor> {
        self.commands += 1;
        let command = Pending {
            id: punctual_events::CommandId(Uuid::from_u128(self.commands)),
            seed: self.commands << 64,
            ..pending(command)
        };
        self.slot.take_turn(&[command], &self.runtime).await.pop().unwrap()
    }

    /// A task with a reminder so far ahead.
    async fn remind_in(&mut self, ms: i64) -> Outcome<UserActor> {
        let at = self.clock.now().plus_millis(ms);
        self.turn(create(Some(at))).await
    }

    async fn wake(&mut self, wake_up: WakeUp) -> Result<(), Failure> {
        self.commands += 1;
        let wake = Pending {
            id: punctual_events::CommandId(Uuid::from_u128(self.commands)),
            ..pending(UserCommand::Wake)
        };
        self.slot.wake(wake_up, wake, &self.runtime).await?;
        self.runtime.wake_ups.armed.done(self.slot.actor(), wake_up);
        Ok(())
    }

    /// Audit has heard everything and the actor has left memory; so long after that it is woken for what is due, one after the other.
    async fn rest(&mut self, ms: u64) {
        let seq = self.slot.activation().unwrap().seq();
        self.runtime
            .store
            .confirm_audited(self.slot.actor(), seq)
            .await
            .unwrap();
        self.clock.advance_ms(ms);
        self.slot = Slot::new(self.slot.actor());
        for (_, wake_up) in self.runtime.wake_ups.armed.due(self.clock.now()) {
            self.wake(wake_up).await.unwrap();
        }
    }

    /// How many reminders have fired.
    async fn fired(&self) -> usize {
        let log = self.runtime.store.read_log(self.slot.actor(), Seq::ZERO, usize::MAX);
        let log = log.await.unwrap();
        let events = log.iter().flat_map(|commit| &commit.events);
        events
            .filter(|event| event.event_type == EventType::ReminderFired)
            .count()
    }

    /// What whoever keeps wake-ups has to keep.
    fn kept(&self) -> usize {
        self.runtime.wake_ups.armed.due(Timestamp::MAX).len()
    }
}

/// As many as are kept of an actor, its guard included.
const FEW: usize = 6;

#[tokio::test]
async fn however_often_something_is_to_come_earlier_few_wake_ups_are_kept() {
    let mut world = World::new(Some(2_000)).await;
    for step in 0..200 {
        let ms = 86_400_000 - step;
        assert!(world.remind_in(ms).await.is_ok());
        let earliest = world.clock.now().plus_millis(ms);
        let armed = world.runtime.wake_ups.armed.due(Timestamp::MAX);
        assert!(armed.len() <= FEW, "{} after {step}", armed.len());
        assert!(armed.iter().any(|(_, wake_up)| wake_up.at == earliest));
    }
}

#[tokio::test]
async fn a_command_whose_append_fails_again_and_again_leaves_few_wake_ups() {
    for fault in [Fault::RequestLost, Fault::ReplyLost] {
        let mut world = World::new(None).await;
        for step in 0..100 {
            // The second operation of a turn that finds the actor in memory, and of each try.
            world.faults.script([fault]);
            let _ = world.remind_in(86_400_000 - step).await;
        }
        assert!(world.kept() <= FEW, "{} after {fault:?}", world.kept());
    }
}

#[tokio::test]
async fn where_nothing_can_be_written_an_actor_that_can_be_read_leaves_few_wake_ups() {
    let mut world = World::new(None).await;
    for step in 0..50 {
        // Each try appends in vain and loads.
        let tries = [Fault::RequestLost, Fault::Nothing, Fault::Nothing].repeat(4);
        world.faults.script(tries);
        assert!(world.remind_in(86_400_000 - step).await.is_err());
        world.faults.end();
    }
    assert!(world.kept() <= FEW, "{}", world.kept());
}

#[tokio::test]
async fn wake_ups_that_were_armed_though_arming_them_failed_do_not_gather() {
    let mut world = World::new(None).await;
    for step in 0..100 {
        world.runtime.wake_ups.fails.script([Fault::ReplyLost]);
        assert!(world.remind_in(86_400_000 - 2 * step).await.is_err());
        assert!(world.remind_in(86_400_000 - 2 * step - 1).await.is_ok());
    }
    assert!(world.kept() <= FEW, "{}", world.kept());
}

#[tokio::test]
async fn what_is_due_first_is_armed_anew_when_all_that_came_before_it_is_gone() {
    let mut world = World::new(Some(2_000)).await;
    let last = world.clock.now().plus_millis(86_400_000);
    assert!(world.remind_in(86_400_000).await.is_ok());
    for step in 1..20 {
        assert!(world.remind_in(86_400_000 - step * 1_000).await.is_ok());
    }
    // The furthest was cancelled long ago.
    let fired = loop {
        let next = world.runtime.wake_ups.armed.earliest().unwrap();
        let ahead_ms = next.as_millis() - world.clock.now().as_millis();
        world.clock.advance_ms(u64::try_from(ahead_ms).unwrap_or(0));
        let now = world.clock.now();
        for (_, wake_up) in world.runtime.wake_ups.armed.due(now) {
            world.wake(wake_up).await.unwrap();
        }
        let next = world.slot.activation().unwrap().snapshot().machine.next_wakeup();
        if next.is_none_or(|next| next > last) {
            break now;
        }
    };
    assert_eq!(fired, last, "neither earlier nor later");
}

#[tokio::test]
async fn a_guard_is_ahead_until_its_instant() {
    let world = World::new(None).await;
    assert!(world.slot.has_guard_ahead(&world.runtime));
    world.clock.advance_ms(INTERVAL_MS - 1);
    assert!(world.slot.has_guard_ahead(&world.runtime));
    world.clock.advance_ms(1);
    assert!(!world.slot.has_guard_ahead(&world.runtime));
}

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn a_guard_each_day_leaves_the_one_wake_up_there_is() {
    let mut world = World::new(Some(2_000)).await;
    let far = world.clock.now().plus_millis(300 * DAY_MS);
    assert!(world.remind_in(300 * DAY_MS).await.is_ok());
    for day in 0..100 {
        assert!(world.turn(create(None)).await.is_ok());
        world.rest(INTERVAL_MS).await;
        let armed = world.runtime.wake_ups.armed.due(Timestamp::MAX);
        let at: Vec<_> = armed.iter().map(|(_, wake_up)| wake_up.at).collect();
        assert_eq!(at, [far], "after {day} days");
        world.rest(86_400_000).await;
    }
}

#[tokio::test]
async fn reminders_each_day_leave_few_wake_ups_for_one_far_away_which_fires_in_time() {
    let mut world = World::new(Some(2_000)).await;
    let far = world.clock.now().plus_millis(300 * DAY_MS);
    assert!(world.remind_in(300 * DAY_MS).await.is_ok());
    for day in 1..=100 {
        assert!(world.remind_in(3_600_000).await.is_ok());
        world.rest(3_600_000).await;
        // Its guard.
        world.rest(INTERVAL_MS).await;
        assert_eq!(world.fired().await, day);
        assert!(world.kept() <= 2, "{} after {day} days", world.kept());
    }
    let (now, before) = (world.clock.now(), world.slot.activation().unwrap().seq());
    world
        .rest(u64::try_from(far.as_millis() - now.as_millis()).unwrap())
        .await;
    assert_eq!(world.fired().await, 101);
    let appended = world.slot.activation().unwrap().seq().0 - before.0;
    assert!(appended <= 2, "{appended}");
}

#[tokio::test]
async fn what_is_being_delivered_is_not_armed_anew_under_its_own_name() {
    let mut world = World::new(Some(2_000)).await;
    assert!(world.remind_in(DAY_MS).await.is_ok());
    let (now, at) = (world.clock.now(), world.clock.now().plus_millis(DAY_MS));
    let activation = world.slot.activation.as_mut().unwrap();
    let next = activation.next_wake_up(at, Seq(9), now);
    assert_eq!(next, WakeUp::once_more(at));
    // The clock is set back meanwhile, so it is not due yet. Whoever delivers it forgets the name when it was.
    let _ = activation.delivered(next);
    assert!(!activation.next_wake_up(at, Seq(9), now).is_shared());
}

#[tokio::test]
async fn what_is_far_away_and_comes_earlier_while_something_is_near_leaves_few_wake_ups() {
    let mut world = World::new(Some(2_000)).await;
    for step in 0..50 {
        assert!(world.remind_in(1_000).await.is_ok());
        // Covered by the one before, so this one is armed when that is over.
        assert!(world.remind_in(300 * DAY_MS - step * 60_000).await.is_ok());
        world.clock.advance_ms(1_000);
        for (_, wake_up) in world.runtime.wake_ups.armed.due(world.clock.now()) {
            world.wake(wake_up).await.unwrap();
        }
        assert!(world.kept() <= 2 * FEW, "{} after {step}", world.kept());
    }
    assert_eq!(world.fired().await, 50);
    let earliest = world.slot.activation().unwrap().snapshot().machine.next_wakeup();
    let armed = world.runtime.wake_ups.armed.due(Timestamp::MAX);
    assert!(armed.iter().any(|(_, wake_up)| Some(wake_up.at) == earliest));
}

#[tokio::test]
async fn alone_what_comes_next_is_armed_by_the_next_commit_though_a_delivery_that_failed_comes_again() {
    let mut world = World::new(None).await;
    assert!(world.remind_in(3_600_000).await.is_ok());
    // The earlier wake-up covers this one.
    assert!(world.remind_in(3_640_000).await.is_ok());
    world.clock.advance_ms(3_600_000);
    let wake_up = world.runtime.wake_ups.armed.due(world.clock.now())[0].1;
    world.faults.script([Fault::RequestLost].repeat(100));
    assert!(world.wake(wake_up).await.is_err());
    world.faults.end();
    // By now it waits half a minute until it is delivered once more.
    assert!(world.turn(UserCommand::Wake).await.is_ok());
    assert_eq!(world.fired().await, 1);
    let armed = world.runtime.wake_ups.armed.due(world.clock.now().plus_millis(40_000));
    assert!(armed.iter().any(|(_, armed)| armed.at > wake_up.at), "{armed:?}");
}

#[tokio::test]
async fn while_what_a_wake_up_needs_cannot_be_armed_commands_that_move_nothing_earlier_are_done() {
    for is_superseded in [false, true] {
        let mut world = World::new(Some(2_000)).await;
        let reply = world.remind_in(3_600_000).await.unwrap().reply;
        let later = world.clock.now().plus_millis(7_200_000);
        // The earlier wake-up covers this one.
        assert!(world.remind_in(7_200_000).await.is_ok());
        let UserReply::Task { task, .. } = reply else {
            panic!("{reply:?}")
        };
        if is_superseded {
            let delete = UserCommand::DeleteTask {
                if_match: None,
                series: false,
                task: task.id,
            };
            assert!(world.turn(delete).await.is_ok());
        }
        world.clock.advance_ms(3_600_000);
        let due = world.runtime.wake_ups.armed.due(world.clock.now());
        let wake_up = due.iter().find(|(_, wake_up)| !wake_up.is_guard).unwrap().1;
        world.runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            assert!(world.wake(wake_up).await.is_err());
            assert!(world.turn(create(None)).await.is_ok(), "{is_superseded}");
        }
        assert_eq!(
            world.remind_in(60_000).await.is_ok(),
            !is_superseded,
            "moves it earlier"
        );

        world.runtime.wake_ups.is_away.store(false, Ordering::Relaxed);
        world.wake(wake_up).await.unwrap();
        assert_eq!(world.fired().await, usize::from(!is_superseded));
        let armed = world.runtime.wake_ups.armed.due(later);
        assert!(armed.iter().any(|(_, armed)| !armed.is_guard && *armed != wake_up));
    }
}
