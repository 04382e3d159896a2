//! Short texts made without allocating and without the machinery of formatting: the names of actors and of who did something are hashed and written
//! several times with every event, which made them a visible part of a commit.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// The longest there is: `user/<uuid>/session/<uuid>`.
const MAX_BYTES: usize = "user/".len() + "/session/".len() + 2 * Hyphenated::LENGTH;

/// A text of a few words and UUIDs.
pub(crate) struct ShortText {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl ShortText {
    /// Begins with a word.
    pub(crate) fn new(word: &str) -> Self {
        let text = Self {
            bytes: [0; MAX_BYTES],
            len: 0,
        };
        text.and(word)
    }

    /// Adds a word. What does not fit is left out; nothing that is written is longer.
    pub(crate) fn and(mut self, word: &str) -> Self {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + word.len()) {
            room.copy_from_slice(word.as_bytes());
            self.len += word.len();
        }
        self
    }

    /// Adds a UUID, hyphenated.
    pub(crate) fn and_uuid(self, uuid: Uuid) -> Self {
        self.and(uuid.hyphenated().encode_lower(&mut [0; Hyphenated::LENGTH]))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_fits() {
        let uuid = Uuid::max();
        let text = ShortText::new("user/").and_uuid(uuid).and("/session/").and_uuid(uuid);
        assert_eq!(text.as_str(), format!("user/{uuid}/session/{uuid}"));
        assert_eq!(text.as_str().len(), MAX_BYTES);
    }
}
