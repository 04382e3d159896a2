//! Commands that are delivered more than once, as they are where they travel between processes.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use punctual_actors::{
    Code,
    ports::{Runtime as _, Store as _},
    reference::{Reference, VirtualClock},
    turn::{Outcome, Pending, Slot, TurnError},
    user::{UserActor, UserCommand, UserReply},
};
use punctual_events::{ActorId, CommandId, Principal, SessionId, TaskId, Timestamp, UserId};
use serde_json::json;
use uuid::Uuid;

const USER: ActorId = ActorId::User(UserId(Uuid::from_u128(1)));

/// The reference ports wait for nothing, so that one poll is enough.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("something waits"),
    }
}

struct World {
    clock: Arc<VirtualClock>,
    runtime: Reference,
}

impl World {
    /// A runtime with several processes, and a user who has signed in.
    fn new() -> (Self, Slot<UserActor>) {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let mut runtime = Reference::new(&clock, 1);
        runtime.recheck_head_after_ms = Some(2_000);
        let world = Self { clock, runtime };
        let mut slot = Slot::new(USER);
        let sign_in = world.command(UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SessionId(Uuid::from_u128(2)),
            time_zone: "UTC".into(),
        });
        world.deliver(&mut slot, &sign_in).unwrap();
        (world, slot)
    }

    fn command(&self, command: UserCommand) -> Pending<UserCommand> {
        let environment = self.runtime.environment();
        Pending {
            id: CommandId(environment.new_uuid()),
            by: Principal::System,
            command,
            key: None,
            seed: environment.entropy.random(),
            traceparent: None,
        }
    }

    fn create(&self, title: &str) -> Pending<UserCommand> {
        let draft = serde_json::from_value(json!({"title": title})).unwrap();
        self.command(UserCommand::CreateTask { draft, imported: None })
    }

    fn complete(&self, task: TaskId, if_match: Option<u64>) -> Pending<UserCommand> {
        self.command(UserCommand::CompleteTask { if_match, task })
    }

    fn deliver(&self, slot: &mut Slot<UserActor>, command: &Pending<UserCommand>) -> Outcome<UserActor> {
        self.turn(slot, &[command]).remove(0)
    }

    fn turn(&self, slot: &mut Slot<UserActor>, commands: &[&Pending<UserCommand>]) -> Vec<Outcome<UserActor>> {
        let commands: Vec<_> = commands.iter().map(|command| (*command).clone()).collect();
        ready(slot.take_turn(&commands, &self.runtime))
    }

    /// What the log holds of a command.
    fn times_in_log(&self, command: &Pending<UserCommand>) -> usize {
        let log = ready(self.runtime.store().read_log(USER, punctual_events::Seq::ZERO, 10_000)).unwrap();
        let commands = log.iter().flat_map(|commit| &commit.commands);
        commands.filter(|committed| committed.id == command.id).count()
    }

    /// Saves everything, as an actor does that leaves memory, so that an activation finds the last commit only.
    fn save(&self, slot: &mut Slot<UserActor>) {
        let save = slot.activation().unwrap().start_save();
        let environment = self.runtime.environment();
        assert!(ready(save.write(USER, self.runtime.store(), &*environment.zones)).unwrap());
    }
}

fn task_of(outcome: &Outcome<UserActor>) -> TaskId {
    match outcome {
        Ok(answered) => match &answered.reply {
            UserReply::Task { task, .. } => task.id,
            other => panic!("{other:?}"),
        },
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_command_delivered_twice_is_carried_out_once_and_answered_the_same() {
    let (world, mut slot) = World::new();
    let create = world.create("once");
    let first = world.deliver(&mut slot, &create);
    let again = world.deliver(&mut slot, &create);
    assert_eq!(again.unwrap(), first.unwrap());
    assert_eq!(world.times_in_log(&create), 1);
}

#[test]
fn a_command_that_is_twice_in_one_turn_is_carried_out_once() {
    let (world, mut slot) = World::new();
    let (create, other) = (world.create("once"), world.create("other"));
    let outcomes = world.turn(&mut slot, &[&create, &other, &create]);
    assert_eq!(task_of(&outcomes[0]), task_of(&outcomes[2]));
    assert_ne!(task_of(&outcomes[0]), task_of(&outcomes[1]));
    assert_eq!(world.times_in_log(&create), 1);
}

#[test]
fn a_command_delivered_again_after_a_crash_is_found_in_the_log() {
    let (world, mut slot) = World::new();
    let create = world.create("once");
    let first = world.deliver(&mut slot, &create);
    drop(slot);
    let again = world.deliver(&mut Slot::new(USER), &create);
    assert_eq!(again.unwrap(), first.unwrap());
    assert_eq!(world.times_in_log(&create), 1);
}

#[test]
fn a_command_is_found_behind_the_saved_pages_however_many_came_after_it() {
    let (world, mut slot) = World::new();
    let create = world.create("once");
    let first = world.deliver(&mut slot, &create);
    for number in 0..200 {
        world.clock.advance_ms(10);
        world.deliver(&mut slot, &world.create(&number.to_string())).unwrap();
    }
    world.save(&mut slot);
    let again = world.deliver(&mut Slot::new(USER), &create);
    assert_eq!(again.unwrap(), first.unwrap());
    assert_eq!(world.times_in_log(&create), 1);
}

#[test]
fn a_stale_activation_that_gets_the_command_again_loses_and_finds_it() {
    let (world, mut stale) = World::new();
    let create = world.create("once");
    let first = world.deliver(&mut Slot::new(USER), &create);
    let again = world.deliver(&mut stale, &create);
    assert_eq!(again.unwrap(), first.unwrap());
    assert_eq!(world.times_in_log(&create), 1);
}

#[test]
fn a_refusal_delivered_again_stays_one_though_it_could_be_granted_now() {
    let (world, mut slot) = World::new();
    let task = task_of(&world.deliver(&mut slot, &world.create("task")));
    let early = world.complete(task, Some(2));
    let refused = |outcome: Outcome<UserActor>| match outcome {
        Err(TurnError::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(world.deliver(&mut slot, &early)), Code::VersionMismatch);
    let patch = serde_json::from_value(json!({"title": "version 2"})).unwrap();
    let patch = world.command(UserCommand::PatchTask {
        if_match: None,
        patch,
        task,
    });
    world.deliver(&mut slot, &patch).unwrap();
    assert_eq!(refused(world.deliver(&mut slot, &early)), Code::VersionMismatch);
    assert!(world.deliver(&mut slot, &world.complete(task, Some(2))).is_ok());
}

#[test]
fn a_command_that_changed_nothing_still_changes_nothing_when_it_comes_late() {
    let (world, mut slot) = World::new();
    let task = task_of(&world.deliver(&mut slot, &world.create("task")));
    let complete = world.complete(task, None);
    world.deliver(&mut slot, &complete).unwrap();
    let no_change = world.complete(task, None);
    let first = world.deliver(&mut slot, &no_change).unwrap();
    let reopen = world.command(UserCommand::ReopenTask { if_match: None, task });
    world.deliver(&mut slot, &reopen).unwrap();
    assert_eq!(world.deliver(&mut slot, &no_change).unwrap(), first);
    assert_eq!(world.times_in_log(&no_change), 0);
}

#[test]
fn a_command_nobody_can_still_be_waiting_for_is_answered_unknown() {
    let (world, mut slot) = World::new();
    let create = world.create("late");
    world.clock.advance_ms(11 * 60_000);
    world.deliver(&mut slot, &world.create("other")).unwrap();
    world.clock.advance_ms(1);
    world.deliver(&mut slot, &world.create("another")).unwrap();
    let outcome = world.deliver(&mut slot, &create);
    assert!(matches!(outcome, Err(TurnError::Unknown(_))), "{outcome:?}");
    assert_eq!(world.times_in_log(&create), 0);
    assert!(world.deliver(&mut slot, &world.create("in time")).is_ok());
}
