//! What looks like a time and is none: ranges, and what no clock shows.

use super::{
    cursor::Cursor,
    times::{Half, half, minutes},
};

/// Whether a range of times is at the cursor, which it passes: "from 3 to 4pm", "between 9 and 5", "3-4pm". Numbers alone are one only where it `is_sure` that times are meant.
pub(super) fn is_range(cursor: &mut Cursor<'_>, is_sure: bool) -> bool {
    let introduced = cursor.word(&["from", "between"]);
    let Some(first) = cursor.attempt(loose) else {
        return false;
    };
    let joins = cursor.word(&["to", "until", "till", "and"]) || cursor.mark('-') || cursor.mark('–');
    let Some(last) = joins.then(|| cursor.attempt(loose)).flatten() else {
        return false;
    };
    first || last || is_sure && (introduced || cursor.ends_free())
}

/// Whether what is at the cursor could be a range of times as well as of numbers, and passes it: "between 4 and 5", "from 4 to 5".
pub(super) fn is_said_range(cursor: &mut Cursor<'_>) -> bool {
    let is_joined = if cursor.word(&["between"]) {
        loose(cursor).is_some() && cursor.word(&["and"])
    } else {
        cursor.word(&["from"]) && loose(cursor).is_some() && cursor.word(&["to", "until", "till"])
    };
    is_joined && loose(cursor).is_some() && cursor.ends_free()
}

/// Whether the end of a range is at the cursor, which it passes, where nothing says its beginning: "to 7pm".
pub(super) fn is_end_of_range(cursor: &mut Cursor<'_>) -> bool {
    cursor.word(&["to"]) && loose(cursor) == Some(true) && cursor.ends_free()
}

/// The rest of a range behind a time: "to 5", "- 6pm".
pub(super) fn is_rest_of_range(cursor: &mut Cursor<'_>) -> bool {
    let joins = cursor.word(&["to", "until", "till"]) || cursor.mark('-') || cursor.mark('–');
    joins && loose(cursor).is_some()
}

/// Whether what no clock shows is at the cursor: "at 25:00".
pub(super) fn is_no_time(cursor: &mut Cursor<'_>) -> bool {
    cursor.word(&["at", "by"]) && loose(cursor).is_none() && cursor.number().is_some() && {
        let minutes = cursor.joined_mark(':') && cursor.number().is_some();
        half(cursor) != Half::Unsaid || minutes
    }
}

/// An hour, and whether it is sure that it is one.
fn loose(cursor: &mut Cursor<'_>) -> Option<bool> {
    cursor.attempt(|cursor| {
        let (hour, digits) = cursor.number()?;
        (hour <= 24 && digits <= 2).then_some(())?;
        let has_minutes = cursor.attempt(minutes).is_some();
        let has_half = half(cursor) != Half::Unsaid;
        (!has_half || hour <= 12).then_some(has_half || has_minutes)
    })
}
