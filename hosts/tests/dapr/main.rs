//! Actors, reminders and jobs through real sidecars, placement and Scheduler, and all five roles on Kafka and PostgreSQL. What is needed and not
//! installed is fetched or built once, as `cargo xtask dapr up` does.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]
#![expect(clippy::print_stdout, reason = "the runner shows what a failed test has to say")]

mod actors;
mod asking;
mod host;
mod installation;
mod jobs;
mod letters;
mod machinery;
mod nothing;
mod outgoing;
mod rearm;
mod reminders;
mod spare;
mod starts;
mod users;
mod webhooks;
mod whole;
