//! Why a socket is closed. The table for clients is in `docs/sync.md`.

use axum::extract::ws::{CloseFrame, Message};
use punctual_actors::Code;

/// Why the server closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// The server ends; another, or the next, carries on from the cursor.
    Restart,
    /// Something the server needs is away.
    Unavailable,
    /// Something stored cannot be read.
    Damaged,
    /// The client sent what the protocol does not have.
    Malformed,
    /// The cursor is not one of this user.
    BadCursor,
    /// The token is not good.
    Unauthorised,
    /// The token was good once.
    SessionEnded,
    /// No hello in time, or nothing was heard for too long.
    Silent,
    /// The client reads too slowly even to be told that it missed something.
    TooSlow,
}

impl Close {
    /// The close code (RFC 6455, section 7.4); 4000 and above are ours, the last three digits an HTTP status.
    pub(super) fn code(self) -> u16 {
        match self {
            Self::Restart => 1012,
            Self::Unavailable => 1013,
            Self::Malformed | Self::BadCursor => 4400,
            Self::Unauthorised | Self::SessionEnded => 4401,
            Self::Silent => 4408,
            Self::TooSlow => 4429,
            Self::Damaged => 4500,
        }
    }

    /// The reason: where there is one, the same stable code that HTTP answers carry.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Unavailable => Code::Unavailable.as_str(),
            Self::Damaged => Code::DataDamaged.as_str(),
            Self::Malformed => Code::BadRequest.as_str(),
            Self::BadCursor => Code::CursorMismatch.as_str(),
            Self::Unauthorised => Code::Unauthorised.as_str(),
            Self::SessionEnded => Code::SessionEnded.as_str(),
            Self::Silent => Code::RequestTimeout.as_str(),
            Self::TooSlow => "too_slow",
        }
    }

    pub(super) fn message(self) -> Message {
        Message::Close(Some(CloseFrame {
            code: self.code(),
            reason: self.reason().into(),
        }))
    }
}
