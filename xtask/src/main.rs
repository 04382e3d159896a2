//! Developer commands: `cargo xtask test` runs everything that has to hold before a change lands.
//!
//! Suites (`suites/`) run tools and count what they say; checks (`checks/`) are rules of this repository that no tool knows.

mod cargo_tool;
mod checks;
mod cli;
mod console;
mod failure;
mod http;
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

use crate::cli::{Cli, Command};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let Command::Test(selection) = Cli::parse().command;
    let outcome = Workspace::find(selection.long).and_then(|workspace| {
        let plan = run::plan(&selection)?;
        Ok(run::run(&plan, &workspace))
    });
    match outcome {
        Ok(report) => {
            console::say(&report.to_string());
            if report.succeeded() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(failure) => {
            console::complain(&failure.to_string());
            ExitCode::from(2)
        }
    }
}
