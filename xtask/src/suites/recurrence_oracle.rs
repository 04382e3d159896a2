//! Random recurrence rules, each asked of the core and of python-dateutil: what differs has a known reason.

use crate::failure::Result;
use crate::process;
use crate::python;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// The whole workspace, so that nothing is built twice; only one package has a target of this name.
const TARGET: [&str; 6] = ["test", "--workspace", "--test", "oracle", "--", "--nocapture"];

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let python = python::tool(workspace, "python")?;
    let mut tally = Tally::default();
    let mut cargo = workspace.cargo(TARGET);
    let success = process::run_reading(cargo.env("PUNCTUAL_PYTHON", python), |line| tally.read_libtest(line))?;
    Ok(tally.closed_by(success && tally.passed > 0))
}
