//! The actors that live in this process: a map of cells, each an actor behind a queue and a mutex. Everything that smells of a framework is left
//! out: no mailboxes, no supervision, no addresses.

mod cell;
mod live;

use std::sync::Arc;

use punctual_actors::{
    machine::Machine,
    outbox::{Breaker, Room},
    ports::{BoxFuture, Failure, Runtime, Store as _, WakeUp},
    series::{SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Outcome, Pending, Rearmed, TurnError},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{ActorId, Commit, Principal, Seq, SeriesId, UserId};

use crate::ports::{Actors, Logs};
use live::Live;

/// What the host and its runtime tell whoever measures them.
pub trait Observer: Send + Sync + 'static {
    /// A turn was taken: how many commands it held and how long it took, in microseconds.
    fn turn(&self, commands: usize, micros: u64);
    /// Commits wait to be published: how many more (or fewer, negative) than before.
    fn outbox(&self, change: i64);
    /// A transaction of the store became durable, or failed, after this many microseconds.
    fn transaction(&self, micros: u64);
    /// Events were not taken by a role and will be delivered again.
    fn redelivery(&self);
    /// Something stored of an actor cannot be read: the actor's name, or where it is if not even that can be read.
    fn damaged(&self, actor: &str);
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn turn(&self, _: usize, _: u64) {}
    fn outbox(&self, _: i64) {}
    fn transaction(&self, _: u64) {}
    fn redelivery(&self) {}
    fn damaged(&self, _: &str) {}
}

/// How the host treats its actors.
#[derive(Clone, Copy, Debug)]
pub struct HostConfig {
    /// An actor nobody asked anything for this long leaves memory, in milliseconds.
    pub idle_ms: i64,
    /// Commits are kept for this long for sockets that resume, in milliseconds.
    pub resume_ms: i64,
    /// So many bytes of commits that wait to be published are kept in memory; those beyond are read from the log.
    pub outbox_bytes: usize,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            idle_ms: 5 * 60_000,
            resume_ms: 7 * 86_400_000,
            outbox_bytes: 8 << 20,
        }
    }
}

/// What all cells of a process share.
struct Shared<R> {
    runtime: Arc<R>,
    breaker: Breaker,
    room: Arc<Room>,
    config: HostConfig,
    observer: Arc<dyn Observer>,
}

/// The actors of this process.
pub struct ActorHost<R: Runtime> {
    shared: Arc<Shared<R>>,
    users: Live<UserActor, R>,
    series: Live<SeriesActor, R>,
}

impl<R: Runtime> ActorHost<R> {
    /// A host without actors; they come when somebody asks for them.
    #[must_use]
    pub fn new(runtime: Arc<R>, config: HostConfig, observer: Arc<dyn Observer>) -> Arc<Self> {
        let shared = Arc::new(Shared {
            runtime,
            breaker: Breaker::default(),
            room: Room::of_bytes(config.outbox_bytes),
            config,
            observer,
        });
        Arc::new(Self {
            users: Live::new(Arc::clone(&shared)),
            series: Live::new(Arc::clone(&shared)),
            shared,
        })
    }

    /// Delivers a wake-up.
    ///
    /// # Errors
    /// When it has to be delivered again.
    pub async fn wake(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        match actor {
            ActorId::User(_) => self.users.cell(actor).wake(wake_up).await,
            ActorId::Series(_) => self.series.cell(actor).wake(wake_up).await,
        }
    }

    /// Has an actor do what is due and arm its wake-ups anew, after whatever holds them was lost.
    ///
    /// # Errors
    /// When it has to be done again.
    pub async fn rearm(&self, actor: ActorId) -> Result<Rearmed, Failure> {
        match actor {
            ActorId::User(_) => self.users.cell(actor).rearm().await,
            ActorId::Series(_) => self.series.cell(actor).rearm().await,
        }
    }

    /// The release of the zone data that instants are derived with here.
    #[must_use]
    pub fn zone_data(&self) -> &str {
        self.shared.runtime.environment().zones.version()
    }

    /// Has a user's actor carry out several commands in order, in one turn if they fit.
    pub async fn command_user_all(&self, user: UserId, commands: Vec<Pending<UserCommand>>) -> Vec<Outcome<UserActor>> {
        self.users.cell(ActorId::User(user)).submit_all(commands).await
    }

    /// Has a series' actor carry out several commands in order, in one turn if they fit.
    pub async fn command_series_all(
        &self,
        series: SeriesId,
        commands: Vec<Pending<SeriesCommand>>,
    ) -> Vec<Outcome<SeriesActor>> {
        self.series.cell(ActorId::Series(series)).submit_all(commands).await
    }

    /// Lets an actor leave memory unless it is in use: another process may own it now. Nothing is saved, which would be in that one's way.
    pub fn release(&self, actor: ActorId) {
        match actor {
            ActorId::User(_) => self.users.release(actor),
            ActorId::Series(_) => self.series.release(actor),
        }
    }

    /// Lets actors nobody asked anything for a while leave memory, now and then, until the process ends.
    pub async fn sweep_for_ever(&self) {
        let clock = &self.shared.runtime.environment().clock;
        let pause_ms = u64::try_from(self.shared.config.idle_ms / 4)
            .unwrap_or(0)
            .clamp(100, 30_000);
        loop {
            clock.sleep_ms(pause_ms).await;
            self.sweep();
        }
    }

    /// Lets actors nobody asked anything for a while leave memory.
    pub fn sweep(&self) {
        self.users.sweep();
        self.series.sweep();
    }

    /// How many actors are in memory.
    #[must_use]
    pub fn live(&self) -> usize {
        self.users.len() + self.series.len()
    }

    /// True while publishing is paused because the broker is away.
    #[must_use]
    pub fn is_broker_away(&self) -> bool {
        self.shared.breaker.is_open(&*self.shared.runtime.environment().clock)
    }

    /// Tries each guard that is owed once more: when the process is about to end, nobody does it later.
    pub async fn arm_last_guards(&self) {
        self.users.arm_last_guards().await;
        self.series.arm_last_guards().await;
    }

    /// Waits until no actor has a turn under way or anything to publish. No new commands should be coming.
    pub async fn drain(&self) {
        self.users.drain().await;
        self.series.drain().await;
    }
}

/// The command a wake-up is.
fn wake_command<M: Machine, R: Runtime>(runtime: &R) -> Pending<M::Command> {
    crate::ports::system_command(runtime.environment(), M::wake(), None)
}

impl<R: Runtime> Actors for ActorHost<R> {
    fn command_user(&self, user: UserId, command: Pending<UserCommand>) -> BoxFuture<'_, Outcome<UserActor>> {
        let cell = self.users.cell(ActorId::User(user));
        Box::pin(async move { cell.submit(command).await })
    }

    fn ask_user<'a>(
        &'a self,
        user: UserId,
        by: Principal,
        question: &'a UserQuestion,
    ) -> BoxFuture<'a, Result<UserAnswer, TurnError>> {
        Box::pin(async move {
            let snapshot = self.users.cell(ActorId::User(user)).snapshot().await?;
            let now = self.shared.runtime.environment().clock.now();
            Ok(snapshot.machine.ask(by, question, now)?)
        })
    }

    fn command_series(&self, series: SeriesId, command: Pending<SeriesCommand>) -> BoxFuture<'_, Outcome<SeriesActor>> {
        let cell = self.series.cell(ActorId::Series(series));
        Box::pin(async move { cell.submit(command).await })
    }

    fn ask_series<'a>(
        &'a self,
        series: SeriesId,
        by: Principal,
        question: &'a SeriesQuestion,
    ) -> BoxFuture<'a, Result<SeriesAnswer, TurnError>> {
        Box::pin(async move {
            let snapshot = self.series.cell(ActorId::Series(series)).snapshot().await?;
            let environment = self.shared.runtime.environment();
            let now = environment.clock.now();
            Ok(snapshot.machine.ask(by, question, now, &*environment.zones)?)
        })
    }
}

impl<R: Runtime> Logs for ActorHost<R> {
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(async move {
            let head = self.shared.runtime.store().head(actor).await?;
            Ok(head.map_or(Seq::ZERO, |head| head.seq))
        })
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        Box::pin(self.shared.runtime.store().read_log(actor, after, limit))
    }

    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.shared.runtime.store().confirm_audited(actor, seq))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.shared.runtime.store().erase(actor, through).await?;
            // What is in memory was loaded before the erasure.
            match actor {
                ActorId::User(_) => self.users.forget(actor),
                ActorId::Series(_) => self.series.forget(actor),
            }
            Ok(())
        })
    }
}
