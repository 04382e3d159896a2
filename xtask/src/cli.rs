//! What can be asked for on the command line.

use clap::{Args, Parser, Subcommand};

use crate::dapr::Dapr;
use crate::image::Image;

/// Developer commands of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run every suite, in order, and close with one line of counts. Any failure, a missing tool included, is exit code 1.
    #[command(after_help = crate::suites::catalogue())]
    Test(Selection),
    /// Bring up the Dapr runtime on this machine, look at it, take it down
    Dapr(Dapr),
    /// Pack the program as an OCI image, without any container engine
    Image(Image),
    /// Write the list of values into the README of the chart, from the comments in `chart/values.yaml`
    ChartReadme,
}

/// Which suites to run, and how long they may take.
#[derive(Args, Default)]
pub(crate) struct Selection {
    /// The same suites at length: more random cases, more crashes, and the suites that are too slow for every change.
    #[arg(long)]
    pub(crate) long: bool,

    /// The suite `kube` too, in the cluster of kubectl's current context: it has Dapr, and the images that the chart names.
    #[arg(long)]
    pub(crate) kube: bool,

    /// Leave a suite out, for instance where its tool cannot be installed; the closing lines say so. Refused when CI=true.
    #[arg(long, value_name = "SUITE", conflicts_with = "only")]
    pub(crate) without: Vec<String>,

    /// Run only this suite (repeatable). Refused when CI=true.
    #[arg(long, value_name = "SUITE")]
    pub(crate) only: Vec<String>,
}
