//! The cells of one kind of actor.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use dashmap::DashMap;
use punctual_actors::{machine::Machine, ports::Runtime};
use punctual_events::ActorId;

use super::{
    Shared,
    cell::{Cell, Owed},
};

/// Guards that are armed in one sweep, at most.
const GUARDS_PER_SWEEP: usize = 512;
/// Guards in a row that could not be armed, after which none is tried before the next sweep.
const AWAY_AFTER: u32 = 8;

/// The cells of one kind of actor.
pub(super) struct Live<M: Machine, R: Runtime> {
    shared: Arc<Shared<R>>,
    cells: DashMap<ActorId, Arc<Cell<M, R>>>,
    /// Guards that were owed are being armed.
    is_arming: Arc<AtomicBool>,
}

impl<M: Machine, R: Runtime> Live<M, R> {
    pub(super) fn new(shared: Arc<Shared<R>>) -> Self {
        Self {
            shared,
            cells: DashMap::new(),
            is_arming: Arc::default(),
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

    /// Drops idle cells; those with something to save are saved first and dropped the next time, and so are those that only wait for a broker that is away.
    /// Guards that are owed are armed first.
    pub(super) fn sweep(&self) {
        self.arm_owed_guards();
        self.let_go();
        let idle: Vec<ActorId> = self
            .cells
            .iter()
            .filter(|cell| cell.is_idle())
            .map(|cell| *cell.key())
            .collect();
        for actor in idle {
            // Whoever asks for a cell clones its pointer under the same lock this runs under, so a single pointer means nobody has it.
            let dropped = self.cells.remove_if(&actor, |_, cell| {
                Arc::strong_count(cell) == 1 && cell.is_saved() && !cell.owes_guard()
            });
            if dropped.is_none()
                && let Some(cell) = self.cells.get(&actor).map(|cell| Arc::clone(&cell))
            {
                cell.save_soon();
            }
        }
    }

    /// Arms guards that are owed in the background, unless that is under way.
    fn arm_owed_guards(&self) {
        let owing = self.owing();
        if owing.is_empty() || self.is_arming.swap(true, Ordering::Relaxed) {
            return;
        }
        let is_arming = Arc::clone(&self.is_arming);
        tokio::spawn(async move {
            arm(owing, GUARDS_PER_SWEEP).await;
            is_arming.store(false, Ordering::Relaxed);
        });
    }

    /// Tries each guard that is owed once: after this process nobody does.
    pub(super) async fn arm_last_guards(&self) {
        arm(self.owing(), usize::MAX).await;
    }

    /// Those that owe a guard, or did when they were last looked at.
    fn owing(&self) -> Vec<Arc<Cell<M, R>>> {
        let owing = self.cells.iter().filter(|cell| cell.owes_guard());
        owing.map(|cell| Arc::clone(&cell)).collect()
    }

    fn let_go(&self) {
        let stuck = self.cells.iter().filter(|cell| cell.is_stuck());
        let stuck: Vec<_> = stuck.map(|cell| Arc::clone(&cell)).collect();
        for cell in stuck {
            if cell.is_saved() {
                cell.let_go();
            } else {
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

    /// Drops what is in memory of an actor unless somebody is using it, or it owes a guard: then the sweep does.
    pub(super) fn release(&self, actor: ActorId) {
        self.cells.remove_if(&actor, |_, cell| {
            Arc::strong_count(cell) == 1 && cell.is_resting() && !cell.owes_guard()
        });
    }

    pub(super) async fn drain(&self) {
        let cells: Vec<Arc<Cell<M, R>>> = self.cells.iter().map(|cell| Arc::clone(&cell)).collect();
        for cell in cells {
            cell.drain().await;
        }
    }
}

/// Arms guards that are owed, one after the other and at most so many, until several in a row cannot be: then whoever keeps them is away, for all, and it
/// is not one actor that cannot be read. Those that turn out to owe none do not count.
async fn arm<M: Machine, R: Runtime>(owing: Vec<Arc<Cell<M, R>>>, most: usize) {
    let (mut armed, mut failed_in_a_row) = (0, 0);
    for cell in owing {
        match cell.arm_owed_guard().await {
            Owed::Armed => (armed, failed_in_a_row) = (armed + 1, 0),
            Owed::Nothing => {}
            Owed::Still => failed_in_a_row += 1,
        }
        if armed == most || failed_in_a_row == AWAY_AFTER {
            break;
        }
    }
}
