//! How connections are set up.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

/// Only the three threads of one process share the file, and none holds a lock for long: this is never waited for unless somebody looks at
/// the file with other tools.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// `synchronous=FULL`: a commit is on the disk when it returns. Only the switch of a new file to the write-ahead log is not waited for, three
/// flushes fewer at the first start; [`super::Database::open`] has the file flushed before anything is acknowledged. Checkpoints are the checkpoint thread's. What is deleted is overwritten with
/// zeros, in pages that become free too (`secure_delete`): nothing on the path of a commit frees any, and what was erased must be in the file no
/// more. The cache is 16 MB, which fills only as pages are touched. No `mmap`: there an I/O error
/// ends the process.
const WRITER: &str = "
    PRAGMA synchronous = OFF;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA foreign_keys = OFF;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -16384;";

const READER: &str = "
    PRAGMA query_only = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -2048;";

/// The one connection that writes. Makes the file where there is none.
pub(super) fn for_writing(file: &Path) -> rusqlite::Result<Connection> {
    open(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        WRITER,
    )
}

/// A connection that only reads.
pub(super) fn for_reading(file: &Path) -> rusqlite::Result<Connection> {
    open(file, OpenFlags::SQLITE_OPEN_READ_ONLY, READER)
}

fn open(file: &Path, mode: OpenFlags, settings: &str) -> rusqlite::Result<Connection> {
    // Each connection is used by one thread at a time, so SQLite's own mutexes are not needed.
    let connection = Connection::open_with_flags(file, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A prepared statement keeps its plan: else some are planned anew for every other value bound to them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(settings)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_survives_a_loss_of_power() {
        let folder = tempfile::tempdir().unwrap();
        let connection = for_writing(&folder.path().join("database")).unwrap();
        let setting = |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
        assert_eq!(setting("journal_mode").unwrap(), "wal");
        let synchronous = connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0));
        assert_eq!(synchronous.unwrap(), 2, "FULL: each commit is flushed");
    }
}
