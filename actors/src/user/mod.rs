//! The actor of a user.

pub mod record;
pub mod search;

pub use record::{TaskRecord, Tasks};
