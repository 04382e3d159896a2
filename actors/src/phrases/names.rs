//! Where names of people stand: "call Jan", "lunch with June", "Dr. Mondal".

use super::lexer::{Kind, Token};

/// Words that a name follows.
const LEAD_TO_NAMES: &[&str] = &[
    "and", "ask", "call", "dear", "dr", "email", "facetime", "invite", "mail", "meet", "message", "mr", "mrs", "ms",
    "phone", "ping", "prof", "see", "skype", "tell", "text", "thank", "visit", "with",
];

/// Whether the token at a place stands where a name does, or is one: of a tag or a list.
pub(super) fn is_at_name(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(mut before) = at.checked_sub(1) else {
        return false;
    };
    if matches!(tokens[before].kind, Kind::Mark('#' | '@')) {
        return true;
    }
    // "Dr. Mondal"
    if tokens[before].text == "." && before > 0 {
        before -= 1;
        return matches!(tokens[before].text, "dr" | "mr" | "mrs" | "ms" | "prof" | "st");
    }
    tokens[before].kind == Kind::Word && LEAD_TO_NAMES.contains(&tokens[before].text)
}

/// Whether a word is written as names are, large and then small; at the beginning every word is.
pub(super) fn is_capitalised(text: &str, token: &Token<'_>) -> bool {
    token.start > 0 && is_large(text, token)
}

/// Whether a word begins with a large letter and goes on with a small one.
pub(super) fn is_large(text: &str, token: &Token<'_>) -> bool {
    let mut letters = text[token.start..token.end].chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
}
