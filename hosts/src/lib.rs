//! The binary of Punctual: roles, runtimes and what they share.

pub mod accounts;
pub mod actor_host;
pub mod embedded;
pub mod icalendar;
pub mod keyed_hash;
pub mod limits;
pub mod ports;
pub mod tls;
pub mod webhooks;
