//! Acceptance tests: the edge cases and promises of the specification, each on the real binary in a process of its own, over HTTP and WebSocket.

mod client;
mod concurrency;
mod crash;
mod recurrence;
mod reminders;
mod search;
mod server;
mod socket;
mod sync;
mod tour;
mod webhooks;
