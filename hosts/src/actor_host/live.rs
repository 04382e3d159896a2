//! The cells of one kind of actor.

use std::sync::Arc;

use dashmap::DashMap;
use punctual_actors::{machine::Machine, ports::Runtime};
use punctual_events::ActorId;

use super::{Shared, cell::Cell};

/// The cells of one kind of actor.
pub(super) struct Live<M: Machine, R: Runtime> {
    shared: Arc<Shared<R>>,
    cells: DashMap<ActorId, Arc<Cell<M, R>>>,
}

impl<M: Machine, R: Runtime> Live<M, R> {
    pub(super) fn new(shared: Arc<Shared<R>>) -> Self {
        Self {
            shared,
            cells: DashMap::new(),
        }
    }

    /// The cell of an actor, made if there is none. Making one loads nothing.
    pub(super) fn cell(&self, actor: ActorId) -> Arc<Cell<M, R>> {
        if let Some(cell) = self.cells.get(&actor) {
            return Arc::clone(&cell);
        }
        Arc::clone(
            &self
                .cells
                .entry(actor)
                .or_insert_with(|| Cell::new(actor, Arc::clone(&self.shared))),
        )
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Drops idle cells; those with something to save are saved first and dropped the next time.
    pub(super) fn sweep(&self) {
        let idle: Vec<ActorId> = self
            .cells
            .iter()
            .filter(|cell| cell.is_idle())
            .map(|cell| *cell.key())
            .collect();
        for actor in idle {
            // Whoever asks for a cell clones its pointer under the same lock this runs under, so a single pointer means nobody has it.
            let dropped = self
                .cells
                .remove_if(&actor, |_, cell| Arc::strong_count(cell) == 1 && cell.is_saved());
            if dropped.is_none()
                && let Some(cell) = self.cells.get(&actor).map(|cell| Arc::clone(&cell))
            {
                cell.save_soon();
            }
        }
    }

    /// Drops what is in memory of an actor, though somebody may be using it: the next one who asks loads anew.
    pub(super) fn forget(&self, actor: ActorId) {
        if let Some((_, cell)) = self.cells.remove(&actor) {
            cell.forget();
        }
    }

    /// Drops what is in memory of an actor unless somebody is using it.
    pub(super) fn release(&self, actor: ActorId) {
        self.cells
            .remove_if(&actor, |_, cell| Arc::strong_count(cell) == 1 && cell.is_resting());
    }

    pub(super) async fn drain(&self) {
        let cells: Vec<Arc<Cell<M, R>>> = self.cells.iter().map(|cell| Arc::clone(&cell)).collect();
        for cell in cells {
            cell.drain().await;
        }
    }
}
