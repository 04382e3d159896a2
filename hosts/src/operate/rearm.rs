//! `punctual rearm`: walks all actors and has each arm its wake-ups anew.

use std::{
    io::{self, IsTerminal as _, Write},
    process::ExitCode,
    sync::Arc,
};

use futures_util::FutureExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use punctual_actors::ports::Failure;
use punctual_events::ActorId;

use super::{OperateError, RearmArguments, SOME_FAILED, tokio};
use crate::{
    dapr::{
        actors::RemoteActors,
        directory::DaprDirectory,
        rearm::{Progress, walk},
        remote_jobs::RemoteJobs,
        state::State,
    },
    environment::SystemClock,
    terminal::plain,
};

/// Where no terminal shows a line that changes, a line is written each time so many actors have passed.
const LINE_EVERY: u64 = 1_000;

/// Has every actor arm its wake-ups anew, and prints what became of it.
///
/// # Errors
/// When not all could be asked; then it says from where to go on.
pub fn run(arguments: &RearmArguments) -> Result<ExitCode, OperateError> {
    let mut progress = Progress {
        reached: arguments.after,
        ..Progress::default()
    };
    let line = Line::new();
    let walked = tokio()?.block_on(walk_all(arguments, &mut progress, &line));
    line.end();
    report(&progress, &mut io::stdout().lock())?;
    if let Err(error) = walked {
        go_on_from(&progress);
        return Err(error);
    }
    Ok(if progress.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_FAILED)
    })
}

async fn walk_all(arguments: &RearmArguments, progress: &mut Progress, line: &Line) -> Result<(), OperateError> {
    let sidecar = arguments.sidecar.sidecar()?;
    let directory = DaprDirectory::new(State::new(sidecar.clone(), &arguments.state_store));
    let actors = RemoteActors::new(sidecar.clone(), Arc::new(SystemClock));
    let jobs = RemoteJobs::new(sidecar);
    let (actors, jobs) = (&actors, &jobs);
    let rearm = |actor| {
        let armed = async move {
            let armed = actors.rearm(actor).await?;
            if let ActorId::User(user) = actor {
                jobs.rearm(user).await?;
            }
            Ok(armed)
        };
        armed.boxed()
    };
    let walking = walk(&directory, progress, arguments.at_once.get(), rearm, |progress| {
        line.tell(progress)
    });
    tokio::select! {
        walked = walking => Ok(walked?),
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Err(Failure::new("interrupted").into())
        }
    }
}

fn report(progress: &Progress, output: &mut impl Write) -> io::Result<()> {
    for (actor, failure) in &progress.failed {
        writeln!(output, "failed  {actor}: {}", plain(&failure.to_string()))?;
    }
    let (armed, resting, absent) = (progress.armed, progress.resting, progress.absent);
    writeln!(
        output,
        "{} users and series: {armed} armed what they wait for, {resting} wait for nothing, {absent} never began, {} failed",
        progress.actors(),
        progress.failed.len()
    )?;
    match progress.earliest {
        Some(earliest) => writeln!(output, "the next wake-up is at {earliest}"),
        None => Ok(()),
    }
}

/// The line that says how far it is.
struct Line {
    bar: Option<ProgressBar>,
}

impl Line {
    fn new() -> Self {
        let bar = || {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant: one that makes no sense leaves the default.
            if let Ok(style) = ProgressStyle::with_template("{pos} users and series, {per_sec}, {msg}") {
                bar.set_style(style);
            }
            bar
        };
        Self {
            bar: io::stderr().is_terminal().then(bar),
        }
    }

    fn tell(&self, progress: &Progress) {
        let failed = progress.failed.len();
        match &self.bar {
            Some(bar) => {
                bar.set_message(format!("{failed} failed"));
                bar.set_position(progress.actors());
            }
            None if progress.actors().is_multiple_of(LINE_EVERY) => {
                say(&format!("{} users and series, {failed} failed", progress.actors()));
            }
            None => {}
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn go_on_from(progress: &Progress) {
    match progress.reached {
        Some(reached) => say(&format!("to go on from here: punctual rearm --after {reached}")),
        None => say("begin anew: punctual rearm"),
    }
}

#[expect(clippy::print_stderr, reason = "how far it is, is not among what it did")]
fn say(what: &str) {
    eprintln!("{what}");
}
