//! Dead letters: events that a role refused as often as it is asked, and messages nobody can read.
//!
//! A broker's topic cannot be looked through, so each role hears its own dead-letter topic, and what comes there is tried once more and then put
//! on a shelf in the state store, where an operator finds it. A letter holds no content: it says which commit it is of, and a
//! replay reads that commit from the actor's log. `docs/decisions/0010-dead-letters-are-references.md` says why.

mod desk;
mod letter;
pub mod remote;
mod shelf;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::{
    desk::Desk,
    letter::{Letter, LetterId, Origin},
};

/// The roles that hear events, and so have dead letters. Their app-ids are called the same.
pub const ROLES: [&str; 4] = ["recurring", "notification", "audit", "sync"];

/// The role of that name, if it has dead letters.
#[must_use]
pub fn role(name: &str) -> Option<&'static str> {
    ROLES.into_iter().find(|role| *role == name)
}

/// Some of the letters of a role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LetterPage {
    /// In no order.
    pub letters: Vec<Letter>,
    /// Where to go on; `None` where these are the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u8>,
}

/// What became of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replayed {
    /// The role has handled it, and the letter is gone.
    Taken,
    /// The role refused it again, for this reason; the letter stays.
    Refused(Box<str>),
    /// There is no such letter.
    Absent,
}
