//! What can be asked of `cargo xtask dapr`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use daprenv::{Role, Store};

/// A Dapr environment on this machine: Kafka, the store, placement, Scheduler, and the five services with their sidecars.
#[derive(Args)]
pub(crate) struct Dapr {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Subcommand)]
pub(crate) enum Action {
    /// Bring the environment up; programs that are missing are fetched or built once, into a cache
    Up(Up),
    /// Show each process: whether it runs, since when, and where it listens
    Status {
        #[command(flatten)]
        place: Place,
        /// One JSON object on one line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Print the log of a process, or of all
    Logs(Logs),
    /// Run `punctual` beside the sidecar of a service, as an operator does: `run dead-letters list`
    Run(Run),
    /// End what `up` started, and nothing else
    Down {
        #[command(flatten)]
        place: Place,
        /// Forget its data, logs and ports too
        #[arg(long)]
        purge: bool,
    },
}

/// Which environment is meant.
#[derive(Args)]
pub(crate) struct Place {
    /// Its name: its state is in `target/dapr/NAME`
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub(crate) name: String,

    /// Its state folder, wherever that is
    #[arg(long, value_name = "FOLDER", conflicts_with = "name")]
    pub(crate) state: Option<PathBuf>,
}

/// What to bring up.
#[derive(Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) place: Place,

    /// The database behind the state component: postgres or redis
    #[arg(long, default_value_t, value_name = "STORE")]
    pub(crate) store: Store,

    /// How many replicas of a role, as in api=2 (repeatable)
    #[arg(long, value_name = "ROLE=NUMBER", value_parser = replicas)]
    pub(crate) replicas: Vec<(Role, u16)>,

    /// Start no services: the sidecars wait for those that somebody starts, say in a debugger. `--json` names the ports.
    #[arg(long, conflicts_with = "only")]
    pub(crate) without_services: bool,

    /// Start only what the sidecars are built on
    #[arg(long)]
    pub(crate) only: Option<Part>,

    /// The services' binary; without this, the debug build of the checkout
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,

    /// End with one line of JSON: URLs, and each process with its id, log file and ports
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// Kafka, the store, placement and Scheduler
    Infrastructure,
}

/// Whose log to print.
#[derive(Args)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) place: Place,

    /// The process, as `status` calls it; without one, all
    #[arg(value_name = "PROCESS")]
    pub(crate) process: Option<String>,

    /// Go on with what is still being written, until interrupted
    #[arg(long, short)]
    pub(crate) follow: bool,
}

/// What to run.
#[derive(Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) place: Place,

    /// The service whose sidecar it talks to
    #[arg(long, default_value = "api", value_name = "SERVICE")]
    pub(crate) beside: String,

    /// Arguments of `punctual`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "ARGUMENT"
    )]
    pub(crate) arguments: Vec<String>,
}

fn replicas(text: &str) -> Result<(Role, u16), String> {
    let (role, number) = text.split_once('=').ok_or("expected ROLE=NUMBER, as in api=2")?;
    let number = number.parse().ok().filter(|number| (1..=9).contains(number));
    Ok((role.parse()?, number.ok_or("expected a number from 1 to 9")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_a_role_and_a_number() {
        assert_eq!(replicas("api=2"), Ok((Role::Api, 2)));
        for wrong in ["api", "api=0", "api=x", "web=2"] {
            assert!(replicas(wrong).is_err(), "{wrong}");
        }
    }
}
