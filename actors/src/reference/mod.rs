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

use crate::ports::{Directory, Environment, Publisher, Runtime, Store, WakeUps};

/// A runtime of any ports.
#[derive(Clone)]
pub struct Ports<S, W, P, D> {
    /// Logs.
    pub store: S,
    /// Wake-ups.
    pub wake_ups: W,
    /// Events.
    pub publisher: P,
    /// Actors there are.
    pub directory: D,
    /// Time, randomness, zones.
    pub environment: Environment,
    /// See [`Runtime::recheck_head_after_ms`].
    pub recheck_head_after_ms: Option<i64>,
}

impl<S: Store, W: WakeUps, P: Publisher, D: Directory> Runtime for Ports<S, W, P, D> {
    type Store = S;
    type WakeUps = W;
    type Publisher = P;
    type Directory = D;

    fn store(&self) -> &S {
        &self.store
    }

    fn wake_ups(&self) -> &W {
        &self.wake_ups
    }

    fn publisher(&self) -> &P {
        &self.publisher
    }

    fn directory(&self) -> &D {
        &self.directory
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn recheck_head_after_ms(&self) -> Option<i64> {
        self.recheck_head_after_ms
    }
}

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
