//! The actor of a recurring series: the rule, and a record of every occurrence, kept for ever, which decides what comes next.
//!
//! An instance is made when its predecessor is closed, and never more than one is open. Its id is a function of series, occurrence and
//! generation, so that a hand-over that is repeated, or read again from a restored log, cannot make a second one.

mod command;
mod edit;
mod exceptions;
mod instance;
mod late;
mod next;
mod patch;
mod pause;
mod question;
mod receive;
mod single;
mod state;
#[cfg(test)]
mod tests;
mod upcoming;

pub use command::{SeriesCommand, SeriesReply};
pub use next::MAX_MISSED;
pub use patch::OccurrencePatch;
pub use question::{SeriesAnswer, SeriesQuestion};
pub use state::{OccurrenceRecord, SeriesActor};
