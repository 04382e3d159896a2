//! The commit: what one append writes to an actor's log. It is at once the write-ahead record, the outbox and a link of the audit chain.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ActorId, CommandId, EventType, Seq, SessionId, Timestamp, UserId, sha256::sha256, short_text::ShortText};

/// The format this release writes. A commit of a newer format is refused, never guessed.
pub const COMMIT_FORMAT: u16 = 1;

/// SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// What the first commit of a log names as its predecessor.
    pub const ZERO: Self = Self([0; 32]);

    fn hex(&self) -> [u8; 64] {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut out = [0; 64];
        for (pair, byte) in out.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        out
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let bad = || DecodeError::Malformed("not 64 hexadecimal digits".into());
        let text = text.as_bytes();
        if text.len() != 64 {
            return Err(bad());
        }
        let mut out = [0; 32];
        for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16).filter(|_| !c.is_ascii_uppercase());
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
                return Err(bad());
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| bad())?;
        }
        Ok(Self(out))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.hex()).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}

/// Stored bytes that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer release.
    #[error(
        "{what} has format {found}, newer than {known}, the newest this release reads: use the release that wrote it, or a newer one"
    )]
    Newer {
        /// What was read.
        what: &'static str,
        /// Its format.
        found: u16,
        /// The newest format known.
        known: u16,
    },
    /// Not what was expected at all.
    #[error("damaged: {0}")]
    Malformed(Box<str>),
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(crate::unreadable::without_content(&error).into())
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person, by a sign-in.
    User(UserId, SessionId),
    /// Punctual itself: a wake-up, a hand-over, a sign-up.
    System,
}

impl Principal {
    fn text(&self) -> ShortText {
        match self {
            Self::User(user, session) => ShortText::new("user/")
                .and_uuid(user.0)
                .and("/session/")
                .and_uuid(session.0),
            Self::System => ShortText::new("system"),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl FromStr for Principal {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let bad = || DecodeError::Malformed("not a principal".into());
        if text == "system" {
            return Ok(Self::System);
        }
        let (user, session) = text
            .strip_prefix("user/")
            .and_then(|rest| rest.split_once("/session/"))
            .ok_or_else(bad)?;
        Ok(Self::User(
            user.parse().map_err(|_| bad())?,
            session.parse().map_err(|_| bad())?,
        ))
    }
}

impl Serialize for Principal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl<'de> Deserialize<'de> for Principal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A client's `Idempotency-Key`, and what it stood for. Both are the first 16 bytes of a SHA-256, in hexadecimal: the key is the client's text
/// and may be long, and only equality matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// Digest of the request the key was used for: method, path and body.
    pub body: u128,
    /// Digest of the key.
    pub key: u128,
}

/// Which answer a command was given; together with its events it is the whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// A task that is new.
    Created,
    /// A task as it is now.
    Task,
    /// A notification as it is now.
    Notification,
    /// Done, nothing to show.
    Done,
}

/// A command that was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedCommand {
    /// What it was answered.
    pub answer: AnswerKind,
    /// How many of the commit's events are its own; they stand in the order of the commands.
    pub events: u16,
    /// The attempt.
    pub id: CommandId,
    /// The client's key, where it sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    /// W3C trace context of its request, where that is another than the header's: commands of several requests can share a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Box<str>>,
}

/// One event as it is stored and hashed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventRecord {
    /// Who did it.
    pub by: Principal,
    /// Canonical JSON of its data; `null` when it was erased.
    pub data: Arc<RawValue>,
    /// Digest of type, principal and data. It stays when the data is erased.
    pub digest: Digest,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
}

impl EventRecord {
    /// A record of `data`, which must serialise canonically.
    ///
    /// # Errors
    /// When `data` cannot be written as JSON.
    pub fn new(event_type: EventType, by: Principal, data: &impl Serialize) -> Result<Self, serde_json::Error> {
        let data: Arc<RawValue> = serde_json::value::to_raw_value(data)?.into();
        let digest = Self::digest_of(event_type, by, data.get());
        Ok(Self {
            by,
            data,
            digest,
            event_type,
        })
    }

    /// SHA-256 over `type LF principal LF data`.
    #[must_use]
    pub fn digest_of(event_type: EventType, by: Principal, data: &str) -> Digest {
        let by = by.text();
        Digest(sha256(
            [event_type.as_str(), "\n", by.as_str(), "\n", data].map(str::as_bytes),
        ))
    }

    /// True while the data is there and matches its digest.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        Self::digest_of(self.event_type, self.by, self.data.get()) == self.digest
    }

    /// True when the data was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.data.get() == "null"
    }

    /// The record without its content.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self {
            data: RawValue::NULL.to_owned().into(),
            ..self.clone()
        }
    }
}

/// What identifies a commit and links it to the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitHeader {
    /// Whose log.
    pub actor: ActorId,
    /// Hash of this commit; see [`Commit::hash_of`].
    pub hash: Digest,
    /// The user the actor belongs to: partition key and audience of its events.
    pub owner: UserId,
    /// Hash of the commit before.
    pub previous: Digest,
    /// Sequence of the commit before this one that had an event for the same topic, by [`crate::Topic::index`]. A consumer of one topic
    /// sees a hole by it.
    pub previous_on_topic: [Seq; 3],
    /// Its place in the log.
    pub seq: Seq,
    /// When it was decided.
    pub time: Timestamp,
    /// W3C trace context of the request that caused it, the first one of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Box<str>>,
}

/// What one append writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Commit {
    /// [`COMMIT_FORMAT`] of the writer.
    pub format: u16,
    /// Place and links.
    pub header: CommitHeader,
    /// The commands it answers.
    pub commands: Vec<CommittedCommand>,
    /// What happened, in order.
    pub events: Vec<EventRecord>,
}

impl Commit {
    /// The trace contexts of its events, in order.
    pub fn traceparents(&self) -> impl Iterator<Item = Option<&str>> {
        let of_all = self.header.traceparent.as_deref();
        let of_commands = self.commands.iter().flat_map(move |command| {
            let traceparent = command.traceparent.as_deref().or(of_all);
            std::iter::repeat_n(traceparent, command.events.into())
        });
        of_commands.chain(std::iter::repeat(of_all))
    }

    /// The hash of a commit: SHA-256 over the lines `punctual.commit.1`, actor, sequence, instant, previous hash, and the digest of each event,
    /// each line ended by LF. A client that kept an earlier hash can verify everything since from what the audit endpoint shows.
    #[must_use]
    pub fn hash_of(
        actor: ActorId,
        seq: Seq,
        time: Timestamp,
        previous: &Digest,
        digests: impl IntoIterator<Item = Digest>,
    ) -> Digest {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(256);
        // Writing to a String cannot fail.
        let _ = write!(text, "punctual.commit.1\n{actor}\n{seq}\n{time}\n{previous}\n");
        for digest in digests {
            let _ = writeln!(text, "{digest}");
        }
        Digest(sha256([text.as_bytes()]))
    }

    /// True when the hash is what the header and the events' digests give.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        let CommitHeader {
            actor,
            seq,
            time,
            previous,
            hash,
            ..
        } = &self.header;
        Self::hash_of(
            *actor,
            *seq,
            *time,
            previous,
            self.events.iter().map(|event| event.digest),
        ) == *hash
    }

    /// The stored form.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let content: usize = self.events.iter().map(|event| event.data.get().len() + 256).sum();
        let mut out = Vec::with_capacity(content + 640);
        serde_json::to_writer(&mut out, self)?;
        Ok(out)
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When the bytes are of a newer format or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Format {
            format: u16,
        }
        match serde_json::from_slice::<Self>(bytes) {
            Ok(commit) if commit.format <= COMMIT_FORMAT => Ok(commit),
            outcome => match serde_json::from_slice::<Format>(bytes) {
                Ok(Format { format }) if format > COMMIT_FORMAT => Err(DecodeError::Newer {
                    what: "a commit",
                    found: format,
                    known: COMMIT_FORMAT,
                }),
                _ => Err(outcome
                    .err()
                    .map_or_else(|| DecodeError::Malformed("a commit".into()), DecodeError::from)),
            },
        }
    }

    /// The events of the command at `index` of [`Self::commands`].
    #[must_use]
    pub fn events_of(&self, index: usize) -> &[EventRecord] {
        let start: usize = self
            .commands
            .iter()
            .take(index)
            .map(|command| usize::from(command.events))
            .sum();
        let len = self
            .commands
            .get(index)
            .map_or(0, |command| usize::from(command.events));
        self.events.get(start..start + len).unwrap_or_default()
    }
}
