//! The recurring role between real actors of users and series, in memory and in virtual time.

#![expect(clippy::unwrap_used, reason = "what a test does not expect ends it")]

mod faults;
mod histories;
mod life;
mod world;
