//! How to meet the sidecar. Its ports and tokens come in the variables under which it gives them to every process beside it.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
};

use super::{
    ListenAddress, Settings,
    sources::{ConfigError, Variables},
};

const DEFAULT_APP_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
const DEFAULT_STATE_STORE: &str = "statestore";
const DEFAULT_PUBSUB: &str = "events";
const DEFAULT_SYNC_PUBSUB: &str = "events-per-replica";
const DEFAULT_PARTITIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(11);
const DEFAULT_SECRET_STORE: &str = "secrets";
/// Where a sidecar listens that was told nothing else.
const DEFAULT_GRPC_PORT: u16 = 50_001;
const DEFAULT_HTTP_PORT: u16 = 3_500;

/// How to meet the sidecar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarConfig {
    /// Where the sidecar reaches this process.
    pub app_listen: ListenAddress,
    /// Where this process reaches the sidecar: `DAPR_GRPC_PORT`, on this machine.
    pub grpc_port: u16,
    /// The same for what it does over HTTP only: `DAPR_HTTP_PORT`.
    pub http_port: u16,
    /// What this process proves itself with: `DAPR_API_TOKEN`.
    pub api_token: Option<Token>,
    /// What the sidecar proves itself with: `APP_API_TOKEN`.
    pub app_token: Option<Token>,
    /// The component that keeps the data.
    pub state_store: String,
    /// The component that carries the events.
    pub pubsub: String,
    /// The component by which every replica of sync hears every event.
    pub sync_pubsub: String,
    /// How many partitions each topic has.
    pub partitions: NonZeroU32,
    /// The component that knows the secrets.
    pub secret_store: String,
}

impl SidecarConfig {
    pub(super) fn new(settings: &Settings, variables: Variables<'_>) -> Result<Self, ConfigError> {
        let name = |setting: &Option<String>, default: &str| setting.clone().unwrap_or_else(|| default.to_owned());
        Ok(Self {
            app_listen: settings.app_listen.clone().unwrap_or_else(|| DEFAULT_APP_LISTEN.into()),
            grpc_port: port(variables, "DAPR_GRPC_PORT", DEFAULT_GRPC_PORT)?,
            http_port: port(variables, "DAPR_HTTP_PORT", DEFAULT_HTTP_PORT)?,
            api_token: token(variables, "DAPR_API_TOKEN")?,
            app_token: token(variables, "APP_API_TOKEN")?,
            state_store: name(&settings.state_store, DEFAULT_STATE_STORE),
            pubsub: name(&settings.pubsub, DEFAULT_PUBSUB),
            sync_pubsub: name(&settings.sync_pubsub, DEFAULT_SYNC_PUBSUB),
            partitions: settings.partitions.unwrap_or(DEFAULT_PARTITIONS),
            secret_store: name(&settings.secret_store, DEFAULT_SECRET_STORE),
        })
    }
}

/// A secret that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn port(variables: Variables<'_>, variable: &str, default: u16) -> Result<u16, ConfigError> {
    match text(variables, variable)? {
        None => Ok(default),
        Some(port) => port.parse().map_err(|_| ConfigError::Variable {
            variable: variable.to_owned(),
            reason: format!("{port} is no port"),
        }),
    }
}

fn token(variables: Variables<'_>, variable: &str) -> Result<Option<Token>, ConfigError> {
    Ok(text(variables, variable)?.map(Token))
}

fn text(variables: Variables<'_>, variable: &str) -> Result<Option<String>, ConfigError> {
    let value = variables(variable).filter(|value| !value.is_empty());
    let text = value.map(|value| {
        value.into_string().map_err(|_| ConfigError::Variable {
            variable: variable.to_owned(),
            reason: "is not UTF-8".to_owned(),
        })
    });
    text.transpose()
}
