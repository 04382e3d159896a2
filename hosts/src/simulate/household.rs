//! A user and their series, run forward in virtual time.

use std::{collections::BTreeMap, sync::Arc};

use punctual_actors::{
    activation::Snapshot,
    ports::{Environment, Failure, Runtime as _, Store, WakeUp, WakeUps as _},
    reference::{MemoryDirectory, MemoryPublisher, MemoryWakeUps, SeededEntropy, VirtualClock},
    turn::Outcome,
    user::{UserActor, UserCommand},
    zone::ZoneData,
};
use punctual_events::{ActorId, Commit, EventData as _, EventType, SeriesId, Timestamp, Topic, UserEvent, UserId};

use super::{
    completing::Completing,
    members::{Members, Simulated},
    unkept::Unkept,
};
use crate::{
    ports::{Actors as _, EventHandler as _, system_command},
    roles::recurring::Recurring,
};

/// What random numbers are drawn from: the same data has the same future.
const SEED: u64 = 1;

/// What came at an instant.
#[derive(Debug)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What happened to tasks and reminders of the user, in order.
    pub events: Vec<UserEvent>,
}

/// One user and their series: the actors of a server, the role that carries hand-overs between them, a clock that goes from one wake-up to the next, and
/// nobody who does anything, unless tasks are to be completed.
pub struct Household<S: Store> {
    clock: Arc<VirtualClock>,
    members: Arc<Members<Unkept<S>>>,
    recurring: Recurring,
    completing: Option<Completing>,
    failed: BTreeMap<ActorId, Failure>,
    user: UserId,
}

impl<S: Store> Household<S> {
    /// The household of `user` at `now`, as it is in `store`. Nothing is armed yet: see [`take_up`](Self::take_up).
    #[must_use]
    pub fn new(user: UserId, store: S, now: Timestamp, zones: Arc<dyn ZoneData>) -> Self {
        let clock = VirtualClock::new(now);
        let environment = Environment {
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SeededEntropy::new(SEED)),
            zones,
        };
        let runtime = Simulated {
            store: Unkept(store),
            wake_ups: MemoryWakeUps::default(),
            publisher: MemoryPublisher::default(),
            directory: MemoryDirectory::default(),
            environment: environment.clone(),
            recheck_head_after_ms: None,
        };
        let members = Arc::new(Members::new(user, runtime));
        Self {
            clock,
            recurring: Recurring::new(Arc::clone(&members) as _, environment),
            members,
            completing: None,
            failed: BTreeMap::new(),
            user,
        }
    }

    /// The user as they are now.
    ///
    /// # Errors
    /// When what is stored cannot be read.
    pub async fn user(&self) -> Result<Arc<Snapshot<UserActor>>, Failure> {
        self.members.user().await
    }

    /// What could not be read or done, and whose it is.
    #[must_use]
    pub fn failed(&self) -> &BTreeMap<ActorId, Failure> {
        &self.failed
    }

    /// From now on every open task is completed when it is due.
    ///
    /// # Errors
    /// When the tasks cannot be read.
    pub async fn complete_on_time(&mut self) -> Result<(), Failure> {
        let user = self.members.user().await?;
        let mut completing = Completing::default();
        for (_, record) in user.machine.tasks().iter() {
            completing.note(record);
        }
        self.completing = Some(completing);
        Ok(())
    }

    /// Takes up what is stored of an actor, as a server does when it starts: what it waits for, and what was not delivered.
    ///
    /// # Errors
    /// When its head cannot be read.
    pub async fn take_up(&mut self, actor: ActorId, undelivered: &[Arc<Commit>]) -> Result<(), Failure> {
        let runtime = self.members.runtime();
        if let Some(head) = runtime.store().head(actor).await?
            && let Some(at) = head.wake_at
        {
            let has_other_zones = *head.zone_version != *runtime.environment().zones.version();
            let wake_up = WakeUp {
                // Computed with other zone data: it is to be computed anew.
                at: if has_other_zones { self.clock_now() } else { at },
                seq: head.seq,
                nonce: 0,
                is_guard: false,
            };
            runtime.wake_ups().arm(actor, wake_up).await?;
        }
        for commit in undelivered {
            self.carry(commit).await;
        }
        Ok(())
    }

    /// Has the user's actor carry out a command now.
    ///
    /// # Errors
    /// What the actor answers.
    pub async fn command(&self, command: UserCommand) -> Outcome<UserActor> {
        let command = system_command(self.members.runtime().environment(), command, None);
        self.members.command_user(self.user, command).await
    }

    /// The series of the user.
    ///
    /// # Errors
    /// When the user cannot be read.
    pub async fn series(&self) -> Result<Vec<SeriesId>, Failure> {
        Ok(self.members.user().await?.machine.series_ids().collect())
    }

    /// Goes to the next instant at which something comes, unless that is after `until`, and does what comes. Several steps may be at the same
    /// instant.
    pub async fn step(&mut self, until: Timestamp) -> Option<Step> {
        let mut events = Vec::new();
        if self.settle(&mut events).await {
            return Some(self.came(events));
        }
        let wake_ups = self.members.runtime().wake_ups.clone();
        let completion = self.completing.as_ref().and_then(Completing::next);
        let at = [wake_ups.earliest(), completion].into_iter().flatten().min()?;
        if at > until {
            return None;
        }
        let ahead = at.as_millis() - self.clock_now().as_millis();
        self.clock.advance_ms(u64::try_from(ahead).unwrap_or(0));
        let now = self.clock_now();
        let due = wake_ups.due(now);
        for (actor, wake_up) in &due {
            if let Err(failure) = self.members.wake(*actor, *wake_up).await {
                self.failed.insert(*actor, failure);
            }
            wake_ups.done(*actor, *wake_up);
        }
        // What reminds at the instant of the due comes before the completion.
        if due.is_empty() {
            self.complete(now).await;
        }
        self.settle(&mut events).await;
        Some(self.came(events))
    }

    fn came(&self, events: Vec<UserEvent>) -> Step {
        let at = self.clock_now();
        Step { at, events }
    }

    fn clock_now(&self) -> Timestamp {
        self.members.runtime().environment().clock.now()
    }

    async fn complete(&mut self, now: Timestamp) {
        let due = self.completing.as_mut().map_or_else(Vec::new, |all| all.take_due(now));
        for task in due {
            // A refusal: it is not there any more, or done.
            let _ = self.command(UserCommand::CompleteTask { if_match: None, task }).await;
        }
    }

    /// Has everything that was committed carried to whom it concerns, until nothing more comes of it. False where there was nothing.
    async fn settle(&mut self, events: &mut Vec<UserEvent>) -> bool {
        let mut is_any = false;
        while let Some(commit) = self.members.fetch() {
            is_any = true;
            if commit.header.actor == ActorId::User(self.user) {
                let first = events.len();
                events.extend(told(&commit));
                self.note(&events[first..]).await;
            }
            self.carry(&commit).await;
        }
        is_any
    }

    /// The recurring role does with a commit what it does in a server.
    async fn carry(&mut self, commit: &Commit) {
        if !self.recurring.wants(commit) {
            return;
        }
        let carried = match commit.cloud_events(Topic::TaskEvents) {
            Ok(events) => self.recurring.handle(Topic::TaskEvents, &events).await,
            Err(error) => Err(Failure::damaged(error)),
        };
        if let Err(failure) = carried {
            self.failed.insert(commit.header.actor, failure);
        }
    }

    async fn note(&mut self, events: &[UserEvent]) {
        let Some(completing) = &mut self.completing else { return };
        let Ok(user) = self.members.user().await else { return };
        for event in events {
            if let UserEvent::TaskCreated(change)
            | UserEvent::TaskUpdated(change)
            | UserEvent::TaskCompleted(change)
            | UserEvent::TaskDeleted(change) = event
                && let Some(record) = user.machine.tasks().get(&change.task.id)
            {
                completing.note(record);
            }
        }
    }
}

/// What a commit says of tasks and reminders.
fn told(commit: &Commit) -> impl Iterator<Item = UserEvent> {
    use EventType as T;
    let told = commit.events.iter().filter(|record| {
        matches!(
            record.event_type,
            T::TaskCreated | T::TaskUpdated | T::TaskCompleted | T::TaskDeleted | T::ReminderFired
        )
    });
    // It was written a moment ago, so it can be read.
    told.filter_map(|record| UserEvent::from_record(record).ok().flatten())
}
