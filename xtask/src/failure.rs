//! Why a suite could not do its work, as opposed to what it found wrong.

use std::io;
use std::path::PathBuf;

/// A suite that could not run; it counts as one failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A program could not be started or waited for.
    #[error("`{program}` cannot be run ({source}); install it, or leave the suite out by name with --without")]
    Tool { program: String, source: io::Error },

    /// A program ran and reported an error where none was to be expected.
    #[error("`{program}` failed: {detail}")]
    ToolSaid { program: String, detail: String },

    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },

    /// A `Cargo.toml` could not be understood.
    #[error("{}: {source}", path.display())]
    Manifest { path: PathBuf, source: toml::de::Error },

    /// The command line or the environment asks for something that makes no sense.
    #[error("{0}")]
    Usage(String),

    /// The server under test did not do what a suite needs.
    #[error("the server under test {0}")]
    Server(String),

    /// The Dapr environment could not be brought up, looked at or taken down.
    #[error(transparent)]
    Dapr(#[from] daprenv::Failure),
}

impl Failure {
    /// A file that could not be read or written, for use in `map_err`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Failure {
        let path = path.into();
        move |source| Failure::File { path, source }
    }
}

/// Shorthand for what every suite returns.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;
