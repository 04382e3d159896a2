//! `cargo xtask dapr`: a Dapr environment on this machine. What it does is in the crate `daprenv`; here are its words.

mod arguments;
mod down;
mod logs;
mod operate;
mod status;
mod up;

use std::path::PathBuf;

use daprenv::Environment;

use crate::failure::Result;
use crate::workspace::Workspace;

pub(crate) use arguments::Dapr;

use arguments::{Action, Place};

/// Does what was asked for.
pub(crate) fn run(command: &Dapr, workspace: &Workspace) -> Result<()> {
    match &command.action {
        Action::Up(wanted) => up::run(wanted, workspace),
        Action::Status { place, json } => status::run(&open(place, workspace)?, *json),
        Action::Logs(wanted) => logs::run(&open(&wanted.place, workspace)?, wanted),
        Action::Run(wanted) => operate::run(&open(&wanted.place, workspace)?, wanted),
        Action::Down { place, purge } => down::run(open(place, workspace)?, *purge),
    }
}

fn open(place: &Place, workspace: &Workspace) -> Result<Environment> {
    Ok(Environment::open(&state_of(place, workspace))?)
}

/// The state folder: the one named, else that of the named environment under `target/dapr`.
fn state_of(place: &Place, workspace: &Workspace) -> PathBuf {
    let named = || workspace.target().join("dapr").join(&place.name);
    place.state.clone().unwrap_or_else(named)
}
