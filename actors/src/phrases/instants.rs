//! An instant alone, as somebody says it who wants to be left in peace until then: "1 hour", "tomorrow morning", "monday at 9".

use chrono::NaiveTime;
use punctual_events::Timestamp;

use super::{
    Scene,
    cursor::Cursor,
    lengths::{self, Length},
    lexer, read,
};

/// The instant a text says, if that is all it says. A day without a time is nine in the morning; a length counts from now.
#[must_use]
pub fn instant(text: &str, scene: &Scene<'_>) -> Option<Timestamp> {
    let lower = text.to_ascii_lowercase();
    // Nothing else stands here, so that "1 h" is as clear as "1h".
    let joined = || length(&lower.split_whitespace().collect::<String>());
    match length(&lower).or_else(joined) {
        Some(length) => scene.later(length),
        None => moment(text, scene),
    }
}

fn length(lower: &str) -> Option<Length> {
    let lexed = lexer::lex(lower);
    let mut cursor = Cursor::new(&lexed.tokens, 0, 0);
    cursor.word(&["in", "for"]);
    let length = lengths::length(&mut cursor)?;
    cursor.peek().is_none().then_some(length)
}

fn moment(text: &str, scene: &Scene<'_>) -> Option<Timestamp> {
    let reading = read(text, scene);
    let draft = reading.draft;
    let says_more = !draft.title.is_empty()
        || draft.recurrence.is_some()
        || draft.priority.is_some()
        || !draft.reminders.is_empty()
        || !draft.tags.is_empty();
    let due = draft.due.filter(|_| !says_more)?;
    let wall = match (due.date, due.at) {
        (Some(day), _) => day.and_time(NaiveTime::from_hms_opt(9, 0, 0)?),
        (None, at) => at?.get(),
    };
    scene.instant(wall)
}
