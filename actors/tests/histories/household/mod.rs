//! Random histories of a user with recurring tasks: the user's actor, the actors of their series, and the hand-overs between them.

mod check;
mod member;
mod named;
mod reminders;
mod role;
mod single;
mod step;

use std::{collections::BTreeSet, sync::Arc};

use proptest::{prelude::*, test_runner::Config};
use punctual_actors::{
    ports::{Clock as _, Directory as _, Store as _, uuid_v7},
    reference::{MemoryDirectory, MemoryPublisher, MemoryWakeUps, SeededEntropy, VirtualClock},
    turn::{Outcome, Pending},
    user::{UserActor, UserCommand},
};
use punctual_events::{
    ActorId, CommandId, EventData as _, IdempotencyKey, NotificationId, Principal, Seq, SeriesId, SessionId, TaskId,
    Timestamp, Topic, UserEvent, UserId,
};
use uuid::Uuid;

use self::{
    member::Member,
    step::{Go, Step},
};
use crate::{ledger::Ledger, process::ready};

const USER: UserId = UserId(Uuid::from_u128(1));
const SESSION: SessionId = SessionId(Uuid::from_u128(2));
const GUARD_MS: u64 = 300_000;

/// What all processes share.
struct World {
    clock: Arc<VirtualClock>,
    ledger: Ledger,
    wake_ups: MemoryWakeUps,
    publisher: MemoryPublisher,
    directory: MemoryDirectory,
    ids: SeededEntropy,
}

impl World {
    fn new() -> Self {
        Self {
            clock: VirtualClock::new(Timestamp::from_millis(1_800_000_000_000)),
            ledger: Ledger::default(),
            wake_ups: MemoryWakeUps::with_guard(GUARD_MS),
            publisher: MemoryPublisher::default(),
            directory: MemoryDirectory::default(),
            ids: SeededEntropy::new(42),
        }
    }

    fn pending<C>(&self, by: Principal, command: C, key: Option<IdempotencyKey>) -> Pending<C> {
        let random = || u128::from(self.ids.next()) << 64 | u128::from(self.ids.next());
        Pending {
            id: CommandId(uuid_v7(self.clock.now(), random())),
            by,
            command,
            key,
            seed: random(),
            traceparent: None,
        }
    }

    /// Every task and every notification there ever was, in the order they were made.
    fn tasks_and_notifications(&self) -> (Vec<TaskId>, Vec<NotificationId>) {
        let (mut tasks, mut notifications) = (Vec::new(), Vec::new());
        let commits = self.ledger.of(ActorId::User(USER));
        for record in commits.iter().flat_map(|commit| &commit.events) {
            match UserEvent::from_record(record) {
                Ok(Some(UserEvent::TaskCreated(change))) => tasks.push(change.task.id),
                Ok(Some(UserEvent::ReminderFired(fired))) => notifications.push(fired.id),
                _ => {}
            }
        }
        (tasks, notifications)
    }
}

/// A command as a client sent it, and what it was answered.
struct Asked {
    pending: Pending<UserCommand>,
    outcome: Option<Outcome<UserActor>>,
}

fn as_series(actor: ActorId) -> Option<SeriesId> {
    match actor {
        ActorId::Series(series) => Some(series),
        ActorId::User(_) => None,
    }
}

/// A user in two processes.
struct Household {
    world: World,
    members: [Member; 2],
    asked: Vec<Asked>,
    has_lost_guards: bool,
}

impl Household {
    fn new() -> Self {
        let world = World::new();
        let mut household = Self {
            members: [Member::new(&world, 1), Member::new(&world, 2)],
            world,
            asked: Vec::new(),
            has_lost_guards: false,
        };
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SESSION,
            time_zone: "UTC".into(),
        };
        let pending = household.world.pending(Principal::System, sign_in, None);
        household.send(0, pending, &Go::default());
        household
    }

    fn take(&mut self, step: &Step) {
        self.world.clock.advance_ms(1);
        let member = |process: u8| usize::from(process) % 2;
        match step {
            Step::Ask { process, ask, key, go } => {
                let (tasks, notifications) = self.world.tasks_and_notifications();
                let command = ask.command(self.world.clock.now(), &tasks, &notifications);
                let body = format!("{command:?}")
                    .bytes()
                    .fold(1, |sum: u128, byte| sum.wrapping_mul(257) + u128::from(byte));
                let key = key.map(|key| IdempotencyKey { key: key.into(), body });
                let pending = self.world.pending(Principal::User(USER, SESSION), command, key);
                self.send(member(*process), pending, go);
            }
            Step::Single {
                process,
                which,
                single,
                go,
            } => {
                let actors = self.actors().into_iter();
                let series: Vec<SeriesId> = actors.filter_map(as_series).collect();
                if let Some(series) = series.get(usize::from(*which) % series.len().max(1)) {
                    self.note(go);
                    self.members[member(*process)].command_series(&self.world, *series, *single, go);
                }
            }
            Step::Retry { process, which, go } => {
                let keyed: Vec<_> = self.asked.iter().filter(|asked| asked.pending.key.is_some()).collect();
                if let Some(asked) = keyed.get(usize::from(*which) % keyed.len().max(1)) {
                    let again = asked.pending.clone();
                    let pending = self.world.pending(again.by, again.command, again.key);
                    self.send(member(*process), pending, go);
                }
            }
            Step::Carry { process, which, go } => {
                let published = self.world.publisher.published();
                if let Some(commit) = published.get(usize::from(*which) % published.len().max(1)) {
                    self.note(go);
                    self.members[member(*process)].carry(&self.world, commit, go);
                }
            }
            Step::Wake { process, which, go } => {
                let due = self.world.wake_ups.due(self.world.clock.now());
                if let Some((actor, wake_up)) = due.get(usize::from(*which) % due.len().max(1)) {
                    self.note(go);
                    self.members[member(*process)].wake(&self.world, *actor, *wake_up, go);
                }
            }
            Step::Publish { process, go } => {
                self.note(go);
                self.members[member(*process)].publish(&self.world, go);
            }
            Step::Save { process, go } => {
                self.note(go);
                self.members[member(*process)].save(&self.world, go);
            }
            Step::Crash { process } => self.members[member(*process)].crash(),
            Step::Arrive { process, which } => {
                let faults = &self.members[member(*process)].faults;
                ready(faults.arrive_late(usize::from(*which)));
            }
            Step::Advance { ms } => self.world.clock.advance_ms(*ms),
            Step::Compact => self.compact(),
        }
    }

    /// Guards may be missing from here on, as the turn allows when an arming fails.
    fn note(&mut self, go: &Go) {
        self.has_lost_guards |= !go.faults.is_empty();
    }

    fn send(&mut self, member: usize, pending: Pending<UserCommand>, go: &Go) {
        self.note(go);
        let outcome = self.members[member].command_user(&self.world, pending.clone(), go);
        self.asked.push(Asked { pending, outcome });
    }

    /// Audit confirms what was published, and what is not needed any more is dropped.
    fn compact(&self) {
        let World {
            ledger,
            publisher,
            clock,
            ..
        } = &self.world;
        for actor in self.actors() {
            let published: BTreeSet<Seq> = publisher
                .published_by(actor)
                .iter()
                .map(|commit| commit.header.seq)
                .collect();
            let through = (1..)
                .zip(&published)
                .take_while(|(expected, seq)| *expected == seq.0)
                .count();
            ready(ledger.confirm_audited(actor, Seq(through as u64))).expect("confirm");
            ready(ledger.compact(actor, clock.now())).expect("compact");
        }
    }

    fn actors(&self) -> Vec<ActorId> {
        let directory = &self.world.directory;
        ready(directory.list(None, usize::MAX)).expect("list")
    }

    /// Nothing goes wrong any more; what is late arrives; events and wake-ups bring about the rest.
    fn come_to_rest(&mut self) {
        for member in &mut self.members {
            member.faults.end();
            while ready(member.faults.arrive_late(0)) {}
        }
        let calm = Go::default();
        if self.has_lost_guards {
            for actor in self.actors() {
                self.members[0].touch(&self.world, actor);
            }
        }
        let mut heard = 0;
        let mut carried = 0;
        for turn in 0..1_000 {
            self.world.clock.advance_ms(1);
            self.members
                .iter_mut()
                .for_each(|member| member.publish(&self.world, &calm));
            let published = self.world.publisher.published();
            for commit in &published[std::mem::replace(&mut carried, published.len())..] {
                self.members[turn % 2].carry(&self.world, commit, &calm);
            }
            let news = &published[std::mem::replace(&mut heard, published.len())..];
            // Whatever is published at first is lost on its way to audit, what other activations find left over included.
            for commit in news.iter().filter(|_| turn >= LOST_TO_AUDIT) {
                let header = &commit.header;
                ready(self.world.ledger.confirm_audited(header.actor, header.seq)).expect("confirm");
            }
            if self.members.iter().any(Member::has_something_to_publish) {
                continue;
            }
            let Some(at) = self.world.wake_ups.earliest() else {
                self.assert_audit_has_everything();
                return;
            };
            let wait_ms = at.as_millis() - self.world.clock.now().as_millis();
            self.world.clock.advance_ms(u64::try_from(wait_ms).unwrap_or(0));
            for (actor, wake_up) in self.world.wake_ups.due(self.world.clock.now()) {
                self.members[turn % 2].wake(&self.world, actor, wake_up, &calm);
            }
        }
        panic!("wake-ups never end");
    }

    /// Not where a guard is owed: a commit would arm it.
    fn assert_audit_has_everything(&self) {
        if self.has_lost_guards {
            return;
        }
        let ledger = &self.world.ledger;
        for actor in self.actors() {
            let audited = ready(ledger.head(actor)).expect("head").map(|head| head.audited);
            let log = ready(ledger.read_log(actor, audited.unwrap_or_default(), usize::MAX)).expect("read");
            assert!(
                log.iter().all(|commit| !commit.is_on(Topic::TaskEvents)),
                "audit stopped at {audited:?} of {actor}"
            );
        }
    }
}

/// So many turns long audit hears nothing while a household comes to rest.
const LOST_TO_AUDIT: usize = 20;

/// Plays a history, brings it to rest and checks it.
fn play(steps: &[Step]) {
    let mut household = Household::new();
    steps.iter().for_each(|step| household.take(step));
    household.come_to_rest();
    check::check(&household);
}

proptest! {
    #![proptest_config(Config { cases: crate::cases() / 4, failure_persistence: None, max_shrink_time: 20_000, ..Config::default() })]

    #[test]
    fn a_household_of_recurring_tasks_comes_out_right(steps in step::history()) {
        play(&steps);
    }
}
