//! Acceptance tests: the edge cases and promises of the specification, each on the real binary in a process of its own, over HTTP and WebSocket.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

mod audit;
mod audit_forged;
mod client;
mod concurrency;
mod crash;
mod deletion;
mod golden;
mod golden_life;
mod metrics;
mod metrics_of_roles;
mod occurrences;
mod recurrence;
mod reminders;
mod search;
mod second_server;
mod server;
mod socket;
mod sync;
mod tour;
mod webhooks;
