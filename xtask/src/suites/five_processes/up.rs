//! The environment of this suite, brought up by the command that people and programs use: what its last line says is part of what is tested.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::Command;

use daprenv::{Environment, Role, Store, Temporary};
use serde_json::{Value, json};

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::tally::Tally;

/// What is really there.
struct Facts {
    api: Option<String>,
    sync: Option<String>,
    /// The ids of the processes, by their names.
    pids: BTreeMap<String, Option<u32>>,
}

/// `cargo xtask dapr up --json`, and whether its one line of output is true.
pub(super) fn up(state: &Path, store: Store, binary: &Path) -> Result<(Temporary, Tally)> {
    let own = env::current_exe().map_err(Failure::file("xtask"))?;
    let mut command = Command::new(own);
    command.args(["dapr", "up", "--json", "--store", store.as_str()]);
    command.arg("--state").arg(state).arg("--binary").arg(binary);
    let mut lines = Vec::new();
    let success = process::run_reading(&mut command, |line| lines.push(line.to_owned()))?;
    let environment = Temporary::open(state)?;
    if !success {
        return Err(Failure::Server("cannot be brought up; see above".into()));
    }
    let faults = faults(&lines, &Facts::of(&environment));
    let verdict = if faults.is_empty() { "ok" } else { "FAILED" };
    console::say(&format!(
        "`up --json` names the URLs and each process with its id ... {verdict}"
    ));
    faults.iter().for_each(|fault| console::say(&format!("    {fault}")));
    Ok((environment, Tally::one(faults.is_empty())))
}

impl Facts {
    fn of(environment: &Environment) -> Facts {
        let processes = environment.processes().iter();
        Facts {
            api: environment.url(Role::Api),
            sync: environment.url(Role::Sync),
            pids: processes
                .map(|process| (process.name.clone(), environment.pid(&process.name)))
                .collect(),
        }
    }
}

/// What is wrong with what was printed.
fn faults(lines: &[String], facts: &Facts) -> Vec<String> {
    let [line] = lines else {
        return vec![format!("{} lines, where a program expects one", lines.len())];
    };
    let Ok(said) = serde_json::from_str::<Value>(line) else {
        return vec![format!("no JSON: {line}")];
    };
    let socket = |url: &String| format!("{}/v1/sync", url.replace("http://", "ws://"));
    let mut faults = Vec::new();
    for (name, expected) in [("api", facts.api.clone()), ("sync", facts.sync.as_ref().map(socket))] {
        if expected.is_none() || said[name] != json!(expected) {
            faults.push(format!("`{name}` is {}, and it listens on {expected:?}", said[name]));
        }
    }
    let named = said["processes"].as_array().into_iter().flatten();
    let named: BTreeMap<&str, &Value> = named
        .filter_map(|process| Some((process["name"].as_str()?, process)))
        .collect();
    for (name, pid) in &facts.pids {
        let said = named.get(name.as_str()).map(|process| &process["pid"]);
        if pid.is_none() || said != Some(&json!(pid)) {
            faults.push(format!("`{name}` has the id {said:?}, and it is {pid:?}"));
        }
    }
    let unknown = named.keys().filter(|name| !facts.pids.contains_key(**name));
    faults.extend(unknown.map(|name| format!("`{name}` is no process of it")));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let url = |port: u16| Some(format!("http://127.0.0.1:{port}"));
        Facts {
            api: url(1),
            sync: url(2),
            pids: [("kafka", 3), ("api", 4)]
                .map(|(name, pid)| (name.to_owned(), Some(pid)))
                .into(),
        }
    }

    /// What should be printed, changed.
    fn found(change: impl FnOnce(&mut Value)) -> usize {
        let mut said = json!({"api": "http://127.0.0.1:1", "sync": "ws://127.0.0.1:2/v1/sync",
            "processes": [{"name": "kafka", "pid": 3, "ready": true}, {"name": "api", "pid": 4}]});
        change(&mut said);
        faults(&[said.to_string()], &facts()).len()
    }

    #[test]
    fn a_line_that_says_everything_is_right_and_whatever_it_leaves_out_is_named() {
        assert_eq!(found(|_| {}), 0);
        assert_eq!(found(|said| said["api"] = Value::Null), 1);
        assert_eq!(found(|said| said["sync"] = json!("http://127.0.0.1:2")), 1);
        assert_eq!(found(|said| said["processes"][1]["pid"] = Value::Null), 1);
        assert_eq!(found(|said| said["processes"][1]["name"] = json!("else")), 2);
        assert_eq!(found(|said| said["processes"] = json!([])), 2);
    }

    #[test]
    fn anything_besides_the_line_is_too_much() {
        let lines = |lines: &[&str]| {
            faults(
                &lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(),
                &facts(),
            )
        };
        for wrong in [&[][..], &["starting", "{}"], &["not JSON"]] {
            assert_eq!(lines(wrong).len(), 1, "{wrong:?}");
        }
    }
}
