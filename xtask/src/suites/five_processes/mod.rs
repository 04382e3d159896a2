//! The acceptance tests of the embedded server against five processes on Kafka and PostgreSQL, and at length on Redis too; and what they published,
//! as a consumer sees it that nobody here wrote.

mod consumer;
mod up;

use std::path::PathBuf;

use daprenv::Store;

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::suites::tests::server_binary;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// The whole workspace, so that nothing is built twice; only one package has a target of that name. One test at a time: all share the services.
const TARGET: [&str; 8] = [
    "test",
    "--workspace",
    "--test",
    "five_processes",
    "--",
    "--test-threads",
    "1",
    "--show-output",
];

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let stores = if workspace.long {
        &Store::ALL[..]
    } else {
        &[Store::Postgres]
    };
    let mut all = Tally::default();
    for store in stores {
        console::say(&format!("on {store}"));
        all += run_on(*store, workspace)?;
    }
    Ok(all)
}

fn run_on(store: Store, workspace: &Workspace) -> Result<Tally> {
    let state = state_folder(store)?;
    let (environment, mut all) = up::up(&state, store, &server_binary(workspace)?)?;
    let mut command = workspace.cargo(TARGET);
    command.env("PUNCTUAL_DAPR_STATE", environment.state());
    if workspace.long {
        command.arg("--include-ignored");
    }
    let mut tally = Tally::default();
    let success = process::run_reading(&mut command, |line| tally.read_libtest(line))?;
    let tally = tally.closed_by(success && tally.passed > 0);
    all += consumer::run(workspace, &environment)?;
    all += tally;
    Ok(all)
}

/// A folder of this run only: two runs at once are two environments.
fn state_folder(store: Store) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("punctual-five-processes-{store}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    Ok(folder)
}
