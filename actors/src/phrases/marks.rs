//! What begins with a mark: `#tag`, `@list`, `!urgent`; and `p1`.

use punctual_events::Priority;

use super::{
    cursor::Cursor,
    lexer::Kind,
    times::{Need, time},
};

/// The longest tag, in bytes of its text: what a task takes, and more than anybody types.
const MAX_TAG_CHARS: usize = 64;

/// Something that was marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marked {
    /// A tag, from one byte to another.
    Tag {
        start: usize,
        end: usize,
    },
    /// The name of a list.
    List,
    Priority(Priority),
}

/// Something marked at the cursor.
pub(super) fn marked(cursor: &mut Cursor<'_>) -> Option<Marked> {
    if cursor.mark('#') {
        let (start, end) = name(cursor)?;
        return Some(Marked::Tag { start, end });
    }
    if cursor.mark('@') {
        let mut ahead = *cursor;
        if time(&mut ahead, Need::Hours).is_some() && ahead.ends_free() {
            // "@7pm"
            return None;
        }
        name(cursor)?;
        return Some(Marked::List);
    }
    priority(cursor).map(Marked::Priority)
}

/// Letters, digits and what joins them, with a letter among them: `#42` is the number of something.
fn name(cursor: &mut Cursor<'_>) -> Option<(usize, usize)> {
    let start = cursor.peek().filter(|token| token.joined)?.start;
    let (mut end, mut letters, mut chars) = (start, false, 0);
    while let Some(token) = cursor.peek().filter(|token| token.joined) {
        match token.kind {
            Kind::Word => letters = true,
            Kind::Number(_) => {}
            Kind::Mark('-' | '_' | '/' | '.' | ':') if !is_last(*cursor) => {}
            Kind::Mark(_) | Kind::Literal => break,
        }
        chars += token.text.chars().count();
        end = token.end;
        cursor.advance();
    }
    (letters && chars <= MAX_TAG_CHARS).then_some((start, end))
}

/// Whether nothing is joined to the mark here.
fn is_last(mut cursor: Cursor<'_>) -> bool {
    cursor.advance();
    !cursor
        .peek()
        .is_some_and(|token| token.joined && !matches!(token.kind, Kind::Mark(_) | Kind::Literal))
}

/// `!urgent`, `!1` and `p1` down to `!low`, `!4` and `p4`.
fn priority(cursor: &mut Cursor<'_>) -> Option<Priority> {
    if cursor.mark('!') {
        cursor.is_joined().then_some(())?;
        let named = cursor.meaning(|word| {
            Some(match word {
                "urgent" => Priority::Urgent,
                "high" => Priority::High,
                "medium" => Priority::Medium,
                "low" => Priority::Low,
                _ => return None,
            })
        });
        return named.or_else(|| numbered(cursor));
    }
    (cursor.word(&["p"]) && cursor.is_joined()).then_some(())?;
    numbered(cursor)
}

fn numbered(cursor: &mut Cursor<'_>) -> Option<Priority> {
    match cursor.number()? {
        (1, 1) => Some(Priority::Urgent),
        (2, 1) => Some(Priority::High),
        (3, 1) => Some(Priority::Medium),
        (4, 1) => Some(Priority::Low),
        _ => None,
    }
}
