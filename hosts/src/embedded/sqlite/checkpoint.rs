//! Moves what was committed from the write-ahead log into the file, on a thread of its own, so that the writer does not wait for it.
//!
//! SQLite starts the log over when a transaction begins and *all* of the log is in the file. While commits keep arriving that moment never comes
//! by itself, not even when a checkpoint had nothing left to do: a transaction had begun by then. So the writer does the rest itself, between
//! two batches, once little is left.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::{
    OpenError,
    connection::{self, BUSY_TIMEOUT},
};

/// Frames (pages in the log) that are few enough for the writer to move between two batches without anybody noticing.
const FEW_FRAMES: i64 = 512;

/// How long the writer waits for readers before it goes on with a log that is not empty.
const EMPTYING_PATIENCE: Duration = Duration::from_millis(50);

/// Passes over the log before what is left goes to the writer, however much it is.
const PASSES: usize = 4;

/// The thread, and how to ask it.
pub(super) struct Checkpointer {
    requests: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpointer {
    /// Starts the thread. `nearly_done` is called when the rest is the writer's.
    pub(super) fn start(file: &Path, nearly_done: impl Fn() + Send + 'static) -> Result<Self, OpenError> {
        let connection = connection::for_writing(file)?;
        let (requests, wanted) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("sqlite-checkpoint".into())
            .spawn(move || serve(&connection, &wanted, &nearly_done))
            .map_err(OpenError::Thread)?;
        Ok(Self { requests, thread })
    }

    /// Asks for a checkpoint, unless one was asked for already.
    pub(super) fn request(&self) {
        // Full means that one is due anyway.
        let _ = self.requests.try_send(());
    }

    /// Ends the thread.
    pub(super) fn stop(self) {
        drop(self.requests);
        // A panic in it was reported when it happened.
        let _ = self.thread.join();
    }
}

fn serve(connection: &Connection, wanted: &Receiver<()>, nearly_done: &dyn Fn()) {
    while wanted.recv().is_ok() {
        for pass in 1..=PASSES {
            match passive(connection) {
                Ok(left) if left <= FEW_FRAMES || pass == PASSES => {
                    nearly_done();
                    break;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "checkpoint failed, the log grows until one succeeds");
                    break;
                }
            }
        }
    }
}

/// Moves everything and empties the log, so that it holds nothing that was erased from the file. False when somebody reads from it or moves
/// parts of it: to be tried again.
pub(super) fn empty_the_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(EMPTYING_PATIENCE)?;
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    emptied.map(|is_busy: bool| !is_busy)
}

/// Moves as much as can be moved without waiting for anybody; answers how many frames are left.
pub(super) fn passive(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (frames, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(frames - moved)
    })
}
