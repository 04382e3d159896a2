//! One user, their series and the role between them. Nothing happens by itself: a test delivers what was published, in whatever order and as
//! often as it wants, and lets time pass.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};

use punctual::{
    ports::{Actors, EventHandler as _, system_command},
    roles::recurring::Recurring,
};
use punctual_actors::{
    Refusal,
    machine::Machine,
    ports::{BoxFuture, Clock as _, Environment, Failure},
    reference::{Reference, VirtualClock},
    series::{OccurrenceRecord, SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Outcome, Pending, Slot, TurnError},
    user::{
        NotificationFilter, SeriesRef, UserActor, UserAnswer, UserCommand, UserQuestion, UserReply, draft::TaskDraft,
    },
    zone::BundledZones,
};
use punctual_events::{
    ActorId, Commit, EventType, Notification, OccurrenceOutcome, Principal, SeriesId, SessionId, Status, Task, TaskId,
    Timestamp, Topic, UserId,
};
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use super::faults::{Fault, Faults};

/// The only user.
pub(crate) const USER: UserId = UserId(Uuid::from_u128(1));
/// Their sign-in.
const SESSION: SessionId = SessionId(Uuid::from_u128(2));

/// Actors in memory, and what they have published.
pub(crate) struct Stage {
    runtime: Reference,
    user: AsyncMutex<Slot<UserActor>>,
    series: AsyncMutex<BTreeMap<SeriesId, Slot<SeriesActor>>>,
    published: Mutex<VecDeque<Arc<Commit>>>,
    pub(crate) faults: Faults,
}

impl Stage {
    async fn turn<M: Machine>(&self, slot: &mut Slot<M>, command: Pending<M::Command>) -> Outcome<M> {
        let fault = self.faults.draw();
        let unknown = || Err(TurnError::Unknown(Failure::new("injected")));
        if fault == Some(Fault::Before) {
            return unknown();
        }
        let outcome = slot.take_turn(&[command], &self.runtime).await.pop().unwrap();
        self.publish(slot);
        if fault == Some(Fault::After) {
            return unknown();
        }
        outcome
    }

    fn publish<M: Machine>(&self, slot: &mut Slot<M>) {
        let commits = slot
            .activation()
            .map(|activation| activation.take_unpublished())
            .unwrap_or_default();
        self.published.lock().unwrap().extend(commits);
    }
}

impl Actors for Stage {
    fn command_user(&self, user: UserId, command: Pending<UserCommand>) -> BoxFuture<'_, Outcome<UserActor>> {
        assert_eq!(user, USER);
        Box::pin(async move { self.turn(&mut *self.user.lock().await, command).await })
    }

    fn ask_user<'a>(
        &'a self,
        _: UserId,
        by: Principal,
        question: &'a UserQuestion,
    ) -> BoxFuture<'a, Result<UserAnswer, TurnError>> {
        Box::pin(async move {
            let mut slot = self.user.lock().await;
            let activation = slot.activate(&self.runtime).await?;
            let now = self.runtime.environment.clock.now();
            Ok(activation.snapshot().machine.ask(by, question, now)?)
        })
    }

    fn command_series(&self, series: SeriesId, command: Pending<SeriesCommand>) -> BoxFuture<'_, Outcome<SeriesActor>> {
        Box::pin(async move {
            let mut all = self.series.lock().await;
            let slot = all.entry(series).or_insert_with(|| Slot::new(ActorId::Series(series)));
            self.turn(slot, command).await
        })
    }

    fn ask_series<'a>(
        &'a self,
        series: SeriesId,
        by: Principal,
        question: &'a SeriesQuestion,
    ) -> BoxFuture<'a, Result<SeriesAnswer, TurnError>> {
        Box::pin(async move {
            let mut all = self.series.lock().await;
            let slot = all.entry(series).or_insert_with(|| Slot::new(ActorId::Series(series)));
            Ok(slot.activate(&self.runtime).await?.snapshot().machine.ask(
                by,
                question,
                self.runtime.environment.clock.now(),
                &BundledZones,
            )?)
        })
    }
}

/// The user, their series, the role and the time.
pub(crate) struct World {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) stage: Arc<Stage>,
    role: Recurring,
    environment: Environment,
    /// Every commit there was.
    pub(crate) history: Vec<Arc<Commit>>,
}

impl World {
    /// A user who has signed up, living in `zone`, at `now`.
    pub(crate) async fn new(now: &str, zone: &str) -> Self {
        let clock = VirtualClock::new(now.parse().unwrap());
        let mut runtime = Reference::new(&clock, 7);
        runtime.environment.zones = Arc::new(BundledZones);
        let environment = runtime.environment.clone();
        let stage = Arc::new(Stage {
            user: AsyncMutex::new(Slot::new(ActorId::User(USER))),
            series: AsyncMutex::default(),
            published: Mutex::default(),
            faults: Faults::default(),
            runtime,
        });
        let role = Recurring::new(Arc::clone(&stage) as _, environment.clone());
        let world = Self {
            clock,
            stage,
            role,
            environment,
            history: Vec::new(),
        };
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SESSION,
            time_zone: zone.into(),
        };
        let command = system_command(&world.environment, sign_in, None);
        world.stage.command_user(USER, command).await.unwrap();
        world
    }

    /// Sets the clock to `instant`, which is later, and delivers the wake-ups of the way there.
    pub(crate) async fn until(&self, instant: &str) {
        self.pass_until(instant.parse().unwrap()).await;
    }

    /// Lets hours pass and delivers their wake-ups.
    pub(crate) async fn pass_hours(&self, hours: i64) {
        self.pass_until(self.clock.now().plus_millis(hours * 3_600_000)).await;
    }

    async fn pass_until(&self, instant: Timestamp) {
        loop {
            let due = self.stage.runtime.wake_ups.earliest().filter(|at| *at <= instant);
            let next = due.unwrap_or(instant);
            let ahead = next.as_millis() - self.clock.now().as_millis();
            self.clock.advance_ms(u64::try_from(ahead).unwrap_or(0));
            if due.is_none() {
                return;
            }
            self.wake().await;
        }
    }

    /// Delivers every wake-up that is due.
    pub(crate) async fn wake(&self) {
        let wake_ups = &self.stage.runtime.wake_ups;
        for (actor, wake_up) in wake_ups.due(self.clock.now()) {
            match actor {
                ActorId::User(_) => self.wake_slot(&mut *self.stage.user.lock().await, wake_up).await,
                ActorId::Series(series) => {
                    let mut all = self.stage.series.lock().await;
                    self.wake_slot(all.get_mut(&series).unwrap(), wake_up).await;
                }
            }
            wake_ups.done(actor, wake_up);
        }
    }

    async fn wake_slot<M: Machine>(&self, slot: &mut Slot<M>, wake_up: punctual_actors::ports::WakeUp) {
        let command = system_command(&self.environment, M::wake(), None);
        slot.wake(wake_up, command, &self.stage.runtime).await.unwrap();
        self.stage.publish(slot);
    }

    /// Takes what was published since the last time.
    pub(crate) fn published(&mut self) -> Vec<Arc<Commit>> {
        let commits: Vec<Arc<Commit>> = self.stage.published.lock().unwrap().drain(..).collect();
        self.history.extend(commits.iter().cloned());
        commits
    }

    /// Delivers a commit to the role once.
    pub(crate) async fn deliver(&self, commit: &Commit) -> Result<(), Failure> {
        let events = commit.cloud_events(Topic::TaskEvents).unwrap();
        self.role.handle(Topic::TaskEvents, &events).await
    }

    /// Delivers what was published until nothing more is.
    pub(crate) async fn settle(&mut self) {
        loop {
            let commits = self.published();
            if commits.is_empty() {
                return;
            }
            for commit in commits {
                while self.deliver(&commit).await.is_err() {}
            }
        }
    }

    /// The person's command.
    pub(crate) async fn command(&self, command: UserCommand) -> Result<UserReply, Refusal> {
        let pending = Pending {
            by: Principal::User(USER, SESSION),
            ..system_command(&self.environment, command, None)
        };
        let mut slot = self.stage.user.lock().await;
        let outcome = slot.take_turn(&[pending], &self.stage.runtime).await.pop().unwrap();
        self.stage.publish(&mut slot);
        match outcome {
            Ok(answered) => Ok(answered.reply),
            Err(TurnError::Refused(refusal)) => Err(refusal),
            Err(TurnError::Unknown(failure)) => panic!("{failure}"),
        }
    }

    /// Creates a task from JSON.
    pub(crate) async fn create(&self, draft: serde_json::Value) -> Arc<Task> {
        let draft: TaskDraft = serde_json::from_value(draft).unwrap();
        let create = UserCommand::CreateTask {
            draft: Box::new(draft),
            imported: None,
        };
        task_of(self.command(create).await.unwrap())
    }

    pub(crate) async fn complete(&self, task: TaskId) -> Result<Arc<Task>, Refusal> {
        let complete = UserCommand::CompleteTask { if_match: None, task };
        self.command(complete).await.map(task_of)
    }

    pub(crate) async fn reopen(&self, task: TaskId) -> Result<Arc<Task>, Refusal> {
        let reopen = UserCommand::ReopenTask { if_match: None, task };
        self.command(reopen).await.map(task_of)
    }

    pub(crate) async fn patch(&self, task: TaskId, patch: serde_json::Value) -> Result<Arc<Task>, Refusal> {
        let patch = Box::new(serde_json::from_value(patch).unwrap());
        let patch = UserCommand::PatchTask {
            if_match: None,
            patch,
            task,
        };
        self.command(patch).await.map(task_of)
    }

    pub(crate) async fn patch_later(&self, task: TaskId, patch: serde_json::Value) -> Result<Arc<Task>, Refusal> {
        let patch = Box::new(serde_json::from_value(patch).unwrap());
        let patch = UserCommand::PatchLater {
            if_match: None,
            patch,
            task,
        };
        self.command(patch).await.map(task_of)
    }

    pub(crate) async fn delete(&self, task: TaskId, series: bool) -> Result<(), Refusal> {
        let delete = UserCommand::DeleteTask {
            if_match: None,
            series,
            task,
        };
        self.command(delete).await.map(drop)
    }

    /// The user moves to another zone.
    pub(crate) async fn live_in(&self, time_zone: &str) {
        let time_zone = time_zone.into();
        self.command(UserCommand::ChangeUser { time_zone }).await.unwrap();
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// True while a hand-over among what was published waits for its acknowledgement.
    pub(crate) fn is_owing(&self) -> bool {
        let mut owed: BTreeSet<(ActorId, u64)> = BTreeSet::new();
        for commit in &self.history {
            for record in &commit.events {
                let number = |pointer: &str| {
                    let data: serde_json::Value = serde_json::from_str(record.data.get()).unwrap();
                    data.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap()
                };
                match record.event_type {
                    EventType::HandoverOffered => drop(owed.insert((commit.header.actor, number("/handover/number")))),
                    EventType::HandoverAcknowledged => drop(owed.remove(&(commit.header.actor, number("/number")))),
                    _ => {}
                }
            }
        }
        !owed.is_empty()
    }

    /// The user's state.
    pub(crate) async fn user(&self) -> UserActor {
        let mut slot = self.stage.user.lock().await;
        let activation = slot.activate(&self.stage.runtime).await.unwrap();
        activation.snapshot().machine.clone()
    }

    /// Tasks that are neither done nor deleted, by occurrence.
    pub(crate) async fn open(&self) -> Vec<Arc<Task>> {
        let user = self.user().await;
        let records = user.tasks().iter().map(|(_, record)| record);
        let mut open: Vec<Arc<Task>> = records
            .filter(|record| record.is_open())
            .map(|record| Arc::clone(&record.task))
            .collect();
        open.sort_by_key(|task| task.occurrence);
        open
    }

    /// The user's inbox, the latest first.
    pub(crate) async fn notifications(&self) -> Vec<Arc<Notification>> {
        let question = UserQuestion::Notifications {
            filter: NotificationFilter::All,
            limit: u16::MAX,
        };
        let by = Principal::User(USER, SESSION);
        match self.user().await.ask(by, &question, self.clock.now()) {
            Ok(UserAnswer::Notifications { items }) => items,
            other => panic!("{other:?}"),
        }
    }

    /// The only open task.
    pub(crate) async fn only_open(&self) -> Arc<Task> {
        let open = self.open().await;
        assert_eq!(open.len(), 1, "{open:#?}");
        Arc::clone(&open[0])
    }

    /// What the series' actor knows.
    pub(crate) async fn series(&self, series: SeriesId) -> Result<SeriesAnswer, TurnError> {
        let question = SeriesQuestion::Occurrences {
            after: None,
            limit: u16::MAX,
            upcoming: 5,
            time_zone: None,
        };
        self.stage
            .ask_series(series, Principal::User(USER, SESSION), &question)
            .await
    }

    /// What the user's actor knows of its series.
    pub(crate) async fn references(&self) -> Vec<(SeriesId, SeriesRef)> {
        let user = self.user().await;
        let mut references = Vec::new();
        for series in user.tasks().iter().filter_map(|(_, record)| record.task.series) {
            let question = UserQuestion::Series { series };
            let now = self.clock.now();
            if let Ok(UserAnswer::Series(summary)) = user.ask(Principal::System, &question, now) {
                references.push((series, summary.reference));
            }
        }
        references.dedup_by_key(|(series, _)| *series);
        references
    }

    /// How the occurrences of a series ended, in order.
    pub(crate) async fn outcomes(&self, series: SeriesId) -> Vec<Option<OccurrenceOutcome>> {
        let answer = self.series(series).await.unwrap();
        let outcome = |(_, record): &(u32, OccurrenceRecord)| record.outcome;
        answer.occurrences.iter().map(outcome).collect()
    }

    /// The earliest wake-up anybody needs.
    pub(crate) async fn next_wakeup(&self) -> Option<Timestamp> {
        let mut all = self.stage.series.lock().await;
        let mut earliest = self.user().await.next_wakeup();
        for slot in all.values_mut() {
            let machine = &slot.activate(&self.stage.runtime).await.unwrap().snapshot().machine;
            earliest = earliest.into_iter().chain(machine.next_wakeup()).min();
        }
        earliest
    }

    /// Lets every actor leave memory, its pages saved or not.
    pub(crate) async fn forget(&self, saved: bool) {
        let mut user = self.stage.user.lock().await;
        self.leave(&mut user, saved).await;
        for slot in self.stage.series.lock().await.values_mut() {
            self.leave(slot, saved).await;
        }
    }

    async fn leave<M: Machine>(&self, slot: &mut Slot<M>, saved: bool) {
        let (actor, runtime) = (slot.actor(), &self.stage.runtime);
        let activation = slot.activate(runtime).await.unwrap();
        if saved && activation.is_dirty() {
            let save = activation.start_save();
            let outcome = save.write(actor, &runtime.store, &*self.environment.zones).await;
            assert!(outcome.unwrap());
        }
        *slot = Slot::new(actor);
    }
}

fn task_of(reply: UserReply) -> Arc<Task> {
    match reply {
        UserReply::Task { task, .. } => task,
        other => panic!("{other:?}"),
    }
}

/// Wall times at which tasks are due.
pub(crate) fn due_at(task: &Task) -> String {
    match task.due.as_ref().unwrap() {
        punctual_events::Moment::Time { at, .. } => at.to_string(),
        punctual_events::Moment::Day { date, .. } => date.to_string(),
    }
}

/// True while a task is open.
pub(crate) fn is_open(task: &Task) -> bool {
    task.status == Status::Open
}
