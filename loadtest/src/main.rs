//! Measures Punctual against what it has to reach, with the floor beside it; see the README.

mod addresses;
mod api;
mod audience;
mod backlog;
mod bench;
mod corpus;
mod dapr;
mod floor;
mod histogram;
mod http;
mod load;
mod machine;
mod options;
mod parallel;
mod process;
mod progress;
mod queries;
mod random;
mod report;
mod request;
mod rows;
mod seed;
mod trail;
mod websocket;

use std::{io, process::ExitCode};

use clap::Parser as _;

use crate::{
    bench::Bench,
    options::{Command, CommandLine, Options, Row},
    progress::progress,
};

/// The allocator of the server measured, so that the floor has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Floor { listen, data } => {
            runtime(tokio::runtime::Builder::new_multi_thread(), floor::serve(listen, &data))
        }
        Command::Dapr(options) => {
            let rows = dapr::report(options);
            runtime(tokio::runtime::Builder::new_current_thread(), rows)
        }
        Command::All(options) => measure(&Row::ALL, options),
        Command::Rows { rows, options } => measure(&rows, options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress(format_args!("{error}"));
            ExitCode::FAILURE
        }
    }
}

/// One thread carries all callers: it is cheaper than several, and leaves the other core to the server.
fn measure(rows: &[Row], options: Options) -> io::Result<()> {
    runtime(tokio::runtime::Builder::new_current_thread(), report(rows, options))
}

fn runtime<T>(mut builder: tokio::runtime::Builder, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    builder.enable_all().build()?.block_on(work)
}

#[expect(clippy::print_stdout, reason = "the report is what this program is for")]
async fn report(rows: &[Row], options: Options) -> io::Result<()> {
    process::raise_limit_of_files()?;
    let bench = Bench::prepare(options).await?;
    let mut sections = Vec::new();
    for row in rows {
        sections.push(rows::measure(*row, &bench).await?);
    }
    println!("{}", report::whole(&machine::facts(&bench.options.work), &sections));
    Ok(())
}
