//! A service: `punctual serve --runtime dapr` in one role. The only place that knows its flags and variables.

use crate::parts::{Workshop, address, sidecar};
use crate::{Kind, Options, Process, Ready, Result, Role};

/// The port that clients and operators speak to.
pub const LISTEN_PORT: &str = "listen";
/// The port that the sidecar speaks to.
pub const APP_PORT: &str = "app";
/// Answers with success when the service can be used.
pub const READY_PATH: &str = "/readyz";
/// Answers the sidecar's health checks.
pub const HEALTH_PATH: &str = "/healthz";
/// Where the sidecar listens for gRPC.
pub const SIDECAR_GRPC_PORT: &str = "DAPR_GRPC_PORT";
/// Where the sidecar listens for HTTP.
pub const SIDECAR_HTTP_PORT: &str = "DAPR_HTTP_PORT";
/// What the sidecar asks of whoever calls it.
pub const SIDECAR_TOKEN: &str = "DAPR_API_TOKEN";
/// What the service asks of whoever calls its app port.
pub const APP_TOKEN: &str = "APP_API_TOKEN";

/// How long the service takes requests after SIGTERM. Nobody spreads them over replicas here, so not at all unless somebody says otherwise.
const DRAIN_SECONDS: &str = "PUNCTUAL_DRAIN_SECONDS";

/// The arguments of a service in `role`.
#[must_use]
pub fn arguments(role: Role, listen: u16, app: u16) -> Vec<String> {
    let pairs = [
        ("--runtime", "dapr".to_owned()),
        ("--roles", role.to_string()),
        ("--listen", address(listen)),
        ("--app-listen", address(app)),
    ];
    let words = pairs.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
    ["serve".to_owned()].into_iter().chain(words).collect()
}

pub(super) fn process(role: Role, name: &str, options: &Options, workshop: &mut Workshop<'_>) -> Result<Process> {
    let program = options.services.clone().unwrap_or_else(|| "punctual".into());
    let mut process = workshop.process(Kind::Service, name, &program, &[LISTEN_PORT, APP_PORT])?;
    let listen = process.port(LISTEN_PORT);
    process.arguments = arguments(role, listen, process.port(APP_PORT));
    process.variables.insert(DRAIN_SECONDS.to_owned(), "0".to_owned());
    process.variables.extend(options.variables.clone());
    process.ready = Ready::Answers(listen, READY_PATH.to_owned());
    Ok(process)
}

/// Another replica of the service `first` in `role`, which differs in name and ports.
pub(super) fn another(role: Role, name: &str, first: &Process, workshop: &mut Workshop<'_>) -> Result<Process> {
    let mut process = workshop.process(Kind::Service, name, &first.program, &[LISTEN_PORT, APP_PORT])?;
    let listen = process.port(LISTEN_PORT);
    process.arguments = arguments(role, listen, process.port(APP_PORT));
    let more = first.arguments.iter().skip(process.arguments.len()).cloned();
    process.arguments.extend(more.collect::<Vec<_>>());
    process.variables.clone_from(&first.variables);
    process.ready = Ready::Answers(listen, READY_PATH.to_owned());
    Ok(process)
}

/// The service with the variables that lead it to its sidecar.
pub(super) fn beside(mut service: Process, sidecar: &Process) -> Process {
    let ports = [(SIDECAR_GRPC_PORT, sidecar::GRPC), (SIDECAR_HTTP_PORT, sidecar::HTTP)];
    for (variable, port) in ports {
        service
            .variables
            .insert(variable.to_owned(), sidecar.port(port).to_string());
    }
    for token in [SIDECAR_TOKEN, APP_TOKEN] {
        let value = sidecar.variables.get(token).cloned().unwrap_or_default();
        service.variables.insert(token.to_owned(), value);
    }
    service
}
