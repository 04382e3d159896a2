//! cargo-deny: which crates, licenses and sources may enter the tree (`deny.toml`). Building the tool takes minutes of
//! two cores, so this runs with `--long`; advisories need a database from the network and run in the nightly workflow.

use std::process::Command;

use crate::cargo_tool::CargoTool;
use crate::failure::Result;
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

const DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    version: "0.20.2",
};

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut deny = Command::new(DENY.path(workspace)?);
    deny.args(["--workspace", "check", "bans", "licenses", "sources"])
        .current_dir(&workspace.root);
    process::run(&mut deny).map(Tally::one)
}
