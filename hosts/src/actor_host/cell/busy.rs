//! What is under way in a cell. However a task of it ends, by a panic too, the cell must not count on it any longer than it lives.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
};

use futures_util::FutureExt as _;
use punctual_actors::{
    machine::Machine,
    ports::{Failure, Runtime},
};
use tokio::runtime::Handle;

use super::Cell;

/// What at most one task of a cell does at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Serving,
    Publishing,
    Saving,
    Settling,
}

/// A task is at it for as long as this lives.
pub(super) struct Busy<'a, M: Machine, R: Runtime> {
    cell: &'a Arc<Cell<M, R>>,
    work: Work,
}

impl<'a, M: Machine, R: Runtime> Busy<'a, M, R> {
    /// The caller has found nobody at it and said so in the cell.
    pub(super) fn with(cell: &'a Arc<Cell<M, R>>, work: Work) -> Self {
        Self { cell, work }
    }
}

impl<M: Machine, R: Runtime> Drop for Busy<'_, M, R> {
    /// Whatever came since the task last looked starts another.
    fn drop(&mut self) {
        let cell = self.cell;
        match self.work {
            Work::Serving => {
                let mut waiting = cell.waiting();
                waiting.is_served = !waiting.commands.is_empty();
                if waiting.is_served {
                    spawn(Arc::clone(cell).serve());
                }
            }
            Work::Publishing => {
                let mut publishing = cell.publishing();
                publishing.is_running = !publishing.outbox.is_empty();
                if publishing.is_running {
                    let cell = Arc::clone(cell);
                    spawn(async move { cell.publish(Busy::with(&cell, Work::Publishing)).await });
                }
            }
            Work::Saving => cell.is_saving.store(false, Ordering::Relaxed),
            Work::Settling => cell.is_settling.store(false, Ordering::Relaxed),
        }
        cell.rested.notify_waiters();
    }
}

/// Spawns, unless the process is ending.
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    if let Ok(handle) = Handle::try_current() {
        handle.spawn(task);
    }
}

/// Makes a panic a failure: one bad turn must not be the actor's last.
pub(super) async fn survived<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.map_err(|_| Failure::new("it panicked"))
}
