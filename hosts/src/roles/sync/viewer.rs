//! What one client has been sent.

use axum::extract::ws::Utf8Bytes;
use punctual_actors::ports::Failure;
use punctual_events::{Commit, EventType, Seq, UserId};

use super::{
    cursor::Cursor,
    frame::{Frame, ServerMessage, is_shown},
    mailbox::Item,
    position::Positions,
    replay::events_after,
};

/// A client that said hello.
#[derive(Debug)]
pub(super) struct Viewer {
    user: UserId,
    /// Everything up to here was sent, or need not be.
    sent: Positions,
}

impl Viewer {
    pub(super) fn new(user: UserId, sent: Positions) -> Self {
        Self { user, sent }
    }

    /// The last commit of which nothing is missing.
    pub(super) fn complete(&self) -> Seq {
        self.sent.complete()
    }

    /// The cursor of what was sent.
    pub(super) fn cursor(&self) -> String {
        Cursor::own(self.user, self.sent).encode()
    }

    /// The text of an item from the mailbox; `None` when the client has it already.
    pub(super) fn see(&mut self, item: &Item) -> Option<Utf8Bytes> {
        match item {
            Item::Event(frame) => frame.text_for(self.user, &mut self.sent),
            // Where the client already is further, nothing was left out.
            Item::Resync(positions) if self.sent.covers(positions) => None,
            Item::Resync(positions) => self.skip_to(positions.max(&self.sent)).ok(),
        }
    }

    /// Leaves out everything up to `positions`: the text that says so.
    pub(super) fn skip_to(&mut self, positions: Positions) -> Result<Utf8Bytes, Failure> {
        self.sent = positions;
        ServerMessage::Resync { cursor: &self.cursor() }.to_text()
    }

    /// The texts of the commit that follows in the log.
    pub(super) fn read(&mut self, commit: &Commit) -> Result<Vec<Utf8Bytes>, Failure> {
        let mut texts = Vec::new();
        for event in events_after(commit, &self.sent)? {
            self.sent.advance(&event);
            if event.event_type == EventType::UserChanged {
                texts.push(self.skip_to(self.sent)?);
            } else if is_shown(event.event_type) {
                texts.push(Frame::new(&event, self.sent)?.into_text());
            }
        }
        self.sent = self.sent.max(&Positions::after(commit.header.seq));
        Ok(texts)
    }
}
