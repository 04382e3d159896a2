//! The Dapr runtime: placement owns the actors, the state API keeps their logs, Scheduler reminders wake them, Kafka carries their events. Each
//! role is a process of its own beside a sidecar, and speaks to nothing but that sidecar.

pub mod audit_store;
pub mod directory;
mod frame;
pub mod keys;
pub mod logs;
pub mod records;
pub mod sidecar;
pub mod state;
pub mod store;
#[cfg(test)]
mod test_keys;
