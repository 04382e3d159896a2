//! The embedded runtime: everything in one process on one SQLite file.

mod backoff;
pub mod bus;
pub mod runtime;
pub mod sqlite;
pub mod timer;
pub mod wakeups;
