//! Whether the file that is written is still the one that the next start will read. Someone who removes the folder under a running server leaves it
//! an open file without a name: every write would work, and be gone with the process.

use std::path::PathBuf;

use rusqlite::{Connection, Error, ffi};

/// The database's files as they were when it was opened: itself, and its write-ahead log.
pub(super) struct Presence(Vec<(PathBuf, Identity)>);

impl Presence {
    /// Nothing of a database in memory.
    pub(super) fn of(connection: &Connection) -> Self {
        let path = connection.path().unwrap_or_default();
        let files = [path.to_owned(), format!("{path}-wal")].map(PathBuf::from);
        let there = files.into_iter().filter_map(|file| Some((identity(&file)?, file)));
        Self(there.map(|(identity, file)| (file, identity)).collect())
    }

    /// # Errors
    /// When there is no file under such a name, or another.
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        let gone = self.0.iter().find(|(path, was)| identity(path) != Some(*was));
        let Some((path, _)) = gone else { return Ok(()) };
        let reason = format!(
            "{} was removed or replaced while the server runs; it has to be started again",
            path.display()
        );
        let error = ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED);
        Err(Error::SqliteFailure(error, Some(reason)))
    }
}

/// Device and number.
#[cfg(unix)]
type Identity = (u64, u64);
/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
type Identity = ();

#[cfg(unix)]
fn identity(path: &std::path::Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(path: &std::path::Path) -> Option<Identity> {
    path.exists().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_or_another_is_noticed_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("punctual.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        let presence = Presence::of(&connection);
        presence.check().unwrap();
        std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        let error = presence.check().unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
        std::fs::write(&path, "").unwrap();
        assert!(presence.check().is_err(), "another file");
        std::fs::rename(folder.path().join("elsewhere"), &path).unwrap();
        presence.check().unwrap();
    }

    #[test]
    fn a_log_that_is_gone_is_noticed_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("punctual.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
            .unwrap();
        let presence = Presence::of(&connection);
        presence.check().unwrap();
        std::fs::remove_file(folder.path().join("punctual.db-wal")).unwrap();
        let error = presence.check().unwrap_err().to_string();
        assert!(error.contains("punctual.db-wal was removed"), "{error}");
    }

    #[test]
    fn a_database_in_memory_has_no_file_to_lose() {
        assert!(Presence::of(&Connection::open_in_memory().unwrap()).0.is_empty());
    }
}
