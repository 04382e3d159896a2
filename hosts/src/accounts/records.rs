//! The records of people: found, claimed and changed by compare-and-swap. An account is a record of its own, so that nobody's actor has to be asked
//! before it is known whose it is.

use std::sync::Arc;

use punctual_actors::ports::Failure;
use punctual_events::UserId;

use super::{AccountKey, AccountRecord};
use crate::ports::{Etag, Records};

/// How often a burial starts over because somebody else was faster.
const MAX_ATTEMPTS: u32 = 4;

/// The records.
pub struct Accounts(Arc<dyn Records>);

/// A record and which version of it.
pub struct Found {
    /// The record.
    pub record: AccountRecord,
    /// Its version.
    pub etag: Etag,
}

impl Accounts {
    /// The accounts among `records`.
    #[must_use]
    pub fn new(records: Arc<dyn Records>) -> Self {
        Self(records)
    }

    /// The record of a name, a tombstone too.
    ///
    /// # Errors
    /// When the records are away, or this one is damaged or of a newer release.
    pub async fn find(&self, name: AccountKey) -> Result<Option<Found>, Failure> {
        let Some((json, etag)) = self.0.get(&key(name)).await? else {
            return Ok(None);
        };
        let record = AccountRecord::from_json(&json)?;
        Ok(Some(Found { record, etag }))
    }

    /// Writes the record if it still is as it was found; `None` when it is not.
    ///
    /// # Errors
    /// When the outcome is unknown.
    pub async fn put(
        &self,
        name: AccountKey,
        before: Option<Etag>,
        record: &AccountRecord,
    ) -> Result<Option<()>, Failure> {
        let (key, json) = (key(name), record.to_json()?.into());
        let done = match before {
            None => self.0.create(&key, json).await?,
            Some(etag) => self.0.replace(&key, etag, json).await?.is_some(),
        };
        Ok(done.then_some(()))
    }

    /// Leaves a tombstone of a user's record. Harmless when it is one already, or somebody else's.
    ///
    /// # Errors
    /// When the record may still be there; burying again is harmless.
    pub async fn bury(&self, name: AccountKey, user: UserId) -> Result<(), Failure> {
        for _ in 0..MAX_ATTEMPTS {
            let found = self.find(name).await?;
            let Some(found) = found.filter(|found| found.record.user == user && !found.record.deleted) else {
                return Ok(());
            };
            let tombstone = found.record.tombstone();
            if self.put(name, Some(found.etag), &tombstone).await?.is_some() {
                return Ok(());
            }
        }
        Err(Failure::new("an account is being changed by several requests at once"))
    }
}

fn key(name: AccountKey) -> String {
    format!("accounts/{name}")
}
