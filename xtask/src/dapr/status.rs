//! Shows an environment, to people as a table and to programs as JSON.

use std::time::Duration;

use daprenv::{Environment, Role, Status};
use serde_json::{Value, json};

use crate::console;
use crate::failure::Result;

pub(super) fn run(environment: &Environment, as_json: bool) -> Result<()> {
    if as_json {
        console::say(&json(environment).to_string());
    } else {
        console::say(&table(environment));
    }
    Ok(())
}

/// One line per process.
pub(super) fn table(environment: &Environment) -> String {
    let mut text = format!(
        "{:<22} {:>8} {:<10} {:>8}  ports on 127.0.0.1",
        "process", "pid", "", "up"
    );
    for (process, status) in environment.processes().iter().zip(environment.status()) {
        let ports = process.ports.iter().map(|(name, port)| format!("{name} {port}"));
        let ports = ports.collect::<Vec<_>>().join(", ");
        let pid = status.pid.map(|pid| pid.to_string()).unwrap_or_default();
        let up = status.up.map(age).unwrap_or_default();
        text.push_str(&format!(
            "\n{:<22} {pid:>8} {:<10} {up:>8}  {ports}",
            status.name,
            health(&status)
        ));
    }
    text
}

/// The whole environment in one object.
pub(super) fn json(environment: &Environment) -> Value {
    let processes = environment.processes().iter().zip(environment.status());
    let processes: Vec<Value> = processes
        .map(|(process, status)| {
            json!({
                "name": status.name, "kind": process.kind, "pid": status.pid, "ready": status.ready, "log": status.log, "ports": process.ports,
            })
        })
        .collect();
    let sync = environment
        .url(Role::Sync)
        .map(|url| format!("{}/v1/sync", url.replacen("http", "ws", 1)));
    json!({ "api": environment.url(Role::Api), "sync": sync, "state": environment.state(), "processes": processes })
}

fn health(status: &Status) -> &'static str {
    match (status.pid, status.ready) {
        (None, _) => "down",
        (Some(_), false) => "not ready",
        (Some(_), true) => "up",
    }
}

fn age(up: Duration) -> String {
    let seconds = up.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_one_unit() {
        let told = [59, 61, 7300].map(|seconds| age(Duration::from_secs(seconds)));
        assert_eq!(told, ["59 s", "1 min", "2 h"]);
    }
}
