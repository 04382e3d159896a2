//! An environment that goes away with the value that holds it.

use std::ops::{Deref, DerefMut};
use std::path::Path;

use crate::{Environment, Options, Result};

/// An environment that is taken down and removed when this is dropped; for tests. A test that panics leaves its logs.
#[derive(Debug)]
pub struct Temporary {
    environment: Environment,
}

impl Temporary {
    /// Brings an environment up. Its state folder should be the test's own.
    ///
    /// # Errors
    /// As [`Environment::up`].
    pub fn up(options: &Options) -> Result<Temporary> {
        Environment::up(options).map(|environment| Temporary { environment })
    }

    /// An environment that is there already, running or not.
    ///
    /// # Errors
    /// As [`Environment::open`].
    pub fn open(state: &Path) -> Result<Temporary> {
        Environment::open(state).map(|environment| Temporary { environment })
    }

    /// Lays an environment out without starting it.
    ///
    /// # Errors
    /// As [`Environment::prepare`].
    pub fn prepare(options: &Options) -> Result<Temporary> {
        Environment::prepare(options).map(|environment| Temporary { environment })
    }
}

impl Deref for Temporary {
    type Target = Environment;

    fn deref(&self) -> &Environment {
        &self.environment
    }
}

impl DerefMut for Temporary {
    fn deref_mut(&mut self) -> &mut Environment {
        &mut self.environment
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nobody could do anything about a file that cannot be removed.
        let _best_effort = self.environment.take_down(!std::thread::panicking());
    }
}
