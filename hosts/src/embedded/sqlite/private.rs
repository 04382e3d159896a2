//! Files that only their owner may read. A folder that somebody else made, a volume for example, may be open to everybody.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

/// Opens a file to write to, making it where there is none, and closes it to everybody but its owner.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    close_to_others(path)?;
    Ok(file)
}

/// The database and what SQLite keeps beside it. The files SQLite makes anew take their permissions from the database.
pub(super) fn prepare_database(path: &Path) -> io::Result<()> {
    drop(open(path)?);
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        match close_to_others(Path::new(&beside)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
    }
    Ok(())
}

/// Earlier releases made files that everybody could read.
#[cfg(unix)]
fn close_to_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
}

/// Elsewhere the access list of the folder is inherited, and there is no mode to set.
#[cfg(not(unix))]
fn close_to_others(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(drop)
}
