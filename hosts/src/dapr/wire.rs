//! What travels to an actor and back, as JSON. Every message says its format: a newer one is refused, never guessed.
//!
//! Answers and refusals come in the body of a 200, for the sidecar takes every other status for a failure and may deliver the call again.

mod fitting;

use bytes::Bytes;
use punctual_actors::{
    Refusal,
    ports::Failure,
    turn::{Answered, Pending, Rearmed, TurnError},
};
use punctual_events::{ActorId, CommandId, IdempotencyKey, Principal, Seq, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

pub use self::fitting::encode_what_fits;

/// The format of messages this release sends and reads.
pub const FORMAT: u16 = 1;

/// Carries out commands; the body is a [`Commands`], the answer an [`Outcomes`] of the first of them, of as many as fit.
pub const COMMAND: &str = "command";
/// Answers a question; the body is a [`Question`], the answer an [`Outcomes`] of one.
pub const ASK: &str = "ask";
/// Notes that audit holds everything up to a sequence; the body is an [`Upkeep`], the answer an [`Outcomes`] of one.
pub const CONFIRM_AUDITED: &str = "confirm-audited";
/// Erases everything up to a sequence; the body is an [`Upkeep`], the answer an [`Outcomes`] of one.
pub const ERASE: &str = "erase";

/// Has the actor do what is due and arm its wake-ups anew; the body is a [`Request`], the answer an [`Outcomes`] of one [`Armed`].
pub const REARM: &str = "rearm";

/// The type under which placement knows the actors of users. Neither name may begin with the other: deletion by type goes by prefix.
pub const USER_ACTOR: &str = "UserActor";
/// The type under which placement knows the actors of series.
pub const SERIES_ACTOR: &str = "SeriesActor";

/// The type of an actor.
#[must_use]
pub fn type_of(actor: ActorId) -> &'static str {
    match actor {
        ActorId::User(_) => USER_ACTOR,
        ActorId::Series(_) => SERIES_ACTOR,
    }
}

/// The actor of a type and an id, if that is what they are.
#[must_use]
pub fn actor_of(actor_type: &str, id: &str) -> Option<ActorId> {
    match actor_type {
        USER_ACTOR => id.parse().ok().map(ActorId::User),
        SERIES_ACTOR => id.parse().ok().map(ActorId::Series),
        _ => None,
    }
}

/// A command on its way.
#[derive(Debug, Serialize, Deserialize)]
pub struct Command<C> {
    id: CommandId,
    by: Principal,
    command: C,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<IdempotencyKey>,
    seed: u128,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Box<str>>,
}

impl<C> From<Pending<C>> for Command<C> {
    fn from(pending: Pending<C>) -> Self {
        Self {
            id: pending.id,
            by: pending.by,
            command: pending.command,
            key: pending.key,
            seed: pending.seed,
            traceparent: pending.traceparent,
        }
    }
}

impl<C> From<Command<C>> for Pending<C> {
    fn from(command: Command<C>) -> Self {
        Self {
            id: command.id,
            by: command.by,
            command: command.command,
            key: command.key,
            seed: command.seed,
            traceparent: command.traceparent,
        }
    }
}

/// Commands for one actor, in order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Commands<C> {
    /// [`FORMAT`].
    pub format: u16,
    /// The commands.
    pub commands: Vec<C>,
}

/// A question for one actor.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question<Q> {
    /// [`FORMAT`].
    pub format: u16,
    /// Who asks.
    pub by: Principal,
    /// What.
    pub question: Q,
}

/// A change of an actor's log that only the actor may make, being the only writer of its head.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Upkeep {
    /// [`FORMAT`].
    pub format: u16,
    /// Up to here.
    pub through: Seq,
}

/// A message that says nothing but what it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Request {
    /// [`FORMAT`].
    pub format: u16,
}

/// What an actor that armed its wake-ups anew waits for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Armed {
    /// False for one that never committed.
    pub is_there: bool,
    /// Its next instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// The release of the zone data that instant was derived with. Empty where it lives in a process that does not say so yet.
    #[serde(default)]
    pub zone_data: Box<str>,
}

impl Armed {
    /// What became of it, where the zone data is of release `zone_data`.
    #[must_use]
    pub fn of(rearmed: Rearmed, zone_data: &str) -> Self {
        let (is_there, next) = match rearmed {
            Rearmed::Absent => (false, None),
            Rearmed::Armed(next) => (true, next),
        };
        Self {
            is_there,
            next,
            zone_data: zone_data.into(),
        }
    }
}

/// What became of commands, or of the one question. Where there are fewer outcomes than commands, all were carried out, but the others' outcomes did not fit:
/// whoever asks again with the same ids learns them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outcomes<T> {
    /// [`FORMAT`].
    pub format: u16,
    /// Why the message could not be read, and nothing was carried out. There are no outcomes then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Box<str>>,
    /// In the order of what was asked.
    pub outcomes: Vec<Outcome<T>>,
}

/// What became of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<T> {
    /// The answer.
    Answered(T),
    /// It was refused.
    Refused(Box<Refusal>),
    /// Whether it happened is not known.
    Unknown(Box<str>),
    /// The same, because something stored cannot be read.
    Damaged(Box<str>),
}

/// The answer to a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reply<R> {
    reply: R,
    replayed: bool,
    seq: Seq,
}

impl<R> From<Answered<R>> for Reply<R> {
    fn from(answered: Answered<R>) -> Self {
        Self {
            reply: answered.reply,
            replayed: answered.replayed,
            seq: answered.seq,
        }
    }
}

impl<R> From<Reply<R>> for Answered<R> {
    fn from(reply: Reply<R>) -> Self {
        Self {
            reply: reply.reply,
            replayed: reply.replayed,
            seq: reply.seq,
        }
    }
}

impl<T> Outcomes<T> {
    /// The answer to a message that cannot be read.
    #[must_use]
    pub fn unread(failure: &Failure) -> Self {
        Self {
            format: FORMAT,
            unread: Some(failure.to_string().into()),
            outcomes: Vec::new(),
        }
    }

    /// The outcomes, of which there is one at least.
    ///
    /// # Errors
    /// When there are none.
    pub fn into_outcomes(self) -> Result<Vec<Outcome<T>>, Failure> {
        match self.unread {
            Some(why) => Err(Failure::new(why)),
            None if self.outcomes.is_empty() => Err(Failure::new("an actor answered nothing")),
            None => Ok(self.outcomes),
        }
    }
}

impl<T> Outcome<T> {
    /// What a turn made of something, on its way out.
    pub fn of<U: Into<T>>(result: Result<U, TurnError>) -> Self {
        match result {
            Ok(answer) => Self::Answered(answer.into()),
            Err(TurnError::Refused(refusal)) => Self::Refused(Box::new(refusal)),
            Err(TurnError::Unknown(failure)) => Self::failed(&failure),
        }
    }

    /// Something of ours did not work.
    #[must_use]
    pub fn failed(failure: &Failure) -> Self {
        match failure {
            Failure::Unavailable(cause) => Self::Unknown((**cause).into()),
            Failure::Damaged(what) => Self::Damaged((**what).into()),
        }
    }

    /// The same where there is nothing to refuse.
    pub fn of_port(result: Result<T, Failure>) -> Self {
        Self::of(result.map_err(TurnError::Unknown))
    }

    /// What [`of`](Self::of) was given.
    ///
    /// # Errors
    /// The refusal, or the failure.
    pub fn into_result(self) -> Result<T, TurnError> {
        match self {
            Self::Answered(answer) => Ok(answer),
            Self::Refused(refusal) => Err(TurnError::Refused(*refusal)),
            Self::Unknown(cause) => Err(Failure::new(cause).into()),
            Self::Damaged(what) => Err(Failure::damaged(what).into()),
        }
    }

    /// What [`of_port`](Self::of_port) was given.
    ///
    /// # Errors
    /// The failure.
    pub fn into_port(self) -> Result<T, Failure> {
        self.into_result().map_err(|error| match error {
            TurnError::Refused(refusal) => Failure::new(refusal),
            TurnError::Unknown(failure) => failure,
        })
    }
}

impl Outcome<Box<RawValue>> {
    /// What came back, read.
    ///
    /// # Errors
    /// The refusal, or that the outcome is unknown, which includes an answer that cannot be read.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, TurnError> {
        match self {
            Self::Answered(answer) => serde_json::from_str(answer.get())
                .map_err(|error| Failure::new(format_args!("an answer: {error}")).into()),
            Self::Refused(refusal) => Err(TurnError::Refused(Refusal::clone(refusal))),
            Self::Unknown(cause) => Err(Failure::new(cause).into()),
            Self::Damaged(what) => Err(Failure::damaged(what).into()),
        }
    }
}

/// Writes a message.
///
/// # Errors
/// When something in it has no JSON form.
pub fn encode<T: Serialize>(message: &T) -> Result<Bytes, Failure> {
    serde_json::to_vec(message).map(Into::into).map_err(Failure::new)
}

/// Reads a message.
///
/// # Errors
/// When it is of another format or damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Formatted {
        format: u16,
    }
    let Formatted { format } = serde_json::from_slice(bytes).map_err(Failure::new)?;
    if format != FORMAT {
        return Err(Failure::new(format_args!(
            "a message between processes has format {format}, and this release reads {FORMAT}"
        )));
    }
    serde_json::from_slice(bytes).map_err(Failure::new)
}

#[cfg(test)]
mod tests;
