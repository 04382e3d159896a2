//! PostgreSQL: the installed one, or the binaries that Maven Central has of it. Never run as root.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::command;
use crate::tools::fetch::{self, Download};
use crate::{Failure, Result, files};

/// Published for tests of Java programs; they run anywhere.
const VERSION: &str = "17.2.0";
const ARTIFACT: &str = "io/zonky/test/postgres/embedded-postgres-binaries-linux";

/// Our name of the architecture, Maven's name of it, and the checksum.
const BINARIES: [(&str, &str, &str); 2] = [
    (
        "x86_64",
        "amd64",
        "bfee37aa1ab2d465abf471ad2a478fb31a527fbae1c2e7bda024544244870eb2",
    ),
    (
        "aarch64",
        "arm64v8",
        "d164647c59fd29ca1703bc094335065ba6ceb7d550330f9ca82636eda282bf5e",
    ),
];

/// Where Debian and others keep what is not on the PATH; the newest release comes last.
const PLACES: [&str; 3] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt/postgresql"];

/// The programs and who runs them.
pub(crate) struct Postgres {
    /// The server.
    pub(crate) server: PathBuf,
    /// What makes a new data folder.
    pub(crate) initdb: PathBuf,
    /// The user and group to run as; none means whoever we are.
    pub(crate) user: Option<(u32, u32)>,
}

pub(super) fn find(cache: &Path, say: fn(&str)) -> Result<Postgres> {
    let folder = match installed() {
        Some(folder) => folder,
        None => fetched(cache, say)?,
    };
    Ok(Postgres {
        server: folder.join("postgres"),
        initdb: folder.join("initdb"),
        user: user()?,
    })
}

fn installed() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| {
        ["postgres", "initdb"]
            .iter()
            .all(|name| command::is_program(&folder.join(name)))
    };
    let on_path = command::installed("postgres").and_then(|path| path.parent().map(Path::to_path_buf));
    on_path.filter(complete).or_else(|| {
        let releases = PLACES
            .iter()
            .filter_map(|place| std::fs::read_dir(place).ok())
            .flatten()
            .flatten();
        let mut folders: Vec<PathBuf> = releases
            .map(|release| release.path().join("bin"))
            .filter(complete)
            .collect();
        folders.sort();
        folders.pop()
    })
}

fn fetched(cache: &Path, say: fn(&str)) -> Result<PathBuf> {
    let folder = cache.join(format!("postgres-{VERSION}"));
    if folder.is_dir() {
        return Ok(folder.join("bin"));
    }
    let known = BINARIES
        .iter()
        .find(|(ours, ..)| env::consts::OS == "linux" && *ours == env::consts::ARCH);
    let (_, arch, sha256) =
        known.ok_or_else(|| Failure::Missing("PostgreSQL is not installed: `postgres` and `initdb`".into()))?;
    say(&format!("fetching PostgreSQL {VERSION} (15 MB)"));
    let jar = cache.join("postgres.jar");
    fetch::fetch(&[Download {
        url: format!(
            "{}/{ARTIFACT}-{arch}/{VERSION}/embedded-postgres-binaries-linux-{arch}-{VERSION}.jar",
            fetch::maven_repository()
        ),
        to: jar.clone(),
        sha256: (*sha256).to_owned(),
    }])?;
    let fresh = cache.join("postgres.new");
    files::remove_folder(&fresh)?;
    fetch::unzip(&jar, &fresh)?;
    let mut unpack = Command::new("sh");
    unpack.current_dir(&fresh).args([
        "-c",
        "tar -xJf postgres-linux-*.txz && rm -r META-INF postgres-linux-*.txz",
    ]);
    command::output(&mut unpack)?;
    std::fs::rename(&fresh, &folder).map_err(Failure::file(&folder))?;
    std::fs::remove_file(&jar).map_err(Failure::file(&jar))?;
    Ok(folder.join("bin"))
}

/// PostgreSQL refuses to run as root: then Debian's own user for it does, or else nobody.
fn user() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let accounts = files::read(Path::new("/etc/passwd"))?;
    let account = ["postgres", "nobody"].iter().find_map(|name| account(&accounts, name));
    account.map(Some).ok_or_else(|| {
        Failure::Missing("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`".into())
    })
}

fn account(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = accounts
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
        .split(':');
    Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "postgres2:x:7:8::/:/bin/sh\npostgres:x:105:113:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(account(accounts, "postgres"), Some((105, 113)));
        assert_eq!(account(accounts, "nobody"), None);
    }
}
