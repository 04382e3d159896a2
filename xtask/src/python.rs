//! Tools that come from PyPI, in a virtual environment of the repository's own under `.cache/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::workspace::Workspace;

/// Pinned to the last transitive package, so that every machine runs the same tools.
const REQUIREMENTS: &str = "xtask/python-tools.txt";

/// The path of a tool, after making sure that it is installed as [`REQUIREMENTS`] says.
pub(crate) fn tool(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let environment = workspace.cache("python");
    let wanted = workspace.read(REQUIREMENTS)?;
    // Written last: an installation that was cut short is done again.
    let stamp = environment.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(environment.join("bin").join(name));
    }
    console::say("installing the Python tools into .cache/python");
    install(&environment, &workspace.root.join(REQUIREMENTS))?;
    std::fs::write(&stamp, wanted).map_err(Failure::file(stamp))?;
    Ok(environment.join("bin").join(name))
}

fn install(environment: &Path, requirements: &Path) -> Result<()> {
    process::output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    process::output(pip.arg(requirements)).map(drop)
}
