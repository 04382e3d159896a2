//! clippy, with every warning an error: the levels live in `Cargo.toml`, the bans in `actors/clippy.toml`.

use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// `--all-targets` passes over tests that a plain `cargo test` must not run; they are named here.
const TARGETS: [&[&str]; 8] = [
    &["--all-targets"],
    &["--test", "oracle"],
    &["--test", "environment"],
    &["--test", "dapr_conformance"],
    &["--test", "dapr_histories"],
    &["--test", "dapr"],
    &["--test", "five_processes"],
    &["--test", "kube"],
];

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut success = true;
    for targets in TARGETS {
        let mut clippy = workspace.cargo(["clippy", "--workspace"]);
        success &= process::run(clippy.args(targets).args(["--", "-D", "warnings"]))?;
    }
    Ok(Tally::one(success))
}
