//! The opaque text by which a client says what it has seen.
//!
//! Base64url (RFC 4648, no padding) of a format byte, the number of actors, and for each its kind, UUID and the two positions. It is not signed:
//! the only log it opens is the caller's own.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use punctual_events::{ActorId, Seq, UserId};
use uuid::Uuid;

use super::position::{Position, Positions};

const FORMAT: u8 = 1;
const USER: u8 = 0;
const POSITION_BYTES: usize = 8 + 2;
const ENTRY_BYTES: usize = 1 + 16 + 2 * POSITION_BYTES;
/// A list with one actor, which is what there is until things can be shared.
const OWN_BYTES: usize = 2 + ENTRY_BYTES;

/// Where a client is: per actor, how far. A list, because what is shared with a user comes from other users' actors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor(Vec<(ActorId, Positions)>);

/// The text is not a cursor of this caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor was not made here, or not for you")]
pub(super) struct CursorError;

impl Cursor {
    /// A cursor over the user's own actor.
    pub(super) fn own(user: UserId, positions: Positions) -> Self {
        Self(vec![(ActorId::User(user), positions)])
    }

    /// The positions in the user's own actor.
    ///
    /// # Errors
    /// When it names another actor.
    pub(super) fn positions_of(&self, user: UserId) -> Result<Positions, CursorError> {
        match self.0[..] {
            [(actor, positions)] if actor == ActorId::User(user) => Ok(positions),
            _ => Err(CursorError),
        }
    }

    pub(super) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(2 + self.0.len() * ENTRY_BYTES);
        bytes.extend([FORMAT, u8::try_from(self.0.len()).unwrap_or(u8::MAX)]);
        for (actor, positions) in &self.0 {
            let kind = match actor {
                ActorId::User(_) => USER,
                ActorId::Series(_) => USER + 1,
            };
            bytes.push(kind);
            bytes.extend(actor.uuid().as_bytes());
            for position in [positions.updates, positions.reminders] {
                bytes.extend(position.seq.0.to_be_bytes());
                bytes.extend(position.part.to_be_bytes());
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor. Only its one way of writing is taken.
    ///
    /// # Errors
    /// When it is anything else.
    pub(super) fn decode(text: &str) -> Result<Self, CursorError> {
        let mut bytes = [0; OWN_BYTES];
        let length = URL_SAFE_NO_PAD
            .decode_slice(text, &mut bytes)
            .map_err(|_| CursorError)?;
        match bytes {
            [FORMAT, 1, USER, ref rest @ ..] if length == OWN_BYTES => {
                let (uuid, rest) = rest.split_first_chunk().ok_or(CursorError)?;
                let (updates, rest) = read_position(rest).ok_or(CursorError)?;
                let (reminders, _) = read_position(rest).ok_or(CursorError)?;
                let positions = Positions { updates, reminders };
                Ok(Self::own(UserId(Uuid::from_bytes(*uuid)), positions))
            }
            _ => Err(CursorError),
        }
    }
}

fn read_position(bytes: &[u8]) -> Option<(Position, &[u8])> {
    let (seq, rest) = bytes.split_first_chunk()?;
    let (part, rest) = rest.split_first_chunk()?;
    let position = Position {
        seq: Seq(u64::from_be_bytes(*seq)),
        part: u16::from_be_bytes(*part),
    };
    Some((position, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position() -> impl Strategy<Value = Position> {
        (any::<u64>(), any::<u16>()).prop_map(|(seq, part)| Position { seq: Seq(seq), part })
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went_out(user: u128, updates in position(), reminders in position()) {
            let user = UserId(Uuid::from_u128(user));
            let positions = Positions { updates, reminders };
            let text = Cursor::own(user, positions).encode();
            prop_assert_eq!(Cursor::decode(&text).unwrap().positions_of(user), Ok(positions));
        }

        #[test]
        fn garbage_is_refused(text in "\\PC{0,80}") {
            prop_assert_eq!(Cursor::decode(&text), Err(CursorError));
        }

        #[test]
        fn a_cursor_has_one_text(index in 0..52_usize, replacement in "[A-Za-z0-9_=+/-]") {
            let text = Cursor::own(UserId(Uuid::from_u128(7)), Positions::after(Seq(9))).encode();
            let mut changed = text.clone();
            changed.replace_range(index..=index, &replacement);
            if let Ok(cursor) = Cursor::decode(&changed) {
                prop_assert_eq!(cursor.encode(), changed);
            }
        }
    }

    #[test]
    fn somebody_elses_cursor_is_refused() {
        let (mine, theirs) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let cursor = Cursor::own(theirs, Positions::after(Seq(3)));
        assert_eq!(cursor.positions_of(mine), Err(CursorError));
    }

    /// Clients keep cursors: this text must be readable for ever.
    #[test]
    fn the_form_is_fixed() {
        let positions = Positions {
            updates: Position { seq: Seq(258), part: 3 },
            reminders: Position::after(Seq(257)),
        };
        let cursor = Cursor::own(UserId(Uuid::from_u128(7)), positions);
        let text = "AQEAAAAAAAAAAAAAAAAAAAAABwAAAAAAAAECAAMAAAAAAAABAf__";
        assert_eq!(cursor.encode(), text);
        assert_eq!(Cursor::decode(text), Ok(cursor));
    }
}
