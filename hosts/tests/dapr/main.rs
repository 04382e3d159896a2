//! Actors, reminders and jobs through real sidecars, placement and Scheduler. They are built once by `cargo xtask dapr`; `PUNCTUAL_DAPR_PROGRAMS`
//! names the folder they are in.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]
#![expect(clippy::print_stdout, reason = "the runner shows what a failed test has to say")]

mod actors;
mod host;
mod jobs;
mod machinery;
mod nothing;
mod reminders;
mod starts;
mod users;
mod whole;
