//! Every process of an environment: which program, which arguments, which ports. One file per kind.

mod control;
mod kafka;
mod postgres;
mod redis;
pub mod service;
mod sidecar;

use std::collections::BTreeMap;
use std::path::Path;

use rustix::process::Signal;

use crate::ports::Ports;
use crate::process::Running;
use crate::secrets::Secrets;
use crate::state::{Description, StateFolder};
use crate::tools::{Database, Tools};
use crate::{Failure, Kind, Options, Process, Ready, Result, Role};

pub(crate) use sidecar::{CONFIGURATION, SIGNING_KEY, Seat, name_of as sidecar_of};

/// What the parts are made from: the state folder and what it remembers, the secrets, and ports that are still free.
pub(crate) struct Workshop<'a> {
    pub(crate) state: &'a StateFolder,
    pub(crate) earlier: &'a Description,
    pub(crate) secrets: &'a mut Secrets,
    pub(crate) ports: Ports,
}

impl Workshop<'_> {
    /// A process with its name and ports; everything else is for its own file to say.
    fn process(&mut self, kind: Kind, name: &str, program: &Path, ports: &[&str]) -> Result<Process> {
        let folder = self.state.data(name);
        crate::files::make_folder(&folder)?;
        let ports = ports
            .iter()
            .map(|port| Ok(((*port).to_owned(), self.port(name, port)?)));
        Ok(Process {
            name: name.to_owned(),
            kind,
            program: program.to_path_buf(),
            arguments: Vec::new(),
            variables: BTreeMap::new(),
            folder,
            user: None,
            ports: ports.collect::<Result<_>>()?,
            ready: Ready::Running,
            ends_on: Signal::TERM.as_raw(),
        })
    }

    /// The port the process had before in this state folder, unless somebody has taken it meanwhile, or a new one. Where somebody else starts the services,
    /// their sidecars remember, and whoever listens there may be the service.
    fn port(&mut self, process: &str, port: &str) -> Result<u16> {
        let earlier = self.earlier;
        let had = |name: &str| earlier.process(name)?.ports.get(port).copied();
        match had(process) {
            Some(port) if self.runs(process) || self.ports.keep(port) => Ok(port),
            Some(_) => self.ports.choose(),
            None => had(&sidecar::name_of(process)).map_or_else(|| self.ports.choose(), Ok),
        }
    }

    fn runs(&self, process: &str) -> bool {
        Running::read(&self.state.pid_file(process)).is_some_and(|running| running.is_alive())
    }
}

/// All processes of the environment that the options describe, in the order they start. Makes their data folders.
pub(crate) fn processes(options: &Options, tools: &Tools, workshop: &mut Workshop<'_>) -> Result<Vec<Process>> {
    let kafka = kafka::process(&tools.kafka, workshop)?;
    let store = match &tools.store {
        Database::Postgres(programs) => postgres::process(programs, workshop)?,
        Database::Redis(server) => redis::process(server, workshop)?,
    };
    let placement = control::placement(&tools.dapr.placement, workshop)?;
    let scheduler = control::scheduler(&tools.dapr.scheduler, workshop)?;
    let mut processes = vec![kafka, store, placement, scheduler];
    if options.sidecars {
        for role in Role::ALL {
            for number in 1..=options.replicas_of(role) {
                let pair = pair(role, number, options, tools, &processes, workshop)?;
                processes.extend(pair);
            }
        }
    }
    Ok(processes)
}

/// A service and its sidecar. The service has its ports even where somebody else starts it.
fn pair(
    role: Role,
    number: u16,
    options: &Options,
    tools: &Tools,
    infrastructure: &[Process],
    workshop: &mut Workshop<'_>,
) -> Result<Vec<Process>> {
    let name = role.replica(number);
    let service = service::process(role, &name, options, workshop)?;
    let seat = Seat {
        name: &name,
        app_id: role.as_str(),
        app_port: Some(service.port(service::APP_PORT)),
    };
    let sidecar = sidecar::process(&tools.dapr.daprd, &seat, infrastructure, workshop)?;
    let service = service::beside(service, &sidecar);
    Ok(if options.services.is_some() {
        vec![sidecar, service]
    } else {
        vec![sidecar]
    })
}

/// One more sidecar in an environment that exists.
pub(crate) fn another_sidecar(
    daprd: &Path,
    seat: &Seat<'_>,
    infrastructure: &[Process],
    workshop: &mut Workshop<'_>,
) -> Result<Process> {
    sidecar::process(daprd, seat, infrastructure, workshop)
}

/// One more replica of a role in an environment that exists, and its sidecar.
pub(crate) fn another_pair(
    role: Role,
    name: &str,
    existing: &Description,
    workshop: &mut Workshop<'_>,
) -> Result<[Process; 2]> {
    let first = existing
        .process(role.as_str())
        .ok_or_else(|| Failure::Unknown(role.to_string()))?;
    let service = service::another(role, name, first, workshop)?;
    let seat = Seat {
        name,
        app_id: role.as_str(),
        app_port: Some(service.port(service::APP_PORT)),
    };
    let sidecar = sidecar::process(&existing.daprd, &seat, &existing.processes, workshop)?;
    let service = service::beside(service, &sidecar);
    Ok([sidecar, service])
}

/// `--flag value` pairs as arguments.
fn flags<const N: usize>(pairs: [(&str, String); N]) -> Vec<String> {
    let words = pairs.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
    words.collect()
}

fn loopback() -> String {
    "127.0.0.1".to_owned()
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
