//! The acceptance tests of the embedded server, word for word, against five processes beside their sidecars, on Kafka and PostgreSQL.
//!
//! Besides, [`faults`]: whatever of the machinery fails while users work, nothing is lost; and [`rolling`]: what is started anew, one replica after the
//! other, is missed by nobody.
//!
//! Of the acceptance tests only [`server`] is another one. What looks into the embedded server's own database has no counterpart here. The environment is the one that
//! `PUNCTUAL_DAPR_STATE` names, or the one that `cargo xtask dapr up` brought up; its services are killed and started again.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

mod absences;
#[path = "../acceptance/audit.rs"]
mod audit;
mod balancer;
#[path = "../acceptance/client.rs"]
mod client;
#[path = "../acceptance/concurrency.rs"]
mod concurrency;
#[path = "../acceptance/crash.rs"]
mod crash;
mod faults;
mod gateway;
mod hearing;
mod load;
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
#[path = "../acceptance/sync.rs"]
mod sync;
#[path = "../acceptance/tour.rs"]
mod tour;
#[path = "../acceptance/webhooks.rs"]
mod webhooks;
