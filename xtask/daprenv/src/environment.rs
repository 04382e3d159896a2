//! An environment as a whole: laid out, started, looked at and taken down.

mod additions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::parts::{self, Workshop, service};
use crate::ports::Ports;
use crate::process::Running;
use crate::secrets::Secrets;
use crate::state::{Description, StateFolder};
use crate::tools::Tools;
use crate::{Failure, Kind, Options, Process, Result, Role, files, resources};

/// How long a process may take until it is ready: a JVM beside a compiler on two cores is slow.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// How often a sidecar that ends before it is ready is started again, as its container would be in a cluster. Of several that find an empty
/// PostgreSQL at the same moment, one makes the table of metadata and the others may end: "create table if not exists" is no lock.
const SIDECAR_RESTARTS: u32 = 2;
/// How long a process may take to end in order: a little more than services and their sidecars take for what is still under way.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// The processes of an environment. They outlive this value: [`Environment::down`] ends them, and [`Temporary`](crate::Temporary) does
/// that on its own.
#[derive(Debug)]
pub struct Environment {
    state: StateFolder,
    description: Description,
}

/// How a process is doing.
#[derive(Clone, Debug)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// Its id, if it runs.
    pub pid: Option<u32>,
    /// How long it has been running.
    pub up: Option<Duration>,
    /// Whether it shows that it can be used.
    pub ready: bool,
    /// Its log file.
    pub log: PathBuf,
}

impl Environment {
    /// Brings everything up and waits until it can be used. What was started is ended again when something cannot be.
    ///
    /// # Errors
    /// When something is missing or cannot be fetched, when a process does not become ready, or when an environment runs there already.
    pub fn up(options: &Options) -> Result<Environment> {
        let environment = Environment::prepare(options)?;
        if let Err(failure) = environment.start_all(options.say) {
            environment.end_all(false);
            return Err(failure);
        }
        Ok(environment)
    }

    /// Fetches programs, chooses ports, makes data folders and writes everything down, but starts nothing. A folder that was used before
    /// keeps its ports and data.
    ///
    /// # Errors
    /// As [`up`](Self::up), but for processes.
    pub fn prepare(options: &Options) -> Result<Environment> {
        let state = StateFolder::at(&options.state)?;
        let _alone = state.lock()?;
        let earlier = state.read()?.unwrap_or_default();
        if earlier
            .processes
            .iter()
            .any(|process| running(&state, &process.name).is_some())
        {
            return Err(Failure::AlreadyUp(state.path().to_path_buf()));
        }
        let tools = Tools::gather(options)?;
        state.make()?;
        resources::lay_out(options, &state)?;
        let mut secrets = Secrets::read(&state.secrets())?;
        secrets.make_those_of_services(&options.secrets)?;
        let mut workshop = Workshop {
            state: &state,
            earlier: &earlier,
            secrets: &mut secrets,
            ports: Ports::of(state.path())?,
        };
        let description = Description {
            store: options.store,
            processes: parts::processes(options, &tools, &mut workshop)?,
            daprd: tools.dapr.daprd,
        };
        secrets.write(&state.secrets())?;
        state.write(&description)?;
        Ok(Environment { state, description })
    }

    /// The environment of a state folder, running or not.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(state: &Path) -> Result<Environment> {
        let state = StateFolder::at(state)?;
        match state.read()? {
            Some(description) => Ok(Environment { state, description }),
            None => Err(Failure::None(state.path().to_path_buf())),
        }
    }

    /// Starts every process that does not run: first what the others are built on, then all sidecars and services at once.
    ///
    /// # Errors
    /// When one cannot be started or is not ready in time.
    pub fn start_all(&self, say: fn(&str)) -> Result<()> {
        let (infrastructure, others): (Vec<&Process>, Vec<&Process>) = self
            .processes()
            .iter()
            .partition(|process| process.kind == Kind::Infrastructure);
        for wave in [infrastructure, others] {
            if !wave.is_empty() {
                let names: Vec<&str> = wave.iter().map(|process| process.name.as_str()).collect();
                say(&format!("starting {}", names.join(", ")));
            }
            wave.iter().try_for_each(|process| self.launch(&process.name))?;
            wave.iter().try_for_each(|process| self.see_started(process))?;
        }
        Ok(())
    }

    /// Starts a process and waits until it is ready; nothing is done where it runs.
    ///
    /// # Errors
    /// When it cannot be started or is not ready in time.
    pub fn start(&self, name: &str) -> Result<()> {
        self.launch(name)?;
        self.see_started(self.process(name)?)
    }

    /// Starts a process and does not wait for it.
    ///
    /// # Errors
    /// When there is none of that name, or its program cannot be run.
    pub fn launch(&self, name: &str) -> Result<()> {
        let process = self.process(name)?;
        if running(&self.state, name).is_none() {
            process
                .spawn(&self.state.log(name))?
                .write(&self.state.pid_file(name))?;
        }
        Ok(())
    }

    /// Waits until a process that was launched is ready; a sidecar may need more than one start.
    fn see_started(&self, process: &Process) -> Result<()> {
        let mut restarts = if process.kind == Kind::Sidecar {
            SIDECAR_RESTARTS
        } else {
            0
        };
        loop {
            let started = self.wait_until_ready(&process.name, START_PATIENCE);
            if started.is_ok() || restarts == 0 || running(&self.state, &process.name).is_some() {
                return started;
            }
            restarts -= 1;
            self.launch(&process.name)?;
        }
    }

    /// Waits until a process that was started can be used.
    ///
    /// # Errors
    /// When it ends instead, or takes longer than `patience`.
    pub fn wait_until_ready(&self, name: &str, patience: Duration) -> Result<()> {
        let process = self.process(name)?;
        let log = self.state.log(name);
        crate::ready::wait(process, &log, patience, || running(&self.state, name))
    }

    /// Ends a process in order (SIGTERM; SIGINT for PostgreSQL), or by force when that takes too long. Whether force was not needed.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn stop(&self, name: &str) -> Result<bool> {
        let process = self.process(name)?;
        let running = running(&self.state, name);
        Ok(running.is_none_or(|running| running.end(process.ends_on, STOP_PATIENCE)))
    }

    /// Ends several processes in order, all told at the same moment, as the containers of a pod are. Whether force was not needed.
    ///
    /// # Errors
    /// When there is none of one of the names.
    pub fn stop_together(&self, names: &[&str]) -> Result<bool> {
        let processes = names.iter().map(|name| self.process(name));
        let processes: Vec<&Process> = processes.collect::<Result<_>>()?;
        Ok(self.end_together(&processes))
    }

    /// `kill -9` of a process and its children.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn kill(&self, name: &str) -> Result<()> {
        self.process(name)?;
        if let Some(running) = running(&self.state, name) {
            running.kill();
        }
        Ok(())
    }

    /// [`stop`](Self::stop) and [`start`](Self::start).
    ///
    /// # Errors
    /// As those two.
    pub fn restart(&self, name: &str) -> Result<()> {
        self.stop(name)?;
        self.start(name)
    }

    /// Stops a process in its tracks (SIGSTOP), with those it started: its connections stay open and nothing answers. [`resume`](Self::resume) lets it go on.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn pause(&self, name: &str) -> Result<()> {
        self.signal(name, rustix::process::Signal::STOP)
    }

    /// Lets a paused process go on.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn resume(&self, name: &str) -> Result<()> {
        self.signal(name, rustix::process::Signal::CONT)
    }

    /// Changes how a process is started from now on, say with a variable that leads it to a proxy. What runs is not touched.
    ///
    /// # Errors
    /// When there is none of that name, or the change cannot be written down.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Process)) -> Result<()> {
        let mut processes = self.description.processes.iter_mut();
        let process = processes.find(|process| process.name == name);
        change(process.ok_or_else(|| Failure::Unknown(name.to_owned()))?);
        self.state.write(&self.description)
    }

    /// The state folder.
    #[must_use]
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// All processes, in the order they start.
    #[must_use]
    pub fn processes(&self) -> &[Process] {
        &self.description.processes
    }

    /// The process of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn process(&self, name: &str) -> Result<&Process> {
        self.description
            .process(name)
            .ok_or_else(|| Failure::Unknown(name.to_owned()))
    }

    /// The id of a process, if it runs.
    #[must_use]
    pub fn pid(&self, name: &str) -> Option<u32> {
        running(&self.state, name).map(|running| running.id)
    }

    /// The log file of a process.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.state.log(name)
    }

    /// Where clients find the first replica of a role; none where no services were asked for.
    #[must_use]
    pub fn url(&self, role: Role) -> Option<String> {
        let service = self.description.process(role.as_str())?;
        Some(format!("http://127.0.0.1:{}", service.port(service::LISTEN_PORT)))
    }

    /// One of Kafka's command line tools by its Java class, such as `org.apache.kafka.tools.consumer.ConsoleConsumer`; `--bootstrap-server`
    /// is the `broker` port of the process `kafka`.
    ///
    /// # Errors
    /// When there is no Kafka here.
    pub fn kafka_tool(&self, class: &str) -> Result<Command> {
        let kafka = self.process("kafka")?;
        let mut arguments = kafka.arguments.iter().skip_while(|argument| *argument != "-cp");
        let mut command = Command::new(&kafka.program);
        command.args(arguments.by_ref().take(2)).arg(class);
        Ok(command)
    }

    /// How every process is doing.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        let status = |process: &Process| {
            let log = self.state.log(&process.name);
            let running = running(&self.state, &process.name);
            let started = fs::metadata(self.state.pid_file(&process.name)).and_then(|file| file.modified());
            let up = started.ok().and_then(|started| started.elapsed().ok());
            Status {
                name: process.name.clone(),
                pid: running.as_ref().map(|running| running.id),
                ready: running
                    .as_ref()
                    .is_some_and(|running| process.ready.is_seen(&log, running.logged_before)),
                up: up.filter(|_| running.is_some()),
                log,
            }
        };
        self.processes().iter().map(status).collect()
    }

    /// Ends what [`up`](Self::up) started, and nothing else. With `purge` data, logs and ports are forgotten too, else the next `up` finds them.
    ///
    /// # Errors
    /// When another command is at work here, or a file cannot be removed.
    pub fn down(self, purge: bool) -> Result<()> {
        self.take_down(purge)
    }

    pub(crate) fn take_down(&self, purge: bool) -> Result<()> {
        let _alone = self.state.lock()?;
        self.end_all(purge);
        if purge {
            files::remove_folder(&self.state.elsewhere("postgres"))?;
            files::remove_folder(self.state.path())?;
        }
        Ok(())
    }

    /// Ends services, then sidecars, then what they are built on; within a kind all at once. What is to be thrown away need not end in order.
    fn end_all(&self, roughly: bool) {
        for kind in [Kind::Service, Kind::Sidecar, Kind::Infrastructure] {
            let of_kind = self.processes().iter().filter(|process| process.kind == kind);
            let of_kind: Vec<&Process> = of_kind.collect();
            if roughly && kind != Kind::Service {
                let ending = of_kind.iter().filter_map(|process| running(&self.state, &process.name));
                ending.for_each(|running| running.kill());
            } else {
                self.end_together(&of_kind);
            }
        }
    }

    /// Whether all of them ended by themselves.
    fn end_together(&self, processes: &[&Process]) -> bool {
        let running = |process: &&Process| Some((process.ends_on, running(&self.state, &process.name)?));
        let ending: Vec<(i32, Running)> = processes.iter().filter_map(running).collect();
        ending.iter().for_each(|(signal, running)| running.signal(*signal));
        // Counted, for all of them are waited for, whatever the first does.
        let forced = ending
            .iter()
            .filter(|(_, running)| !running.wait_or_kill(STOP_PATIENCE));
        forced.count() == 0
    }

    fn signal(&self, name: &str, signal: rustix::process::Signal) -> Result<()> {
        self.process(name)?;
        if let Some(running) = running(&self.state, name) {
            running.signal_all(signal.as_raw());
        }
        Ok(())
    }
}

/// The process as it runs now, if it does.
fn running(state: &StateFolder, name: &str) -> Option<Running> {
    Running::read(&state.pid_file(name)).filter(Running::is_alive)
}
