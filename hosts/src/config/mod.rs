//! What `punctual serve` is told, from three sources: flags, then `PUNCTUAL_*` variables, then a TOML file.
//!
//! Every source is read into the same [`Settings`]; a setting is declared once and is a flag, a variable and a key of the file at once.

mod listen;
mod misspelt;
mod network;
mod number;
mod settings;
mod sidecar;
mod sources;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;

pub use self::{
    listen::ListenAddress,
    misspelt::Misspelt,
    settings::{LogFilter, LogFormat, Registration, Role, RuntimeKind, Settings},
    sidecar::{SidecarConfig, Token},
    sources::ConfigError,
};
use self::{settings::ALL_ROLES, sources::Sources};
use crate::mail::MailAddress;

/// Requests a second one user may make unless told otherwise: far above any client, far below what one machine serves.
pub const DEFAULT_RATE_LIMIT: u32 = 500;
/// Sign-ups and log-ins a minute from one address unless told otherwise: a household behind one address never gets there.
pub const DEFAULT_ANONYMOUS_RATE_LIMIT: u32 = 30;
/// How long an actor nobody asks anything stays in memory unless told otherwise, in seconds.
const DEFAULT_IDLE_SECONDS: u32 = 300;
/// How long a service on Dapr is still sent requests after it is told to end: what a cluster needs until every node knows, and a little more.
const DEFAULT_DRAIN_SECONDS: u32 = 5;
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const DEFAULT_DATA: &str = "punctual-data";

/// What a server is to do, complete and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ServeConfig {
    /// What holds the data and the actors.
    pub runtime: RuntimeKind,
    /// What this process does; never [`Role::All`], which is all the others.
    pub roles: BTreeSet<Role>,
    /// How to meet the sidecar, where the runtime has one.
    pub sidecar: SidecarConfig,
    /// Where to listen. Port 0 lets the system choose.
    pub listen: ListenAddress,
    /// The folder of the data.
    pub data: PathBuf,
    /// Requests a second one user may make; 0 is no limit.
    pub rate_limit: u32,
    /// Sign-ups and log-ins a minute from one address; 0 is no limit.
    pub anonymous_rate_limit: u32,
    /// Who may sign up.
    pub registration: Registration,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that webhooks may reach besides the public internet.
    pub webhook_allow: Vec<IpNet>,
    /// Whom mail comes from; none is sent without.
    pub mail_from: Option<MailAddress>,
    /// How logs look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: LogFilter,
    /// How long an actor nobody asks anything stays in memory, in seconds.
    pub idle_seconds: NonZeroU32,
    /// How long requests are still taken after SIGTERM.
    pub drain: Duration,
}

impl ServeConfig {
    /// Reads the process's environment and the file that `flags` or the environment name, and puts everything together.
    ///
    /// # Errors
    /// When a source cannot be read or says something that makes no sense.
    pub fn load(flags: Settings) -> Result<Self, ConfigError> {
        Self::load_with(flags, &|variable| std::env::var_os(variable))
    }

    /// The variables of this process that look like settings and are none.
    #[must_use]
    pub fn misspelt_variables() -> Vec<Misspelt> {
        misspelt::among(std::env::vars_os())
    }

    fn load_with(flags: Settings, variables: sources::Variables<'_>) -> Result<Self, ConfigError> {
        let sources = Sources::read(flags, variables)?;
        let sidecar = SidecarConfig::new(&sources.merged(), variables)?;
        let config = Self::of(sources.merged(), sidecar);
        if config.runtime == RuntimeKind::Embedded && config.roles.len() < ALL_ROLES.len() {
            let reason = "the embedded runtime runs every role in one process; say `all`, or leave it out".to_owned();
            return Err(sources.blame("roles", |settings| settings.roles.is_some(), reason));
        }
        if config.runtime == RuntimeKind::Embedded && config.mail_from.is_some() {
            let reason = "the embedded runtime has nothing to send mail by".to_owned();
            return Err(sources.blame("mail-from", |settings| settings.mail_from.is_some(), reason));
        }
        Ok(config)
    }
}

/// Beside the embedded runtime there is no other replica to send requests to.
const fn default_drain_seconds(runtime: RuntimeKind) -> u32 {
    match runtime {
        RuntimeKind::Embedded => 0,
        RuntimeKind::Dapr => DEFAULT_DRAIN_SECONDS,
    }
}

/// The roles that are meant, one by one.
fn roles(named: &[Role]) -> BTreeSet<Role> {
    if named.contains(&Role::All) {
        return ALL_ROLES.into();
    }
    named.iter().copied().collect()
}

impl ServeConfig {
    fn of(settings: Settings, sidecar: SidecarConfig) -> Self {
        let runtime = settings.runtime.unwrap_or_default();
        Self {
            runtime,
            roles: roles(settings.roles.as_deref().unwrap_or(&[Role::All])),
            sidecar,
            listen: settings.listen.unwrap_or_else(|| DEFAULT_LISTEN.into()),
            data: settings.data.unwrap_or_else(|| DEFAULT_DATA.into()),
            rate_limit: settings.rate_limit.unwrap_or(DEFAULT_RATE_LIMIT),
            anonymous_rate_limit: settings.anonymous_rate_limit.unwrap_or(DEFAULT_ANONYMOUS_RATE_LIMIT),
            registration: settings.registration.unwrap_or_default(),
            trusted_proxies: settings.trusted_proxy.unwrap_or_default(),
            webhook_allow: settings.webhook_allow.unwrap_or_default(),
            mail_from: settings.mail_from,
            log_format: settings.log_format.unwrap_or_default(),
            log: settings.log.unwrap_or_default(),
            idle_seconds: settings
                .idle_seconds
                .or(NonZeroU32::new(DEFAULT_IDLE_SECONDS))
                .unwrap_or(NonZeroU32::MIN),
            drain: Duration::from_secs(settings.drain_seconds.unwrap_or(default_drain_seconds(runtime)).into()),
        }
    }
}
