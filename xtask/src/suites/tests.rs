//! Everything `cargo test` runs but the documentation's examples, which are counted on their own.

use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    // Not `--all-targets`: that would run the benches too, which measure nothing in an unoptimised build.
    let targets = [
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--examples",
        "--no-fail-fast",
    ];
    let mut tally = Tally::default();
    let success = process::run_reading(&mut workspace.cargo(targets), |line| tally.read_libtest(line))?;
    Ok(tally.closed_by(success && tally.passed > 0))
}
