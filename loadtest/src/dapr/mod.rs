//! The rows of the Dapr runtime: five processes beside their sidecars, on Kafka and PostgreSQL, all on this machine.

mod cast;
mod create;
mod faults;
mod floor;
mod latency;
mod profile;
mod stage;

use std::{
    io,
    time::{Duration, Instant},
};

use clap::ValueEnum as _;

use self::{cast::Cast, profile::Profile, stage::Stage};
use crate::{
    machine,
    options::{DaprOptions, DaprRow},
    process,
    progress::progress,
    report::{self, Section},
};

/// Cores used by others from which on a measurement is called disturbed.
const DISTURBING_CORES: f64 = 0.1;

/// Brings the environment up, measures, takes it down and prints the table.
#[expect(clippy::print_stdout, reason = "the report is what this program is for")]
pub(crate) async fn report(options: DaprOptions) -> io::Result<()> {
    process::raise_limit_of_files()?;
    let stage = Stage::up(&options).await?;
    let outcome = measure_all(&stage, &options).await;
    let facts = machine::facts(&options.state);
    stage.down(outcome.is_ok()).await?;
    println!("{}", report::whole(&facts, &outcome?));
    Ok(())
}

async fn measure_all(stage: &Stage, options: &DaprOptions) -> io::Result<Vec<Section>> {
    let cast = Cast::make(stage.addresses.api, options).await?;
    let rows = match options.rows.as_slice() {
        [] => &DaprRow::ALL,
        rows => rows,
    };
    let mut sections = Vec::new();
    for row in rows {
        sections.push(measure(*row, stage, &cast, options).await?);
    }
    Ok(sections)
}

/// Measures one row, and whether the machine had other things to do meanwhile.
async fn measure(row: DaprRow, stage: &Stage, cast: &Cast, options: &DaprOptions) -> io::Result<Section> {
    let name = row.to_possible_value().map(|value| value.get_name().to_owned());
    let name = name.unwrap_or_default();
    progress(format_args!("row `{name}`"));
    let (begin, before) = (Instant::now(), cpu_of_others(stage).await?);
    let mut section = measure_alone(row, stage, cast, options).await?;
    let cores = cpu_of_others(stage).await?.saturating_sub(before).as_secs_f64() / begin.elapsed().as_secs_f64();
    // What a process that was ended had used is nobody's any more.
    if cores > DISTURBING_CORES && !matches!(row, DaprRow::Kafka | DaprRow::Activation | DaprRow::Kill) {
        section.notes.push(format!(
            "**`{name}` was disturbed: other processes used {cores:.1} cores meanwhile**"
        ));
    }
    Ok(section)
}

async fn cpu_of_others(stage: &Stage) -> io::Result<Duration> {
    let ours = Profile::take(stage).await?.cpu_of_all() + process::cpu(std::process::id())?;
    Ok(process::cpu_of_machine()?.saturating_sub(ours))
}

async fn measure_alone(row: DaprRow, stage: &Stage, cast: &Cast, options: &DaprOptions) -> io::Result<Section> {
    match row {
        DaprRow::One => create::one(stage, cast, options).await,
        DaprRow::Many => create::many(stage, cast, options).await,
        DaprRow::Completion => latency::completion(stage, cast).await,
        DaprRow::Sockets => latency::sockets(stage, cast).await,
        DaprRow::Reminders => latency::reminders(stage, cast).await,
        DaprRow::Activation => latency::activation(stage, cast, options).await,
        DaprRow::Kafka => faults::kafka_away(stage, cast).await,
        DaprRow::Kill => faults::host_killed(stage, cast).await,
    }
}
