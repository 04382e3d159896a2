//! Which signing key the accounts belong to. Their names are derived from it: under another key nobody would find theirs, and who signed up again
//! would have a second one.

use std::sync::Arc;

use punctual_actors::ports::Failure;
use serde::{Deserialize, Serialize};

use super::SigningKey;
use crate::{ports::Records, versioned};

/// The record that remembers it, beside those of accounts.
pub(crate) const RECORD: &str = "signing-key";
const FORMAT: u16 = 1;

/// What is remembered of the first key.
#[derive(Serialize, Deserialize)]
struct Remembered {
    /// The format it was written in.
    format: u16,
    /// A one-way function of the key.
    fingerprint: String,
}

impl Remembered {
    fn of(key: &SigningKey) -> Self {
        Self {
            format: FORMAT,
            fingerprint: key.fingerprint(),
        }
    }
}

/// The memory of the key among the records.
pub struct Belonging(Arc<dyn Records>);

impl Belonging {
    /// That of `records`.
    #[must_use]
    pub fn new(records: Arc<dyn Records>) -> Self {
        Self(records)
    }

    /// Whether the accounts are those of `key`. The first that asks is remembered.
    ///
    /// # Errors
    /// When the records are away, or what is remembered is damaged or of a newer release.
    pub async fn is_of(&self, key: &SigningKey) -> Result<bool, Failure> {
        let own = Remembered::of(key);
        let json = serde_json::to_vec(&own).map_err(Failure::new)?;
        let Some((json, _)) = self.0.get(RECORD).await? else {
            // Another process may be first, with another key.
            return match self.0.create(RECORD, json.into()).await {
                Ok(true) => Ok(true),
                Ok(false) => Err(Failure::new("another process is just remembering its signing key")),
                // A full disk is no reason not to answer reads: the next start remembers it.
                Err(failure) => {
                    tracing::warn!(%failure, "which signing key the accounts belong to cannot be remembered yet");
                    Ok(true)
                }
            };
        };
        let remembered: Remembered =
            versioned::read(&json, FORMAT).map_err(|unread| unread.failure("the record of the signing key"))?;
        Ok(remembered.fingerprint == own.fingerprint)
    }

    /// Forgets the key, where there are no accounts that belong to it.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn forget(&self) -> Result<(), Failure> {
        self.0.delete(RECORD).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by the first release, of the key that is 32 sevens. Never changed: under another fingerprint every server with accounts would refuse its key.
    const GOLDEN_1: &str = include_str!("golden/signing_key_1.json");

    #[test]
    fn the_key_of_the_first_release_is_known_again_and_remembered_as_it_was() {
        let own = Remembered::of(&SigningKey::from_bytes([7; 32]));
        let read: Remembered = versioned::read(GOLDEN_1.as_bytes(), FORMAT).unwrap();
        assert_eq!(read.fingerprint, own.fingerprint);
        assert_eq!(serde_json::to_string(&own).unwrap(), GOLDEN_1.trim_end());
    }
}
