//! typos: common misspellings in names, comments and documents. What only looks like one is listed in `_typos.toml`.

use std::process::Command;

use crate::failure::Result;
use crate::process;
use crate::python;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let typos = python::tool(workspace, "typos")?;
    process::run(Command::new(typos).current_dir(&workspace.root)).map(Tally::one)
}
