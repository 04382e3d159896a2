//! One process of the environment: how it is started, and how it is found again.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};
use serde::{Deserialize, Serialize};

use crate::{Failure, Ready, Result, files};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a process is for; what is built on others starts after them and ends before them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Kafka, the store, placement, Scheduler.
    Infrastructure,
    /// daprd.
    Sidecar,
    /// One of the five.
    Service,
}

/// How a process is started: everything it takes to start it again just so.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Process {
    /// What it is called here.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables besides those of whoever starts it.
    pub variables: BTreeMap<String, String>,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// The user and group it runs as, where that is not ours.
    pub user: Option<(u32, u32)>,
    /// Its ports on 127.0.0.1, by what they are for.
    pub ports: BTreeMap<String, u16>,
    /// How one sees that it can be used.
    pub ready: Ready,
    /// The signal that ends it in order.
    pub ends_on: i32,
}

impl Process {
    /// The port it uses for something; 0, which nothing listens on, where it has none of that name.
    #[must_use]
    pub fn port(&self, name: &str) -> u16 {
        self.ports.get(name).copied().unwrap_or_default()
    }

    /// Starts it in a process group of its own, so that neither Ctrl-C nor the end of whoever started it ends it too.
    pub(crate) fn spawn(&self, log: &Path) -> Result<Running> {
        let opened = OpenOptions::new().create(true).append(true).open(log);
        let output = opened.map_err(Failure::file(log))?;
        let logged_before = output.metadata().map_err(Failure::file(log))?.len();
        let errors = output.try_clone().map_err(Failure::file(log))?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(&self.variables);
        command.current_dir(&self.folder).process_group(0);
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let mut child = command.spawn().map_err(|source| Failure::Program {
            program: self.program.display().to_string(),
            source,
        })?;
        let running = Running::of(child.id(), logged_before);
        // Reaped as soon as it ends, whoever ends it: to PostgreSQL the id in its lock file is that of a live server for as long as the id exists.
        std::thread::spawn(move || child.wait());
        Ok(running)
    }
}

/// A process that was started: its id, and when that id began to mean it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Running {
    pub(crate) id: u32,
    /// How long its log was when it started.
    pub(crate) logged_before: u64,
    since: String,
}

impl Running {
    fn of(id: u32, logged_before: u64) -> Running {
        Running {
            id,
            logged_before,
            since: since(id).unwrap_or_default(),
        }
    }

    /// Reads what [`write`](Self::write) wrote; none when there is no such file.
    pub(crate) fn read(path: &Path) -> Option<Running> {
        let text = fs::read_to_string(path).ok()?;
        let mut words = text.trim_end().splitn(3, ' ');
        Some(Running {
            id: words.next()?.parse().ok()?,
            logged_before: words.next()?.parse().ok()?,
            since: words.next()?.to_owned(),
        })
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        files::write(path, &format!("{} {} {}\n", self.id, self.logged_before, self.since))
    }

    /// Whether it still runs: the same id in other hands does not count, nor does a process that ended and was not waited for.
    pub(crate) fn is_alive(&self) -> bool {
        let alive = since(self.id).is_some_and(|now| now == self.since);
        if !alive {
            // Takes its exit status if it is a child of ours. Of anybody else's child the system says no, which is fine.
            let _status = waitpid(self.pid(), WaitOptions::NOHANG);
        }
        alive
    }

    /// Asks it to end, and ends it with all its children when it does not in time. Whether it did.
    pub(crate) fn end(&self, signal: i32, patience: Duration) -> bool {
        self.signal(signal);
        self.wait_or_kill(patience)
    }

    /// Waits until it has ended, and ends it by force when it takes too long. Whether it ended by itself.
    pub(crate) fn wait_or_kill(&self, patience: Duration) -> bool {
        let in_time = self.is_gone_within(patience);
        if !in_time {
            self.kill();
        }
        in_time
    }

    /// `kill -9` of the process and of its children, and waits until all are gone. PostgreSQL's children have sessions of their own, and what
    /// they share must be free before another server starts on the same data.
    pub(crate) fn kill(&self) {
        let Some(pid) = self.pid().filter(|_| self.is_alive()) else {
            return;
        };
        let children = children_of(self.id);
        // It may end by itself at any moment: that is what was wanted.
        let _gone = kill_process_group(pid, Signal::KILL);
        children.iter().for_each(|child| child.signal(Signal::KILL.as_raw()));
        for process in children.iter().chain([self]) {
            process.is_gone_within(Duration::from_secs(10));
        }
    }

    /// Sends it a signal by number.
    pub(crate) fn signal(&self, number: i32) {
        let pid = self.pid().filter(|_| self.is_alive());
        if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(number)) {
            let _gone = kill_process(pid, signal);
        }
    }

    /// Sends it a signal by number, and then the processes it started itself: a database serves each connection by one.
    pub(crate) fn signal_all(&self, number: i32) {
        self.signal(number);
        children_of(self.id).iter().for_each(|child| child.signal(number));
    }

    fn is_gone_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(LOOK_EVERY);
        }
        true
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.id).ok()?)
    }
}

/// When the process with this id started, in the system's words; none when it is gone or waits to be reaped.
fn since(id: u32) -> Option<String> {
    match fs::read_to_string(format!("/proc/{id}/stat")) {
        Ok(line) => {
            let (state, since) = state_and_since(&line)?;
            // The first thread of a process that is being killed may be dead while others still hold its files and ports.
            let is_gone = matches!(state, "Z" | "X") && threads(id) < 2;
            (!is_gone).then(|| since.to_owned())
        }
        Err(_) if Path::new("/proc/self").exists() => None,
        Err(_) => since_said_by_ps(id),
    }
}

/// The third field of Linux's line and the 22nd; the second, the program's name in brackets, may hold anything.
fn state_and_since(line: &str) -> Option<(&str, &str)> {
    let mut fields = after_the_name(line)?;
    Some((fields.next()?, fields.nth(18)?))
}

fn after_the_name(line: &str) -> Option<std::str::Split<'_, char>> {
    line.rsplit_once(") ").map(|(_, rest)| rest.split(' '))
}

/// The processes that a process started itself, on Linux; elsewhere none is known.
fn children_of(parent: u32) -> Vec<Running> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| parent_of(*id) == Some(parent))
        .map(|id| Running::of(id, 0))
        .collect()
}

/// The fourth field.
fn parent_of(id: u32) -> Option<u32> {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    after_the_name(&line)?.nth(1)?.parse().ok()
}

fn threads(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/task")).map_or(0, Iterator::count)
}

fn since_said_by_ps(id: u32) -> Option<String> {
    let output = Command::new("ps")
        .args(["-o", "stat=,lstart=", "-p", &id.to_string()])
        .output()
        .ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (state, start) = line.split_once(' ')?;
    (!state.starts_with('Z')).then(|| start.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> (Process, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let process = Process {
            name: "sleeper".into(),
            kind: Kind::Service,
            program: "sleep".into(),
            arguments: vec!["60".into()],
            variables: BTreeMap::new(),
            folder: folder.path().to_path_buf(),
            user: None,
            ports: BTreeMap::new(),
            ready: Ready::Running,
            ends_on: Signal::TERM.as_raw(),
        };
        (process, folder)
    }

    #[test]
    fn a_process_is_found_again_by_its_file_and_ends_when_asked() {
        let (process, folder) = sleeper();
        let file = folder.path().join("pid");
        process.spawn(&folder.path().join("log")).unwrap().write(&file).unwrap();
        let found = Running::read(&file).unwrap();
        assert!(found.is_alive());
        assert!(found.end(process.ends_on, Duration::from_secs(5)));
        assert!(!found.is_alive());
    }

    #[test]
    fn another_process_with_the_same_id_is_not_taken_for_it() {
        let own = Running::of(std::process::id(), 0);
        let earlier = Running {
            since: "1".into(),
            ..own.clone()
        };
        assert!(own.is_alive());
        assert!(!earlier.is_alive());
        earlier.kill();
    }

    #[test]
    fn the_id_of_a_process_is_gone_with_it_though_nobody_looks() {
        let (process, folder) = sleeper();
        let sleeping = process.spawn(&folder.path().join("log")).unwrap();
        let pid = sleeping.pid().unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while rustix::process::test_kill_process(pid).is_ok() {
            assert!(Instant::now() < deadline, "the id is still taken");
            thread::sleep(LOOK_EVERY);
        }
    }

    #[test]
    fn a_kill_takes_children_along_that_left_the_group() {
        let (mut process, folder) = sleeper();
        process.program = "sh".into();
        process.arguments = ["-c", "setsid sleep 60 & wait"].map(str::to_owned).to_vec();
        let shell = process.spawn(&folder.path().join("log")).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while children_of(shell.id).is_empty() {
            assert!(Instant::now() < deadline, "no child was seen");
            thread::sleep(LOOK_EVERY);
        }
        let children = children_of(shell.id);
        shell.kill();
        assert!(children.iter().all(|child| !child.is_alive()));
    }

    #[test]
    fn state_and_start_are_read_past_a_name_with_brackets() {
        let line = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(state_and_since(line), Some(("S", "4711")));
    }
}
