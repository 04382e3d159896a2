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
    let said = behind_until(text.trim());
    let lower = said.to_ascii_lowercase();
    // Nothing else stands here, so that "1 h" is as clear as "1h".
    let joined = || length(&lower.split_whitespace().collect::<String>());
    if let Some(length) = length(&lower).or_else(joined) {
        return scene.later(length);
    }
    if matches!(&*lower, "eod" | "end of day" | "end of the day") {
        return moment("today at 18:00", scene);
    }
    // "noon" and "weekend" need a word before them in a text.
    let forms = [said.to_owned(), format!("at {said}"), format!("this {said}")];
    forms.iter().find_map(|form| moment(form, scene))
}

/// What is behind "until".
fn behind_until(text: &str) -> &str {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let is_until = ["until", "till", "til"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word));
    if is_until { rest.trim_start() } else { text }
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
