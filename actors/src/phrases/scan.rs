//! From left to right through the text: which phrases there are, and where.

use chrono::NaiveDate;
use punctual_events::Priority;

use super::{
    calendar::year,
    cursor::Cursor,
    dates::{Date, date},
    days::{Day, Named},
    lengths::{self, Length},
    lexer::Token,
    marks::{Marked, marked},
    nagging::{Nag, nagging},
    recurrences::{Bound, Recurrence, bound, is_list_of_days, recurrence},
    reminders::{Remind, remind_me_to, reminders},
    times::{Time, at_hour, times},
    words,
};

/// A phrase, and the bytes it takes.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) item: Item,
}

/// What a phrase says.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A day, and perhaps a time on it: "tonight".
    Date {
        date: Date,
        time: Option<Time>,
    },
    Times(Vec<Time>),
    /// "in 2 hours".
    In(Length),
    Recurrence(Recurrence),
    Bound(Bound),
    Reminders(Vec<Remind>),
    /// "nag every 10 min".
    Nag(Nag),
    /// "remind me to" do it.
    RemindMeTo,
    Tag {
        start: usize,
        end: usize,
    },
    List,
    Priority(Priority),
    /// It looks like a phrase of ours, but is none: why.
    Unclear(&'static str),
}

/// Every phrase, in order. None overlaps another.
pub(super) fn scan(tokens: &[Token<'_>], today: NaiveDate) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut cursor = Cursor::new(tokens, at);
        let before = found.last().filter(|found| at > 0 && found.end == tokens[at - 1].end);
        let item = cursor
            .begins_free()
            .then(|| cursor.attempt(|cursor| item(cursor, today, before.map(|found| &found.item))))
            .flatten();
        match item {
            Some(item) => {
                found.push(Found {
                    start: tokens[at].start,
                    end: tokens[cursor.at() - 1].end,
                    item,
                });
                at = cursor.at();
            }
            None => at += 1,
        }
    }
    found
}

/// A whole phrase at the cursor. `before` is the one right before it, if there is one.
fn item(cursor: &mut Cursor<'_>, today: NaiveDate, before: Option<&Item>) -> Option<Item> {
    let after_start = matches!(before, Some(Item::Bound(Bound::From(_))));
    let beside_date = matches!(before, Some(Item::Date { .. }));
    None.or_else(|| whole(cursor, |cursor| marked(cursor).map(of_mark)))
        .or_else(|| whole(cursor, |cursor| nagging(cursor).map(Item::Nag)))
        .or_else(|| {
            whole(cursor, |cursor| {
                reminders(cursor, today).map(|reminders| with_to(cursor, reminders))
            })
        })
        .or_else(|| whole(cursor, |cursor| remind_me_to(cursor).then_some(Item::RemindMeTo)))
        .or_else(|| whole(cursor, |cursor| recurrence(cursor).map(Item::Recurrence)))
        .or_else(|| whole(cursor, |cursor| bound(cursor, today, after_start).map(Item::Bound)))
        .or_else(|| whole(cursor, |cursor| part_of_today(cursor, today)))
        .or_else(|| whole(cursor, from_now))
        .or_else(|| whole(cursor, |cursor| dated(cursor, today)))
        .or_else(|| whole(cursor, |cursor| part_beside(cursor, beside_date)))
        .or_else(|| whole(cursor, |cursor| times(cursor, beside_date).map(Item::Times)))
        .or_else(|| whole(cursor, |cursor| unclear(cursor, today)))
}

/// What a recogniser finds, if it does not end within a word.
fn whole<'t>(cursor: &mut Cursor<'t>, recognise: impl FnOnce(&mut Cursor<'t>) -> Option<Item>) -> Option<Item> {
    cursor.attempt(|cursor| recognise(cursor).filter(|_| cursor.ends_free()))
}

fn of_mark(marked: Marked) -> Item {
    match marked {
        Marked::Tag { start, end } => Item::Tag { start, end },
        Marked::List => Item::List,
        Marked::Priority(priority) => Item::Priority(priority),
    }
}

/// "remind me tomorrow to": what is to be done comes next.
fn with_to(cursor: &mut Cursor<'_>, reminders: Vec<Remind>) -> Item {
    cursor.word(&["to"]);
    Item::Reminders(reminders)
}

/// "tonight", "this evening".
fn part_of_today(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Item> {
    let hour = if cursor.word(&["tonight"]) {
        20
    } else {
        cursor.word(&["this"]).then_some(())?;
        cursor.meaning(words::part_of_day)?
    };
    let date = Date {
        day: Day::on(today),
        doubt: None,
        weak: false,
    };
    Some(Item::Date {
        date,
        time: at_hour(hour),
    })
}

/// "tomorrow morning": the second word.
fn part_beside(cursor: &mut Cursor<'_>, beside_date: bool) -> Option<Item> {
    let hour = beside_date.then(|| cursor.meaning(words::part_of_day))??;
    at_hour(hour).map(|time| Item::Times(vec![time]))
}

/// "in 2 hours", "90 minutes from now".
fn from_now(cursor: &mut Cursor<'_>) -> Option<Item> {
    let within = cursor.word(&["in", "within"]);
    let length = lengths::length(cursor)?;
    let is_said = cursor.words(&["from", "now"]) || within;
    (is_said && !length.is_of_days()).then_some(Item::In(length))
}

fn dated(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Item> {
    let bare = *cursor;
    let introduced = introduction(cursor);
    let found = match cursor.attempt(|cursor| date(cursor, today)) {
        Some(found) => found,
        None => {
            // "in 2 weeks" begins with what could have introduced a date.
            *cursor = bare;
            date(cursor, today)?
        }
    };
    let is_month = matches!(found.day.named, Named::Month { .. });
    let is_enough = match introduced {
        Some(introduced) => !found.weak || introduced != "for" && (introduced != "in" || is_month),
        None => !found.weak || !is_month && is_beside_time(*cursor) || ends_text(*cursor, bare),
    };
    (is_enough && !cursor.peek_is(&["of"])).then_some(Item::Date {
        date: found,
        time: None,
    })
}

/// "on", "by", "due on" and their like.
fn introduction<'t>(cursor: &mut Cursor<'t>) -> Option<&'t str> {
    let word = cursor.peek_word()?;
    match word {
        "due" => {
            cursor.advance();
            cursor.word(&["on", "by", "in"]);
        }
        "on" | "by" | "in" | "for" => cursor.advance(),
        _ => return None,
    }
    Some(word)
}

/// "sun at 2", "1/5 4pm": a time makes a date of what alone would be a word or a fraction.
fn is_beside_time(mut cursor: Cursor<'_>) -> bool {
    times(&mut cursor, true).is_some()
}

/// "pay rent sat": a weekday as the last word, unless it is "the sun".
fn ends_text(end: Cursor<'_>, begin: Cursor<'_>) -> bool {
    end.is_at_end()
        && begin.peek_word().is_some_and(words::is_doubtful_weekday)
        && !begin.follows(&["the", "a", "an", "my", "in", "of"])
}

/// What must not be taken apart: "2nd and 4th thu of aug" is no single day, and "before friday" is not Friday.
fn unclear(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Item> {
    if let Some(()) = cursor.attempt(|cursor| {
        is_list_of_days(cursor).then_some(())?;
        cursor.word(&["of", "in"]).then_some(())?;
        (cursor.meaning(words::month).is_some() || year(cursor).is_some()).then_some(())?;
        year(cursor);
        Some(())
    }) {
        return Some(Item::Unclear("several days, and no recurrence that says when"));
    }
    cursor.word(&["before", "after", "since"]).then_some(())?;
    date(cursor, today)?;
    Some(Item::Unclear("before or after a day, but not when"))
}
