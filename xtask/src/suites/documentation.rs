//! rustdoc, with every warning an error: a link to an item that was renamed is found here.

use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut rustdoc = workspace.cargo(["doc", "--no-deps", "--workspace"]);
    process::run(rustdoc.env("RUSTDOCFLAGS", "-D warnings")).map(Tally::one)
}
