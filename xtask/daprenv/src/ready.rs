//! How one sees that a process can be used.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::process::Running;
use crate::{Failure, Process, Result, http};

const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How much of a log a failure quotes.
const TAIL_LINES: usize = 20;

/// The sign by which a process shows that it can be used.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ready {
    /// It runs; nothing more can be seen from here.
    Running,
    /// It has said so in its log since it was started. A port alone says little: Kafka and PostgreSQL listen before they serve.
    Says(String),
    /// This path of this port answers a GET with success.
    Answers(u16, String),
}

impl Ready {
    /// Looks once. `logged_before` is how long the log was when the process started.
    pub(crate) fn is_seen(&self, log: &Path, logged_before: u64) -> bool {
        match self {
            Ready::Running => true,
            Ready::Says(words) => text_after(log, logged_before).is_some_and(|text| text.contains(words)),
            Ready::Answers(port, path) => http::request(*port, "GET", path, &[], "", PATIENCE)
                .is_ok_and(|answer| (200..300).contains(&answer.status)),
        }
    }
}

/// Waits until the process can be used; `running` tells how it runs now.
pub(crate) fn wait(
    process: &Process,
    log: &Path,
    patience: Duration,
    running: impl Fn() -> Option<Running>,
) -> Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        let Some(now) = running() else {
            return Err(failure(process, log, "ended"));
        };
        if process.ready.is_seen(log, now.logged_before) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(failure(process, log, "is not ready in time"));
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn failure(process: &Process, log: &Path, what: &str) -> Failure {
    let text = text_after(log, 0).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].iter();
    Failure::Process {
        name: process.name.clone(),
        what: what.to_owned(),
        log: log.to_path_buf(),
        tail: tail.map(|line| format!("\n    {line}")).collect(),
    }
}

fn text_after(log: &Path, start: u64) -> Option<String> {
    let mut file = File::open(log).ok()?;
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_the_start_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, "started\n").unwrap();
        let ready = Ready::Says("started".into());
        assert!(ready.is_seen(&log, 0));
        assert!(!ready.is_seen(&log, 8));
    }
}
