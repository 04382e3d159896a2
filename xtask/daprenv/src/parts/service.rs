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
    process.variables.clone_from(&options.variables);
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
