//! Where a phrase can end: before punctuation, and before what another phrase begins with.

use super::{cursor::Cursor, lexer::Kind};

/// Whether no other word goes on with what was said: "every month the 3rd" is a day, "every month 3rd party audit" is none.
pub(super) fn ends_phrase(cursor: &Cursor<'_>) -> bool {
    let is_punctuated = cursor
        .peek()
        .is_none_or(|next| matches!(next.kind, Kind::Mark(_)) && cursor.ends_free());
    is_punctuated
        || cursor.peek_is(&[
            "and",
            "at",
            "beginning",
            "but",
            "by",
            "due",
            "each",
            "ending",
            "every",
            "except",
            "for",
            "from",
            "in",
            "nag",
            "on",
            "please",
            "remind",
            "start",
            "starting",
            "starts",
            "through",
            "till",
            "to",
            "until",
            "with",
        ])
}
