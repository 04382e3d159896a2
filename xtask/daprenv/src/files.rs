//! Files and folders, with the path in every error.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::{Failure, Result};

/// Makes the folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Failure::file(path))
}

/// Makes a folder among those of other users, for this user alone. One that somebody else made, or may write to, is refused: whoever may change what is
/// in it could have us write elsewhere.
pub(crate) fn make_own_folder(path: &Path) -> Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(Failure::file(path)(error)),
        _ => {}
    }
    let found = fs::symlink_metadata(path).map_err(Failure::file(path))?;
    let is_own = found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0;
    if found.is_dir() && is_own {
        return Ok(());
    }
    let reason = "is not a folder that only this user may write to";
    Err(Failure::file(path)(std::io::Error::other(reason)))
}

/// Removes a folder and all in it, if it is there.
pub(crate) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::file(path)(error)),
        _ => Ok(()),
    }
}

pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Failure::file(path))
}

/// Writes the file anew, readable by its owner only: most of what is written here holds a password or a token.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let fresh = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(Failure::file(&fresh))?;
    fs::rename(&fresh, path).map_err(Failure::file(path))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Failure::file(path))
}

pub(crate) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(Failure::file(path))
}

/// Copies a folder with everything in it; the copy is writable even where the original is not.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    make_folder(to)?;
    for entry in fs::read_dir(from).map_err(Failure::file(from))? {
        let entry = entry.map_err(Failure::file(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(Failure::file(&source))?;
            set_mode(&target, 0o644)?;
        }
    }
    Ok(())
}

/// True when everybody may pass through every folder on the way to `path`.
pub(crate) fn open_to_all(path: &Path) -> bool {
    path.ancestors().skip(1).all(|folder| {
        folder.as_os_str().is_empty()
            || !folder.exists()
            || fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_this_user_alone_is_made_once_and_one_that_others_may_change_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let own = scratch.path().join("own");
        for _ in 0..2 {
            make_own_folder(&own).unwrap();
        }
        assert_eq!(fs::metadata(&own).unwrap().mode() & 0o777, 0o700);
        set_mode(&own, 0o777).unwrap();
        let (link, file) = (scratch.path().join("link"), scratch.path().join("file"));
        std::os::unix::fs::symlink(scratch.path(), &link).unwrap();
        write(&file, "").unwrap();
        for refused in [&own, &link, &file] {
            assert!(make_own_folder(refused).is_err(), "{}", refused.display());
        }
    }
}
