//! The record of an account, as it is stored under its [`AccountKey`](super::AccountKey).

use std::fmt;

use punctual_actors::ports::Failure;
use punctual_events::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::versioned::{self, Unread};

/// The format this release writes. It reads this and every one before it.
pub const FORMAT: u16 = 1;

/// An account. Stored as JSON; holds user content and a password hash, so `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// The format it was written in.
    pub format: u16,
    /// Whose it is.
    pub user: UserId,
    /// The e-mail address as its owner wrote it; empty once deleted.
    pub email: Box<str>,
    /// The password's hash as a PHC string; empty once deleted.
    pub password_hash: Box<str>,
    /// The user's zone by its IANA name; empty once deleted.
    pub time_zone: Box<str>,
    /// When it was created.
    pub created: Timestamp,
    /// True once its owner deleted it. What is left is a tombstone, so that its name is not given away again unnoticed.
    pub deleted: bool,
}

/// Why a stored record cannot be used. Ours, not the caller's.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A later release wrote it; guessing would lose what it added.
    #[error(
        "an account record has format {found}, this release understands up to {FORMAT}: it was written by a newer version of Punctual"
    )]
    Newer {
        /// Its format.
        found: u16,
    },
    /// It is damaged. Only the place is kept of the parser's message, which may quote user content into a log.
    #[error("an account record is damaged at column {column}")]
    Malformed {
        /// Where the parser stopped.
        column: usize,
    },
}

impl From<serde_json::Error> for RecordError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed { column: error.column() }
    }
}

impl From<Unread> for RecordError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Newer { found } => Self::Newer { found },
            Unread::Damaged { column } => Self::Malformed { column },
        }
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Newer { .. } => Self::new(error),
            RecordError::Malformed { column } => Self::damaged(format_args!("an account record, at column {column}")),
        }
    }
}

impl AccountRecord {
    /// What is left when its owner deletes it: the ids and dates, no content.
    #[must_use]
    pub fn tombstone(&self) -> Self {
        Self {
            format: FORMAT,
            email: Box::default(),
            password_hash: Box::default(),
            time_zone: Box::default(),
            deleted: true,
            ..*self
        }
    }

    /// As stored.
    ///
    /// # Errors
    /// None in practice; the serialiser's signature has one.
    pub fn to_json(&self) -> Result<Vec<u8>, RecordError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// From what was stored by this release or an earlier one.
    ///
    /// # Errors
    /// When a later release wrote it, or it is damaged.
    pub fn from_json(json: &[u8]) -> Result<Self, RecordError> {
        Ok(versioned::read(json, FORMAT)?)
    }
}

impl fmt::Debug for AccountRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountRecord")
            .field("user", &self.user)
            .field("created", &self.created)
            .field("deleted", &self.deleted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Written by the first release. Never changed: every release must read it.
    const GOLDEN_1: &str = include_str!("golden/account_record_1.json");

    fn record() -> AccountRecord {
        AccountRecord {
            format: 1,
            user: UserId(Uuid::from_u128(7)),
            email: "Ann@example.org".into(),
            password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA".into(),
            time_zone: "Europe/Paris".into(),
            created: Timestamp::from_millis(1_800_000_000_000),
            deleted: false,
        }
    }

    #[test]
    fn the_record_of_the_first_release_is_read() {
        assert_eq!(AccountRecord::from_json(GOLDEN_1.as_bytes()).unwrap(), record());
    }

    #[test]
    fn this_release_writes_what_the_golden_file_holds() {
        assert_eq!(record().to_json().unwrap(), GOLDEN_1.trim_end().as_bytes());
    }

    #[test]
    fn a_newer_format_is_refused_whatever_its_fields() {
        let error = AccountRecord::from_json(br#"{"format": 2, "who": []}"#).unwrap_err();
        assert!(matches!(error, RecordError::Newer { found: 2 }), "{error}");
        assert!(error.to_string().contains("newer version"));
    }

    #[test]
    fn a_damaged_record_is_refused() {
        for json in ["", "{}", r#"{"format": 1}"#, r#"{"format": "1"}"#] {
            assert!(
                matches!(
                    AccountRecord::from_json(json.as_bytes()),
                    Err(RecordError::Malformed { .. })
                ),
                "{json}"
            );
        }
    }

    #[test]
    fn a_tombstone_holds_no_content() {
        let text = String::from_utf8(record().tombstone().to_json().unwrap()).unwrap();
        assert!(
            !text.contains("example.org") && !text.contains("argon2") && !text.contains("Paris"),
            "{text}"
        );
        assert_eq!(record().tombstone().user, record().user);
    }

    #[test]
    fn debug_shows_no_content() {
        let text = format!("{:?}", record());
        assert!(!text.contains("example.org") && !text.contains("argon2"), "{text}");
    }
}
