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
