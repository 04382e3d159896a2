//! The program: reads what it is told, and has it done.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use punctual::{
    cli::{Cli, Command},
    config::{Misspelt, ServeConfig, Settings},
    import,
    operate::{dead_letters, rearm},
    serve, simulate,
    telemetry::{Appearance, Telemetry},
};

/// Half the memory of the system's allocator with many threads, and faster. Without huge pages, of which a server at rest would fill four with what
/// fits a third of one, and which made nothing faster (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command.unwrap_or_default() {
        Command::Serve(flags) => run_server(*flags),
        Command::Import(arguments) => import::run(&arguments).map_err(Into::into),
        Command::DeadLetters(arguments) => dead_letters::run(&arguments).map_err(Into::into),
        Command::Rearm(arguments) => rearm::run(&arguments).map_err(Into::into),
        Command::Simulate(arguments) => simulate::run(&arguments).map_err(Into::into),
    };
    outcome.unwrap_or_else(|error| {
        complain(&*error);
        ExitCode::FAILURE
    })
}

fn run_server(flags: Settings) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let config = ServeConfig::load(flags)?;
    let telemetry = Telemetry::start(Appearance::choose(config.log_format), &config.log)?;
    for misspelt in ServeConfig::misspelt_variables() {
        let Misspelt { variable, meant } = misspelt;
        tracing::warn!(%variable, meant, "there is no such setting, so the variable says nothing");
    }
    let outcome = serve::run(config);
    telemetry.finish();
    outcome?;
    Ok(ExitCode::SUCCESS)
}

#[expect(
    clippy::print_stderr,
    reason = "why the program ends is said where the caller looks for it"
)]
fn complain(error: &dyn std::error::Error) {
    eprintln!("punctual: {error}");
}
