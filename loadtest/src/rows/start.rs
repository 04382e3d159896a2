//! From the start of the process to the first 200 of `/readyz`.

use std::{io, time::Duration};

use crate::{
    bench::Bench,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
};

/// Starts on an empty folder, each on a new one.
const EMPTY_STARTS: usize = 15;
/// Starts on the users and their tasks.
const SEEDED_STARTS: usize = 7;

/// Both lines.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let mut section = Section::default();
    progress("process start to ready");
    let mut empty = Vec::new();
    for _ in 0..EMPTY_STARTS {
        let Some(server) = bench.start_empty()? else {
            return Ok(section);
        };
        empty.push(server.ready_after);
        server.stop()?;
    }
    let mut seeded = Vec::new();
    for _ in 0..SEEDED_STARTS {
        if let Some((server, _)) = bench.start_seeded()? {
            seeded.push(server.ready_after);
            server.stop()?;
        }
    }
    let options = &bench.options;
    let full = format!("{} users × {} tasks", options.users, options.tasks_per_user);
    section.notes.push(format!(
        "process start → ready: medians; the slowest of {EMPTY_STARTS} on an empty folder {:.1} ms, of {SEEDED_STARTS} with {full} (and {} × {} \
         more) {:.1} ms",
        ms(empty.iter().max().copied().unwrap_or_default()),
        options.owners,
        options.owned,
        ms(seeded.iter().max().copied().unwrap_or_default()),
    ));
    section.figures.extend([
        Figure::new(
            "process start → ready, empty",
            ms(median(empty)),
            Unit::Milliseconds,
            Ask::AtMost(30.0),
        ),
        Figure::new(
            format!("process start → ready, {full}"),
            ms(median(seeded)),
            Unit::Milliseconds,
            Ask::AtMost(200.0),
        ),
    ]);
    Ok(section)
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
