//! `punctual simulate`: what is to come. A copy of the data is run forward in virtual time, with the actors and the hand-overs of a server, and what
//! would fire and open is shown. Nothing is sent anywhere, and nothing is written back.

mod arguments;
mod completing;
mod happening;
mod household;
mod members;
mod print;
mod progress;
mod simulation;
#[cfg(test)]
mod tests;
mod unkept;
mod until;

use std::{
    io,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use punctual_actors::{
    ports::{Clock as _, Failure},
    zone::BundledZones,
};
use punctual_events::Timestamp;

pub use self::{
    arguments::{Complete, SimulateArguments},
    happening::{Happening, What},
    household::{Household, Step},
    until::Until,
};
use self::{progress::Progress, simulation::Simulation};
use crate::{
    embedded::sqlite::{CopyError, DataCopy},
    environment::SystemClock,
    shutdown::EndSignals,
};

/// Some users or series could not be read.
const SOME_FAILED: u8 = 2;

/// Why a simulation failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The end is before the beginning.
    #[error("a simulation begins now: it cannot end in the past")]
    Past,
    /// There is no copy to run.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The copy cannot be read.
    #[error("the copy cannot be read: {0}")]
    Failed(#[from] Failure),
    /// What is shown cannot be written.
    #[error("cannot write what is to come: {0}")]
    Unshown(io::Error),
    /// The system lacks something.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Runs a copy of the data forward and prints what comes.
///
/// # Errors
/// When there is no data, it cannot be copied, or the end is in the past.
pub fn run(arguments: &SimulateArguments) -> Result<ExitCode, SimulateError> {
    let now = SystemClock.now();
    if arguments.until.is_past(now, &BundledZones) {
        return Err(SimulateError::Past);
    }
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let progress = Progress::new();
    let ended = tokio.block_on(run_until_interrupted(arguments, now, &progress));
    progress.end();
    match ended {
        // Whoever reads what is shown has seen enough.
        Err(SimulateError::Unshown(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        ended => ended,
    }
}

/// However it ends, the copy goes: with the future that is dropped, or with the thread that makes it.
async fn run_until_interrupted(
    arguments: &SimulateArguments,
    now: Timestamp,
    progress: &Progress,
) -> Result<ExitCode, SimulateError> {
    let mut signals = EndSignals::listen()?;
    let stop = Arc::new(AtomicBool::new(false));
    tokio::select! {
        biased;
        _ = signals.next() => {
            stop.store(true, Ordering::Relaxed);
            Err(CopyError::Interrupted.into())
        }
        ended = simulate(arguments, now, progress, &stop) => ended,
    }
}

async fn simulate(
    arguments: &SimulateArguments,
    now: Timestamp,
    progress: &Progress,
    stop: &Arc<AtomicBool>,
) -> Result<ExitCode, SimulateError> {
    let (data, bar, stop) = (arguments.data.clone(), progress.clone(), Arc::clone(stop));
    let copying = tokio::task::spawn_blocking(move || DataCopy::make(&data, &stop, &mut |copied| bar.copied(copied)));
    let copy = copying.await.map_err(Failure::new)??;
    let simulation = Simulation {
        arguments,
        copy: &copy,
        now,
        progress,
    };
    let told = simulation.all_users().await.map_err(|error| match error {
        SimulateError::System(error) => SimulateError::Unshown(error),
        error => error,
    });
    copy.remove().await;
    Ok(if told? {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_FAILED)
    })
}
