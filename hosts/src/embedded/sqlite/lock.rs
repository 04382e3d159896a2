//! One server per data directory.

use std::{
    fs::{DirBuilder, File, TryLockError},
    path::Path,
};

use super::{OpenError, private};

/// Held for as long as the directory is ours. The operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes the directory where there is none, readable by its owner only, and locks it.
    pub(super) fn take(directory: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Directory {
            directory: directory.to_owned(),
            source,
        };
        create(directory).map_err(io)?;
        let file = private::open(&directory.join("lock")).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                directory: directory.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

fn create(directory: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_on_the_same_directory_is_refused_and_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let first = DirectoryLock::take(&data).unwrap();
        let error = DirectoryLock::take(&data).unwrap_err();
        assert!(error.to_string().contains(data.to_str().unwrap()), "{error}");
        drop(first);
        DirectoryLock::take(&data).unwrap();
    }
}
