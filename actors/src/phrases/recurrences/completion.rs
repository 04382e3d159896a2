//! "after completion" and its like, said behind: the next counts from when the last was done.

use crate::phrases::{cursor::Cursor, ending::ends_phrase};

/// "after completion", "from last completion", "when done", "once I finished it".
pub(super) fn after_completion(cursor: &mut Cursor<'_>) -> bool {
    cursor.attempt(said).is_some()
}

fn said(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor
        .word(&["after", "from", "since", "when", "once", "upon", "following"])
        .then_some(())?;
    let whose = cursor.words(&["it", "is"]) || cursor.words(&["it", "was"]) || cursor.words(&["i", "am"]);
    if !whose {
        cursor.word(&["it's", "it’s", "i'm", "i’m", "i've", "i’ve", "i", "having"]);
    }
    cursor.word(&["the", "each", "every", "its", "my"]);
    cursor.word(&["last", "previous"]);
    if cursor.word(&["completion"]) {
        return (!cursor.peek_is(&["of", "date"])).then_some(());
    }
    if cursor.word(&["done", "completed", "finished"]) {
        cursor.word(&["it", "this"]);
        // "when finished with work" is about something else.
        return (!cursor.peek_is(&["a", "an", "by", "my", "the", "with", "working"])).then_some(());
    }
    cursor
        .word(&["completing", "finishing", "doing", "complete", "finish", "do"])
        .then_some(())?;
    cursor.word(&["it", "this"]);
    ends_phrase(cursor).then_some(())
}
