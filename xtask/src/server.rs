//! A Punctual server of our own for the suites that speak to it over HTTP: loopback only, a port the system chose, data that goes away.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::failure::{Failure, Result};
use crate::http;

const START_TIMEOUT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running server. It is killed, by its process id, and its data deleted when this is dropped.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the binary on an empty data folder, without rate limits, and waits until it is ready.
    pub(crate) fn start(binary: &Path) -> Result<Server> {
        let folder = tempfile::tempdir().map_err(Failure::file("a temporary folder"))?;
        let address = free_address()?;
        let log = File::create(folder.path().join(LOG)).map_err(Failure::file(LOG))?;
        let errors = log.try_clone().map_err(Failure::file(LOG))?;
        let child = Command::new(binary)
            .args([
                "serve",
                "--listen",
                &address.to_string(),
                "--rate-limit",
                "0",
                "--anonymous-rate-limit",
                "0",
                "--data",
            ])
            .arg(folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(|source| Failure::Tool {
                program: binary.display().to_string(),
                source,
            })?;
        let mut server = Server { child, folder, address };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Registers an account and returns its token.
    pub(crate) fn register(&self, name: &str) -> Result<String> {
        let account = serde_json::json!({
            "email": format!("{name}@example.org"), "password": "correct horse battery staple", "time_zone": "Europe/Paris"
        });
        let answer = http::request(self.address, "POST", "/v1/users", &account.to_string())
            .map_err(|error| self.failure(&format!("did not answer a registration: {error}")))?;
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match (answer.status, body["token"].as_str()) {
            (201, Some(token)) => Ok(token.to_owned()),
            _ => Err(self.failure(&format!("refused a registration: {} {}", answer.status, answer.body))),
        }
    }

    /// Fails when the server is gone or has panicked: an answer that looked right does not make up for either.
    pub(crate) fn is_sound(&mut self) -> Result<()> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Err(self.failure(&format!("ended by itself: {status}")));
        }
        if self.log().contains("panicked at") {
            return Err(self.failure("panicked"));
        }
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while !http::request(self.address, "GET", "/readyz", "").is_ok_and(|answer| answer.status == 200) {
            self.is_sound()?;
            if Instant::now() > deadline {
                return Err(self.failure("was not ready in time"));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn failure(&self, what: &str) -> Failure {
        let log = self.log();
        let last_lines: Vec<&str> = log.lines().rev().take(20).collect();
        let tail: String = last_lines
            .into_iter()
            .rev()
            .map(|line| format!("\n    {line}"))
            .collect();
        Failure::Server(format!("{what}; the end of its log:{tail}"))
    }

    fn log(&self) -> String {
        std::fs::read(self.folder.path().join(LOG))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to do about either failing: the process is gone already.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

const LOG: &str = "server.log";

/// The system chooses; between this and the server's own bind nobody else is expected to take it.
fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Failure::Server(format!("finds no free port: {error}")))
}
