//! The acceptance tests of the embedded server, word for word, against five processes beside their sidecars, on Kafka and PostgreSQL.
//!
//! Besides, [`faults`]: whatever of the machinery fails while users work, nothing is lost, nor by messages nobody can read ([`poison`]); and [`rolling`]: what is started anew, one replica after the
//! other, is missed by nobody.
//!
//! Of the acceptance tests only [`server`] is another one. Four have no counterpart here, because they are about the embedded server's own
//! files: `audit_forged` changes rows of its database (what verifying finds is the same code, tested in
//! `hosts/src/roles/audit/tests/`, on a record whose lost batches `hosts/src/dapr/audit_store/tests.rs` has), `golden` and `golden_life` are its databases as releases left them (the formats of the keys are held by
//! `hosts/src/dapr/store/tests/formats.rs`), and `second_server` is about the lock on its folder, where here any number of replicas share the
//! stores. The environment is the one that `PUNCTUAL_DAPR_STATE` names, or the one that `cargo xtask dapr up` brought up; its services are killed
//! and started again.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

mod absences;
#[path = "../acceptance/audit.rs"]
mod audit;
mod audited;
mod balancer;
#[path = "../acceptance/client.rs"]
mod client;
#[path = "../acceptance/concurrency.rs"]
mod concurrency;
#[path = "../acceptance/crash.rs"]
mod crash;
mod database;
#[path = "../acceptance/deletion.rs"]
mod deletion;
mod device;
mod faults;
mod gateway;
mod hearing;
mod load;
#[path = "../acceptance/metrics.rs"]
mod metrics;
#[path = "../acceptance/occurrences.rs"]
mod occurrences;
mod poison;
#[path = "../acceptance/recurrence.rs"]
mod recurrence;
#[path = "../acceptance/reminders.rs"]
mod reminders;
mod rolling;
#[path = "../acceptance/search.rs"]
mod search;
mod server;
#[path = "../acceptance/socket.rs"]
mod socket;
mod stored;
#[path = "../acceptance/sync.rs"]
mod sync;
#[path = "../acceptance/tour.rs"]
mod tour;
#[path = "../acceptance/webhooks.rs"]
mod webhooks;
mod witnesses;
