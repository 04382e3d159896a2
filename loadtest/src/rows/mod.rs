//! The rows of the table, one file each.

mod create;
mod get;

use std::io;

use crate::{bench::Bench, options::Row, report::Section};

/// Measures one row.
pub(crate) async fn measure(row: Row, bench: &Bench) -> io::Result<Section> {
    match row {
        Row::Create => create::measure(bench).await,
        Row::Get => get::measure(bench).await,
    }
}
