//! The ports in memory: simple enough to be right at a glance. The conformance suite holds them to the contracts, and the tests of the core,
//! of the hosts and simulations run on them, in virtual time.

mod clock;
mod directory;
mod entropy;
mod publisher;
mod store;
mod wake_ups;
mod zones;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use clock::VirtualClock;
pub use directory::MemoryDirectory;
pub use entropy::SeededEntropy;
pub use publisher::MemoryPublisher;
pub use store::MemoryStore;
pub use wake_ups::MemoryWakeUps;
pub use zones::UtcOnly;

use crate::ports::{Environment, Ports};

/// The runtime in memory. Clones share everything.
pub type Reference = Ports<MemoryStore, MemoryWakeUps, MemoryPublisher, MemoryDirectory>;

impl Reference {
    /// A runtime with nothing in it that is the only owner of its actors, on `clock`.
    #[must_use]
    pub fn new(clock: &Arc<VirtualClock>, seed: u64) -> Self {
        Self {
            store: MemoryStore::default(),
            wake_ups: MemoryWakeUps::default(),
            publisher: MemoryPublisher::default(),
            directory: MemoryDirectory::default(),
            environment: Environment {
                clock: Arc::clone(clock) as _,
                entropy: Arc::new(SeededEntropy::new(seed)),
                zones: Arc::new(UtcOnly),
            },
            recheck_head_after_ms: None,
        }
    }
}

/// Locks. A test that panicked while it held the lock has failed already; the others may go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
