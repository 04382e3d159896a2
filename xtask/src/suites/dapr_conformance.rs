//! The suites every runtime runs, what else the state side of the Dapr runtime promises, and the core's random histories through a bad proxy, on
//! both stores through real sidecars.

use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// The whole workspace, so that nothing is built twice; only one package has targets of these names. One test at a time: each starts an
/// environment.
const TARGET: [&str; 9] = [
    "test",
    "--workspace",
    "--test",
    "dapr_conformance",
    "--test",
    "dapr_histories",
    "--",
    "--test-threads",
    "1",
];

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut tally = Tally::default();
    let success = process::run_reading(&mut workspace.cargo(TARGET), |line| tally.read_libtest(line))?;
    Ok(tally.closed_by(success && tally.passed > 0))
}
