//! One thread that owns the database and commits everything that waits for it in one transaction: as many inserts share one flush to the disk as
//! arrived during the flush before.

use std::{path::Path, sync::mpsc, thread};

use bytes::Bytes;
use rusqlite::{Connection, params};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Inserts in one transaction, at most.
const MAX_BATCH: usize = 1_024;

/// The way to the writer's thread.
pub(super) struct Writer {
    inserts: mpsc::Sender<Insert>,
}

/// A row that could not be made durable.
pub(super) struct Lost;

struct Insert {
    id: Uuid,
    body: Bytes,
    done: oneshot::Sender<()>,
}

impl Writer {
    /// Opens the database and starts the thread, which ends with the writer.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute(
            "CREATE TABLE task (id BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
            [],
        )?;
        let (inserts, waiting) = mpsc::channel();
        thread::spawn(move || run(&mut connection, &waiting));
        Ok(Self { inserts })
    }

    /// Returns once the row is on the disk.
    pub(super) async fn insert(&self, id: Uuid, body: Bytes) -> Result<(), Lost> {
        let (done, committed) = oneshot::channel();
        self.inserts.send(Insert { id, body, done }).map_err(|_| Lost)?;
        committed.await.map_err(|_| Lost)
    }
}

fn run(connection: &mut Connection, waiting: &mpsc::Receiver<Insert>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while let Ok(first) = waiting.recv() {
        batch.push(first);
        batch.extend(waiting.try_iter().take(MAX_BATCH - 1));
        let committed = commit(connection, &batch).is_ok();
        for insert in batch.drain(..) {
            // Dropping the sender tells the caller that nothing is known to be stored; a caller that hung up wants no answer.
            if committed {
                let _ = insert.done.send(());
            }
        }
    }
}

fn commit(connection: &mut Connection, batch: &[Insert]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut statement = transaction.prepare_cached("INSERT INTO task (id, body) VALUES (?1, ?2)")?;
        for insert in batch {
            statement.execute(params![insert.id.as_bytes(), insert.body.as_ref()])?;
        }
    }
    transaction.commit()
}
