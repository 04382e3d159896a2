//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Measures Punctual, and beside it the floor: the least a durable HTTP service can do on the same machine.
#[derive(Parser)]
#[command(version)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measure every row and print the table.
    All(Options),
    /// Measure some rows only.
    Rows {
        /// Which.
        #[arg(required = true)]
        rows: Vec<Row>,
        #[command(flatten)]
        options: Options,
    },
    /// Measure the five processes of the Dapr runtime, which it brings up and takes down.
    Dapr(DaprOptions),
    /// Serve as the floor.
    Floor {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// Where to keep the database; must not hold one yet.
        #[arg(long)]
        data: PathBuf,
    },
}

/// A row of the table, or a few that are measured together.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// Create: many callers as many users, and one caller.
    Create,
    /// Update: many callers on one user's tasks.
    Update,
    /// Read one task, many callers.
    Get,
    /// List and search: many callers, and one.
    Search,
    /// A user with many tasks comes into memory.
    Activation,
    /// A thousand reminders due in one second.
    Reminders,
    /// From completing to reading the next instance.
    Completion,
    /// Many sockets, each of another user.
    Sockets,
    /// Many sockets of one user.
    FanOut,
    /// Memory at rest, and of a socket.
    Memory,
    /// From the start of the process to ready.
    Start,
}

impl Row {
    /// Every row, in the table's order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Create,
        Self::Update,
        Self::Get,
        Self::Search,
        Self::Activation,
        Self::Reminders,
        Self::Completion,
        Self::Sockets,
        Self::FanOut,
        Self::Memory,
        Self::Start,
    ];
}

/// How to measure.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// The server's executable; without it only the floor is measured.
    #[arg(long)]
    pub(crate) server: Option<PathBuf>,
    /// The server's arguments, apart from --listen and --data.
    #[arg(
        long,
        default_value = "serve --rate-limit 0 --anonymous-rate-limit 0 --webhook-allow 127.0.0.0/8",
        allow_hyphen_values = true
    )]
    pub(crate) server_arguments: String,
    /// How long writes are sustained, in seconds; reads are measured for a third of it.
    #[arg(long, default_value_t = 60.0)]
    pub(crate) seconds: f64,
    /// Callers at the same time.
    #[arg(long, default_value_t = 64)]
    pub(crate) callers: usize,
    /// Users, and sockets.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) users: usize,
    /// Tasks of each user.
    #[arg(long, default_value_t = 100)]
    pub(crate) tasks_per_user: usize,
    /// Users with many tasks, besides the others.
    #[arg(long, default_value_t = 5)]
    pub(crate) owners: usize,
    /// Tasks of each of them.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) owned: usize,
    /// Where databases are made: on the disk to be measured.
    #[arg(long, default_value = "target/loadtest")]
    pub(crate) work: PathBuf,
    /// Use the users and tasks that an earlier run left in the work folder.
    #[arg(long)]
    pub(crate) reuse_seed: bool,
}

impl Options {
    /// How long a write row is measured.
    pub(crate) fn write_length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// How long a read row is measured.
    pub(crate) fn read_length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds / 3.0)
    }

    /// Load before a measurement begins.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs_f64((self.seconds / 10.0).min(2.0))
    }
}

/// A row of the table for the Dapr runtime, or a few that are measured together.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DaprRow {
    /// Create: one caller, beside the floor.
    One,
    /// From completing to reading the next instance.
    Completion,
    /// Changes on their way to other devices.
    Sockets,
    /// Reminders: one after the other, and a thousand at one instant.
    Reminders,
    /// Create: many callers as many users.
    Many,
    /// Create while Kafka is away.
    Kafka,
    /// A user with many tasks comes into memory.
    Activation,
    /// The host of actors is killed.
    Kill,
}

impl DaprRow {
    /// Every row, in the table's order: what leaves work behind, or ends processes, comes late.
    pub(crate) const ALL: [Self; 8] = [
        Self::One,
        Self::Completion,
        Self::Sockets,
        Self::Reminders,
        Self::Many,
        Self::Kafka,
        Self::Activation,
        Self::Kill,
    ];
}

/// How to measure the Dapr runtime.
#[derive(Args, Clone)]
pub(crate) struct DaprOptions {
    /// The server's executable, which all five services run.
    #[arg(long)]
    pub(crate) server: PathBuf,
    /// Which rows; all where none is named.
    #[arg(long, value_delimiter = ',')]
    pub(crate) rows: Vec<DaprRow>,
    /// How long many callers create, in seconds; one caller creates for a quarter of it.
    #[arg(long, default_value_t = 60.0)]
    pub(crate) seconds: f64,
    /// Callers at the same time.
    #[arg(long, default_value_t = 32)]
    pub(crate) callers: usize,
    /// Users with many tasks.
    #[arg(long, default_value_t = 2)]
    pub(crate) owners: usize,
    /// Tasks of each of them.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) owned: usize,
    /// Where the environment lives, its databases included: on the disk to be measured. Removed at the end, unless something failed.
    #[arg(long, default_value = "target/loadtest/dapr")]
    pub(crate) state: PathBuf,
}
