//! A Dapr environment on this machine: Kafka, a state store, placement, Scheduler, and the five services with their sidecars, all on
//! loopback. `cargo xtask dapr` is its command line; tests use it as a library.
//!
//! [`Options`] says what is wanted and where its state lives; [`Environment::up`] fetches what is missing into a cache, chooses ports,
//! starts every process and waits until each is ready. What runs is written down in the state folder first, so that another process
//! can look at it ([`Environment::open`]), stop it, or clean up after a crash.
//!
//! Processes have names: `kafka`, `postgres` or `redis`, `placement`, `scheduler`, `api`, `api-sidecar`, and with two replicas also
//! `api-2`, `api-2-sidecar`. Each can be stopped, killed, paused and started again by name while the others run.
//!
//! Everything here blocks, and nothing needs an async runtime: in an async test, call it from `spawn_blocking` or before the test's own work.

mod choice;
mod environment;
mod failure;
mod files;
pub mod http;
mod options;
mod parts;
mod ports;
mod process;
mod ready;
mod resources;
mod secrets;
mod state;
mod temporary;
mod tools;

pub use choice::{Role, Store};
pub use environment::{Environment, Status};
pub use failure::{Failure, Result};
pub use options::{Options, cache_folder, repository};
pub use parts::service;
pub use process::{Kind, Process};
pub use ready::Ready;
pub use temporary::Temporary;
pub use tools::Programs;
