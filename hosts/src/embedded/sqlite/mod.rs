//! Everything durable of the embedded runtime, in one SQLite file.
//!
//! One thread owns the connection that writes (`writer`): it takes all operations that wait, runs them in one transaction, commits, and
//! answers them all. So a hundred callers share one flush of the disk. Reads go through a few connections of their own (`readers`) and never
//! wait for the writer. A third thread moves what was committed from the write-ahead log into the file (`checkpoint`).

mod audit;
mod audit_ends;
mod batch;
mod checkpoint;
mod connection;
mod copy;
mod damaged;
mod directory;
mod heads;
mod jobs;
mod lock;
mod log;
mod migrations;
mod operations;
mod presence;
mod private;
mod readers;
mod records;
mod rows;
mod session;
mod store;
#[cfg(test)]
pub(super) mod tests;
mod watermarks;
mod writability;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use punctual_actors::ports::Failure;
use punctual_events::DecodeError;

use crate::actor_host::{Observer, Unobserved};

use self::{
    damaged::DamagedRows, lock::DirectoryLock, readers::Readers, watermarks::Watermarks, writability::Writability,
    writer::Writer,
};

pub(in crate::embedded) use self::heads::Heads;
pub use self::{
    audit::SqliteAudit,
    copy::{Copied, CopyError, DataCopy},
    directory::SqliteDirectory,
    jobs::SqliteJobs,
    records::SqliteRecords,
    store::SqliteStore,
};

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has it.
    #[error("{} is in use by another server; stop that one, or give this one a directory of its own", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// It cannot be made, read or written.
    #[error("cannot use {}: {source}", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite cannot make anything of the file.
    #[error("cannot use {} as a database: {source}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A newer release wrote the database.
    #[error(
        "the database has version {found}, newer than {known}, the newest this release reads: use the release that wrote it, or a newer one"
    )]
    Newer {
        /// The version of the file.
        found: usize,
        /// The newest version known.
        known: usize,
    },
    /// The file belongs to something else.
    #[error("the file is not a database of Punctual")]
    Foreign,
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// Why something stored could not be read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("the log of {0} has a hole")]
    Hole(punctual_events::ActorId),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Sqlite(error) => failure(&error),
            ReadError::Decode(error) => error.into(),
            ReadError::Hole(_) => Self::damaged(error),
        }
    }
}

/// The file in the data directory.
pub const DATABASE_NAME: &str = "punctual.db";

/// What an error of SQLite is to the ports: the file may be away, or what is in it damaged.
fn failure(error: &rusqlite::Error) -> Failure {
    use rusqlite::{Error, ErrorCode};
    let is_damage = match error {
        Error::SqliteFailure(cause, _) => matches!(cause.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        _ => false,
    };
    let text = format_args!("SQLite: {error}");
    if is_damage {
        Failure::damaged(text)
    } else {
        Failure::new(text)
    }
}

/// Settings of a database.
#[derive(Clone)]
pub struct Options {
    /// Compaction keeps what the event loop has not yet delivered. To be set where there is an event loop.
    pub keep_undrained: bool,
    /// Who is told how long transactions take.
    pub observer: Arc<dyn Observer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            keep_undrained: false,
            observer: Arc::new(Unobserved),
        }
    }
}

/// The database of one data directory, open. Clones share it; it closes with the last one, or by [`close`](Self::close).
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    damaged_rows: Arc<DamagedRows>,
    directory: PathBuf,
    options: Options,
    readers: Readers,
    watermarks: Arc<Watermarks>,
    writability: Arc<Writability>,
    writer: Writer,
}

impl Database {
    /// Opens the database in `directory`, makes both where they are not there, and brings an older one to the present version.
    ///
    /// # Errors
    /// When another server has the directory, the database is newer than this release, or it cannot be used at all.
    pub fn open(directory: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = DirectoryLock::take(directory)?;
        let file = directory.join(DATABASE_NAME);
        private::prepare_database(&file).map_err(|source| OpenError::Directory {
            directory: directory.to_owned(),
            source,
        })?;
        let mut connection = connection::for_writing(&file).map_err(|source| OpenError::Unusable {
            file: file.clone(),
            source,
        })?;
        if migrations::migrate(&mut connection)? {
            // SQLite drops the log of a file that is empty: a new one must be on the disk before its log is relied on.
            checkpoint::passive(&connection)?;
        }
        let (watermarks, writability) = <(Arc<Watermarks>, Arc<Writability>)>::default();
        let shared = writer::Shared {
            observer: Arc::clone(&options.observer),
            watermarks: Arc::clone(&watermarks),
            writability: Arc::clone(&writability),
        };
        let writer = Writer::start(connection, &file, lock, shared)?;
        let (directory, readers) = (directory.to_owned(), Readers::new(file));
        Ok(Self {
            shared: Arc::new(Shared {
                damaged_rows: Arc::default(),
                directory,
                options,
                readers,
                watermarks,
                writability,
                writer,
            }),
        })
    }

    /// The data directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.shared.directory
    }

    fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Who is told what happens.
    pub(in crate::embedded) fn observer(&self) -> &dyn Observer {
        &*self.options().observer
    }

    /// Writes what is still in memory and ends the threads; when it returns, another server may open the directory. Every later operation
    /// fails.
    pub async fn close(&self) {
        let shared = Arc::clone(&self.shared);
        // Joining a thread blocks; a failure to join means that it panicked, which was reported then.
        let _ = tokio::task::spawn_blocking(move || shared.writer.close()).await;
    }
}
