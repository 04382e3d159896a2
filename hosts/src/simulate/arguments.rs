//! The arguments of the command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Until;

/// Arguments of `punctual simulate`.
#[derive(Args, Clone, Debug)]
pub struct SimulateArguments {
    /// To the end of this day, wherever each user is (2027-12-31), or to this instant (2027-12-31T18:00:00Z)
    #[arg(long, value_name = "DAY|INSTANT")]
    pub until: Until,

    /// Folder of the data; a server may have it
    #[arg(
        long,
        value_name = "FOLDER",
        env = "PUNCTUAL_DATA",
        hide_env_values = true,
        default_value = "punctual-data"
    )]
    pub data: PathBuf,

    /// When tasks are completed
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub complete: Complete,

    /// A JSON object per reminder and instance
    #[arg(long)]
    pub json: bool,
}

/// When tasks are completed in a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Complete {
    /// Nobody does anything: what waits for a completion never comes
    #[default]
    Never,
    /// Each when it is due, an all-day one at the end of its day, what is overdue at once
    OnTime,
}
