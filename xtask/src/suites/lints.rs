//! clippy, with every warning an error: the levels live in `Cargo.toml`, the bans in `actors/clippy.toml`.

use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    process::run(&mut workspace.cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
        .map(Tally::one)
}
