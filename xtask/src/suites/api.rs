//! schemathesis: requests made from the OpenAPI document, good and bad, against a real server. No answer may be a server error or one
//! that the document does not describe.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::python;
use crate::server::Server;
use crate::suites::tests as test_suite;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Operations tried together, with an account of their own. An operation in no group belongs to the first.
struct Group {
    name: &'static str,
    operations: &'static [&'static str],
}

const GROUPS: &[Group] = &[
    Group {
        name: "everything-else",
        operations: &[],
    },
    // Apart from tasks: where nothing is ever due, nothing is delivered to the addresses that schemathesis makes up.
    Group {
        name: "webhooks",
        operations: &["POST /v1/webhooks", "GET /v1/webhooks", "DELETE /v1/webhooks/{id}"],
    },
    // Each of these ends the session it is tried with.
    Group {
        name: "signing-out",
        operations: &["DELETE /v1/sessions/current"],
    },
    Group {
        name: "leaving",
        operations: &["DELETE /v1/me"],
    },
];

/// Who signs in in the document's example; without the account, signing in would never be seen to work.
const ACCOUNT_OF_THE_EXAMPLE: &str = "ann";

/// Checks, headers and what counts as too little tried.
const CONFIGURATION: &str = "xtask/schemathesis.toml";

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let schemathesis = python::tool(workspace, "schemathesis")?;
    // The tests' build, not a release: it is there already, and its assertions and overflow checks are on.
    let mut server = Server::start(&test_suite::server_binary(workspace)?)?;
    server.register(ACCOUNT_OF_THE_EXAMPLE)?;
    let mut tally = Tally::default();
    for group in GROUPS {
        console::say(&format!("--- {}", group.name));
        tally += try_group(workspace, &schemathesis, group, &server)?;
        server.is_sound()?;
    }
    Ok(tally)
}

fn try_group(workspace: &Workspace, schemathesis: &Path, group: &Group, server: &Server) -> Result<Tally> {
    let folder = tempfile::tempdir().map_err(Failure::file("a temporary folder"))?;
    let report = folder.path().join("report.json");
    let mut command = Command::new(schemathesis);
    command
        .current_dir(folder.path())
        .env("PUNCTUAL_TOKEN", server.register(group.name)?);
    command.arg("--config-file").arg(workspace.root.join(CONFIGURATION));
    command
        .arg("run")
        .arg(format!("http://{}/openapi.json", server.address));
    command.args(["--report", "json", "--report-json-path"]).arg(&report);
    command.args(extent(workspace.long)).args(filters(group));
    let success = process::run(&mut command)?;
    let text = std::fs::read_to_string(&report).map_err(Failure::file(report))?;
    Ok(tally_of(&serde_json::from_str(&text).unwrap_or_default()).closed_by(success))
}

/// Every change is tried with the same requests, so that it fails for its own faults; the long run looks for new ones and prints its seed.
fn extent(long: bool) -> &'static [&'static str] {
    if long {
        &["--max-examples", "300"]
    } else {
        &["--max-examples", "20", "--seed", "1"]
    }
}

fn filters(group: &Group) -> Vec<&'static str> {
    let (option, names): (_, Vec<&str>) = if group.operations.is_empty() {
        (
            "--exclude-name",
            GROUPS.iter().flat_map(|group| group.operations).copied().collect(),
        )
    } else {
        ("--include-name", group.operations.to_vec())
    };
    names.into_iter().flat_map(|name| [option, name]).collect()
}

/// Each operation counts as one test, however many requests tried it.
fn tally_of(report: &Value) -> Tally {
    let operations = |kind: &str| report["operations"][kind].as_u64().unwrap_or(0);
    let failures = report["failures"].as_array().into_iter().flatten();
    let named = failures
        .filter_map(|failure| failure["operations"].as_array())
        .flatten();
    let failing = named.filter_map(Value::as_str).collect::<BTreeSet<_>>().len() as u64;
    Tally {
        passed: operations("tested").saturating_sub(failing),
        failed: failing + operations("errored"),
        skipped: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_with_two_faults_fails_once() {
        let report = serde_json::json!({
            "operations": { "tested": 5, "errored": 0 },
            "failures": [{ "operations": ["GET /v1/tasks"] }, { "operations": ["GET /v1/tasks", "POST /v1/tasks"] }],
        });
        assert_eq!(
            tally_of(&report),
            Tally {
                passed: 3,
                failed: 2,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_report_without_operations_is_no_pass() {
        assert_eq!(tally_of(&Value::Null).passed, 0);
    }

    #[test]
    fn every_operation_is_in_one_group() {
        assert_eq!(
            filters(&GROUPS[0])
                .iter()
                .filter(|word| **word == "--exclude-name")
                .count(),
            5
        );
        assert_eq!(filters(&GROUPS[2]), ["--include-name", "DELETE /v1/sessions/current"]);
    }
}
