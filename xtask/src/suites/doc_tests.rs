//! The examples in doc comments.

use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut doc_tests = workspace.cargo(["test", "--workspace", "--doc", "--no-fail-fast"]);
    let success = process::run_reading(&mut doc_tests, |line| tally.read_libtest(line))?;
    Ok(tally.closed_by(success))
}
