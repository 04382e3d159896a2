//! Connections that read, on threads where blocking is allowed.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use punctual_actors::ports::Failure;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::Semaphore;

use super::{Database, ReadError, connection};

/// Reads that run at the same time. They wait for the disk more than for a core, so there are more of them than cores.
const CONNECTIONS: usize = 4;

/// A few connections, opened when first needed.
pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        Self {
            file,
            idle: Mutex::default(),
            permits: Semaphore::new(CONNECTIONS),
        }
    }

    /// Runs `read` on one moment of the database: inside a transaction of its own.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connection::for_reading(&self.file)?,
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let outcome = read(&transaction);
        transaction.finish()?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        outcome
    }
}

impl Database {
    /// Reads one moment of the database, which has everything that was acknowledged before.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, Failure> {
        let shared = self.shared.clone();
        let _permit = self.shared.readers.permits.acquire().await.map_err(Failure::new)?;
        let outcome = tokio::task::spawn_blocking(move || shared.readers.read(read)).await;
        Ok(outcome.map_err(Failure::new)??)
    }
}
