//! The checks of `checks/`, each one test.

use crate::checks::{CHECKS, Check};
use crate::console;
use crate::failure::Result;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut tally = Tally::default();
    for check in CHECKS {
        tally += Tally::one(holds(check, workspace)?);
    }
    Ok(tally)
}

fn holds(check: &Check, workspace: &Workspace) -> Result<bool> {
    let faults = (check.run)(workspace)?;
    console::say(&format!(
        "{} ... {}",
        check.fact,
        if faults.is_empty() { "ok" } else { "FAILED" }
    ));
    for fault in &faults {
        console::say(&format!("    {fault}"));
    }
    Ok(faults.is_empty())
}
