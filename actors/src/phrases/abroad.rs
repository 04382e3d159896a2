//! Times of other zones: "3pm EST", "9am London time". A task's times are those of its user's zone, so these are not understood.

use chrono::NaiveDate;

use super::{
    cursor::Cursor,
    ending::goes_on,
    lexer::{Kind, Token},
    names::is_large,
    reminders::Remind,
    scan::{Found, Item},
    spans::SpanKind,
};

const WHY: &str = "times are those of your own time zone; say when it is there, without the name of a zone";

/// Refuses the times that the name of a zone is right behind, or behind the day that is behind them.
pub(super) fn refuse_times_abroad(found: &mut [Found], text: &str, tokens: &[Token<'_>], today: NaiveDate) {
    let mut at = 0;
    for index in 0..found.len() {
        while tokens.get(at).is_some_and(|token| token.start < found[index].end) {
            at += 1;
        }
        // "3pm Friday time"
        let next = found.get(index + 1).map_or(usize::MAX, |next| next.start);
        let Some(end) = zone(text, tokens, at, today).filter(|end| *end <= next) else {
            continue;
        };
        let before = index.checked_sub(1);
        if let Some(kind) = kind_of_time(&found[index].item) {
            found[index].item = Item::Unclear(kind, WHY);
            found[index].end = end;
        } else if let Some(before) = before
            && matches!(found[index].item, Item::Date { .. })
            && let Some(kind) = kind_of_time(&found[before].item)
        {
            found[before].item = Item::Unclear(kind, WHY);
        }
    }
}

/// What a phrase that says a time is about.
fn kind_of_time(item: &Item) -> Option<SpanKind> {
    let is_timed = |remind: &Remind| matches!(remind, Remind::At { time: Some(_), .. } | Remind::DaysBefore { .. });
    match item {
        Item::Times(_) => Some(SpanKind::Time),
        Item::Date { times, .. } if !times.is_empty() => Some(SpanKind::Time),
        Item::Recurrence(recurrence) if !recurrence.times.is_empty() => Some(SpanKind::Recurrence),
        Item::Reminders(all) | Item::Early(all) if all.iter().any(is_timed) => Some(SpanKind::Reminder),
        _ => None,
    }
}

/// Where the name of a zone ends that begins at a token.
fn zone(text: &str, tokens: &[Token<'_>], at: usize, today: NaiveDate) -> Option<usize> {
    const ZONES: &[&str] = &[
        "ACST", "AEDT", "AEST", "AWST", "BST", "CDT", "CEST", "CET", "CST", "CT", "EDT", "EEST", "EET", "EST", "ET",
        "GMT", "HKT", "HST", "IST", "JST", "KST", "MDT", "MSK", "MST", "MT", "NZDT", "NZST", "PDT", "PST", "PT", "SGT",
        "UTC", "WEST", "WET",
    ];
    // "3pm (EST)"
    let at = at + usize::from(tokens.get(at)?.text == "(");
    let token = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    // In lower case "wet" and "pt" are other words.
    const SMALL: &[&str] = &["cest", "cet", "edt", "est", "gmt", "pdt", "pst", "utc"];
    if ZONES.contains(&&text[token.start..token.end]) || SMALL.contains(&token.text) {
        return Some(tokens[at + offset(tokens, at + 1)].end);
    }
    of_place(text, tokens, at).or_else(|| of_america(text, tokens, at, today))
}

/// "Eastern", without "time": before a word that goes on with it, it is of another name, "3pm Central Park". A mountain is more often one.
fn of_america(text: &str, tokens: &[Token<'_>], at: usize, today: NaiveDate) -> Option<usize> {
    let token = &tokens[at];
    let is_one =
        matches!(token.text, "central" | "eastern" | "pacific") || token.text == "mountain" && is_large(text, token);
    let mut behind = Cursor::new(tokens, at, 0);
    behind.advance();
    (is_one && behind.ends_free() && !goes_on(&behind, today)).then_some(token.end)
}

/// How many tokens an offset has: "+2" of "GMT+2".
fn offset(tokens: &[Token<'_>], at: usize) -> usize {
    let is_sign = tokens
        .get(at)
        .is_some_and(|sign| matches!(sign.text, "+" | "-") && sign.joined);
    let has_hours = tokens
        .get(at + 1)
        .is_some_and(|hours| matches!(hours.kind, Kind::Number(_)) && hours.joined);
    if is_sign && has_hours { 2 } else { 0 }
}

/// "London time", "New York time", "eastern time": one to three words, which are large but for a few that nothing else is named by.
fn of_place(text: &str, tokens: &[Token<'_>], at: usize) -> Option<usize> {
    const KNOWN: &[&str] = &[
        "berlin", "central", "eastern", "london", "mountain", "pacific", "paris", "standard", "sydney", "tokyo", "york",
    ];
    let words = tokens[at..].iter().take_while(|token| token.kind == Kind::Word).take(4);
    let time = words
        .clone()
        .position(|token| token.text == "time")
        .filter(|words| *words > 0)?;
    let is_named = words
        .take(time)
        .all(|token| is_large(text, token) || KNOWN.contains(&token.text) || token.text == "new");
    is_named.then(|| tokens[at + time].end)
}
