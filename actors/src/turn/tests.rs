//! Facts about turns that the histories, which live in one world of zone data, do not show.

mod armed;
mod leftovers;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use chrono::{NaiveDate, NaiveDateTime};
use punctual_events::{
    ActorId, CommandId, Commit, EventType, Principal, Seq, SessionId, TaskId, Timestamp, Topic, UserId,
};
use uuid::Uuid;

use super::{Pending, Rearmed, Slot, TurnError};
use crate::{
    ports::{EncodedCommit, Failure, Head, HeadUpdate, Loaded, PageSave, Ports, Store, WakeUp, WakeUps},
    reference::{MemoryWakeUps, Reference, UtcOnly, VirtualClock},
    user::{UserActor, UserCommand, UserReply},
    zone::ZoneData,
};

/// UTC, as a later release of the zone data has it.
struct NewerUtc;

impl ZoneData for NewerUtc {
    fn version(&self) -> &'static str {
        "newer"
    }

    fn contains(&self, zone: &str) -> bool {
        UtcOnly.contains(zone)
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        UtcOnly.resolve(zone, wall)
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        UtcOnly.wall_time(zone, instant)
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        UtcOnly.day_start(zone, date)
    }
}

fn pending(command: UserCommand) -> Pending<UserCommand> {
    Pending {
        id: CommandId(Uuid::from_u128(9)),
        by: Principal::System,
        command,
        key: None,
        seed: 1,
        traceparent: None,
    }
}

#[tokio::test]
async fn a_wake_up_writes_a_head_of_other_zone_data_anew() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let mut runtime = Reference::new(&VirtualClock::new(now), 1);
    let actor = ActorId::User(UserId(Uuid::from_u128(1)));
    let sign_in = UserCommand::SignIn {
        account: "account".into(),
        expires: Timestamp::MAX,
        session: SessionId(Uuid::from_u128(2)),
        time_zone: "UTC".into(),
    };
    let outcomes = Slot::<UserActor>::new(actor)
        .take_turn(&[pending(sign_in)], &runtime)
        .await;
    assert!(outcomes[0].is_ok());

    runtime.environment.zones = Arc::new(NewerUtc);
    let mut slot = Slot::<UserActor>::new(actor);
    for _ in 0..2 {
        let wake_up = WakeUp {
            at: now,
            seq: Seq(1),
            nonce: 0,
            is_guard: false,
        };
        slot.wake(wake_up, pending(UserCommand::Wake), &runtime).await.unwrap();
        let head = runtime.store.head(actor).await.unwrap().unwrap();
        assert_eq!((&*head.zone_version, head.seq), ("newer", Seq(2)), "once");
    }
}

/// Wake-ups of a process that has not read yet what earlier ones armed.
#[derive(Clone, Default)]
struct Empty(MemoryWakeUps);

impl WakeUps for Empty {
    fn holds_what_heads_say(&self) -> bool {
        false
    }

    fn guard_interval_ms(&self) -> Option<u64> {
        None
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.0.arm(actor, wake_up).await
    }
}

fn sign_in() -> UserCommand {
    UserCommand::SignIn {
        account: "account".into(),
        expires: Timestamp::MAX,
        session: SessionId(Uuid::from_u128(2)),
        time_zone: "UTC".into(),
    }
}

fn create(reminder: Option<Timestamp>) -> UserCommand {
    let reminders: Vec<_> = reminder.iter().map(|at| serde_json::json!({"at": at})).collect();
    let draft = serde_json::json!({"title": "secret", "reminders": reminders});
    UserCommand::CreateTask {
        draft: Box::new(serde_json::from_value(draft).unwrap()),
        imported: None,
    }
}

#[tokio::test]
async fn a_wake_up_of_an_earlier_process_is_not_counted_on_before_it_is_armed_here() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let (sooner, later) = (now.plus_millis(60_000), now.plus_millis(120_000));
    let runtime = Reference::new(&VirtualClock::new(now), 1);
    let actor = ActorId::User(UserId(Uuid::from_u128(1)));
    let mut slot = Slot::<UserActor>::new(actor);
    for command in [sign_in(), create(Some(sooner))] {
        slot.take_turn(&[pending(command)], &runtime).await;
    }
    let restarted = Ports {
        store: runtime.store.clone(),
        wake_ups: Empty::default(),
        publisher: runtime.publisher.clone(),
        directory: runtime.directory.clone(),
        environment: runtime.environment.clone(),
        recheck_head_after_ms: None,
    };
    let mut slot = Slot::<UserActor>::new(actor);
    let command = Pending {
        seed: 2 << 64,
        ..pending(create(Some(later)))
    };
    let outcomes = slot.take_turn(&[command], &restarted).await;
    assert!(outcomes[0].is_ok());
    // The head said `sooner` when it was read, and may say something else before what it says is armed.
    assert_eq!(restarted.wake_ups.0.earliest(), Some(sooner));
}

/// Wake-ups of which no guard is armed that a command would wait for.
#[derive(Default)]
struct Unguarded(MemoryWakeUps);

impl WakeUps for Unguarded {
    fn guard_interval_ms(&self) -> Option<u64> {
        Some(300_000)
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.0.arm(actor, wake_up).await
    }

    async fn arm_guard(&self, _: ActorId, _: WakeUp) -> Result<(), Failure> {
        Err(Failure::new("away a moment ago"))
    }
}

#[tokio::test]
async fn an_actor_that_was_woken_has_a_guard_though_its_commits_went_without() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let reference = Reference::new(&VirtualClock::new(now), 1);
    let runtime = Ports {
        store: reference.store,
        wake_ups: Unguarded::default(),
        publisher: reference.publisher,
        directory: reference.directory,
        environment: reference.environment,
        recheck_head_after_ms: None,
    };
    let actor = ActorId::User(UserId(Uuid::from_u128(1)));
    let mut slot = Slot::<UserActor>::new(actor);
    let outcomes = slot.take_turn(&[pending(sign_in())], &runtime).await;
    assert!(outcomes[0].is_ok());
    assert_eq!(runtime.wake_ups.0.earliest(), None);
    let wake_up = WakeUp {
        at: now,
        seq: Seq(1),
        nonce: 0,
        is_guard: false,
    };
    slot.wake(wake_up, pending(UserCommand::Wake), &runtime).await.unwrap();
    assert_eq!(runtime.wake_ups.0.earliest(), Some(now.plus_millis(300_000)));
}

/// Wake-ups that cannot be armed. Counts who tries.
#[derive(Default)]
struct Away(AtomicU32);

impl WakeUps for Away {
    fn guard_interval_ms(&self) -> Option<u64> {
        None
    }

    async fn arm(&self, _: ActorId, _: WakeUp) -> Result<(), Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Failure::new("away"))
    }
}

#[tokio::test]
async fn what_needs_no_wake_up_is_done_beside_what_needs_one_that_cannot_be_armed() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let reference = Reference::new(&VirtualClock::new(now), 1);
    let runtime = Ports {
        store: reference.store.clone(),
        wake_ups: Away::default(),
        publisher: reference.publisher,
        directory: reference.directory,
        environment: reference.environment,
        recheck_head_after_ms: None,
    };
    let actor = ActorId::User(UserId(Uuid::from_u128(1)));
    let mut slot = Slot::<UserActor>::new(actor);
    slot.take_turn(&[pending(sign_in())], &runtime).await;
    let reminder = now.plus_millis(60_000);
    let commands = [None, Some(reminder), None, Some(reminder), None].map(create);
    let commands: Vec<_> = (2..)
        .zip(commands)
        .map(|(number, command)| Pending {
            seed: number << 64,
            ..pending(command)
        })
        .collect();
    let outcomes = slot.take_turn(&commands, &runtime).await;
    let is_done: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(is_done, [true, false, true, false, true]);
    assert!(matches!(outcomes[1], Err(TurnError::Unknown(_))));
    assert_eq!(
        runtime.wake_ups.0.load(Ordering::Relaxed),
        1,
        "nobody waits for it again"
    );
    assert_eq!(runtime.store.head(actor).await.unwrap().unwrap().seq, Seq(4));
}

/// Wake-ups that can be armed until somebody says otherwise.
#[derive(Default)]
struct Leaving {
    armed: MemoryWakeUps,
    is_away: AtomicBool,
}

impl WakeUps for Leaving {
    fn guard_interval_ms(&self) -> Option<u64> {
        None
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Failure::new("away"));
        }
        self.armed.arm(actor, wake_up).await
    }
}

#[tokio::test]
async fn what_comes_due_after_an_armed_wake_up_is_done_though_none_can_be_armed_and_what_comes_before_is_not() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let reference = Reference::new(&VirtualClock::new(now), 1);
    let runtime = Ports {
        store: reference.store,
        wake_ups: Leaving::default(),
        publisher: reference.publisher,
        directory: reference.directory,
        environment: reference.environment,
        recheck_head_after_ms: None,
    };
    let mut slot = Slot::<UserActor>::new(ActorId::User(UserId(Uuid::from_u128(1))));
    let hour_ms = 3_600_000;
    for command in [sign_in(), create(Some(now.plus_millis(hour_ms)))] {
        assert!(slot.take_turn(&[pending(command)], &runtime).await[0].is_ok());
    }
    runtime.wake_ups.is_away.store(true, Ordering::Relaxed);
    let mut is_done = Vec::new();
    for (number, after_ms) in (2..).zip([2 * hour_ms, hour_ms, hour_ms - 1]) {
        let command = Pending {
            seed: number << 64,
            ..pending(create(Some(now.plus_millis(after_ms))))
        };
        is_done.push(slot.take_turn(&[command], &runtime).await[0].is_ok());
    }
    assert_eq!(is_done, [true, true, false]);
}

/// A store in which an actor cannot be read. Counts who tries.
struct Damaged(AtomicU32);

impl Store for Damaged {
    async fn load(&self, _: ActorId) -> Result<Loaded, Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Failure::damaged("a page"))
    }

    async fn append(&self, _: Seq, _: EncodedCommit, _: HeadUpdate) -> Result<(), Failure> {
        unreachable!("nothing is decided on a state that cannot be read")
    }

    async fn head(&self, _: ActorId) -> Result<Option<Head>, Failure> {
        unreachable!("it is not in memory")
    }

    async fn read_log(&self, _: ActorId, _: Seq, _: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        unreachable!("it is not in memory")
    }

    async fn save(&self, _: ActorId, _: PageSave) -> Result<bool, Failure> {
        unreachable!("there is nothing to save")
    }

    async fn confirm_audited(&self, _: ActorId, _: Seq) -> Result<(), Failure> {
        unreachable!("this is not audit")
    }

    async fn compact(&self, _: ActorId, _: Timestamp) -> Result<(), Failure> {
        unreachable!("there is nothing to drop")
    }

    async fn erase(&self, _: ActorId, _: Seq) -> Result<(), Failure> {
        unreachable!("this is not audit")
    }
}

#[tokio::test]
async fn a_turn_does_not_try_again_what_is_damaged() {
    let reference = Reference::new(&VirtualClock::new(Timestamp::from_millis(1_800_000_000_000)), 1);
    let runtime = Ports {
        store: Damaged(AtomicU32::new(0)),
        wake_ups: reference.wake_ups,
        publisher: reference.publisher,
        directory: reference.directory,
        environment: reference.environment,
        recheck_head_after_ms: None,
    };
    let mut slot = Slot::<UserActor>::new(ActorId::User(UserId(Uuid::from_u128(1))));
    let outcome = slot.take_turn(&[pending(sign_in())], &runtime).await.pop();
    assert!(
        matches!(&outcome, Some(Err(TurnError::Unknown(failure))) if failure.is_damage()),
        "{outcome:?}"
    );
    assert_eq!(runtime.store.0.into_inner(), 1);
}

/// The same runtime, whose wake-ups are all lost.
fn having_lost_its_wake_ups(runtime: &Reference) -> Reference {
    Reference {
        wake_ups: MemoryWakeUps::default(),
        ..runtime.clone()
    }
}

async fn create_a_task(slot: &mut Slot<UserActor>, number: u128, reminder: Timestamp, runtime: &Reference) -> TaskId {
    let command = Pending {
        id: CommandId(Uuid::from_u128(number)),
        // An id of a task is of its upper half.
        seed: number << 64,
        ..pending(create(Some(reminder)))
    };
    let outcome = slot.take_turn(&[command], runtime).await.pop().unwrap();
    match outcome.unwrap().reply {
        UserReply::Task { task, .. } => task.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_lost_is_armed_anew_and_what_is_due_meanwhile_is_done() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let (sooner, later) = (now.plus_millis(60_000), now.plus_millis(120_000));
    let clock = VirtualClock::new(now);
    let runtime = Reference::new(&clock, 1);
    let mut slot = Slot::<UserActor>::new(ActorId::User(UserId(Uuid::from_u128(1))));
    let nobody = slot.rearm(pending(UserCommand::Wake), &runtime).await.unwrap();
    assert_eq!((nobody, slot.activation().unwrap().seq()), (Rearmed::Absent, Seq(0)));
    slot.take_turn(&[pending(sign_in())], &runtime).await;
    create_a_task(&mut slot, 10, sooner, &runtime).await;
    create_a_task(&mut slot, 11, later, &runtime).await;

    let lost = having_lost_its_wake_ups(&runtime);
    let rearmed = slot.rearm(pending(UserCommand::Wake), &lost).await.unwrap();
    assert_eq!(
        (rearmed, lost.wake_ups.earliest()),
        (Rearmed::Armed(Some(sooner)), Some(sooner))
    );

    let lost = having_lost_its_wake_ups(&runtime);
    clock.advance_ms(60_000);
    // By another activation, too, which finds in the head that something is armed.
    let mut slot = Slot::<UserActor>::new(slot.actor());
    let before = slot.activate(&lost).await.unwrap().seq();
    let rearmed = slot.rearm(pending(UserCommand::Wake), &lost).await.unwrap();
    assert_eq!(
        (rearmed, lost.wake_ups.earliest()),
        (Rearmed::Armed(Some(later)), Some(later))
    );
    let fired = lost.store.read_log(slot.actor(), before, 10).await.unwrap();
    assert_eq!(fired.len(), 1);
    assert_eq!(fired[0].events[0].event_type, EventType::ReminderFired);
}

#[tokio::test]
async fn an_activation_elsewhere_that_counts_on_a_lost_wake_up_does_not_count_on_it_after_the_arming() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let (sooner, later) = (now.plus_millis(60_000), now.plus_millis(120_000));
    let runtime = Reference::new(&VirtualClock::new(now), 1);
    let mut stale = Slot::<UserActor>::new(ActorId::User(UserId(Uuid::from_u128(1))));
    stale.take_turn(&[pending(sign_in())], &runtime).await;
    let task = create_a_task(&mut stale, 10, sooner, &runtime).await;
    let delete = UserCommand::DeleteTask {
        if_match: None,
        series: false,
        task,
    };
    stale.take_turn(&[pending(delete)], &runtime).await;

    let lost = having_lost_its_wake_ups(&runtime);
    let mut owner = Slot::<UserActor>::new(stale.actor());
    let rearmed = owner.rearm(pending(UserCommand::Wake), &lost).await.unwrap();
    assert_eq!((rearmed, lost.wake_ups.earliest()), (Rearmed::Armed(None), None));
    create_a_task(&mut stale, 11, later, &lost).await;
    assert_eq!(lost.wake_ups.earliest(), Some(later));
}

#[tokio::test]
async fn requests_that_share_a_commit_keep_their_traces() {
    let runtime = Reference::new(&VirtualClock::new(Timestamp::from_millis(1_800_000_000_000)), 1);
    let actor = ActorId::User(UserId(Uuid::from_u128(1)));
    let mut slot = Slot::<UserActor>::new(actor);
    slot.take_turn(&[pending(sign_in())], &runtime).await;
    let traces = [Some("first"), Some("second"), Some("second"), Some("first")];
    let commands = traces.iter().zip(10_u128..).map(|(trace, number)| Pending {
        id: CommandId(Uuid::from_u128(number)),
        seed: number << 64,
        traceparent: trace.map(Into::into),
        ..pending(create(None))
    });
    slot.take_turn(&commands.collect::<Vec<_>>(), &runtime).await;
    let log = runtime.store.read_log(actor, Seq(1), 10).await.unwrap();
    assert_eq!(log.len(), 1, "they share one");
    let stored = Commit::decode(&log[0].encode().unwrap()).unwrap();
    for topic in [Topic::TaskEvents, Topic::TaskUpdates] {
        let sent = stored.cloud_events(topic).unwrap();
        let sent = sent.iter().map(|event| event.traceparent.as_deref());
        assert_eq!(sent.collect::<Vec<_>>(), traces, "{topic:?}");
    }
}
