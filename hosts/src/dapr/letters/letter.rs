//! One dead letter: what it says, and what is read of a message for it.

use std::{fmt, str::FromStr};

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, CloudEvent, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Characters of a reason that are kept.
const MAX_REASON: usize = 300;
/// Characters that are kept of what a message nobody can read says of itself.
const MAX_TEXT: usize = 160;

/// Names a letter among those of a role: a function of what it is about, so that a message that comes twice is one letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Box<str>", into = "Box<str>")]
pub struct LetterId(Box<str>);

impl LetterId {
    /// Bytes of the hash that are the id.
    const BYTES: usize = 8;

    fn of(text: &[u8]) -> Self {
        let digest = Sha256::digest(text);
        let hex = digest.iter().take(Self::BYTES).map(|byte| format!("{byte:02x}"));
        Self(hex.collect::<String>().into())
    }

    /// A number that is spread evenly.
    pub(super) fn number(&self) -> u8 {
        u8::from_str_radix(self.0.get(..2).unwrap_or_default(), 16).unwrap_or_default()
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It is no id of a letter.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("an id of a dead letter is 16 hexadecimal digits")]
pub struct LetterIdError;

impl FromStr for LetterId {
    type Err = LetterIdError;

    fn from_str(text: &str) -> Result<Self, LetterIdError> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_one = text.len() == 2 * Self::BYTES && text.bytes().all(is_hex);
        is_one.then(|| Self(text.into())).ok_or(LetterIdError)
    }
}

impl TryFrom<Box<str>> for LetterId {
    type Error = LetterIdError;

    fn try_from(text: Box<str>) -> Result<Self, LetterIdError> {
        text.parse()
    }
}

impl From<LetterId> for Box<str> {
    fn from(id: LetterId) -> Self {
        id.0
    }
}

/// Where a message was before it was a dead letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The topic; empty where the broker does not say.
    pub topic: Box<str>,
    /// The partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<u32>,
    /// Its place there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// What is known of a message that a role could not handle. There is one letter for all events of a commit on a topic, because they are handled
/// together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Names it.
    pub id: LetterId,
    /// Where the message was.
    pub origin: Origin,
    /// The event's id, `<actor>/<seq>/<n>`; the first that came of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<str>>,
    /// The event's type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<Box<str>>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// When it was put aside.
    pub since: Timestamp,
    /// How often it was replayed since.
    pub replays: u32,
    /// Why it was refused the last time.
    pub reason: Box<str>,
}

/// What a message that is not an event says of itself all the same: it may be of another release.
#[derive(Default, Deserialize)]
struct Claims {
    #[serde(default)]
    id: Option<Box<str>>,
    #[serde(default, rename = "type")]
    event_type: Option<Box<str>>,
    #[serde(default)]
    partitionkey: Option<UserId>,
    #[serde(default)]
    time: Option<Timestamp>,
}

impl Letter {
    /// The letter of an event.
    pub(super) fn of_event(origin: Origin, event: &CloudEvent, now: Timestamp, reason: &Failure) -> Self {
        let claims = Claims {
            id: Some(event.id().into()),
            event_type: serde_json::to_value(event.event_type)
                .ok()
                .and_then(|name| name.as_str().map(Into::into)),
            partitionkey: Some(event.commit.owner),
            time: Some(event.commit.time),
        };
        Self::claiming(claims, origin, b"", now, reason)
    }

    /// The letter of a message nobody can read.
    pub(super) fn of_message(origin: Origin, message: &[u8], now: Timestamp, reason: &Failure) -> Self {
        let claims: Claims = serde_json::from_slice(message).unwrap_or_default();
        Self::claiming(claims, origin, message, now, reason)
    }

    fn claiming(claims: Claims, origin: Origin, message: &[u8], now: Timestamp, reason: &Failure) -> Self {
        let id = match claims.id.as_deref().and_then(commit_of) {
            Some((actor, seq)) => LetterId::of(format!("{}/{actor}/{seq}", origin.topic).as_bytes()),
            None => LetterId::of(message),
        };
        Self {
            id,
            origin,
            event: claims.id.map(|text| beginning(&text, MAX_TEXT)),
            event_type: claims.event_type.map(|text| beginning(&text, MAX_TEXT)),
            user: claims.partitionkey,
            time: claims.time,
            since: now,
            replays: 0,
            reason: in_short(reason),
        }
    }

    /// The commit it is of, if it says one.
    #[must_use]
    pub fn commit(&self) -> Option<(ActorId, Seq)> {
        self.event.as_deref().and_then(commit_of)
    }
}

/// A reason as a letter keeps it.
pub(super) fn in_short(reason: &Failure) -> Box<str> {
    beginning(&reason.to_string(), MAX_REASON)
}

fn beginning(text: &str, limit: usize) -> Box<str> {
    let is_longer = text.chars().nth(limit).is_some();
    let mut kept: String = text.chars().take(limit).collect();
    if is_longer {
        kept.push('…');
    }
    kept.into()
}

/// The commit of an event's id.
fn commit_of(id: &str) -> Option<(ActorId, Seq)> {
    let (commit, _) = id.rsplit_once('/')?;
    let (actor, seq) = commit.rsplit_once('/')?;
    let seq = Seq(seq.parse().ok()?);
    (seq > Seq::ZERO).then_some((actor.parse().ok()?, seq))
}
