//! Ports that stay ours while a process is down.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use crate::{Failure, Result, files};

/// Below where Linux and macOS take the ports of outgoing connections from. A port that the system hands out for "any free port" lies there,
/// and a connection of anybody's may sit on it when a stopped process wants it back.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Chooses ports for an environment that nobody listens on and no other environment of this machine has, whether it runs or not. Each stays bound
/// until the chooser is dropped, so that none is given twice.
pub(crate) struct Ports {
    folder: PathBuf,
    register: PathBuf,
    held: Vec<TcpListener>,
}

impl Ports {
    /// Ports for the environment in `folder`.
    ///
    /// The register is this user's own: files of others in the folder for temporary files cannot be written, and are not to be believed.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let user = rustix::process::geteuid();
        let own = std::env::temp_dir().join(format!("daprenv-{}", user.as_raw()));
        files::make_own_folder(&own)?;
        Ok(Self::in_register(folder, own.join("ports")))
    }

    fn in_register(folder: &Path, register: PathBuf) -> Self {
        Self {
            folder: folder.to_path_buf(),
            register,
            held: Vec::new(),
        }
    }

    /// A port that was free a moment ago, and is not one of those given before.
    pub(crate) fn choose(&mut self) -> Result<u16> {
        let failure = || Failure::file(&self.register);
        let mut file = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(&self.register)
            .map_err(failure())?;
        // Held until the file is closed.
        file.lock().map_err(failure())?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failure())?;
        let taken = taken(&text);
        let (port, listener) = self.find(|port| taken.contains_key(&port))?;
        let lines = taken.into_iter().chain([(port, &*self.folder)]);
        let text: String = lines
            .map(|(port, folder)| format!("{port} {}\n", folder.display()))
            .collect();
        file.set_len(0).map_err(failure())?;
        file.write_all(text.as_bytes()).map_err(failure())?;
        self.held.push(listener);
        Ok(port)
    }

    /// Keeps a port that was chosen in earlier days, unless somebody has taken it meanwhile. Whether it is free.
    pub(crate) fn keep(&mut self, port: u16) -> bool {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        listener.map(|listener| self.held.push(listener)).is_ok()
    }

    fn find(&self, is_taken: impl Fn(u16) -> bool) -> Result<(u16, TcpListener)> {
        let start = random();
        let span = RANGE.end - RANGE.start;
        (0..span)
            .map(|step| RANGE.start + (start % span + step) % span)
            .filter(|port| !is_taken(*port))
            .find_map(|port| Some((port, TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?)))
            .ok_or_else(|| Failure::Missing(format!("no port between {} and {} is free", RANGE.start, RANGE.end)))
    }
}

/// What the register says of environments that are still there.
fn taken(register: &str) -> BTreeMap<u16, &Path> {
    let lines = register.lines().filter_map(|line| line.split_once(' '));
    lines
        .filter_map(|(port, folder)| Some((port.parse().ok()?, Path::new(folder))))
        .filter(|(_, folder)| folder.exists())
        .collect()
}

/// Where to begin looking: two environments that start at once should not walk the same way.
fn random() -> u16 {
    getrandom::u32().map_or(0, |number| (number >> 16) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_while_the_environment_that_has_it_is_there() {
        let scratch = tempfile::tempdir().unwrap();
        let register = scratch.path().join("register");
        let mut given = Vec::new();
        for environment in ["one", "two"] {
            let folder = scratch.path().join(environment);
            std::fs::create_dir(&folder).unwrap();
            let mut ports = Ports::in_register(&folder, register.clone());
            given.extend((0..50).map(|_| ports.choose().unwrap()));
        }
        assert!(given.iter().all(|port| RANGE.contains(port)));
        let text = std::fs::read_to_string(&register).unwrap();
        assert_eq!(taken(&text).into_keys().collect::<Vec<_>>(), {
            given.sort_unstable();
            given
        });

        std::fs::remove_dir(scratch.path().join("one")).unwrap();
        assert_eq!(
            taken(&text).len(),
            50,
            "what an environment had is free again when it is gone"
        );
    }

    #[test]
    fn a_port_of_earlier_days_is_kept_while_nobody_has_taken_it() {
        let scratch = tempfile::tempdir().unwrap();
        let ports = || Ports::in_register(scratch.path(), scratch.path().join("register"));
        let port = ports().choose().unwrap();
        assert!(ports().keep(port));
        let _somebody = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!ports().keep(port));
    }
}
