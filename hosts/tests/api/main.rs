//! The API over the wire: what a client sees, bad input included. The services behind it are in memory.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

#[path = "../support/mod.rs"]
mod support;

mod account;
mod bad_input;
mod documents;
mod import;
mod import_again;
mod import_occurrences;
mod inbox;
mod limits;
mod mail;
mod occurrences;
mod quick;
mod repeats;
mod series;
mod tasks;
mod travel;
