//! Names of keys. Everything but the head is immutable, so its name carries a nonce that no other write has.

use std::{fmt, str::FromStr};

use punctual_actors::ports::Entropy;
use punctual_events::{ActorId, DecodeError, Seq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Random, drawn for one write and never used again. Written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::dapr) struct Nonce(pub(in crate::dapr) u64);

impl Nonce {
    /// A new one.
    pub(in crate::dapr) fn draw(entropy: &dyn Entropy) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "any 64 of the random bits will do")]
        Self(entropy.random() as u64)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Nonce {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let number = u64::from_str_radix(text, 16);
        number.map(Self).map_err(|_| DecodeError::Malformed("a nonce".into()))
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The only key of an actor that changes.
pub(super) fn head(actor: ActorId) -> String {
    format!("head/{actor}")
}

/// A run of commits that begins with `from`.
pub(super) fn segment(actor: ActorId, from: Seq, nonce: Nonce) -> String {
    format!("log/{actor}/{from}.{nonce}")
}

/// What the saved state consists of as of `at`.
pub(super) fn manifest(actor: ActorId, at: Seq, nonce: Nonce) -> String {
    format!("manifest/{actor}@{at}.{nonce}")
}

/// A page of the save of `at`.
pub(super) fn page(actor: ActorId, name: &str, at: Seq, nonce: Nonce) -> String {
    format!("page/{actor}/{name}@{at}.{nonce}")
}

#[cfg(test)]
mod tests {
    use punctual_events::UserId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn names_are_what_they_always_were() {
        let actor = ActorId::User(UserId(Uuid::from_u128(7)));
        let nonce: Nonce = "00000000000000ff".parse().unwrap();
        assert_eq!(nonce, Nonce(255));
        let uuid = "00000000-0000-0000-0000-000000000007";
        assert_eq!(head(actor), format!("head/user/{uuid}"));
        assert_eq!(
            segment(actor, Seq(3), nonce),
            format!("log/user/{uuid}/3.00000000000000ff")
        );
        assert_eq!(
            manifest(actor, Seq(3), nonce),
            format!("manifest/user/{uuid}@3.00000000000000ff")
        );
        assert_eq!(
            page(actor, "tasks/17", Seq(3), nonce),
            format!("page/user/{uuid}/tasks/17@3.00000000000000ff")
        );
    }
}
