//! A sidecar: daprd beside one application.

use std::env;
use std::path::Path;

use crate::parts::service::{APP_PORT, APP_TOKEN, HEALTH_PATH, SIDECAR_TOKEN};
use crate::parts::{Workshop, address, control, flags, kafka, loopback, redis};
use crate::{Kind, Process, Ready, Result, Role};

pub(crate) const HTTP: &str = "http";
pub(crate) const GRPC: &str = "grpc";
const INTERNAL: &str = "internal";
const METRICS: &str = "metrics";
/// The file of `components/configuration` that is meant for one machine.
pub(crate) const CONFIGURATION: &str = "local.yaml";
/// The file beside it, for those who may ask for the signing key.
pub(crate) const SIGNING_KEY: &str = "signing-key.yaml";
/// Who that is: they verify tokens.
const VERIFY_TOKENS: [Role; 2] = [Role::Api, Role::Sync];
/// How long turns, deliveries and hand-overs may take to come to an end.
const SHUTDOWN_SECONDS: u32 = 10;
/// How long a sidecar that is told to end goes on for its application, which says by its health when it needs it no more.
const BLOCK_SHUTDOWN: &str = "30s";

/// Whom a sidecar serves.
pub(crate) struct Seat<'a> {
    /// The name of the application's process; the sidecar's follows from it.
    pub(crate) name: &'a str,
    /// Its app-id.
    pub(crate) app_id: &'a str,
    /// Where it listens for the sidecar; none where it only calls.
    pub(crate) app_port: Option<u16>,
}

/// The name of the sidecar of a process.
pub(crate) fn name_of(application: &str) -> String {
    format!("{application}-sidecar")
}

pub(super) fn process(
    daprd: &Path,
    seat: &Seat<'_>,
    infrastructure: &[Process],
    workshop: &mut Workshop<'_>,
) -> Result<Process> {
    let mut process = workshop.process(
        Kind::Sidecar,
        &name_of(seat.name),
        daprd,
        &[HTTP, GRPC, INTERNAL, METRICS],
    )?;
    let at = |name: &str, port: &str| {
        let found = infrastructure.iter().find(|process| process.name == name);
        address(found.map_or(0, |process| process.port(port)))
    };
    process.arguments = flags([
        ("--app-id", seat.app_id.to_owned()),
        ("--dapr-listen-addresses", loopback()),
        ("--dapr-http-port", process.port(HTTP).to_string()),
        ("--dapr-grpc-port", process.port(GRPC).to_string()),
        ("--dapr-internal-grpc-listen-address", loopback()),
        ("--dapr-internal-grpc-port", process.port(INTERNAL).to_string()),
        ("--metrics-listen-address", loopback()),
        ("--metrics-port", process.port(METRICS).to_string()),
        ("--placement-host-address", at(control::PLACEMENT, control::GRPC)),
        ("--scheduler-host-address", at(control::SCHEDULER, control::GRPC)),
        ("--resources-path", workshop.state.resources().display().to_string()),
        ("--config", workshop.state.configuration().display().to_string()),
        ("--dapr-graceful-shutdown-seconds", SHUTDOWN_SECONDS.to_string()),
    ]);
    if VERIFY_TOKENS.iter().any(|role| role.as_str() == seat.app_id) {
        // What it says takes the place of what the first says.
        let configuration = workshop.state.signing_key_configuration();
        let second = flags([("--config", configuration.display().to_string())]);
        process.arguments.extend(second);
    }
    if let Some(port) = seat.app_port {
        process.arguments.extend(application(port));
        process.ports.insert(APP_PORT.to_owned(), port);
    }
    process.variables = variables(workshop, &at("kafka", kafka::BROKER), &at("redis", redis::PORT))?;
    process.ready = Ready::Answers(process.port(HTTP), "/v1.0/healthz/outbound".to_owned());
    Ok(process)
}

fn application(port: u16) -> Vec<String> {
    let mut arguments = flags([
        ("--app-protocol", "http".to_owned()),
        ("--app-port", port.to_string()),
        ("--app-channel-address", loopback()),
        ("--app-health-check-path", HEALTH_PATH.to_owned()),
        ("--app-health-probe-interval", "1".to_owned()),
        ("--app-health-threshold", "2".to_owned()),
        ("--dapr-block-shutdown-duration", BLOCK_SHUTDOWN.to_owned()),
    ]);
    arguments.push("--enable-app-health-check".to_owned());
    arguments
}

/// What `components/` refers to by `envRef`, and the tokens. Actors are told to other sidecars under `DAPR_HOST_IP`: loopback too.
fn variables(
    workshop: &mut Workshop<'_>,
    kafka: &str,
    redis: &str,
) -> Result<std::collections::BTreeMap<String, String>> {
    let secrets = workshop.state.secrets().display().to_string();
    let pairs = [
        ("DAPR_HOST_IP", loopback()),
        ("KAFKA_BROKERS", kafka.to_owned()),
        ("REDIS_HOST", redis.to_owned()),
        ("SECRETS_FILE", secrets),
        // No mail server runs here. Whoever has one says where.
        ("SMTP_HOST", env::var("SMTP_HOST").unwrap_or_else(|_| loopback())),
        ("SMTP_PORT", env::var("SMTP_PORT").unwrap_or_else(|_| "25".to_owned())),
        (SIDECAR_TOKEN, workshop.secrets.get_or_make("_dapr-api-token")?),
        (APP_TOKEN, workshop.secrets.get_or_make("_app-api-token")?),
    ];
    Ok(pairs.map(|(name, value)| (name.to_owned(), value)).into())
}
