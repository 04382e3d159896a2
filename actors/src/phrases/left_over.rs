//! What is left in the title once the phrases are found, and tells that they are not all: a time that the day elsewhere needs ("tomorrow doctor 9:30"), and a day that the time elsewhere
//! belongs to ("friday's meeting at 5pm" is not today at five).

use chrono::NaiveDate;

use super::{
    cursor::Cursor,
    ending::goes_on,
    lexer::{Kind, Token},
    names::{is_at_name, is_capitalised},
    recurrences::Recurrence,
    scan::{Found, Item},
    spans::SpanKind,
    times::{Need, clock, number_meant},
    words,
};

const NO_DAY: &str = "a day that is not understood; put it between quotation marks where it is none";

const NO_TIME: &str = "a time or another number; a time is said “at”";

/// Adds to what was found what is left.
pub(super) fn left_over(found: &mut Vec<Found>, text: &str, tokens: &[Token<'_>], today: NaiveDate) {
    let left: Vec<usize> = uncovered(found, tokens).collect();
    if says_day_without_time(found) {
        let mut times = left.iter().filter_map(|at| time_at(text, tokens, *at, &left, today));
        if let Some(time) = times.find(|time| has_room(found, time)) {
            insert(found, time);
        }
    } else if says_time_without_day(found) {
        let days: Vec<(usize, usize, Sureness)> = left
            .iter()
            .filter_map(|at| day_at(tokens, *at, &left).map(|(count, sureness)| (*at, count, sureness)))
            .collect();
        if let Some((at, count, _)) = days.iter().find(|(_, _, sureness)| *sureness == Sureness::Day) {
            let (start, end) = (tokens[*at].start, tokens[at + count - 1].end);
            let item = Item::Unclear(SpanKind::Date, NO_DAY);
            insert(found, Found { start, end, item });
        } else if let Some((at, count, _)) = days.first() {
            let named: Vec<&str> = tokens[*at..at + count].iter().map(|token| token.text).collect();
            doubt_day(found, &named.join(if count == &2 { " " } else { "" }));
        }
    }
}

/// How sure it is that something names a day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sureness {
    /// A time beside it is on that day.
    Day,
    /// It could be: "pay the january rent at 5pm".
    Perhaps,
}

/// Whether no phrase has any of a new piece: "2 am" of "mtg@2 am 24.12." ends in a date.
fn has_room(found: &[Found], new: &Found) -> bool {
    let at = found.partition_point(|known| known.end <= new.start);
    found.get(at).is_none_or(|next| new.end <= next.start)
}

fn insert(found: &mut Vec<Found>, new: Found) {
    let at = found.partition_point(|known| known.start < new.start);
    found.insert(at, new);
}

/// The places of the tokens that no phrase has.
fn uncovered<'a>(found: &'a [Found], tokens: &'a [Token<'_>]) -> impl Iterator<Item = usize> + 'a {
    let mut pieces = found.iter().peekable();
    (0..tokens.len()).filter(move |at| {
        let token = &tokens[*at];
        while pieces.next_if(|piece| piece.end <= token.start).is_some() {}
        pieces.peek().is_none_or(|piece| token.end <= piece.start)
    })
}

fn says_day_without_time(found: &[Found]) -> bool {
    let is_day = |found: &Found| match &found.item {
        Item::Date { times, .. } => times.is_empty(),
        Item::Recurrence(Recurrence {
            repeat: Ok(repeat),
            times,
            ..
        }) => times.is_empty() && !repeat.is_within_days(),
        _ => false,
    };
    let is_time = |found: &Found| match &found.item {
        Item::Date { times, .. } => !times.is_empty(),
        Item::Recurrence(recurrence) => !recurrence.times.is_empty(),
        Item::Times(_) | Item::In(_) | Item::Unclear(SpanKind::Time, _) => true,
        _ => false,
    };
    found.iter().any(is_day) && !found.iter().any(is_time)
}

fn says_time_without_day(found: &[Found]) -> bool {
    let is_day = |found: &Found| {
        matches!(
            found.item,
            Item::Date { .. }
                | Item::In(_)
                | Item::Recurrence(_)
                | Item::Unclear(SpanKind::Date | SpanKind::Recurrence, _)
        )
    };
    let is_time = |found: &Found| match &found.item {
        Item::Times(_) => true,
        Item::Reminders(reminders) => reminders.iter().any(|reminder| reminder.on_the_day().is_some()),
        _ => false,
    };
    found.iter().any(is_time) && !found.iter().any(is_day)
}

/// "9:30", "for 9:30": with words behind that go on with it, it could be anything, and so could "John 3:16".
fn time_at(text: &str, tokens: &[Token<'_>], at: usize, left: &[usize], today: NaiveDate) -> Option<Found> {
    let Kind::Number(value) = tokens[at].kind else {
        return None;
    };
    if tokens[at].joined {
        return at_sign(tokens, at);
    }
    if let Some(found) = unsure(tokens, at, value, today) {
        return Some(found);
    }
    (tokens.get(at + 1)?.text == ":").then_some(())?;
    let mut cursor = Cursor::new(tokens, at, 0);
    let mut time = clock(&mut cursor, Need::Minutes)?;
    let end = tokens[cursor.at() - 1].end;
    let written = format!("{}:{}", tokens[at].text, tokens.get(at + 2)?.text);
    let is_early = matches!(tokens[at].kind, Kind::Number(..7)) && tokens[at].text.len() == 1;
    let is_verse = is_early && at > 0 && is_capitalised(text, &tokens[at - 1]);
    if is_verse || goes_on(&cursor, today) {
        let item = Item::Unclear(SpanKind::Time, NO_TIME);
        return Some(Found {
            start: tokens[at].start,
            end,
            item,
        });
    }
    time.doubt = number_meant(&written);
    let before = at.checked_sub(1).filter(|before| left.binary_search(before).is_ok());
    let introduction = before.filter(|before| tokens[*before].text == "for");
    let start = tokens[introduction.unwrap_or(at)].start;
    Some(Found {
        start,
        end,
        item: Item::Times(vec![time]),
    })
}

/// "mtg@2pm": a mark that no address is behind.
fn at_sign(tokens: &[Token<'_>], at: usize) -> Option<Found> {
    let sign = at
        .checked_sub(1)
        .map(|at| &tokens[at])
        .filter(|sign| sign.text == "@")?;
    let mut cursor = Cursor::new(tokens, at, 0);
    let time = clock(&mut cursor, Need::Sure)?;
    cursor.ends_free().then(|| Found {
        start: sign.start,
        end: tokens[cursor.at() - 1].end,
        item: Item::Times(vec![time]),
    })
}

/// "dentist 14h" and "meeting 1500", which could be a length and another number.
fn unsure(tokens: &[Token<'_>], at: usize, value: u32, today: NaiveDate) -> Option<Found> {
    const COUNTED: &[&str] = &[
        "buy", "code", "deposit", "flight", "form", "invest", "owe", "pay", "room", "route", "save", "send",
        "transfer", "version", "withdraw", "$", "€", "£",
    ];
    let mut cursor = Cursor::new(tokens, at, 0);
    let is_counted = cursor.follows(COUNTED);
    let is_length = cursor.follows(&["for", "in", "of", "within", "every"]);
    cursor.advance();
    let is_lettered = (13..24).contains(&value) && cursor.is_joined() && cursor.word(&["h"]);
    let is_time = tokens[at].text.len() == 4 && (600..1900).contains(&value) && matches!(value % 100, 0 | 15 | 30 | 45);
    let is_meant = is_lettered && !is_length || is_time && !is_counted;
    (is_meant && cursor.ends_free() && !goes_on(&cursor, today)).then(|| Found {
        start: tokens[at].start,
        end: tokens[cursor.at() - 1].end,
        item: Item::Unclear(SpanKind::Time, NO_TIME),
    })
}

/// How many tokens from a place on could name a day, none of which a phrase has.
fn day_at(tokens: &[Token<'_>], at: usize, left: &[usize]) -> Option<(usize, Sureness)> {
    let token = &tokens[at];
    let is_left = |at: usize| left.binary_search(&at).is_ok();
    if token.joined && at > 0 {
        return None;
    }
    if token.kind != Kind::Word {
        return numbers(tokens, at);
    }
    if let Some(count) = letters(tokens, at) {
        return Some((count, Sureness::Day));
    }
    let mut behind = Cursor::new(tokens, at, 0);
    behind.advance();
    behind.ends_free().then_some(())?;
    let next = tokens.get(at + 1).filter(|_| is_left(at + 1));
    if next.is_some_and(|next| next.text == "day" && !next.joined) {
        let is_national = at > 0 && matches!(tokens[at - 1].text, "national" | "international" | "world");
        return named_day(token.text, is_national).map(|sureness| (2, sureness));
    }
    // "call Jan at 4pm", "lunch with June"
    let is_of_somebody = matches!(token.text, "jan" | "april" | "june" | "august")
        && (is_at_name(tokens, at) || next.is_none_or(|next| next.kind != Kind::Word));
    // "new year party", "week 50"
    let is_two = token.text == "new" && next.is_some_and(|next| matches!(next.text, "year" | "year's" | "years"))
        || token.text == "week" && next.is_some_and(|next| matches!(next.kind, Kind::Number(1..=53)));
    if is_two {
        return Some((2, Sureness::Perhaps));
    }
    (!is_of_somebody).then(|| named(token.text).map(|sureness| (1, sureness)))?
}

/// How many tokens from here on are letters of weekdays: "m w f", "tu/th", "th". Two letters of one each could be anything: "t/f".
fn letters(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let letter = |at: usize| {
        let letter = tokens.get(at)?;
        matches!(letter.text, "m" | "t" | "tu" | "w" | "th" | "f").then_some(letter.text.len())
    };
    let (mut count, mut letters, mut is_sure) = (0, 0, false);
    while let Some(length) = letter(at + count).filter(|_| letters < 7) {
        letters += 1;
        is_sure |= length == 2;
        count += 1;
        let separator = tokens.get(at + count).map_or("", |token| token.text);
        let is_joined = matches!(separator, "," | "/" | "&" | "and") && letter(at + count + 1).is_some();
        count += usize::from(is_joined);
    }
    (is_sure || letters > 2).then_some(count)
}

/// A word that names a day, also as an owner: "friday's".
fn named(word: &str) -> Option<Sureness> {
    const FEASTS: &[&str] = &[
        "advent",
        "ascension",
        "chanukah",
        "diwali",
        "eid",
        "epiphany",
        "hanukkah",
        "juneteenth",
        "kwanzaa",
        "passover",
        "pentecost",
        "purim",
        "ramadan",
        "valentine",
        "valentines",
        "whitsun",
    ];
    let owner = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"));
    let name = owner.unwrap_or(word);
    let is_other_word = matches!(name, "sun" | "sat" | "wed" | "mon" | "may" | "mar" | "march");
    if is_other_word {
        return None;
    }
    if words::weekday(name).is_some() || name == "tomorrow" {
        return Some(Sureness::Day);
    }
    let could_be =
        words::month(name).is_some() || FEASTS.contains(&name) || matches!(name, "today" | "tonight" | "yesterday");
    could_be.then_some(Sureness::Perhaps)
}

/// The word before "day": of "st patrick's day" the owner, of "election day" the name; of "leg day" it is what one does.
fn named_day(word: &str, is_national: bool) -> Option<Sureness> {
    const NAMES: &[&str] = &[
        "anzac",
        "armistice",
        "australia",
        "bastille",
        "canada",
        "columbus",
        "commonwealth",
        "earth",
        "election",
        "flag",
        "groundhog",
        "inauguration",
        "liberation",
        "presidents",
        "remembrance",
        "republic",
        "veterans",
        "victory",
        "waitangi",
    ];
    if word.ends_with("'s") || word.ends_with("’s") {
        return Some(Sureness::Day);
    }
    (is_national || NAMES.contains(&word)).then_some(Sureness::Perhaps)
}

/// "24-12-26" and "24-12": numbers that a date is written with.
fn numbers(tokens: &[Token<'_>], at: usize) -> Option<(usize, Sureness)> {
    let mut cursor = Cursor::new(tokens, at, 0);
    let part = |cursor: &mut Cursor<'_>| {
        cursor
            .number()
            .filter(|(value, digits)| *digits <= 2 && (1..=31).contains(value))
    };
    let (first, _) = part(&mut cursor)?;
    let mark = ['-', '.', '/'].into_iter().find(|mark| cursor.joined_mark(*mark))?;
    let (second, _) = cursor.is_joined().then(|| part(&mut cursor))??;
    (first <= 12 || second <= 12).then_some(())?;
    let year = cursor.attempt(|cursor| {
        (cursor.joined_mark(mark) && cursor.is_joined()).then_some(())?;
        cursor.number().filter(|(_, digits)| matches!(digits, 2 | 4))
    });
    cursor.ends_free().then_some(())?;
    let is_last = cursor.peek_word().is_none_or(|word| matches!(word, "at" | "by"));
    // "chapters 3-4" and "pages 10-25" are others, and so is a result of 2-1.
    let is_range = mark == '-' && at > 0 && (first < second || second <= 12 && first <= 12);
    match year {
        Some(_) => Some((5, Sureness::Day)),
        None => (is_last && !is_range).then_some((3, Sureness::Perhaps)),
    }
}

/// Has the time say that its day is not that of what could name one.
fn doubt_day(found: &mut [Found], named: &str) {
    let note = format!("on the day it comes next; “{named}” is not taken for its day");
    for found in found {
        if let Item::Times(times) = &mut found.item
            && let Some(time) = times.first_mut()
        {
            time.doubt = Some(match time.doubt.take() {
                Some(doubt) => format!("{note}; {doubt}").into(),
                None => note.into(),
            });
            return;
        }
    }
}
