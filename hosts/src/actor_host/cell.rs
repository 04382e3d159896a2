//! A cell: one actor in this process. Commands wait in a queue; whoever finds nobody serving it starts a task that takes turns until the queue is
//! empty. A client that hangs up cannot stop a turn half way, and commands that arrive during a turn share the next one.

mod busy;
mod damage;
mod leaving;
mod settling;
mod waking;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use arc_swap::ArcSwapOption;
use punctual_actors::{
    activation::Snapshot,
    machine::Machine,
    outbox::Outbox,
    ports::{Failure, Runtime, Store as _},
    turn::{Outcome, Pending, Slot, TurnError},
};
use punctual_events::{ActorId, Seq};
use tokio::sync::{Mutex as AsyncMutex, Notify, Semaphore, oneshot};

use self::busy::{Busy, Work, survived};
pub(super) use self::leaving::Owed;
use super::{Shared, wake_command};

/// Commands one turn takes at most; the rest take the next.
const MAX_WAITING_PER_TURN: usize = 1_024;
/// Commands that wait for one actor at most; beyond that callers are told to come back.
const MAX_WAITING: usize = 16_384;
/// Pause after a publisher that panicked, in milliseconds.
const PAUSE_AFTER_PANIC_MS: u64 = 1_000;

struct Waiting<M: Machine> {
    commands: Vec<Pending<M::Command>>,
    answers: Vec<oneshot::Sender<Outcome<M>>>,
    is_served: bool,
}

struct Publishing {
    outbox: Outbox,
    is_running: bool,
    /// Since when nothing was taken, where that is so.
    failing_since_ms: Option<i64>,
}

/// One actor in this process.
pub(super) struct Cell<M: Machine, R: Runtime> {
    actor: ActorId,
    shared: Arc<Shared<R>>,
    waiting: Mutex<Waiting<M>>,
    slot: AsyncMutex<Slot<M>>,
    /// The last committed state, for reads. Empty when it has to be loaded.
    snapshot: ArcSwapOption<Snapshot<M>>,
    publishing: Mutex<Publishing>,
    /// Signals the end of serving, publishing and saving.
    rested: Notify,
    used_ms: AtomicI64,
    /// Deliveries of wake-ups that wait or are under way.
    waking: Arc<Semaphore>,
    /// When somebody last asked it something: wake-ups do not count.
    asked_ms: AtomicI64,
    checked_ms: AtomicI64,
    is_saving: AtomicBool,
    is_settling: AtomicBool,
    is_dirty: AtomicBool,
    owes_guard: AtomicBool,
}

impl<M: Machine, R: Runtime> Cell<M, R> {
    pub(super) fn new(actor: ActorId, shared: Arc<Shared<R>>) -> Arc<Self> {
        let now = shared.runtime.environment().clock.now().as_millis();
        Arc::new(Self {
            actor,
            shared,
            waiting: Mutex::new(Waiting {
                commands: Vec::new(),
                answers: Vec::new(),
                is_served: false,
            }),
            slot: AsyncMutex::new(Slot::new(actor)),
            snapshot: ArcSwapOption::empty(),
            publishing: Mutex::new(Publishing {
                outbox: Outbox::default(),
                is_running: false,
                failing_since_ms: None,
            }),
            rested: Notify::new(),
            used_ms: AtomicI64::new(now),
            waking: Arc::new(Semaphore::new(waking::AT_ONCE)),
            asked_ms: AtomicI64::new(i64::MIN),
            checked_ms: AtomicI64::new(i64::MIN),
            is_saving: AtomicBool::new(false),
            is_settling: AtomicBool::new(false),
            is_dirty: AtomicBool::new(false),
            owes_guard: AtomicBool::new(false),
        })
    }

    fn now_ms(&self) -> i64 {
        self.shared.runtime.environment().clock.now().as_millis()
    }

    fn asked(&self) {
        let now_ms = self.now_ms();
        self.used_ms.store(now_ms, Ordering::Relaxed);
        self.asked_ms.store(now_ms, Ordering::Relaxed);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting<M>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publishing(&self) -> std::sync::MutexGuard<'_, Publishing> {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the actor carry out a command.
    pub(super) async fn submit(self: Arc<Self>, command: Pending<M::Command>) -> Outcome<M> {
        let outcome = self.enqueue([command]).map(|mut answers| answers.pop());
        match outcome {
            Ok(Some(outcome)) => arrived::<M>(outcome).await,
            Ok(None) => Err(TurnError::Unknown(Failure::new("nothing was asked"))),
            Err(failure) => Err(TurnError::Unknown(failure)),
        }
    }

    /// Has the actor carry out several commands in order, in one turn if they fit.
    pub(super) async fn submit_all(self: Arc<Self>, commands: Vec<Pending<M::Command>>) -> Vec<Outcome<M>> {
        let count = commands.len();
        match self.enqueue(commands) {
            Ok(answers) => {
                let mut outcomes = Vec::with_capacity(count);
                for answer in answers {
                    outcomes.push(arrived::<M>(answer).await);
                }
                outcomes
            }
            Err(failure) => vec![Err(TurnError::Unknown(failure)); count],
        }
    }

    /// Puts commands into the queue, and has somebody serve it if nobody does.
    fn enqueue(
        self: Arc<Self>,
        commands: impl IntoIterator<Item = Pending<M::Command>>,
    ) -> Result<Vec<oneshot::Receiver<Outcome<M>>>, Failure> {
        let mut outcomes = Vec::with_capacity(1);
        let serve = {
            let mut waiting = self.waiting();
            if waiting.commands.len() >= MAX_WAITING {
                return Err(Failure::new("too many commands wait for this actor"));
            }
            for command in commands {
                let (answer, outcome) = oneshot::channel();
                waiting.commands.push(command);
                waiting.answers.push(answer);
                outcomes.push(outcome);
            }
            !std::mem::replace(&mut waiting.is_served, true)
        };
        if serve {
            tokio::spawn(self.serve());
        }
        Ok(outcomes)
    }

    /// Takes turns until nobody waits, and then publishes what came of the last one: a task of its own for that would cost as much again.
    async fn serve(self: Arc<Self>) {
        if let Some(publishing) = self.take_turns().await {
            self.publish(publishing).await;
        }
    }

    /// Takes turns until nobody waits; what is to be published then is the caller's.
    async fn take_turns(self: &Arc<Self>) -> Option<Busy<'_, M, R>> {
        let _busy = Busy::with(self, Work::Serving);
        self.asked();
        let mut publishing = None;
        loop {
            // Taken anew for each turn: the mutex is fair, so a wake-up or a save gets in between two turns however many commands come.
            let mut slot = self.slot.lock().await;
            let Some((commands, answers)) = self.take_waiting() else {
                return publishing;
            };
            // Publishing waits for no turn: with this, a task of its own begins.
            drop(publishing);
            let started = std::time::Instant::now();
            let outcomes = survived(slot.take_turn(&commands, &*self.shared.runtime)).await;
            let outcomes = outcomes.unwrap_or_else(|failure| {
                slot.cut_off();
                commands
                    .iter()
                    .map(|_| Err(TurnError::Unknown(failure.clone())))
                    .collect()
            });
            self.hears_damage(&outcomes);
            self.after_turn(&mut slot);
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // Nobody listens where the client has hung up.
                let _ = answer.send(outcome);
            }
            // Whoever waits for an answer goes first.
            publishing = self.begin_publishing();
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.shared.observer.turn(commands.len(), micros);
        }
    }

    #[expect(
        clippy::type_complexity,
        reason = "two lists of the same length, taken apart at once"
    )]
    fn take_waiting(&self) -> Option<(Vec<Pending<M::Command>>, Vec<oneshot::Sender<Outcome<M>>>)> {
        let mut waiting = self.waiting();
        let count = waiting.commands.len().min(MAX_WAITING_PER_TURN);
        if count == 0 {
            return None;
        }
        Some((
            waiting.commands.drain(..count).collect(),
            waiting.answers.drain(..count).collect(),
        ))
    }

    /// Shows the new state to readers and takes over what the turn left to be done. [`publish_soon`](Self::publish_soon) is to follow.
    fn after_turn(self: &Arc<Self>, slot: &mut Slot<M>) {
        let is_in_doubt = slot.is_in_doubt();
        self.owes_guard
            .store(slot.owes_guard(&*self.shared.runtime), Ordering::Relaxed);
        if is_in_doubt {
            self.settle_soon();
        }
        let Some(activation) = slot.activation() else {
            // What is in doubt must not leave memory unnoticed.
            self.is_dirty.store(is_in_doubt, Ordering::Relaxed);
            self.snapshot.store(None);
            return;
        };
        self.snapshot.store(Some(Arc::clone(activation.snapshot())));
        self.checked_ms
            .store(activation.checked().as_millis(), Ordering::Relaxed);
        self.is_dirty
            .store(is_in_doubt || activation.is_dirty(), Ordering::Relaxed);
        let commits = activation.take_unpublished();
        let wants_save = activation.wants_save();
        if !commits.is_empty() {
            self.change_outbox(|outbox| outbox.extend(commits, &self.shared.room));
        }
        if wants_save {
            self.save_soon();
        }
    }

    /// Publishes in the background, unless that is under way or nothing waits.
    fn publish_soon(self: &Arc<Self>) {
        // What is begun and left goes on in the background.
        drop(self.begin_publishing());
    }

    /// Has the caller publish, unless that is under way or nothing waits.
    fn begin_publishing(self: &Arc<Self>) -> Option<Busy<'_, M, R>> {
        let mut publishing = self.publishing();
        let begins = !publishing.outbox.is_empty() && !std::mem::replace(&mut publishing.is_running, true);
        begins.then(|| Busy::with(self, Work::Publishing))
    }

    /// Publishes until nothing waits.
    async fn publish(self: &Arc<Self>, _busy: Busy<'_, M, R>) {
        let runtime = &*self.shared.runtime;
        loop {
            let Some(batch) = self.publishing().outbox.next() else {
                return;
            };
            let publishing = batch.publish(runtime, &self.shared.breaker, &self.shared.room);
            let outcome = survived(publishing).await;
            if outcome.is_err() {
                runtime.environment().clock.sleep_ms(PAUSE_AFTER_PANIC_MS).await;
            }
            match self.heard(outcome.flatten()) {
                Ok(seq) => self.note_published(seq),
                Err(failure) => {
                    let waiting = self.publishing_failed();
                    tracing::warn!(actor = %self.actor, %failure, waiting, "publishing failed; the events wait");
                }
            }
        }
    }

    /// Answers how many commits wait.
    fn publishing_failed(&self) -> usize {
        let now_ms = self.now_ms();
        let mut publishing = self.publishing();
        publishing.failing_since_ms.get_or_insert(now_ms);
        publishing.outbox.len()
    }

    /// Changes what waits, and says how many more or fewer that are.
    fn change_outbox(&self, change: impl FnOnce(&mut Outbox)) {
        let count = |outbox: &Outbox| i64::try_from(outbox.len()).unwrap_or(i64::MAX);
        let mut publishing = self.publishing();
        let before = count(&publishing.outbox);
        change(&mut publishing.outbox);
        self.shared.observer.outbox(count(&publishing.outbox) - before);
    }

    fn note_published(&self, seq: Seq) {
        self.change_outbox(|outbox| outbox.taken(seq));
        self.publishing().failing_since_ms = None;
        if let Ok(mut slot) = self.slot.try_lock()
            && let Some(activation) = slot.activation()
        {
            // Only a hint for the next head, so a busy slot is left alone.
            activation.published(seq);
        }
    }

    /// The last committed state.
    pub(super) async fn snapshot(self: Arc<Self>) -> Result<Arc<Snapshot<M>>, Failure> {
        self.asked();
        if let Some(snapshot) = self.snapshot.load_full()
            && self.is_fresh()
        {
            return Ok(snapshot);
        }
        // In a task of its own: a caller that hangs up must not stop an activation that others wait for.
        let cell = Arc::clone(&self);
        let load = tokio::spawn(async move { cell.load().await });
        load.await.map_err(Failure::new)?
    }

    fn is_fresh(&self) -> bool {
        let Some(age_ms) = self.shared.runtime.recheck_head_after_ms() else {
            return true;
        };
        let age = self.now_ms().saturating_sub(self.checked_ms.load(Ordering::Relaxed));
        (0..=age_ms).contains(&age)
    }

    async fn load(self: Arc<Self>) -> Result<Arc<Snapshot<M>>, Failure> {
        let mut slot = self.slot.lock().await;
        if !self.is_fresh() {
            self.heard(slot.recheck(&*self.shared.runtime).await)?;
        }
        self.heard(slot.activate(&*self.shared.runtime).await.map(drop))?;
        self.after_turn(&mut slot);
        self.publish_soon();
        self.snapshot.load_full().ok_or_else(|| Failure::new("not activated"))
    }

    /// Saves the state in the background, unless that is under way.
    pub(super) fn save_soon(self: &Arc<Self>) {
        if !self.is_saving.swap(true, Ordering::Relaxed) {
            tokio::spawn(Arc::clone(self).save());
        }
    }

    async fn save(self: Arc<Self>) {
        let _busy = Busy::with(&self, Work::Saving);
        let save = {
            let mut slot = self.slot.lock().await;
            if slot.is_in_doubt() {
                // Whoever sweeps comes back: this is tried until it works.
                self.settle_soon();
            }
            slot.activation()
                .filter(|activation| activation.is_dirty())
                .map(|activation| activation.start_save())
        };
        if let Some(save) = save {
            let runtime = &*self.shared.runtime;
            let environment = runtime.environment();
            let outcome = survived(save.write(self.actor, runtime.store(), &*environment.zones)).await;
            let outcome = outcome.flatten();
            if let Err(failure) = &outcome {
                tracing::warn!(actor = %self.actor, %failure, "saving pages failed; the log holds everything");
            }
            let mut slot = self.slot.lock().await;
            if let Some(activation) = slot.activation() {
                activation.end_save(save, &outcome);
                self.is_dirty.store(activation.is_dirty(), Ordering::Relaxed);
            }
            drop(slot);
            let before = environment.clock.now().plus_millis(-self.shared.config.resume_ms);
            if let Err(failure) = runtime.store().compact(self.actor, before).await {
                tracing::warn!(actor = %self.actor, %failure, "dropping old commits failed");
            }
        }
    }

    /// True when nobody asked it anything for a while and nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        let idle_for = self.now_ms() - self.used_ms.load(Ordering::Relaxed);
        // A clock set back makes every use lie in the future: then it is idle as well, and merely loaded again.
        (idle_for >= self.shared.config.idle_ms || idle_for < 0) && self.is_resting()
    }

    /// True when nothing is under way.
    pub(super) fn is_resting(&self) -> bool {
        !self.waiting().is_served && !self.publishing().is_running && !self.is_saving.load(Ordering::Relaxed)
    }

    /// True when activating it again replays nothing.
    pub(super) fn is_saved(&self) -> bool {
        !self.is_dirty.load(Ordering::Relaxed)
    }

    /// Drops what is in memory.
    pub(super) fn forget(self: &Arc<Self>) {
        self.snapshot.store(None);
        let cell = Arc::clone(self);
        tokio::spawn(async move { *cell.slot.lock().await = Slot::new(cell.actor) });
    }

    /// Waits until nothing is under way.
    pub(super) async fn drain(&self) {
        loop {
            let rested = self.rested.notified();
            // A wake-up may be under way of which nobody waits any more.
            drop(self.slot.lock().await);
            if self.is_resting() {
                return;
            }
            rested.await;
        }
    }
}

/// The outcome of a command in the queue.
async fn arrived<M: Machine>(outcome: oneshot::Receiver<Outcome<M>>) -> Outcome<M> {
    outcome
        .await
        .unwrap_or_else(|_| Err(TurnError::Unknown(Failure::new("the turn was cut off"))))
}
