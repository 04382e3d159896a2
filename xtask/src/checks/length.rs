//! A file longer than this holds more than one concept, and nobody reads it.

use crate::failure::Result;
use crate::workspace::Workspace;

const MAX_LINES: usize = 500;

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in workspace.files()?.iter().filter(|file| file.ends_with(".rs")) {
        let lines = workspace.read(file)?.lines().count();
        if lines > MAX_LINES {
            faults.push(format!("{file}: {lines} lines"));
        }
    }
    Ok(faults)
}
