//! One server per data directory.

use std::{
    fs::{DirBuilder, File, TryLockError},
    path::Path,
};

use super::{OpenError, private};

/// Held for as long as the directory is ours. The operating system lets go of it when the process ends, however it ends.
///
/// Two locks: of a file in it, which works everywhere, and of the directory itself, which is still the same one when somebody has removed the file.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
    _directory: Option<File>,
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
        let in_use = || OpenError::InUse {
            directory: directory.to_owned(),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self {
                _file: file,
                _directory: lock_itself(directory).map_err(|InUse| in_use())?,
            }),
            Err(TryLockError::WouldBlock) => Err(in_use()),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

/// Another process has the directory.
struct InUse;

/// `None` where a directory cannot be locked, as on some network file systems.
#[cfg(unix)]
fn lock_itself(directory: &Path) -> Result<Option<File>, InUse> {
    let Ok(opened) = File::open(directory) else {
        return Ok(None);
    };
    match opened.try_lock() {
        Ok(()) => Ok(Some(opened)),
        Err(TryLockError::WouldBlock) => Err(InUse),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Elsewhere a file that is open cannot be removed, and a directory not be opened.
#[cfg(not(unix))]
fn lock_itself(_: &Path) -> Result<Option<File>, InUse> {
    Ok(None)
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

    #[cfg(unix)]
    #[test]
    fn a_lock_holds_though_its_file_is_removed() {
        let data = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(data.path()).unwrap();
        std::fs::remove_file(data.path().join("lock")).unwrap();
        let refused = DirectoryLock::take(data.path()).unwrap_err();
        assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
        drop(first);
        DirectoryLock::take(data.path()).unwrap();
    }
}
