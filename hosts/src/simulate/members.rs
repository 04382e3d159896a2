//! A user's actor and those of their series, in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex as StdMutex, PoisonError},
};

use punctual_actors::{
    activation::Snapshot,
    machine::Machine,
    ports::{BoxFuture, Failure, Ports, Runtime as _, Store, WakeUp},
    reference::{MemoryDirectory, MemoryPublisher, MemoryWakeUps},
    series::{SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Outcome, Pending, Slot, TurnError},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{ActorId, Commit, Principal, SeriesId, UserId};
use tokio::sync::Mutex;

use crate::ports::{Actors, system_command};

/// The ports of the core in a simulation.
pub(super) type Simulated<S> = Ports<S, MemoryWakeUps, MemoryPublisher, MemoryDirectory>;

/// One user's actors. Each takes its turns as in a server; what it commits is to be fetched.
pub(super) struct Members<S> {
    runtime: Simulated<S>,
    user: Mutex<Slot<UserActor>>,
    series: Mutex<BTreeMap<SeriesId, Slot<SeriesActor>>>,
    committed: StdMutex<VecDeque<Arc<Commit>>>,
}

impl<S: Store> Members<S> {
    pub(super) fn new(user: UserId, runtime: Simulated<S>) -> Self {
        Self {
            runtime,
            user: Mutex::new(Slot::new(ActorId::User(user))),
            series: Mutex::default(),
            committed: StdMutex::default(),
        }
    }

    pub(super) fn runtime(&self) -> &Simulated<S> {
        &self.runtime
    }

    /// The user's state.
    pub(super) async fn user(&self) -> Result<Arc<Snapshot<UserActor>>, Failure> {
        let mut slot = self.user.lock().await;
        Ok(Arc::clone(slot.activate(&self.runtime).await?.snapshot()))
    }

    /// The oldest commit that was not fetched.
    pub(super) fn fetch(&self) -> Option<Arc<Commit>> {
        self.committed().pop_front()
    }

    /// Delivers a wake-up.
    pub(super) async fn wake(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        match actor {
            ActorId::User(_) => self.wake_slot(&mut *self.user.lock().await, wake_up).await,
            ActorId::Series(series) => {
                let mut all = self.series.lock().await;
                self.wake_slot(slot_of(&mut all, series), wake_up).await
            }
        }
    }

    async fn wake_slot<M: Machine>(&self, slot: &mut Slot<M>, wake_up: WakeUp) -> Result<(), Failure> {
        let command = system_command(self.runtime.environment(), M::wake(), None);
        let woken = slot.wake(wake_up, command, &self.runtime).await;
        self.gather(slot);
        woken
    }

    async fn turn<M: Machine>(&self, slot: &mut Slot<M>, command: Pending<M::Command>) -> Outcome<M> {
        let outcome = slot.take_turn(&[command], &self.runtime).await.pop();
        self.gather(slot);
        outcome.unwrap_or_else(|| Err(Failure::new("a turn without an outcome").into()))
    }

    fn gather<M: Machine>(&self, slot: &mut Slot<M>) {
        let Some(activation) = slot.activation() else { return };
        let commits = activation.take_unpublished();
        if let Some(last) = commits.last() {
            activation.published(last.header.seq);
            self.committed().extend(commits);
        }
    }

    fn committed(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Commit>>> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slot_of(all: &mut BTreeMap<SeriesId, Slot<SeriesActor>>, series: SeriesId) -> &mut Slot<SeriesActor> {
    all.entry(series).or_insert_with(|| Slot::new(ActorId::Series(series)))
}

impl<S: Store> Actors for Members<S> {
    fn command_user(&self, _: UserId, command: Pending<UserCommand>) -> BoxFuture<'_, Outcome<UserActor>> {
        Box::pin(async move { self.turn(&mut *self.user.lock().await, command).await })
    }

    fn ask_user<'a>(
        &'a self,
        _: UserId,
        by: Principal,
        question: &'a UserQuestion,
    ) -> BoxFuture<'a, Result<UserAnswer, TurnError>> {
        Box::pin(async move {
            let now = self.runtime.environment().clock.now();
            Ok(self.user().await?.machine.ask(by, question, now)?)
        })
    }

    fn command_series(&self, series: SeriesId, command: Pending<SeriesCommand>) -> BoxFuture<'_, Outcome<SeriesActor>> {
        Box::pin(async move {
            let mut all = self.series.lock().await;
            self.turn(slot_of(&mut all, series), command).await
        })
    }

    fn ask_series<'a>(
        &'a self,
        series: SeriesId,
        by: Principal,
        question: &'a SeriesQuestion,
    ) -> BoxFuture<'a, Result<SeriesAnswer, TurnError>> {
        Box::pin(async move {
            let environment = self.runtime.environment();
            let mut all = self.series.lock().await;
            let snapshot = slot_of(&mut all, series).activate(&self.runtime).await?.snapshot();
            Ok(snapshot
                .machine
                .ask(by, question, environment.clock.now(), &*environment.zones)?)
        })
    }
}
