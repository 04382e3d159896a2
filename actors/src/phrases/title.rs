//! The title: the text without what was understood.

/// The text without these pieces (byte ranges in order) and without the backslashes at these places. White space becomes single spaces, and a comma,
/// colon or dash that joined a piece to the rest goes with it.
pub(super) fn title(text: &str, pieces: &[(usize, usize)], escapes: &[usize]) -> String {
    let mut title = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in pieces {
        rest(&mut title, text, at..*start, escapes, at > 0);
        let kept = title.trim_end_matches(|c: char| c.is_whitespace() || joins(c)).len();
        title.truncate(kept);
        at = *end;
    }
    rest(&mut title, text, at..text.len(), escapes, at > 0);
    title.truncate(title.trim_end().len());
    title
}

fn joins(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '-' | '–' | '—')
}

/// Appends a stretch of text that stays.
fn rest(title: &mut String, text: &str, range: std::ops::Range<usize>, escapes: &[usize], after_piece: bool) {
    let stretch = &text[range.clone()];
    let skipped = if after_piece {
        stretch.len()
            - stretch
                .trim_start_matches(|c: char| c.is_whitespace() || joins(c))
                .len()
    } else {
        0
    };
    let start = range.start + skipped;
    let stretch = &text[start..range.end];
    let is_emptied = |open, close| title.ends_with(open) && stretch.starts_with(close);
    if after_piece && (is_emptied('(', ')') || is_emptied('[', ']')) {
        title.truncate(title.len() - 1);
        title.truncate(title.trim_end().len());
        return rest(title, text, start + 1..range.end, escapes, true);
    }
    let begins_word = stretch.chars().nth(1).is_some_and(char::is_alphanumeric);
    let closes = stretch.starts_with(['.', '!', '?', ')', ']']) && !begins_word;
    let mut wants_space = after_piece && !title.is_empty() && !closes && !title.ends_with(['(', '[']);
    let mut escape = escapes.partition_point(|at| *at < start);
    for (offset, c) in stretch.char_indices() {
        if escapes.get(escape) == Some(&(start + offset)) {
            escape += 1;
        } else if c.is_whitespace() || c.is_control() {
            wants_space = true;
        } else {
            if wants_space && !title.is_empty() {
                title.push(' ');
            }
            wants_space = false;
            title.push(c);
        }
    }
    if wants_space && !title.is_empty() {
        title.push(' ');
    }
}
