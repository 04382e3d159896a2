//! What wire tests stand on: a server of our own, and a client that says what it saw.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

pub(crate) mod client;
pub(crate) mod memory;
pub(crate) mod recurring;
pub(crate) mod server;

pub(crate) use client::{Answer, Client};
pub(crate) use server::Server;
