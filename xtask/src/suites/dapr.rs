//! Processes beside real sidecars: actors behind placement, reminders, jobs, events on Kafka, and the whole on five processes.

use crate::failure::Result;
use crate::process;
use crate::python;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// The whole workspace, so that nothing is built twice; only one package has a target of that name. One test at a time: each starts processes of
/// its own.
const TARGET: [&str; 7] = ["test", "--workspace", "--test", "dapr", "--", "--test-threads", "1"];

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut cargo = workspace.cargo(TARGET);
    // The mail server of the tests is one of the Python tools.
    cargo.env("PUNCTUAL_PYTHON", python::tool(workspace, "python")?);
    if workspace.long {
        cargo.arg("--include-ignored");
    }
    let success = process::run_reading(&mut cargo, |line| tally.read_libtest(line))?;
    Ok(tally.closed_by(success && tally.passed > 0))
}
