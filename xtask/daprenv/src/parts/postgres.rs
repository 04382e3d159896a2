//! PostgreSQL: one database, fsync on, TCP on loopback only, a password.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::parts::{Workshop, flags, loopback};
use crate::secrets::names;
use crate::tools::{Postgres, output};
use crate::{Failure, Kind, Process, Ready, Result, files};

const NAME: &str = "postgres";
pub(crate) const PORT: &str = "sql";
const ROLE: &str = "punctual";
const PASSWORD: &str = "_postgres-password";

pub(super) fn process(programs: &Postgres, workshop: &mut Workshop<'_>) -> Result<Process> {
    let mut process = workshop.process(Kind::Infrastructure, NAME, &programs.server, &[PORT])?;
    let password = workshop.secrets.get_or_make(PASSWORD)?;
    let port = process.port(PORT);
    workshop.secrets.set(
        names::POSTGRES,
        format!("host=127.0.0.1 port={port} user={ROLE} password={password} database=postgres sslmode=disable"),
    );
    process.user = programs.user;
    process.folder = place_for(&process, workshop)?;
    let data = process.folder.join("data");
    if !data.join("PG_VERSION").exists() {
        make_data(programs, &process.folder, &data, &password)?;
    }
    process.arguments = flags([
        ("-D", data.display().to_string()),
        ("-p", port.to_string()),
        ("-h", loopback()),
        ("-k", String::new()),
    ]);
    for setting in [
        "fsync=on",
        "synchronous_commit=on",
        "max_connections=200",
        "shared_buffers=64MB",
    ] {
        process.arguments.extend(["-c".to_owned(), setting.to_owned()]);
    }
    process.ready = Ready::Says("database system is ready to accept connections".to_owned());
    // The "fast" shutdown: sessions are ended, everything is written down.
    process.ends_on = Signal::INT.as_raw();
    Ok(process)
}

/// The data folder must be reachable for the user who runs the server. A checkout in root's home is not: then it lives under the
/// system's temporary folder, at a place that follows from the state folder's and is removed with it.
fn place_for(process: &Process, workshop: &Workshop<'_>) -> Result<PathBuf> {
    let Some((user, group)) = process.user else {
        return Ok(process.folder.clone());
    };
    let place = if files::open_to_all(&process.folder) {
        process.folder.clone()
    } else {
        workshop.state.elsewhere(NAME)
    };
    files::make_folder(&place)?;
    chown(&place, Some(user), Some(group)).map_err(Failure::file(&place))?;
    Ok(place)
}

fn make_data(programs: &Postgres, folder: &Path, data: &Path, password: &str) -> Result<()> {
    // A first attempt may have been cut short; initdb wants an empty folder.
    files::remove_folder(data)?;
    let file = folder.join("password");
    files::write_private(&file, password)?;
    let mut initdb = Command::new(&programs.initdb);
    initdb
        .current_dir(folder)
        .arg("-D")
        .arg(data)
        .arg("--pwfile")
        .arg(&file);
    initdb.args([
        "--username",
        ROLE,
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
    ]);
    if let Some((user, group)) = programs.user {
        chown(&file, Some(user), Some(group)).map_err(Failure::file(&file))?;
        initdb.uid(user).gid(group);
    }
    let made = output(&mut initdb);
    std::fs::remove_file(&file).map_err(Failure::file(&file))?;
    made.map(drop)
}
