//! The actors of Punctual as pure machines, the ports they need and the turn that drives them.
//!
//! Nothing in this crate reads a clock, draws randomness, spawns a task or does IO: time, ids and zone data come in with a command, effects go
//! out through the ports in [`ports`].

pub mod activation;
pub mod budget;
pub mod conformance;
pub mod faults;
pub mod handovers;
pub mod machine;
pub mod memory;
pub mod outbox;
pub mod paged;
pub mod phrases;
pub mod ports;
mod recent;
pub mod recurrence;
pub mod reference;
pub mod refusal;
pub mod series;
pub mod turn;
pub mod user;
pub mod zone;

pub use refusal::{Code, Refusal};
