//! The binary as a process.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use punctual::{
    actor_host::{HostConfig, Unobserved},
    embedded::runtime::Embedded,
    ports::{AuditQueries as _, AuditVerification},
    roles::audit::AuditRole,
};
use tempfile::TempDir;

use crate::client::Client;

/// A data directory that outlives the servers on it.
pub(crate) struct Data(TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Files that have `text` in them, in whatever case.
    pub(crate) async fn holding(&self, text: &str) -> Vec<String> {
        let files = fs::read_dir(self.path()).unwrap().map(|file| file.unwrap().path());
        let holding = files.filter(|path| {
            let bytes = fs::read(path).unwrap();
            bytes
                .windows(text.len())
                .any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
        });
        holding.map(|path| path.display().to_string()).collect()
    }

    /// What audit says of these users, once no server is here: those who are gone cannot ask.
    pub(crate) async fn verified(&self, users: &[String]) -> Vec<AuditVerification> {
        let runtime = Embedded::open(self.path(), HostConfig::default(), Arc::new(Unobserved)).unwrap();
        let audit = AuditRole::new(runtime.services());
        let mut verified = Vec::new();
        for user in users {
            verified.push(audit.verify(user.parse().unwrap()).await.unwrap());
        }
        verified
    }
}

/// Longer than all reactions to a deletion take together, the emptying of the log included.
pub(crate) const ERASED_WITHIN: Duration = Duration::from_secs(60);

/// How many milliseconds after a request to delete the server is killed, by turns.
pub(crate) fn killed_after_ms() -> Vec<u64> {
    vec![0, 3, 8, 20, 60, 250]
}

/// How often the crash test kills it.
pub(crate) fn crashes() -> usize {
    if std::env::var_os("PUNCTUAL_TEST_LONG").is_some() {
        50
    } else {
        10
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(data: &Data) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Data, flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_punctual"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--rate-limit",
                "0",
                "--anonymous-rate-limit",
                "0",
            ])
            .arg("--data")
            .arg(data.path())
            .args(flags)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let start = line
            .find("http://")
            .unwrap_or_else(|| panic!("the first line names no URL: {line:?}"));
        let is_end = |c: char| c.is_whitespace() || c == '"' || c == ',';
        let url = line[start..].split(is_end).next().unwrap_or_default().to_owned();
        // Somebody has to read what else it prints, or it would block on a full pipe.
        std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
        Self { child, url }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// Whose `/metrics` say how late reminders were.
    pub(crate) fn counts_lateness(&self) -> String {
        self.url.clone()
    }

    /// A client with an account of its own.
    pub(crate) async fn user(&self, name: &str) -> Client {
        let mut client = self.client();
        client.register(&format!("{name}@example.com"), "Europe/Paris").await;
        client
    }

    /// SIGKILL, and wait until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and wait; the exit status.
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
