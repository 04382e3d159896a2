//! The settings of one source, each of them perhaps absent.

use std::{fmt, num::NonZeroU32, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use super::{
    listen::ListenAddress,
    network::{network, networks},
    number::{number, positive},
};
use crate::mail::MailAddress;

/// What one source says. The same declaration is the flags, the variables and the keys of the file, so they cannot drift apart; the
/// comments are the help.
#[derive(Args, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// What holds the data and the actors: embedded, which is this process, or dapr, which is a sidecar [default: embedded]
    #[arg(long, value_name = "RUNTIME", hide_possible_values = true)]
    pub runtime: Option<RuntimeKind>,

    /// Roles this process plays: api, recurring, notification, audit, sync; with the embedded runtime it has to be all [default: all]
    #[arg(long, value_name = "ROLES", value_delimiter = ',', hide_possible_values = true)]
    pub roles: Option<Vec<Role>>,

    /// Address or name, and port, to listen on; of several addresses the first that is free, IPv4 before IPv6 [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<ListenAddress>,

    /// Address or name, and port, at which the sidecar reaches this process, and nobody else should (dapr) [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub app_listen: Option<ListenAddress>,

    /// Name of the sidecar's component that keeps the data (dapr) [default: statestore]
    #[arg(long, value_name = "COMPONENT")]
    pub state_store: Option<String>,

    /// Name of the sidecar's component that carries the events (dapr) [default: events]
    #[arg(long, value_name = "COMPONENT")]
    pub pubsub: Option<String>,

    /// Name of the sidecar's component by which every replica of sync hears every event (dapr) [default: events-per-replica]
    #[arg(long, value_name = "COMPONENT")]
    pub sync_pubsub: Option<String>,

    /// Partitions of each topic; sync is ready once it hears them all (dapr) [default: 12]
    #[arg(long, value_name = "NUMBER", value_parser = positive, allow_negative_numbers = true)]
    pub partitions: Option<NonZeroU32>,

    /// Name of the sidecar's component that knows the secrets, among them signingkey (dapr) [default: secrets]
    #[arg(long, value_name = "COMPONENT")]
    pub secret_store: Option<String>,

    /// Folder of the data, made if it is not there (embedded) [default: punctual-data]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Requests a second that one user may make; 0 for no limit [default: 500]
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub rate_limit: Option<u32>,

    /// Sign-ups and log-ins a minute that may come from one address; a third as many wrong passwords in 15 minutes may come from it for one
    /// account, and ten times that from everywhere; 0 lifts all three limits [default: 30]
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub anonymous_rate_limit: Option<u32>,

    /// Who may sign up: everybody (open) or nobody (closed) [default: open]
    #[arg(long, value_name = "POLICY", hide_possible_values = true)]
    pub registration: Option<Registration>,

    /// Proxy, or network of proxies, as 127.0.0.1 or 10.0.0.0/8, whose X-Forwarded-For is believed to say which address a request comes from; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    #[serde(default, deserialize_with = "networks")]
    pub trusted_proxy: Option<Vec<IpNet>>,

    /// Address or network, as 10.1.2.3 or 10.1.0.0/16, that webhooks may reach though it is not on the public internet; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    #[serde(default, deserialize_with = "networks")]
    pub webhook_allow: Option<Vec<IpNet>>,

    /// Address that mail comes from; without it no mail is sent (dapr)
    #[arg(long, value_name = "ADDRESS")]
    pub mail_from: Option<MailAddress>,

    /// How logs look: auto is human on a terminal and json otherwise [default: auto]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: Option<LogFormat>,

    /// What is logged, as RUST_LOG has it: info, or warn,punctual=debug; details of libraries, which can show secrets, never are [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<LogFilter>,

    /// Seconds after which a user nobody asks for leaves memory [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = positive, allow_negative_numbers = true)]
    pub idle_seconds: Option<NonZeroU32>,

    /// Seconds after SIGTERM in which requests are still taken, though /readyz says no, until whoever sends them has noticed [default: 0; with dapr 5]
    #[arg(long, value_name = "SECONDS", value_parser = number, allow_negative_numbers = true)]
    pub drain_seconds: Option<u32>,

    /// TOML file with any of these settings; its keys are the flags without the dashes in front
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
}

impl Settings {
    /// What this source says, and where it says nothing what `lower` says.
    #[must_use]
    pub fn or(self, lower: Self) -> Self {
        Self {
            runtime: self.runtime.or(lower.runtime),
            roles: self.roles.or(lower.roles),
            listen: self.listen.or(lower.listen),
            app_listen: self.app_listen.or(lower.app_listen),
            state_store: self.state_store.or(lower.state_store),
            pubsub: self.pubsub.or(lower.pubsub),
            sync_pubsub: self.sync_pubsub.or(lower.sync_pubsub),
            partitions: self.partitions.or(lower.partitions),
            secret_store: self.secret_store.or(lower.secret_store),
            data: self.data.or(lower.data),
            rate_limit: self.rate_limit.or(lower.rate_limit),
            anonymous_rate_limit: self.anonymous_rate_limit.or(lower.anonymous_rate_limit),
            registration: self.registration.or(lower.registration),
            trusted_proxy: self.trusted_proxy.or(lower.trusted_proxy),
            webhook_allow: self.webhook_allow.or(lower.webhook_allow),
            mail_from: self.mail_from.or(lower.mail_from),
            log_format: self.log_format.or(lower.log_format),
            log: self.log.or(lower.log),
            idle_seconds: self.idle_seconds.or(lower.idle_seconds),
            drain_seconds: self.drain_seconds.or(lower.drain_seconds),
            config: self.config.or(lower.config),
        }
    }
}

/// What holds the data and the actors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeKind {
    /// Everything in this process, on one SQLite file.
    #[default]
    Embedded,
    /// The sidecar beside this process, and whatever is behind it.
    Dapr,
}

/// A part of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// All of them.
    All,
    /// HTTP under `/v1`.
    Api,
    /// The next instance of a series.
    Recurring,
    /// Webhooks.
    Notification,
    /// The audit record.
    Audit,
    /// The WebSocket.
    Sync,
}

/// What `all` stands for.
pub(super) const ALL_ROLES: [Role; 5] = [Role::Api, Role::Recurring, Role::Notification, Role::Audit, Role::Sync];

/// Who may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// Everybody.
    #[default]
    Open,
    /// Nobody; those who have an account go on.
    Closed,
}

/// How logs look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// `Human` on a terminal, `Json` otherwise.
    #[default]
    Auto,
    /// A line for people.
    Human,
    /// A JSON object per line.
    Json,
}

/// What is logged: directives of `tracing_subscriber::EnvFilter`, checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter itself, which is not `Clone` and cannot be compared.
    #[must_use]
    pub fn to_env_filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for LogFilter {
    type Err = tracing_subscriber::filter::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        EnvFilter::builder().parse(text).map(|_| Self(text.to_owned()))
    }
}

impl TryFrom<String> for LogFilter {
    type Error = tracing_subscriber::filter::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
