//! Which webhooks a user has: one record per user, which the API changes and the notification role reads. Of a deleted user a closed record is
//! left, which takes no webhook: a request that was under way when the account was deleted cannot bring one back.

use std::{fmt, sync::Arc};

use punctual_actors::ports::Failure;
use punctual_events::{Timestamp, UserId, WebhookId};
use serde::{Deserialize, Serialize};

use crate::{
    ports::{Etag, Records},
    versioned,
};

/// The format this release writes. It reads this and every one before it.
pub const FORMAT: u16 = 1;
/// Webhooks a user can have.
pub const MAX_WEBHOOKS: usize = 10;
/// Deleted ones that are remembered.
pub const MAX_REMOVED: usize = 100;
/// How often a change starts over because somebody else was faster.
const MAX_ATTEMPTS: u32 = 8;

/// A webhook as it is stored. URL and secret are credentials, so `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// When it was made.
    pub created: Timestamp,
    /// Set when nothing is sent to it any more.
    pub disabled: Option<Disabled>,
    /// Identifies it.
    pub id: WebhookId,
    /// What deliveries are signed with, `whsec_…`; see [`WebhookSecret`](super::WebhookSecret).
    pub secret: Box<str>,
    /// Where deliveries go.
    pub url: Box<str>,
}

/// Since when and why nothing is sent to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Disabled {
    /// Why, for its owner to read.
    pub reason: Box<str>,
    /// When deliveries were given up.
    pub since: Timestamp,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("created", &self.created)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// Why a webhook was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdded {
    /// The user was deleted.
    #[error("there is no such account")]
    Closed,
    /// The user has as many as there may be.
    #[error("at most {MAX_WEBHOOKS} webhooks")]
    TooMany,
}

/// What became of a webhook that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It was there.
    Now,
    /// It was, and was removed before. The last [`MAX_REMOVED`] are remembered.
    Before,
    /// Nothing is known of it.
    Never,
}

/// The webhooks of all users.
#[derive(Clone)]
pub struct Registry(Arc<dyn Records>);

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Set when the user was deleted; never taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    closed: bool,
    format: u16,
    /// The oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<WebhookId>,
    webhooks: Vec<Webhook>,
}

impl Stored {
    const EMPTY: Self = Self {
        closed: false,
        format: FORMAT,
        removed: Vec::new(),
        webhooks: Vec::new(),
    };
}

/// The name of a user's record.
fn key(user: UserId) -> String {
    format!("webhooks/{user}")
}

impl Registry {
    /// In these records.
    #[must_use]
    pub fn new(records: Arc<dyn Records>) -> Self {
        Self(records)
    }

    /// A user's webhooks, the oldest first.
    ///
    /// # Errors
    /// When the records are away, or a newer version of Punctual wrote this one.
    pub async fn list(&self, user: UserId) -> Result<Vec<Webhook>, Failure> {
        Ok(self.load(user).await?.0.webhooks)
    }

    /// True once [`close`](Self::close) was called.
    ///
    /// # Errors
    /// When the records are away, or a newer version of Punctual wrote this one.
    pub async fn is_closed(&self, user: UserId) -> Result<bool, Failure> {
        Ok(self.load(user).await?.0.closed)
    }

    /// Forgets the webhooks of a user who was deleted, and takes none from now on. Harmless when repeated.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn close(&self, user: UserId) -> Result<(), Failure> {
        let change = |stored: &mut Stored| {
            let was_open = !std::mem::replace(&mut stored.closed, true);
            stored.webhooks.clear();
            stored.removed.clear();
            was_open.then_some(()).ok_or(())
        };
        let _unless_closed = self.change(user, change).await?;
        Ok(())
    }

    /// Adds a webhook.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn add(&self, user: UserId, webhook: &Webhook) -> Result<Result<(), NotAdded>, Failure> {
        let change = |stored: &mut Stored| {
            if stored.closed {
                return Err(NotAdded::Closed);
            }
            if stored.webhooks.len() >= MAX_WEBHOOKS {
                return Err(NotAdded::TooMany);
            }
            stored.webhooks.push(webhook.clone());
            Ok(())
        };
        self.change(user, change).await
    }

    /// Removes a webhook.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn remove(&self, user: UserId, id: WebhookId) -> Result<Removed, Failure> {
        let change = |Stored { removed, webhooks, .. }: &mut Stored| {
            let before = webhooks.len();
            webhooks.retain(|webhook| webhook.id != id);
            if webhooks.len() == before {
                return Err(if removed.contains(&id) {
                    Removed::Before
                } else {
                    Removed::Never
                });
            }
            removed.push(id);
            removed.drain(..removed.len().saturating_sub(MAX_REMOVED));
            Ok(())
        };
        let outcome = self.change(user, change).await?;
        Ok(outcome.err().unwrap_or(Removed::Now))
    }

    /// Sends nothing to a webhook from now on. Harmless when it is gone or disabled already.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn disable(&self, user: UserId, id: WebhookId, disabled: &Disabled) -> Result<(), Failure> {
        let change = |Stored { webhooks, .. }: &mut Stored| {
            let webhook = webhooks
                .iter_mut()
                .find(|webhook| webhook.id == id && webhook.disabled.is_none());
            webhook
                .map(|webhook| webhook.disabled = Some(disabled.clone()))
                .ok_or(())
        };
        let _unless_gone = self.change(user, change).await?;
        Ok(())
    }

    /// Changes the record by compare-and-swap. Nothing is written when `change` refuses.
    async fn change<E>(
        &self,
        user: UserId,
        change: impl Fn(&mut Stored) -> Result<(), E>,
    ) -> Result<Result<(), E>, Failure> {
        for _ in 0..MAX_ATTEMPTS {
            let (mut stored, etag) = self.load(user).await?;
            if let Err(refused) = change(&mut stored) {
                return Ok(Err(refused));
            }
            if self.store(user, etag, &stored).await? {
                return Ok(Ok(()));
            }
        }
        Err(Failure::new(
            "a user's webhooks are being changed by several requests at once",
        ))
    }

    async fn load(&self, user: UserId) -> Result<(Stored, Option<Etag>), Failure> {
        let Some((json, etag)) = self.0.get(&key(user)).await? else {
            return Ok((Stored::EMPTY, None));
        };
        Ok((decode(&json)?, Some(etag)))
    }

    async fn store(&self, user: UserId, etag: Option<Etag>, stored: &Stored) -> Result<bool, Failure> {
        let json = serde_json::to_vec(stored).map_err(Failure::new)?.into();
        match etag {
            None => self.0.create(&key(user), json).await,
            Some(etag) => Ok(self.0.replace(&key(user), etag, json).await?.is_some()),
        }
    }
}

fn decode(json: &[u8]) -> Result<Stored, Failure> {
    versioned::read(json, FORMAT).map_err(|unread| unread.failure("a record of webhooks"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Written by the first release. Never changed: every release must read it.
    const GOLDEN_1: &str = include_str!("golden/webhooks_1.json");

    fn webhook() -> Webhook {
        Webhook {
            created: Timestamp::from_millis(1_800_000_000_000),
            disabled: Some(Disabled {
                reason: "status 410".into(),
                since: Timestamp::from_millis(1_800_000_100_000),
            }),
            id: WebhookId(Uuid::from_u128(7)),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            url: "https://example.org/hook?key=value".into(),
        }
    }

    #[test]
    fn the_record_of_the_first_release_is_read_and_written() {
        let stored = decode(GOLDEN_1.as_bytes()).unwrap();
        assert_eq!((stored.closed, &*stored.webhooks), (false, &[webhook()][..]));
        assert_eq!(serde_json::to_string(&stored).unwrap(), GOLDEN_1.trim_end());
    }

    #[test]
    fn a_newer_format_is_refused_and_a_damaged_record_is_not_quoted() {
        let newer = decode(br#"{"format": 2, "hooks": {}}"#).err().unwrap();
        assert!(newer.to_string().contains("newer version"));
        let damaged = decode(br#"{"format": 1, "webhooks": ["whsec_secret"]}"#).err().unwrap();
        assert!(!damaged.to_string().contains("secret"), "{damaged}");
    }

    #[test]
    fn debug_shows_neither_url_nor_secret() {
        let text = format!("{:?}", webhook());
        assert!(!text.contains("example.org") && !text.contains("whsec"), "{text}");
    }
}
