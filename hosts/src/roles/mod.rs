//! The roles: what Punctual does, each in a module that sees the others only through events and ports.

pub mod api;
pub mod audit;
pub mod notification;
pub mod recurring;
pub mod sync;
#[cfg(test)]
mod test_actors;
#[cfg(test)]
mod test_log;
