//! x
pub mod accounts;
pub mod keyed_hash;
pub mod limits;
pub mod tls;
pub mod webhooks;
