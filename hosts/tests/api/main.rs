//! The API over the wire: what a client sees, bad input included. The services behind it are in memory.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod bad_input;
mod repeats;
mod tasks;
