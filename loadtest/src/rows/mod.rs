//! The rows of the table, one file each.

pub(crate) mod activation;
pub(crate) mod completion;
pub(crate) mod create;
mod get;
mod memory;
pub(crate) mod reminders;
mod search;
pub(crate) mod sockets;
mod start;
mod update;

use std::{
    io,
    time::{Duration, Instant},
};

use clap::ValueEnum as _;

use crate::{bench::Bench, options::Row, process, report::Section};

/// Cores used by others from which on a measurement is called disturbed.
const DISTURBING_CORES: f64 = 0.1;

/// Measures one row, and whether the machine had other things to do meanwhile.
pub(crate) async fn measure(row: Row, bench: &Bench) -> io::Result<Section> {
    let (begin, cpu_before) = (Instant::now(), cpu_of_others()?);
    let mut section = measure_alone(row, bench).await?;
    let cores = cpu_of_others()?.saturating_sub(cpu_before).as_secs_f64() / begin.elapsed().as_secs_f64();
    if cores > DISTURBING_CORES {
        let name = row
            .to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default();
        section.notes.push(format!(
            "**`{name}` was disturbed: other processes used {cores:.1} cores meanwhile**"
        ));
    }
    Ok(section)
}

/// Good for differences between moments at which no server of ours runs.
fn cpu_of_others() -> io::Result<Duration> {
    Ok(process::cpu_of_machine()?.saturating_sub(process::cpu_of_this_and_ended()?))
}

async fn measure_alone(row: Row, bench: &Bench) -> io::Result<Section> {
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
