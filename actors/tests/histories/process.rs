//! A process: one activation of the actor, an outbox and a save, each of which can be stopped between any two steps.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use punctual_actors::{
    activation::Save,
    faults::{Faults, Faulty},
    outbox::{Breaker, Outbox, Room},
    ports::{BoxFuture, Clock, Environment, Failure, Ports, WakeUp},
    reference::{MemoryDirectory, MemoryPublisher, MemoryWakeUps, SeededEntropy, UtcOnly, VirtualClock},
    turn::{Outcome, Pending, Slot},
};
use punctual_events::{ActorId, Commit, Seq, Timestamp};

use crate::{
    ledger::{Ledger, ProcessStore},
    machine::{Command, Register},
};

/// The ports of a process.
pub(crate) type ProcessPorts =
    Ports<ProcessStore, Faulty<MemoryWakeUps>, Faulty<MemoryPublisher>, Faulty<MemoryDirectory>>;

/// What the processes share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) actor: ActorId,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) ledger: Ledger,
    pub(crate) wake_ups: MemoryWakeUps,
    pub(crate) publisher: MemoryPublisher,
    pub(crate) directory: MemoryDirectory,
}

/// A clock that is ahead of another, or behind.
struct Skewed {
    base: Arc<VirtualClock>,
    by_ms: i64,
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        self.base.now().plus_millis(self.by_ms)
    }

    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        self.base.sleep_ms(ms)
    }
}

/// What a turn was for and how it ended.
pub(crate) enum Finished {
    Commands {
        first_attempt: usize,
        outcomes: Vec<Outcome<Register>>,
    },
    Wake {
        wake_up: WakeUp,
        result: Result<(), Failure>,
    },
    Recheck,
}

/// Something that is at rest, or at work and polled by hand.
enum Lane<I, D> {
    Idle(I),
    Busy(BoxFuture<'static, (I, D)>),
    /// Only while it changes from one to the other.
    Changing,
}

impl<I: 'static, D: 'static> Lane<I, D> {
    fn idle(&mut self) -> Option<&mut I> {
        match self {
            Self::Idle(idle) => Some(idle),
            Self::Busy(_) | Self::Changing => None,
        }
    }

    /// Starts `work` unless something is at work.
    fn start(&mut self, work: impl FnOnce(I) -> BoxFuture<'static, (I, D)>) -> bool {
        match std::mem::replace(self, Self::Changing) {
            Self::Idle(idle) => *self = Self::Busy(work(idle)),
            busy => {
                *self = busy;
                return false;
            }
        }
        true
    }

    /// Polls once. What is done is at rest.
    fn poll(&mut self) -> Option<D> {
        let Self::Busy(work) = self else { return None };
        let Poll::Ready((idle, done)) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            return None;
        };
        *self = Self::Idle(idle);
        Some(done)
    }
}

/// A process.
pub(crate) struct Process {
    pub(crate) faults: Faults,
    pub(crate) ports: ProcessPorts,
    breaker: Arc<Breaker>,
    turn: Lane<Slot<Register>, Finished>,
    outbox: Outbox,
    room: Arc<Room>,
    publishing: Lane<(), Result<Seq, Failure>>,
    save: Lane<(), (Save<Register>, Result<bool, Failure>)>,
    /// What the actor has not been told yet, because it is in a turn.
    published: Seq,
    saved: Option<(Save<Register>, Result<bool, Failure>)>,
    to_publish: Vec<Arc<Commit>>,
}

impl Process {
    /// A process whose clock is ahead by this much.
    pub(crate) fn new(shared: &Shared, skew_ms: i64, recheck_head_after_ms: Option<i64>, seed: u64) -> Self {
        let faults = Faults::none();
        let environment = Environment {
            clock: Arc::new(Skewed {
                base: Arc::clone(&shared.clock),
                by_ms: skew_ms,
            }),
            entropy: Arc::new(SeededEntropy::new(seed)),
            zones: Arc::new(UtcOnly),
        };
        let ports = Ports {
            store: shared.ledger.for_process(&faults, &environment),
            wake_ups: Faulty::new(shared.wake_ups.clone(), &faults),
            publisher: Faulty::new(shared.publisher.clone(), &faults),
            directory: Faulty::new(shared.directory.clone(), &faults),
            environment,
            recheck_head_after_ms,
        };
        Self {
            faults,
            ports,
            breaker: Arc::default(),
            turn: Lane::Idle(Slot::new(shared.actor)),
            outbox: Outbox::default(),
            // Half of the processes keep a single commit at hand.
            room: Room::of_bytes(if seed.is_multiple_of(2) { 1 << 20 } else { 0 }),
            publishing: Lane::Idle(()),
            save: Lane::Idle(()),
            published: Seq::ZERO,
            saved: None,
            to_publish: Vec::new(),
        }
    }

    /// The process is lost with everything in its memory; the next one starts. What is late stays on its way.
    pub(crate) fn crash(&mut self, shared: &Shared) {
        self.breaker = Arc::default();
        self.turn = Lane::Idle(Slot::new(shared.actor));
        self.outbox = Outbox::default();
        self.publishing = Lane::Idle(());
        self.save = Lane::Idle(());
        self.published = Seq::ZERO;
        self.saved = None;
        self.to_publish.clear();
        self.ports.store = shared.ledger.for_process(&self.faults, &self.ports.environment);
    }

    pub(crate) fn is_in_turn(&self) -> bool {
        !matches!(self.turn, Lane::Idle(_))
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.is_in_turn() || !matches!((&self.publishing, &self.save), (Lane::Idle(_), Lane::Idle(())))
    }

    /// The actor here, unless it is in a turn.
    pub(crate) fn slot(&mut self) -> Option<&mut Slot<Register>> {
        self.turn.idle()
    }

    pub(crate) fn start_commands(&mut self, first_attempt: usize, commands: Vec<Pending<Command>>) {
        let ports = self.ports.clone();
        self.turn.start(|mut slot| {
            Box::pin(async move {
                let outcomes = slot.take_turn(&commands, &ports).await;
                (
                    slot,
                    Finished::Commands {
                        first_attempt,
                        outcomes,
                    },
                )
            })
        });
    }

    pub(crate) fn start_wake(&mut self, wake_up: WakeUp, command: Pending<Command>) {
        let ports = self.ports.clone();
        self.turn.start(|mut slot| {
            Box::pin(async move {
                let result = slot.wake(wake_up, command, &ports).await;
                (slot, Finished::Wake { wake_up, result })
            })
        });
    }

    pub(crate) fn start_recheck(&mut self) {
        let ports = self.ports.clone();
        self.turn.start(|mut slot| {
            Box::pin(async move {
                // A failure leaves things as they are.
                let _ = slot.recheck(&ports).await;
                (slot, Finished::Recheck)
            })
        });
    }

    pub(crate) fn start_save(&mut self, actor: ActorId) {
        if self.save.idle().is_none() || self.saved.is_some() {
            return;
        }
        let activation = self.turn.idle().and_then(Slot::activation);
        let Some(activation) = activation.filter(|activation| activation.is_dirty()) else {
            return;
        };
        let (save, ports) = (activation.start_save(), self.ports.clone());
        self.save.start(|()| {
            Box::pin(async move {
                let outcome = save.write(actor, &ports.store, &UtcOnly).await;
                ((), (save, outcome))
            })
        });
    }

    /// Commits of an earlier process, found when this one started.
    pub(crate) fn found(&mut self, commits: Vec<Arc<Commit>>) {
        self.to_publish.extend(commits);
    }

    pub(crate) fn start_publish(&mut self) {
        self.outbox.extend(self.to_publish.drain(..), &self.room);
        self.publish_next();
    }

    fn publish_next(&mut self) {
        let Some(batch) = self.outbox.next() else { return };
        let (ports, breaker, room) = (self.ports.clone(), Arc::clone(&self.breaker), Arc::clone(&self.room));
        self.publishing
            .start(|()| Box::pin(async move { ((), batch.publish(&ports, &breaker, &room).await) }));
    }

    pub(crate) fn has_something_to_publish(&mut self) -> bool {
        !self.to_publish.is_empty() || !self.outbox.is_empty()
    }

    /// Polls everything once.
    pub(crate) fn poll(&mut self) -> Option<Finished> {
        if let Some(Ok(seq)) = self.publishing.poll() {
            self.outbox.taken(seq);
            self.published = self.published.max(seq);
            self.publish_next();
        }
        if let Some(saved) = self.save.poll() {
            self.saved = Some(saved);
        }
        let finished = self.turn.poll();
        if let Some(activation) = self.turn.idle().and_then(Slot::activation) {
            self.to_publish.extend(activation.take_unpublished());
            activation.published(self.published);
            if let Some((save, outcome)) = self.saved.take() {
                activation.end_save(save, &outcome);
            }
        }
        finished
    }
}

/// The result of a future that never waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the reference ports never wait"),
    }
}
