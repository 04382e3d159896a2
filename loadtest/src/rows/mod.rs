//! The rows of the table, one file each.

mod activation;
pub(crate) mod completion;
mod create;
mod get;
mod memory;
mod reminders;
mod search;
mod sockets;
mod start;
mod update;

use std::io;

use crate::{bench::Bench, options::Row, report::Section};

/// Measures one row.
pub(crate) async fn measure(row: Row, bench: &Bench) -> io::Result<Section> {
    match row {
        Row::Create => create::measure(bench).await,
        Row::Update => update::measure(bench).await,
        Row::Get => get::measure(bench).await,
        Row::Search => search::measure(bench).await,
        Row::Activation => activation::measure(bench).await,
        Row::Reminders => reminders::measure(bench).await,
        Row::Completion => completion::measure(bench).await,
        Row::Sockets => sockets::to_their_own(bench).await,
        Row::FanOut => sockets::to_all(bench).await,
        Row::Memory => memory::measure(bench).await,
        Row::Start => start::measure(bench).await,
    }
}
