//! `punctual simulate`: what is to come. A copy of the data is run forward in virtual time, with the actors and the hand-overs of a server, and what
//! would fire and open is shown. Nothing is sent anywhere, and nothing is written back.

mod arguments;
mod completing;
mod happening;
mod household;
mod members;
mod print;
mod progress;
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
    zone::{BundledZones, ZoneData as _},
};
use punctual_events::{ActorId, Timestamp, UserId};

pub use self::{
    arguments::{Complete, SimulateArguments},
    happening::{Happening, What},
    household::{Household, Step},
    until::Until,
};
use self::{
    print::{Count, Scene},
    progress::Progress,
};
use crate::{
    embedded::sqlite::{CopyError, DataCopy, SqliteStore},
    environment::SystemClock,
    shutdown::EndSignals,
    terminal::plain,
};

/// Some users or series could not be read.
const SOME_FAILED: u8 = 2;
/// Steps between two looks at whether somebody wants it to end.
const STEPS_AT_ONCE: usize = 64;

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
    /// The system lacks something, or nobody takes what is shown.
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
        Err(SimulateError::System(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
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
    let told = simulation.all_users().await;
    copy.remove().await;
    Ok(if told? {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_FAILED)
    })
}

/// A copy that is run forward.
struct Simulation<'a> {
    arguments: &'a SimulateArguments,
    copy: &'a DataCopy,
    now: Timestamp,
    progress: &'a Progress,
}

impl Simulation<'_> {
    /// One user after the other, for nobody has to do with another. False when not all could be read.
    async fn all_users(&self) -> Result<bool, SimulateError> {
        let users = self.copy.users().await?;
        self.progress.users(users.len());
        let (mut all, mut shown, mut is_whole) = (Count::default(), 0_u64, true);
        for (place, user) in users.into_iter().enumerate() {
            match self.one_user(user, place).await? {
                Told::Whole(count) => (all, shown) = (all.plus(count), shown + 1),
                Told::InPart(count) => (all, shown, is_whole) = (all.plus(count), shown + 1, false),
                Told::Nothing => is_whole = false,
                Told::Gone => {}
            }
        }
        if !self.arguments.json {
            let (users, version) = (if shown == 1 { "user" } else { "users" }, BundledZones.version());
            let total = format!("{shown} {users}: {all}; zone data {version}\n");
            self.progress.write(total.as_bytes())?;
        }
        Ok(is_whole)
    }

    async fn one_user(&self, user: UserId, place: usize) -> Result<Told, SimulateError> {
        let mut household = Household::new(user, self.copy.store(), self.now, Arc::new(BundledZones));
        let state = match household.user().await {
            Ok(state) => state,
            Err(failure) => {
                self.complain(ActorId::User(user), &failure);
                return Ok(Told::Nothing);
            }
        };
        let profile = state.machine.profile();
        if profile.account.is_empty() {
            return Ok(Told::Gone);
        }
        let scene = Scene {
            user,
            time_zone: &profile.time_zone,
            zones: &BundledZones,
        };
        let mut is_whole = self.take_up(&mut household).await?;
        let count = self.show(&mut household, scene, place).await?;
        for (actor, failure) in household.failed() {
            self.complain(*actor, failure);
            is_whole = false;
        }
        Ok(if is_whole {
            Told::Whole(count)
        } else {
            Told::InPart(count)
        })
    }

    /// Takes up what is stored. False when some of it cannot be read.
    async fn take_up(&self, household: &mut Household<SqliteStore>) -> Result<bool, SimulateError> {
        let user = household.user().await?.machine.id();
        let series = household.series().await?.into_iter().map(ActorId::Series);
        let mut is_whole = true;
        for actor in std::iter::once(ActorId::User(user)).chain(series) {
            let taken = match self.copy.undelivered(actor).await {
                Ok(undelivered) => household.take_up(actor, &undelivered).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = taken {
                self.complain(actor, &failure);
                is_whole = false;
            }
        }
        if self.arguments.complete == Complete::OnTime {
            household.complete_on_time().await?;
        }
        Ok(is_whole)
    }

    async fn show(
        &self,
        household: &mut Household<SqliteStore>,
        scene: Scene<'_>,
        place: usize,
    ) -> Result<Count, SimulateError> {
        let until = self.arguments.until.end(scene.time_zone, scene.zones);
        let (mut count, mut instant) = (Count::default(), Instant::new(self.now));
        let mut text = Vec::new();
        if !self.arguments.json {
            scene.head(until, &mut text)?;
        }
        for steps in 1.. {
            let step = household.step(until).await;
            let at = step.as_ref().map_or(Timestamp::MAX, |step| step.at);
            for happening in instant.take_before(at) {
                count.add(&happening);
                if self.arguments.json {
                    scene.json(&happening, &mut text)?;
                } else {
                    scene.row(&happening, &mut text)?;
                }
            }
            let Some(step) = step else { break };
            instant.add(&step);
            if steps % STEPS_AT_ONCE == 0 {
                self.progress.reached(place, at, (self.now, until));
                self.progress.write(&std::mem::take(&mut text))?;
                tokio::task::yield_now().await;
            }
        }
        if !self.arguments.json {
            text.extend_from_slice(format!("  {count}\n\n").as_bytes());
        }
        self.progress.write(&text)?;
        self.progress.reached(place, until, (self.now, until));
        Ok(count)
    }

    fn complain(&self, actor: ActorId, failure: &Failure) {
        self.progress
            .complain(&format!("{actor}: {}", plain(&failure.to_string())));
    }
}

/// What was told of a user.
enum Told {
    Whole(Count),
    /// Without what could not be read.
    InPart(Count),
    Nothing,
    /// The account was deleted.
    Gone,
}

/// What comes at one instant, in whatever steps.
struct Instant {
    at: Timestamp,
    happenings: Vec<Happening>,
}

impl Instant {
    fn new(at: Timestamp) -> Self {
        Self {
            at,
            happenings: Vec::new(),
        }
    }

    fn add(&mut self, step: &Step) {
        self.at = step.at;
        let happenings = step.events.iter().filter_map(|event| Happening::of(step.at, event));
        self.happenings.extend(happenings);
    }

    /// All of it, in its order, once the time has come to `now`.
    fn take_before(&mut self, now: Timestamp) -> Vec<Happening> {
        if now == self.at {
            return Vec::new();
        }
        let mut taken = std::mem::take(&mut self.happenings);
        taken.sort_by(|one, other| one.order().cmp(&other.order()));
        taken
    }
}
