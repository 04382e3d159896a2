//! Developer commands: `cargo xtask test` runs everything that has to hold before a change lands, `cargo xtask dapr` brings up the Dapr runtime
//! on this machine.
//!
//! Suites (`suites/`) run tools and count what they say; checks (`checks/`) are rules of this repository that no tool knows.

mod cargo_tool;
mod checks;
mod cli;
mod console;
mod dapr;
mod failure;
mod http;
mod image;
mod process;
mod python;
mod report;
mod run;
mod server;
mod suites;
mod tally;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, Selection};
use crate::failure::Result;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test(selection) => test(&selection),
        Command::Dapr(command) => Workspace::find(false)
            .and_then(|workspace| dapr::run(&command, &workspace))
            .map(|()| ExitCode::SUCCESS),
        Command::Image(wanted) => Workspace::find(false)
            .and_then(|workspace| image::run(&wanted, &workspace))
            .map(|()| ExitCode::SUCCESS),
        Command::ChartReadme => Workspace::find(false)
            .and_then(|workspace| checks::chart::write_readme(&workspace))
            .map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|failure| {
        console::complain(&failure.to_string());
        ExitCode::from(2)
    })
}

fn test(selection: &Selection) -> Result<ExitCode> {
    let workspace = Workspace::find(selection.long)?;
    let report = run::run(&run::plan(selection)?, &workspace);
    console::say(&report.to_string());
    Ok(if report.succeeded() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
