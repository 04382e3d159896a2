//! Everything `cargo test` runs but the documentation's examples, which are counted on their own.

use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Not `--all-targets`: that would run the benches too, which measure nothing in an unoptimised build.
const TARGETS: [&str; 7] = [
    "test",
    "--workspace",
    "--lib",
    "--bins",
    "--tests",
    "--examples",
    "--no-fail-fast",
];

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut tally = Tally::default();
    let success = process::run_reading(&mut workspace.cargo(TARGETS), |line| tally.read_libtest(line))?;
    Ok(tally.closed_by(success && tally.passed > 0))
}

/// The server binary that wire tests start. Built as they build it, and so not built twice: another selection of packages
/// would have other features, and half of the dependencies again.
pub(super) fn server_binary(workspace: &Workspace) -> Result<PathBuf> {
    let built = process::run(workspace.cargo(TARGETS).arg("--no-run"))?;
    let binary = workspace.built().join("punctual");
    if built && binary.is_file() {
        return Ok(binary);
    }
    Err(Failure::Server("cannot be built".into()))
}
