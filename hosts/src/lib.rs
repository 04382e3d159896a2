//! The binary of Punctual: roles, runtimes and what they share.

pub mod accounts;
pub mod actor_host;
mod background;
pub mod cli;
pub mod config;
pub mod dapr;
pub mod embedded;
pub mod environment;
pub mod health;
pub mod icalendar;
pub mod import;
pub mod keyed_hash;
pub mod limits;
pub mod mail;
pub mod metrics;
pub mod observe;
pub mod operate;
pub mod ports;
pub mod roles;
pub mod serve;
pub mod server;
pub mod shutdown;
pub mod simulate;
pub mod telemetry;
mod terminal;
pub mod tls;
pub mod webhooks;
