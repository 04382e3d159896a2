//! The Dapr runtime: placement owns the actors, the state API keeps their logs, Scheduler reminders wake them, Kafka carries their events. Each
//! role is a process of its own beside a sidecar, and speaks to nothing but that sidecar.
//!
//! ```text
//! role ─▶ RemoteActors ─▶ sidecar ─▶ placement ─▶ sidecar ─▶ app ─▶ ActorHost ─▶ store, reminders, topics ─▶ sidecar
//! ```

pub mod actors;
pub mod app;
pub mod audit_queries;
pub mod audit_store;
pub mod directory;
mod frame;
mod invoke;
pub mod jobs;
pub mod keys;
pub mod letters;
pub mod logs;
pub mod mail;
pub mod marker;
mod pause;
pub mod publisher;
pub mod rearm;
pub mod records;
pub mod remote_jobs;
pub mod rezone;
pub mod runtime;
mod schedule;
pub mod secrets;
pub mod shared_logs;
pub mod sidecar;
pub mod state;
pub mod store;
pub mod subscriber;
#[cfg(test)]
mod test_keys;
#[cfg(test)]
mod test_sidecar;
pub mod wakeups;
pub mod watch;
pub mod webhooks;
pub mod wire;
