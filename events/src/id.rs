//! Identifiers as newtypes, so that a task id can never be passed where a series id is meant.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{sha256::sha256, short_text::ShortText};

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Parses the hyphenated form; every other spelling of a UUID is refused, so that an id has one text.
            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.len() != 36 {
                    return Err(IdError);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| IdError)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    )+};
}

uuid_id! {
    /// A person with an account; also the name of their actor.
    UserId,
    /// A task, unique over all users.
    TaskId,
    /// A recurring series; also the name of its actor.
    SeriesId,
    /// A reminder of a task.
    ReminderId,
    /// A reminder that fired, as the inbox shows it. A function of task, reminder and instant, so a repeated firing is the same notification.
    NotificationId,
    /// A sign-in. The token carries it; it is not a credential itself.
    SessionId,
    /// One attempt of a command. The server makes one for every request.
    CommandId,
    /// A webhook of a user.
    WebhookId,
}

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct IdError;

/// The name of an actor: what a log belongs to and what an event comes from. Written `user/<uuid>` or `series/<uuid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActorId {
    /// The actor of a user.
    User(UserId),
    /// The actor of a recurring series.
    Series(SeriesId),
}

impl ActorId {
    /// `user` or `series`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Series(_) => "series",
        }
    }

    /// The UUID without the kind.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        match self {
            Self::User(id) => id.0,
            Self::Series(id) => id.0,
        }
    }

    fn text(&self) -> ShortText {
        ShortText::new(self.kind()).and("/").and_uuid(self.uuid())
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl FromStr for ActorId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.split_once('/') {
            Some(("user", id)) => id.parse().map(Self::User),
            Some(("series", id)) => id.parse().map(Self::Series),
            _ => Err(IdError),
        }
    }
}

impl Serialize for ActorId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl<'de> Deserialize<'de> for ActorId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ActorId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ActorId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^(user|series)/[0-9a-f-]{36}$"})
    }
}

/// The number of a commit in its actor's log. The first commit is 1; 0 means "nothing yet".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first commit.
    pub const ZERO: Self = Self(0);
    /// Later than every commit: stands for a sequence that is not known.
    pub const UNKNOWN: Self = Self(u64::MAX);

    /// The sequence of the commit after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A UUID (version 8, RFC 9562) that is a function of `domain` and `parts`: the same cause always gives the same id, which is how an effect
/// that is repeated stays one effect. The parts are length-prefixed, so different splits of the same bytes differ.
#[must_use]
pub fn derive_uuid(domain: &str, parts: &[&[u8]]) -> Uuid {
    let parts = || std::iter::once(domain.as_bytes()).chain(parts.iter().copied());
    let lengths: Vec<[u8; 8]> = parts().map(|part| (part.len() as u64).to_be_bytes()).collect();
    let hash = sha256(
        lengths
            .iter()
            .zip(parts())
            .flat_map(|(length, part)| [&length[..], part]),
    );
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_id_has_one_text() {
        let id = ActorId::User(UserId(Uuid::from_u128(7)));
        assert_eq!(id.to_string(), "user/00000000-0000-0000-0000-000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("user/7".parse::<ActorId>(), Err(IdError));
        assert_eq!(
            "task/00000000-0000-0000-0000-000000000007".parse::<ActorId>(),
            Err(IdError)
        );
    }

    #[test]
    fn derived_ids_depend_on_where_the_parts_are_split() {
        assert_ne!(derive_uuid("x", &[b"ab", b"c"]), derive_uuid("x", &[b"a", b"bc"]));
        assert_eq!(derive_uuid("x", &[b"ab"]), derive_uuid("x", &[b"ab"]));
    }
}
