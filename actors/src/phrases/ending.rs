//! Where a phrase can end: before punctuation, and before what another phrase begins with.

use chrono::NaiveDate;

use super::{
    asking::lead,
    cursor::Cursor,
    dates::date,
    lexer::Kind,
    marks::marked,
    parts::part_of,
    recurrences::{Behind, bound, recurrence},
    times::times,
};

/// Whether a word is next that begins no other phrase, so that what is before it could belong to it: "at 5 flats", "christmas shopping".
pub(super) fn goes_on(cursor: &Cursor<'_>, today: NaiveDate) -> bool {
    const LEADS_ON: &[&str] = &[
        "about", "after", "as", "because", "before", "can", "if", "instead", "is", "near", "not", "or", "re", "so",
        "then", "unless", "via", "w", "when", "while", "will", "without", "would",
    ];
    let phrases: [fn(&mut Cursor<'_>, NaiveDate) -> bool; 7] = [
        |cursor, _| part_of(cursor).is_some(),
        |cursor, _| times(cursor, true).is_some(),
        |cursor, today| date(cursor, today).is_some(),
        |cursor, _| recurrence(cursor).is_some(),
        |cursor, today| bound(cursor, today, Behind::default()).is_some(),
        |cursor, _| marked(cursor).is_some(),
        |cursor, _| lead(cursor),
    ];
    cursor.peek_word().is_some()
        && !ends_phrase(cursor)
        && !cursor.peek_is(LEADS_ON)
        && !phrases.iter().any(|phrase| phrase(&mut cursor.behind_phrase(), today))
}

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
