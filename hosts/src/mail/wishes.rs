//! What users want by mail, as the notification role knows it: a record per user, made of events. Of a deleted user a closed record is left, which
//! takes no wish: an event that comes late cannot bring one back.

use std::sync::Arc;

use chrono::NaiveDate;
use punctual_actors::ports::Failure;
use punctual_events::{DailyDigest, MailChanged, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    ports::{Etag, Records},
    versioned,
};

/// The format this release writes. It reads this and every one before it.
pub const FORMAT: u16 = 1;
/// How often a change starts over because somebody else was faster.
const MAX_ATTEMPTS: u32 = 8;

/// What a user wants, and how far their digests have got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Set when the user was deleted; never taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// The daily digest.
    pub digest: Option<DailyDigest>,
    format: u16,
    /// The digest that is waited for.
    pub next: Option<NextDigest>,
    /// Whether each reminder that fires is mailed.
    pub reminders: bool,
    /// The last day that had its digest.
    pub sent: Option<NaiveDate>,
    /// The commit these wishes are of.
    pub seq: Seq,
    /// IANA zone the user lives in.
    pub time_zone: Box<str>,
}

/// A digest that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextDigest {
    /// When.
    pub at: Timestamp,
    /// Which day's it is, where the user lives.
    pub day: NaiveDate,
}

/// The wishes of all users.
#[derive(Clone)]
pub struct Wishes(Arc<dyn Records>);

impl Default for Wish {
    /// Of a user who never said anything: nothing.
    fn default() -> Self {
        Self {
            closed: false,
            digest: None,
            format: FORMAT,
            next: None,
            reminders: false,
            sent: None,
            seq: Seq::ZERO,
            time_zone: Box::default(),
        }
    }
}

/// The name of a user's record.
fn key(user: UserId) -> String {
    format!("mail/{user}")
}

impl Wishes {
    /// In these records.
    #[must_use]
    pub fn new(records: Arc<dyn Records>) -> Self {
        Self(records)
    }

    /// What a user wants.
    ///
    /// # Errors
    /// When the records are away, or a newer version of Punctual wrote this one.
    pub async fn of(&self, user: UserId) -> Result<Wish, Failure> {
        Ok(self.load(user).await?.0)
    }

    /// Notes what a user wants since `seq`. An event that was heard before, or one before it, changes nothing.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn note(&self, user: UserId, seq: Seq, changed: &MailChanged) -> Result<Wish, Failure> {
        self.change(user, |wish| {
            if wish.seq < seq {
                wish.seq = seq;
                wish.digest = changed.digest;
                wish.reminders = changed.reminders;
                wish.time_zone.clone_from(&changed.time_zone);
            }
        })
        .await
    }

    /// Forgets what a user who was deleted wanted. Harmless when repeated.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn close(&self, user: UserId) -> Result<(), Failure> {
        let closed = |wish: &mut Wish| {
            *wish = Wish {
                closed: true,
                ..Wish::default()
            };
        };
        self.change(user, closed).await.map(drop)
    }

    /// Changes the record by compare-and-swap; what comes of it. A closed one stays as it is, and nothing is written where nothing changes.
    ///
    /// # Errors
    /// When the records are away.
    pub async fn change(&self, user: UserId, change: impl Fn(&mut Wish)) -> Result<Wish, Failure> {
        for _ in 0..MAX_ATTEMPTS {
            let (before, etag) = self.load(user).await?;
            let mut wish = before.clone();
            if !wish.closed {
                change(&mut wish);
            }
            if wish == before || self.store(user, etag, &wish).await? {
                return Ok(wish);
            }
        }
        Err(Failure::new(
            "what a user wants by mail is being changed by several at once",
        ))
    }

    async fn load(&self, user: UserId) -> Result<(Wish, Option<Etag>), Failure> {
        let Some((json, etag)) = self.0.get(&key(user)).await? else {
            return Ok((Wish::default(), None));
        };
        Ok((decode(&json)?, Some(etag)))
    }

    async fn store(&self, user: UserId, etag: Option<Etag>, wish: &Wish) -> Result<bool, Failure> {
        let json = serde_json::to_vec(wish).map_err(Failure::new)?.into();
        match etag {
            None => self.0.create(&key(user), json).await,
            Some(etag) => Ok(self.0.replace(&key(user), etag, json).await?.is_some()),
        }
    }
}

fn decode(json: &[u8]) -> Result<Wish, Failure> {
    versioned::read(json, FORMAT).map_err(|unread| unread.failure("what a user wants by mail"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by the first release. Never changed: every release must read it.
    const GOLDEN_1: &str = include_str!("golden/wish_1.json");

    #[test]
    fn the_record_of_the_first_release_is_read_and_written() {
        let wish = decode(GOLDEN_1.as_bytes()).unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        assert_eq!(wish.digest.unwrap().at.to_string(), "07:30");
        assert_eq!(
            (wish.sent, wish.next.unwrap().day, wish.seq),
            (day.pred_opt(), day, Seq(7))
        );
        assert_eq!(serde_json::to_string(&wish).unwrap(), GOLDEN_1.trim_end());
    }

    #[test]
    fn a_newer_format_is_refused_and_a_damaged_record_is_damage() {
        let newer = decode(br#"{"format": 2}"#).unwrap_err();
        assert!(
            newer.to_string().contains("newer version") && !newer.is_damage(),
            "{newer}"
        );
        assert!(decode(br#"{"format": 1}"#).unwrap_err().is_damage());
    }
}
