//! The end of an account: whatever was said before, in the same turn too, nothing is kept of it once its commits are erased.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

use std::sync::Arc;

use punctual_actors::{
    machine::Machine,
    ports::{Loaded, Store as _},
    reference::{Reference, VirtualClock},
    series::{SeriesActor, SeriesCommand},
    turn::{Outcome, Pending, Slot},
    user::UserCommand,
    user::{UserActor, draft::TaskDraft},
    zone::BundledZones,
};
use punctual_events::{
    ActorId, CommandId, EventType, Handover, HandoverMessage, HandoverOffered, IdempotencyKey, Principal, Seq,
    SeriesId, SessionId, Timestamp, UserId,
};
use serde_json::json;
use uuid::Uuid;

const USER: UserId = UserId(Uuid::from_u128(1));
const SESSION: SessionId = SessionId(Uuid::from_u128(2));
const SECRET: &str = "see the doctor";

struct World {
    runtime: Reference,
    commands: u128,
}

impl World {
    /// With a user who has signed up.
    async fn new() -> (Self, Slot<UserActor>) {
        let clock = VirtualClock::new("2026-11-23T08:00:00Z".parse().unwrap());
        let mut runtime = Reference::new(&clock, 7);
        runtime.environment.zones = Arc::new(BundledZones);
        let mut world = Self { runtime, commands: 0 };
        let mut user = Slot::new(ActorId::User(USER));
        let sign_in = world.command(UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SESSION,
            time_zone: "Europe/Paris".into(),
        });
        world.turn(&mut user, &[sign_in]).await;
        (world, user)
    }

    /// A command of Punctual itself, with an idempotency key.
    fn command<C>(&mut self, command: C) -> Pending<C> {
        self.commands += 1;
        Pending {
            id: CommandId(Uuid::from_u128(self.commands)),
            by: Principal::System,
            command,
            key: Some(IdempotencyKey {
                body: self.commands,
                key: self.commands,
            }),
            seed: self.commands << 64,
            traceparent: None,
        }
    }

    /// The person creates a recurring task.
    fn create(&mut self) -> Pending<UserCommand> {
        let recurrence = json!({"rrule": "FREQ=DAILY"});
        let draft = json!({"title": SECRET, "due": {"date": "2026-11-23"}, "recurrence": recurrence});
        let draft: Box<TaskDraft> = Box::new(serde_json::from_value(draft).unwrap());
        let create = self.command(UserCommand::CreateTask { draft, imported: None });
        Pending {
            by: Principal::User(USER, SESSION),
            ..create
        }
    }

    async fn turn<M: Machine>(&self, slot: &mut Slot<M>, commands: &[Pending<M::Command>]) -> Vec<Outcome<M>> {
        slot.take_turn(commands, &self.runtime).await
    }

    async fn save<M: Machine>(&self, slot: &mut Slot<M>) {
        let (actor, activation) = (slot.actor(), slot.activate(&self.runtime).await.unwrap());
        let save = activation.start_save();
        let zones = &*self.runtime.environment.zones;
        let outcome = save.write(actor, &self.runtime.store, zones).await;
        activation.end_save(save, &outcome);
        assert!(outcome.unwrap());
    }

    async fn load(&self, actor: ActorId) -> Loaded {
        self.runtime.store.load(actor).await.unwrap()
    }

    async fn last(&self, actor: ActorId) -> Seq {
        self.load(actor).await.head.unwrap().seq
    }

    /// Erases what came before the last commit, as audit does, and looks at what is left.
    async fn assert_nothing_is_left(&self, actor: ActorId, end: EventType) {
        let last = self.last(actor).await;
        let store = &self.runtime.store;
        store.erase(actor, Seq(last.0 - 1)).await.unwrap();
        let log = store.read_log(actor, Seq::ZERO, 100).await.unwrap();
        let text = format!("{log:?} {:?}", self.load(actor).await);
        assert!(!text.contains(SECRET), "{text}");
        let ending = log.last().unwrap();
        assert!(
            ending
                .events
                .iter()
                .any(|event| event.event_type == end && !event.is_erased())
        );
    }

    /// What the user's actor handed over first.
    async fn first_offer(&self, user: &mut Slot<UserActor>) -> Handover {
        let commits = user.activate(&self.runtime).await.unwrap().take_unpublished();
        let events = commits.iter().flat_map(|commit| &commit.events);
        let mut offers = events.filter(|event| event.event_type == EventType::HandoverOffered);
        let offered: HandoverOffered = serde_json::from_str(offers.next().unwrap().data.get()).unwrap();
        offered.handover
    }
}

#[tokio::test]
async fn a_deletion_shares_no_commit_with_what_came_before_in_its_turn() {
    let (mut world, mut user) = World::new().await;
    let commands = [world.create(), world.command(UserCommand::DeleteUser), world.create()];
    let outcomes = world.turn(&mut user, &commands).await;
    let seqs: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().map(|done| done.seq.0).ok())
        .collect();
    assert_eq!(seqs, [Some(2), Some(3), None]);
    world.assert_nothing_is_left(user.actor(), EventType::UserDeleted).await;
}

#[tokio::test]
async fn answers_to_keyed_commands_are_forgotten_with_the_account() {
    for is_replayed in [false, true] {
        let (mut world, mut user) = World::new().await;
        let create = world.create();
        world.turn(&mut user, &[create]).await;
        world.save(&mut user).await;
        assert!(format!("{:?}", world.load(user.actor()).await.pages).contains(SECRET));
        let delete = world.command(UserCommand::DeleteUser);
        world.turn(&mut user, &[delete]).await;
        if is_replayed {
            user = Slot::new(user.actor());
        }
        // The pages of what is left are there before anything is erased, and stay.
        world.save(&mut user).await;
        world.assert_nothing_is_left(user.actor(), EventType::UserDeleted).await;
    }
}

#[tokio::test]
async fn a_series_that_begins_in_the_turn_of_its_deletion_keeps_nothing_and_begins_no_more() {
    let (mut world, mut user) = World::new().await;
    let create = world.create();
    world.turn(&mut user, &[create]).await;
    let start = world.first_offer(&mut user).await;
    let delete = world.command(UserCommand::DeleteUser);
    world.turn(&mut user, &[delete]).await;
    let delete = world.first_offer(&mut user).await;
    assert_eq!(delete.message, HandoverMessage::DeleteSeries { owner: USER });
    let ActorId::Series(id) = delete.to else { panic!() };

    let mut series = Slot::<SeriesActor>::new(ActorId::Series(SeriesId(id.0)));
    let receive = |handover: &Handover| SeriesCommand::Receive {
        handover: handover.clone(),
    };
    let commands = [receive(&start), receive(&delete), receive(&start)].map(|command| world.command(command));
    world.turn(&mut series, &commands).await;
    assert_eq!(world.last(series.actor()).await, Seq(2));
    world.save(&mut series).await;
    world
        .assert_nothing_is_left(series.actor(), EventType::SeriesDeleted)
        .await;

    // Read again from an old place in the log of the user, by a process that knows only what is stored.
    let mut series = Slot::<SeriesActor>::new(series.actor());
    let again = [world.command(receive(&start)), world.command(receive(&delete))];
    world.turn(&mut series, &again).await;
    assert_eq!(world.last(series.actor()).await, Seq(2));
    let machine = &series.activate(&world.runtime).await.unwrap().snapshot().machine;
    assert_eq!((machine.owner(), machine.next_wakeup()), (USER, None));
}
