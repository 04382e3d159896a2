//! What can go wrong with an environment.

use std::io;
use std::path::{Path, PathBuf};

/// Why an environment could not be brought up, changed or taken down.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A program could not be started.
    #[error("`{program}` cannot be run ({source})")]
    Program {
        /// Its name or path.
        program: String,
        /// The system's word.
        source: io::Error,
    },

    /// A program that was to do something for us reported an error.
    #[error("`{program}` failed: {detail}")]
    Said {
        /// Its name or path.
        program: String,
        /// The end of what it printed.
        detail: String,
    },

    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },

    /// A file of the state folder is not what this version writes.
    #[error("{} cannot be read ({source}); `cargo xtask dapr down --purge` removes it", path.display())]
    State {
        /// Which.
        path: PathBuf,
        /// Where it stopped making sense.
        source: serde_json::Error,
    },

    /// Something is needed that is neither installed nor to be had.
    #[error("{0}")]
    Missing(String),

    /// What was downloaded is not what was asked for.
    #[error("{what} has the checksum {found}, not {wanted}")]
    Checksum {
        /// The file.
        what: String,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },

    /// The environment runs already.
    #[error("an environment runs in {} already: look at it with `status`, end it with `down`", .0.display())]
    AlreadyUp(PathBuf),

    /// Another command is working on the same state folder.
    #[error("another command is at work in {}", .0.display())]
    Busy(PathBuf),

    /// There is no environment in the state folder.
    #[error("there is no environment in {}", .0.display())]
    None(PathBuf),

    /// No process has that name.
    #[error("there is no process `{0}`; `status` lists them")]
    Unknown(String),

    /// A process ended, or was not ready in time.
    #[error("{name} {what}; the end of {}:{tail}", log.display())]
    Process {
        /// Its name.
        name: String,
        /// What it did.
        what: String,
        /// Its log file.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
}

impl Failure {
    /// For use in `map_err`: a file that could not be read or written.
    pub(crate) fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Failure {
        let path = path.as_ref().to_path_buf();
        move |source| Failure::File { path, source }
    }
}

/// Shorthand for what everything here returns.
pub type Result<T, E = Failure> = std::result::Result<T, E>;
