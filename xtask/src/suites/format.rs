//! rustfmt.

use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    process::run(&mut workspace.cargo(["fmt", "--all", "--check"])).map(Tally::one)
}
