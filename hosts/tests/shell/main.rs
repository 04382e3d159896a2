//! The program as whoever starts it sees it: first line, logs, exit status, traces, import.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod app_listener;
mod damage;
mod import;
mod limits;
mod process;
mod program;
#[cfg(target_os = "linux")]
mod readiness;
mod secrets;
mod simulate;
mod traces;
