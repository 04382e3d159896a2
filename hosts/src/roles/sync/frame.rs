//! What goes over a socket, as text. An event is written once, however many sockets show it.

use axum::extract::ws::Utf8Bytes;
use punctual_actors::ports::Failure;
use punctual_events::{CloudEvent, EventType, Topic, UserId};
use serde::{Deserialize, Serialize};

use super::{
    cursor::Cursor,
    position::{Position, Positions},
};

/// The one message a client sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ClientMessage {
    /// Who it is, and what it has seen.
    Hello {
        /// The bearer token.
        token: String,
        /// The last cursor that was stored, if any.
        #[serde(default)]
        cursor: Option<String>,
    },
}

/// What the server says of itself.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    /// The socket carries what comes after this cursor.
    Ready {
        /// The client's, or the present head.
        cursor: &'a str,
    },
    /// Something was left out: read the tasks anew. What follows comes after this cursor.
    Resync {
        /// Where the socket goes on.
        cursor: &'a str,
    },
}

impl ServerMessage<'_> {
    pub(super) fn to_text(&self) -> Result<Utf8Bytes, Failure> {
        serde_json::to_string(self).map(Into::into).map_err(Failure::new)
    }
}

/// True for what clients see; the rest of `task-updates` is between the server's parts.
pub(super) fn is_shown(event_type: EventType) -> bool {
    use EventType as T;
    matches!(
        event_type,
        T::TaskState | T::TaskRemoved | T::ReminderFired | T::ReminderDismissed | T::ReminderSnoozed
    )
}

/// An event, ready to be sent.
#[derive(Debug)]
pub(super) struct Frame {
    topic: Topic,
    /// The event's own place.
    at: Position,
    /// How far a client is that has this and everything before it.
    positions: Positions,
    text: Utf8Bytes,
    /// Where in the text the event begins.
    event_from: usize,
}

const HEAD: &str = r#"{"type":"event","cursor":""#;
const MIDDLE: &str = r#"","event":"#;

impl Frame {
    /// `positions` are those after `event`.
    pub(super) fn new(event: &CloudEvent, positions: Positions) -> Result<Self, Failure> {
        let mut text = Vec::with_capacity(event.data.get().len() + 1024);
        begin(&mut text, event.commit.owner, positions);
        let event_from = text.len();
        serde_json::to_writer(&mut text, event).map_err(Failure::new)?;
        text.push(b'}');
        Ok(Self {
            topic: event.topic,
            at: Position::of(event),
            positions,
            text: Utf8Bytes::try_from(text).map_err(Failure::new)?,
            event_from,
        })
    }

    /// The text for a client that has everything before it.
    pub(super) fn into_text(self) -> Utf8Bytes {
        self.text
    }

    /// Bytes it takes in a queue.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The text for a client that has got to `sent`, which is then moved; `None` when the client has it already.
    ///
    /// The text is shared, but for clients that learnt from the log what has not come by yet on the other topic: their cursor must not go back.
    pub(super) fn text_for(&self, user: UserId, sent: &mut Positions) -> Option<Utf8Bytes> {
        if self.at <= sent.on(self.topic) {
            return None;
        }
        let is_shared = self.positions.covers(sent);
        *sent = self.positions.max(sent);
        if is_shared {
            return Some(self.text.clone());
        }
        let mut text = Vec::with_capacity(self.text.len());
        begin(&mut text, user, *sent);
        text.extend_from_slice(self.text.as_str().get(self.event_from..)?.as_bytes());
        Utf8Bytes::try_from(text).ok()
    }
}

fn begin(text: &mut Vec<u8>, user: UserId, positions: Positions) {
    text.extend_from_slice(HEAD.as_bytes());
    text.extend_from_slice(Cursor::own(user, positions).encode().as_bytes());
    text.extend_from_slice(MIDDLE.as_bytes());
}
