//! What `punctual serve` is told, from three sources: flags, then `PUNCTUAL_*` variables, then a TOML file.
//!
//! Every source is read into the same [`Settings`]; a setting is declared once and is a flag, a variable and a key of the file at once.

mod settings;
mod sources;
#[cfg(test)]
mod tests;

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
};

use ipnet::IpNet;

use self::{settings::ALL_ROLES, sources::Sources};
pub use self::{
    settings::{LogFilter, LogFormat, Registration, Role, RuntimeKind, Settings},
    sources::ConfigError,
};

/// Requests a second one user may make unless told otherwise: far above any client, far below what one machine serves.
pub const DEFAULT_RATE_LIMIT: u32 = 500;
/// Sign-ups and log-ins a minute from one address unless told otherwise: a household behind one address never gets there.
pub const DEFAULT_ANONYMOUS_RATE_LIMIT: u32 = 30;
/// How long an actor nobody asks anything stays in memory unless told otherwise, in seconds.
const DEFAULT_IDLE_SECONDS: u32 = 300;
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const DEFAULT_DATA: &str = "punctual-data";

/// What a server is to do, complete and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ServeConfig {
    /// What holds the data and the actors.
    pub runtime: RuntimeKind,
    /// Where to listen. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The folder of the data.
    pub data: PathBuf,
    /// Requests a second one user may make; 0 is no limit.
    pub rate_limit: u32,
    /// Sign-ups and log-ins a minute from one address; 0 is no limit.
    pub anonymous_rate_limit: u32,
    /// Who may sign up.
    pub registration: Registration,
    /// Networks that webhooks may reach besides the public internet.
    pub webhook_allow: Vec<IpNet>,
    /// How logs look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: LogFilter,
    /// How long an actor nobody asks anything stays in memory, in seconds.
    pub idle_seconds: NonZeroU32,
}

impl ServeConfig {
    /// Reads the process's environment and the file that `flags` or the environment name, and puts everything together.
    ///
    /// # Errors
    /// When a source cannot be read or says something that makes no sense.
    pub fn load(flags: Settings) -> Result<Self, ConfigError> {
        Self::load_with(flags, &|variable| std::env::var_os(variable))
    }

    fn load_with(flags: Settings, variables: sources::Variables<'_>) -> Result<Self, ConfigError> {
        let sources = Sources::read(flags, variables)?;
        if let Some(reason) = sources.merged().roles.as_deref().and_then(missing_roles) {
            return Err(sources.blame("roles", |settings| settings.roles.is_some(), reason));
        }
        Ok(sources.merged().into())
    }
}

/// Why these roles cannot be served. The embedded runtime carries events within the process, so a role left out would hear of nothing, ever.
fn missing_roles(roles: &[Role]) -> Option<String> {
    let is_complete = roles.contains(&Role::All) || ALL_ROLES.iter().all(|role| roles.contains(role));
    (!is_complete).then(|| "the embedded runtime runs every role in one process; say `all`, or leave it out".to_owned())
}

impl From<Settings> for ServeConfig {
    fn from(settings: Settings) -> Self {
        Self {
            runtime: settings.runtime.unwrap_or_default(),
            listen: settings.listen.unwrap_or(DEFAULT_LISTEN),
            data: settings.data.unwrap_or_else(|| DEFAULT_DATA.into()),
            rate_limit: settings.rate_limit.unwrap_or(DEFAULT_RATE_LIMIT),
            anonymous_rate_limit: settings.anonymous_rate_limit.unwrap_or(DEFAULT_ANONYMOUS_RATE_LIMIT),
            registration: settings.registration.unwrap_or_default(),
            webhook_allow: settings.webhook_allow.unwrap_or_default(),
            log_format: settings.log_format.unwrap_or_default(),
            log: settings.log.unwrap_or_default(),
            idle_seconds: settings
                .idle_seconds
                .or(NonZeroU32::new(DEFAULT_IDLE_SECONDS))
                .unwrap_or(NonZeroU32::MIN),
        }
    }
}
