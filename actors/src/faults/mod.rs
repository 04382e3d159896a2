//! Ports that go wrong on purpose, the way networks and processes do: requests that are lost, replies that are lost after the work was done,
//! work done twice, work done later, a process that is gone. What goes wrong is scripted or drawn from a seed, so every history can be repeated.
//!
//! Every operation gives way twice, before it is carried out and before its answer is seen. Whoever polls the futures by hand can stop a turn
//! between any two steps, let something else happen, and go on or drop it.

mod directory;
mod operation;
mod publisher;
mod store;
mod wake_ups;

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use crate::{
    ports::{BoxFuture, Failure},
    reference::SeededEntropy,
};

/// What goes wrong with one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    Nothing,
    /// The request is lost: it fails and nothing is done.
    RequestLost,
    /// The reply is lost: it is done and fails.
    ReplyLost,
    /// It is done twice, as by a retry on the way; the answer is that of the second time.
    Twice,
    /// It fails now and is done later, when [`Faults::arrive_late`] says so.
    Late,
    /// It is done now and once more later.
    Echo,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 6] = [
        Self::Nothing,
        Self::RequestLost,
        Self::ReplyLost,
        Self::Twice,
        Self::Late,
        Self::Echo,
    ];
}

/// What goes wrong for one process. Clones share it.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    script: VecDeque<Fault>,
    random: Option<Random>,
    is_crashed: bool,
    on_the_way: Vec<BoxFuture<'static, ()>>,
}

struct Random {
    entropy: SeededEntropy,
    percent: u64,
}

impl Faults {
    /// Nothing goes wrong until it is told to.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Of a hundred operations, `percent` go wrong, in ways that are a function of `seed`.
    #[must_use]
    pub fn at_random(seed: u64, percent: u64) -> Self {
        let faults = Self::default();
        faults.go_wrong_at_random(seed, percent);
        faults
    }

    /// From here on `percent` of a hundred operations go wrong, in ways that are a function of `seed`.
    pub fn go_wrong_at_random(&self, seed: u64, percent: u64) {
        self.state().random = Some(Random {
            entropy: SeededEntropy::new(seed),
            percent,
        });
    }

    /// The next operations go wrong like this, one after the other, before any other choice.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().script.extend(faults);
    }

    /// Forgets the script and draws no more: from here on nothing goes wrong. What is late stays on its way.
    pub fn end(&self) {
        let mut state = self.state();
        state.script.clear();
        state.random = None;
    }

    /// The process is gone: each of its operations fails from here on and nothing more is done for it. What is late stays on its way. Its
    /// memory is the caller's to throw away.
    pub fn crash(&self) {
        self.state().is_crashed = true;
    }

    /// How many late operations are on their way.
    #[must_use]
    pub fn late(&self) -> usize {
        self.state().on_the_way.len()
    }

    /// Carries out one of the late operations; `which` counts from the oldest, around the end. False when there are none.
    pub async fn arrive_late(&self, which: usize) -> bool {
        let operation = {
            let mut state = self.state();
            let count = state.on_the_way.len();
            if count == 0 {
                return false;
            }
            state.on_the_way.remove(which % count)
        };
        operation.await;
        true
    }

    /// Late operations never arrive, as when they were waiting in the memory of a process that is gone.
    pub fn lose_late(&self) {
        self.state().on_the_way.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong with the next operation, for whoever has it go wrong elsewhere than in a port of ours: on the way to a real store.
    #[must_use]
    pub fn draw(&self) -> Fault {
        let mut state = self.state();
        if let Some(fault) = state.script.pop_front() {
            return fault;
        }
        let Some(random) = &state.random else {
            return Fault::Nothing;
        };
        if random.entropy.next() % 100 >= random.percent {
            return Fault::Nothing;
        }
        let bad = &Fault::ALL[1..];
        usize::try_from(random.entropy.next()).map_or(Fault::RequestLost, |number| bad[number % bad.len()])
    }

    /// Has an operation arrive when [`arrive_late`](Self::arrive_late) says so.
    pub fn send_late(&self, operation: BoxFuture<'static, ()>) {
        self.state().on_the_way.push(operation);
    }

    /// Lets others go first, and fails when the process is gone.
    async fn step(&self) -> Result<(), Failure> {
        let mut has_waited = false;
        poll_fn(|context| {
            if std::mem::replace(&mut has_waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        if self.state().is_crashed {
            return Err(Failure::new("the process is gone"));
        }
        Ok(())
    }
}

/// A port that goes wrong.
#[derive(Clone)]
pub struct Faulty<P> {
    inner: P,
    faults: Faults,
}

impl<P> Faulty<P> {
    /// `inner`, going wrong as `faults` say.
    #[must_use]
    pub fn new(inner: P, faults: &Faults) -> Self {
        Self {
            inner,
            faults: faults.clone(),
        }
    }
}
