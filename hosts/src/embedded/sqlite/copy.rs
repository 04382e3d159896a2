//! A copy of a data directory, to be worked on and thrown away: also while a server has the directory, which does not notice.

use std::{
    ffi::c_int,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use punctual_actors::ports::{Directory as _, Failure, Store as _};
use punctual_events::{ActorId, Commit, Seq, UserId};
use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
};
use tempfile::TempDir;

use super::{DATABASE_NAME, Database, OpenError, Options, SqliteDirectory, SqliteStore, connection::BUSY_TIMEOUT};

/// Pages copied between two looks at whether to go on: some 4 MB.
const PAGES_PER_STEP: c_int = 1_024;
/// Actors listed, and commits read, at once.
const PORTION: usize = 1_024;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is nothing to be copied.
    #[error("there is no data in {}: no punctual.db is there", directory.display())]
    Absent {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// Whether there is something cannot be seen.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a file, and nothing in it.
    #[error("{} is empty: a server that has begun leaves none like that, so the file is damaged or another's", file.display())]
    Empty {
        /// Which file.
        file: PathBuf,
    },
    /// The file cannot be read, or its copy not be written.
    #[error("cannot copy {} to {}: {source}", file.display(), folder.display())]
    Failed {
        /// Which file.
        file: PathBuf,
        /// The folder of the copy.
        folder: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no room for it.
    #[error(
        "the copy does not fit in {}: it takes {} MB; have it made elsewhere by the variable TMPDIR",
        folder.display(),
        bytes.div_ceil(1_000_000)
    )]
    Full {
        /// How large it would be.
        bytes: u64,
        /// Where it was to be.
        folder: PathBuf,
    },
    /// The copy cannot be worked on.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It was to be no more.
    #[error("interrupted")]
    Interrupted,
}

/// How far the copying is, in pages of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Those that are copied.
    pub done: u64,
    /// Those there are.
    pub of: u64,
}

/// Data as it was at one moment, in a folder for temporary files that goes with it.
pub struct DataCopy {
    // The folder is removed last, when nobody has its files open.
    database: Database,
    _folder: TempDir,
}

impl DataCopy {
    /// Copies the data of `directory` as it is at one moment, and brings the copy to the present version. Nothing is written into the directory;
    /// where a server has it, the copying keeps nothing waiting there. Blocks. It ends early once `stop` is set.
    ///
    /// # Errors
    /// When there is no data, it is of a newer release, or there is no room for the copy.
    pub fn make(directory: &Path, stop: &AtomicBool, tell: &mut dyn FnMut(Copied)) -> Result<Self, CopyError> {
        let file = directory.join(DATABASE_NAME);
        let bytes = length_of(directory, &file)?;
        let failed = |source: io::Error| CopyError::Failed {
            file: file.clone(),
            folder: std::env::temp_dir(),
            source: source.into(),
        };
        // For its owner only, like the data.
        let folder = tempfile::Builder::new().prefix("punctual-").tempdir().map_err(failed)?;
        let copy = Copying {
            from: &file,
            bytes,
            folder: folder.path(),
            stop,
        };
        copy.at_rest_or_not(tell)?;
        Ok(Self {
            database: Database::open(folder.path(), Options::default())?,
            _folder: folder,
        })
    }

    /// The logs.
    #[must_use]
    pub fn store(&self) -> SqliteStore {
        SqliteStore::new(self.database.clone())
    }

    /// The users there are, in the order of their ids.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn users(&self) -> Result<Vec<UserId>, Failure> {
        let directory = SqliteDirectory::new(self.database.clone());
        let (mut users, mut after) = (Vec::new(), None);
        loop {
            let actors = directory.list(after, PORTION).await?;
            users.extend(actors.iter().filter_map(|actor| match actor {
                ActorId::User(user) => Some(*user),
                ActorId::Series(_) => None,
            }));
            match actors.last() {
                // All users come before all series.
                Some(last @ ActorId::User(_)) => after = Some(*last),
                Some(ActorId::Series(_)) | None => return Ok(users),
            }
        }
    }

    /// The commits of an actor that its server had not delivered yet.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn undelivered(&self, actor: ActorId) -> Result<Vec<Arc<Commit>>, Failure> {
        let (store, mut commits) = (self.store(), Vec::new());
        let mut after = self.database.drained(actor).await?.unwrap_or(Seq::ZERO);
        loop {
            let read = store.read_log(actor, after, PORTION).await?;
            let Some(last) = read.last() else { return Ok(commits) };
            after = last.header.seq;
            commits.extend(read);
        }
    }

    /// Removes the copy, once nobody has it open.
    pub async fn remove(self) {
        self.database.close().await;
    }
}

/// How long the file is, in bytes.
fn length_of(directory: &Path, file: &Path) -> Result<u64, CopyError> {
    let is_absent = |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    let (file, directory) = (|| file.to_owned(), directory.to_owned());
    match fs::metadata(file()) {
        Ok(found) if found.is_file() && found.len() == 0 => Err(CopyError::Empty { file: file() }),
        Ok(found) if found.is_file() => Ok(found.len()),
        Ok(_) => Err(CopyError::Absent { directory }),
        Err(error) if is_absent(&error) => Err(CopyError::Absent { directory }),
        Err(source) => Err(CopyError::Unreadable { file: file(), source }),
    }
}

/// A copy being made.
struct Copying<'a> {
    from: &'a Path,
    bytes: u64,
    folder: &'a Path,
    stop: &'a AtomicBool,
}

impl Copying<'_> {
    /// A database that nobody writes is read without locks and without a log of its own, which SQLite would leave beside it. Should somebody have
    /// written meanwhile, what was copied may be of no one moment, and it is copied once more as one that is in use.
    fn at_rest_or_not(&self, tell: &mut dyn FnMut(Copied)) -> Result<(), CopyError> {
        if let Some(rest) = Rest::of(self.from) {
            self.copy(true, tell)?;
            if Rest::of(self.from) == Some(rest) {
                return Ok(());
            }
        }
        self.copy(false, tell)
    }

    fn copy(&self, is_at_rest: bool, tell: &mut dyn FnMut(Copied)) -> Result<(), CopyError> {
        let source = open(self.from, is_at_rest).map_err(|error| self.failed(error))?;
        let mut copy = Connection::open(self.folder.join("punctual.db")).map_err(|error| self.failed(error))?;
        // One moment for all steps: the copying does not begin anew when somebody writes.
        let begin = source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema");
        begin.map_err(|error| self.failed(error))?;
        let backup = Backup::new(&source, &mut copy).map_err(|error| self.failed(error))?;
        while !self.stop.load(Ordering::Relaxed) {
            match backup.step(PAGES_PER_STEP).map_err(|error| self.failed(error))? {
                StepResult::Done => return Ok(()),
                StepResult::More => tell(Copied::from(backup.progress())),
                // Nobody else has the copy, and a reader waits for nobody for long.
                _ => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        }
        Err(CopyError::Interrupted)
    }

    fn failed(&self, error: rusqlite::Error) -> CopyError {
        let folder = self.folder.parent().unwrap_or(self.folder).to_owned();
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            let bytes = self.bytes;
            return CopyError::Full { bytes, folder };
        }
        CopyError::Failed {
            file: self.from.to_owned(),
            folder,
            source: error.into(),
        }
    }
}

impl From<rusqlite::backup::Progress> for Copied {
    fn from(progress: rusqlite::backup::Progress) -> Self {
        let pages = |count: c_int| u64::try_from(count).unwrap_or(0);
        let of = pages(progress.pagecount);
        Self {
            done: of.saturating_sub(pages(progress.remaining)),
            of,
        }
    }
}

/// A database all of which is in its file, as far as can be seen.
#[derive(PartialEq, Eq)]
struct Rest {
    bytes: u64,
    modified: SystemTime,
}

impl Rest {
    /// `None` where something is in the write-ahead log: somebody writes, or was killed. A server that ends leaves an empty one.
    fn of(file: &Path) -> Option<Self> {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        match fs::metadata(log) {
            Ok(found) if found.len() == 0 => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) | Err(_) => return None,
        }
        let found = fs::metadata(file).ok()?;
        Some(Self {
            bytes: found.len(),
            modified: found.modified().ok()?,
        })
    }
}

fn open(file: &Path, is_at_rest: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if is_at_rest {
        let uri = format!("{}?immutable=1", uri(file));
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(file, flags)?
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// A path as SQLite reads it in a URI (<https://www.sqlite.org/uri.html>): every byte that might mean something else is escaped.
fn uri(file: &Path) -> String {
    let escaped = file.as_os_str().as_encoded_bytes().iter().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    format!("file:{}", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(directory: &Path) -> Result<DataCopy, CopyError> {
        DataCopy::make(directory, &AtomicBool::new(false), &mut |_| ())
    }

    /// A database with this many rows in a table of its own, in a folder whose name means something in a URI.
    fn database(rows: u32) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("50% of? #1 ä");
        drop(Database::open(&directory, Options::default()).unwrap());
        let connection = Connection::open(directory.join(DATABASE_NAME)).unwrap();
        let fill = format!(
            "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             SELECT i, zeroblob(1000) AS b FROM n"
        );
        connection.execute_batch(&fill).unwrap();
        drop(connection);
        (folder, directory)
    }

    fn rows(directory: &Path) -> i64 {
        let connection = Connection::open(directory.join(DATABASE_NAME)).unwrap();
        connection
            .query_row("SELECT count(*) FROM filler", [], |row| row.get(0))
            .unwrap()
    }

    fn files(directory: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
        let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn data_at_rest_is_copied_without_a_trace() {
        let (_folder, directory) = database(3_000);
        let before = files(&directory);
        let copied = copy(&directory).unwrap();
        assert_eq!(rows(copied._folder.path()), 3_000);
        assert!(files(&directory) == before, "a file was changed or made");
        let folder = copied._folder.path().to_owned();
        drop(copied);
        assert!(!folder.exists());
    }

    #[test]
    fn data_in_use_is_copied_with_what_is_only_in_the_log_and_none_of_what_comes_meanwhile() {
        let (_folder, directory) = database(9_000);
        let writer = Connection::open(directory.join(DATABASE_NAME)).unwrap();
        writer
            .execute_batch("PRAGMA wal_autocheckpoint = 0; INSERT INTO filler VALUES (0, x'00')")
            .unwrap();
        let mut steps = 0;
        let stop = AtomicBool::new(false);
        let copied = DataCopy::make(&directory, &stop, &mut |_| {
            steps += 1;
            writer.execute_batch("INSERT INTO filler VALUES (0, x'00')").unwrap();
        });
        assert!(steps > 1, "{steps}: nothing came meanwhile");
        assert_eq!(rows(copied.unwrap()._folder.path()), 9_001);
        assert_eq!(rows(&directory), 9_001 + steps);
    }

    #[test]
    fn what_is_written_during_the_copying_is_copied_anew() {
        let (_folder, directory) = database(9_000);
        let mut writer = None;
        let stop = AtomicBool::new(false);
        let copied = DataCopy::make(&directory, &stop, &mut |_| {
            writer.get_or_insert_with(|| {
                let writer = Connection::open(directory.join(DATABASE_NAME)).unwrap();
                writer.execute_batch("INSERT INTO filler VALUES (0, x'00')").unwrap();
                writer
            });
        });
        assert_eq!(rows(copied.unwrap()._folder.path()), 9_001);
    }

    #[test]
    fn the_copying_ends_when_it_is_told() {
        let (_folder, directory) = database(9_000);
        let stop = AtomicBool::new(false);
        let stopped = DataCopy::make(&directory, &stop, &mut |_| stop.store(true, Ordering::Relaxed));
        assert!(matches!(stopped, Err(CopyError::Interrupted)));
    }

    #[test]
    fn a_folder_without_data_and_one_that_is_not_there_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for directory in [folder.path().to_owned(), folder.path().join("none")] {
            let Err(error) = copy(&directory) else {
                panic!("a copy of nothing")
            };
            assert!(error.to_string().contains(directory.to_str().unwrap()), "{error}");
            assert!(matches!(error, CopyError::Absent { .. }));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was made");
    }

    #[test]
    fn data_of_a_newer_release_and_what_is_no_data_are_refused() {
        let (_folder, directory) = database(1);
        let connection = Connection::open(directory.join(DATABASE_NAME)).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(matches!(
            copy(&directory),
            Err(CopyError::Open(OpenError::Newer { found: 99, .. }))
        ));
        fs::write(directory.join(DATABASE_NAME), "dear diary\n".repeat(1_000)).unwrap();
        let Err(error) = copy(&directory) else {
            panic!("a copy of a diary")
        };
        assert!(error.to_string().contains(directory.to_str().unwrap()), "{error}");
    }

    #[test]
    fn a_full_disk_says_how_much_room_is_needed_and_where() {
        let full = Connection::open_in_memory().unwrap();
        full.execute_batch("PRAGMA max_page_count = 2").unwrap();
        let error = full
            .execute_batch("CREATE TABLE t AS SELECT zeroblob(100000)")
            .unwrap_err();
        let copying = Copying {
            from: Path::new("/data/punctual.db"),
            bytes: 2_500_000,
            folder: Path::new("/tmp/punctual-1"),
            stop: &AtomicBool::new(false),
        };
        let said = copying.failed(error).to_string();
        assert!(
            said.starts_with("the copy does not fit in /tmp: it takes 3 MB"),
            "{said}"
        );
    }
}
