//! The roles that react to events, in memory and in virtual time.

#![expect(clippy::unwrap_used, reason = "what a test does not expect ends it")]

mod damage;
mod fresh;
mod host;
mod leaving;
mod notification;
mod recurring;
mod scheduler;
mod settling;
mod start;
