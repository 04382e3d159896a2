//! The state side of the Dapr runtime on real stores, through real sidecars.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod latency;
mod ports;
mod sidecars;
mod sizes;
mod suites;
mod writers;
