//! From left to right through the text: which phrases there are, and where.

use chrono::NaiveDate;
use punctual_events::Priority;

use super::{
    abroad::refuse_times_abroad,
    asking::{LEADS_TO_IT, reminds_when_due},
    bare::hour_behind,
    cursor::Cursor,
    dated::dated,
    dates::Date,
    early::{early, warning},
    ending::goes_on,
    left_over::left_over,
    lengths::{self, Length},
    lexer::Token,
    marks::{Marked, marked},
    nagging::{Nag, nagging},
    parts::{day_with_time, part_of},
    recurrences::{Behind, Bound, Recurrence, Repeat, bound, days_left_open, recurrence},
    reminders::{Remind, reminders},
    spans::SpanKind,
    spoken::twelve_at_the_end,
    times::{Time, number_meant, times},
    unclear::unclear,
    words::Unit,
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
        times: Vec<Time>,
        /// It is words of the title where another day is said: "christmas shopping tomorrow".
        gives_way: bool,
        /// It is the first of more.
        several: bool,
    },
    Times(Vec<Time>),
    /// "in 2 hours".
    In(Length),
    Recurrence(Recurrence),
    Bound(Bound),
    Reminders(Vec<Remind>),
    /// "10 minutes before", behind what "remind me" leads to: when that reminds.
    Early(Vec<Remind>),
    /// "nag every 10 min".
    Nag(Nag),
    /// "remind me" to do it, or every day: when it is due.
    RemindMe,
    Tag {
        start: usize,
        end: usize,
    },
    List,
    Priority(Priority),
    /// It looks like a phrase of ours, but is none: why.
    Unclear(SpanKind, &'static str),
}

impl Item {
    /// How often, where a recurrence says no more than that.
    fn how_often(&self) -> Option<&Repeat> {
        match self {
            Self::Recurrence(recurrence) => recurrence.how_often(),
            _ => None,
        }
    }

    /// Days that only a recurrence makes sense of: "mon and wed", "mon-fri", "first monday".
    fn lacks_recurrence(&self) -> bool {
        matches!(
            self,
            Self::Date { several: true, .. } | Self::Unclear(SpanKind::Date, _)
        )
    }
}

/// Every phrase, in order. None overlaps another. Where how often is said behind the days ("gym mon and wed at 7 every week"), they are read a second time, with that in mind.
pub(super) fn scan(text: &str, tokens: &[Token<'_>], today: NaiveDate) -> Vec<Found> {
    let found = pass(tokens, today, None);
    let mut from_days = found.iter().skip_while(|found| !found.item.lacks_recurrence());
    let mut found = match from_days.find_map(|found| found.item.how_often()) {
        Some(how_often) => pass(tokens, today, Some(how_often.clone())),
        None => found,
    };
    refuse_times_abroad(&mut found, text, tokens, today);
    left_over(&mut found, text, tokens, today);
    // Also those that were left over.
    refuse_times_abroad(&mut found, text, tokens, today);
    tell_times(&mut found, tokens);
    keep_apart(&mut found);
    found
}

/// Drops what is not behind the phrase before it: what follows cuts the text into pieces, and relies on it.
fn keep_apart(found: &mut Vec<Found>) {
    let mut behind = 0;
    found.retain(|found| {
        let is_behind = behind <= found.start && found.start < found.end;
        behind = if is_behind { found.end } else { behind };
        is_behind
    });
}

/// Whether a day is said, or days again and again: "every week" leaves open which.
pub(super) fn says_day(found: &[Found]) -> bool {
    found.iter().any(|found| match &found.item {
        Item::Date { .. } | Item::In(_) => true,
        Item::Recurrence(Recurrence { repeat: Ok(repeat), .. }) => repeat.names_days() || repeat.every <= Unit::Day,
        _ => false,
    })
}

/// "nightly backup at 2": the night of the one tells the half of the day of the other.
fn tell_times(found: &mut [Found], tokens: &[Token<'_>]) {
    let times = found.iter().position(|found| matches!(found.item, Item::Times(_)));
    let Some((at, Item::Times(said))) = times.map(|at| (at, found[at].item.clone())) else {
        return;
    };
    let of_it = tokens
        .iter()
        .filter(|token| (found[at].start..found[at].end).contains(&token.start));
    let is_noon = of_it
        .clone()
        .any(|token| matches!(token.text, "noon" | "midday" | "pm" | "p"));
    let told = found.iter_mut().find_map(|found| match &mut found.item {
        Item::Recurrence(recurrence) => recurrence.tell(&said, is_noon),
        _ => None,
    });
    if let Some(told) = told {
        found[at].item = Item::Times(told);
    }
}

/// From left to right; how often it recurs may be known.
fn pass(tokens: &[Token<'_>], today: NaiveDate, mut how_often: Option<Repeat>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    // In a row of phrases that began with "remind me", so that "to" leads to what is to be done.
    let mut asked = false;
    let mut reminds = false;
    // Behind the last phrase.
    let mut behind = 0;
    while at < tokens.len() {
        let mut cursor = Cursor::new(tokens, at, behind);
        let mut beside = Beside::of(&found, how_often.as_ref(), tokens, at);
        beside.reminds = reminds;
        asked &= beside.before_comma.is_some();
        let item = cursor
            .begins_free()
            .then(|| cursor.attempt(|cursor| item(cursor, today, &beside)))
            .flatten()
            .map(|item| beside.no_other_rule(item));
        match (item, found.last_mut()) {
            (Some(item), _) => {
                how_often = how_often.or_else(|| item.how_often().cloned());
                asked |= matches!(item, Item::RemindMe | Item::Reminders(_));
                reminds |= matches!(item, Item::RemindMe);
                found.push(Found {
                    start: tokens[at].start,
                    end: tokens[cursor.at() - 1].end,
                    item,
                });
                at = cursor.at();
                behind = at;
            }
            (None, Some(last)) if asked && cursor.word(LEADS_TO_IT) => {
                last.end = tokens[at].end;
                asked = false;
                at += 1;
            }
            (None, _) => at += 1,
        }
    }
    found
}

/// The phrases right before a place.
pub(super) struct Beside<'f> {
    pub(super) before: Option<&'f Item>,
    /// The same, if a comma may stand between.
    pub(super) before_comma: Option<&'f Item>,
    /// A recurrence, its times included, and "and" are before.
    pub(super) goes_on: bool,
    /// "remind me" to do it is somewhere before.
    reminds: bool,
    /// The text begins here, or another phrase ends.
    begins: bool,
    /// How often it recurs, where that is said without on which days.
    how_often: Option<&'f Repeat>,
    /// What recurs, right before or with its times in between.
    rule: Option<&'f Recurrence>,
}

impl<'f> Beside<'f> {
    fn of(found: &'f [Found], how_often: Option<&'f Repeat>, tokens: &[Token<'_>], at: usize) -> Self {
        let last = found.last();
        let ends_at = |at: Option<usize>| last.filter(|last| at.is_some_and(|at| last.end == tokens[at].end));
        let before = at.checked_sub(1);
        let comma = before.filter(|at| tokens[*at].text == ",");
        let before_comma = comma.and_then(|at| at.checked_sub(1)).or(before);
        let and = before.filter(|at| matches!(tokens[*at].text, "and" | "or" | "&"));
        let and_before = ends_at(and.and_then(|at| at.checked_sub(1))).is_some();
        let mut rule = found.iter().rev().take(2);
        let rule = rule
            .find(|found| !matches!(found.item, Item::Times(_)))
            .and_then(|found| match &found.item {
                Item::Recurrence(recurrence) => Some(recurrence),
                _ => None,
            });
        Self {
            goes_on: and_before && rule.is_some(),
            rule: rule.filter(|_| ends_at(before_comma).is_some()),
            begins: at == 0 || ends_at(before_comma).is_some(),
            reminds: false,
            how_often,
            before: ends_at(before).map(|found| &found.item),
            before_comma: ends_at(before_comma).map(|found| &found.item),
        }
    }

    pub(super) fn date(&self) -> bool {
        matches!(self.before, Some(Item::Date { .. }))
    }

    /// Which day the date right before is.
    fn day(&self, today: NaiveDate) -> Option<NaiveDate> {
        match self.before {
            Some(Item::Date { date, .. }) => date.day.resolve(today),
            _ => None,
        }
    }

    /// "every monday at 6pm and friday at 5pm": the day is none to start from.
    fn no_other_rule(&self, item: Item) -> Item {
        if self.goes_on && matches!(item, Item::Date { .. }) {
            return Item::Unclear(
                SpanKind::Recurrence,
                "a task has one recurrence, and this is no day of it",
            );
        }
        item
    }

    /// One that says on which days, so that they can have mornings: "every week night" is another thing.
    fn recurrence_on_days(&self) -> bool {
        let Some(Item::Recurrence(Recurrence { repeat: Ok(repeat), .. })) = self.before else {
            return false;
        };
        repeat.names_days() || repeat.every == Unit::Day
    }
}

/// A whole phrase at the cursor.
fn item(cursor: &mut Cursor<'_>, today: NaiveDate, beside: &Beside<'_>) -> Option<Item> {
    let behind = Behind {
        start: matches!(beside.before, Some(Item::Bound(Bound::From(_)))),
        rule: beside.rule.and_then(|rule| rule.repeat.as_ref().ok()),
    };
    let after_reminder = matches!(beside.before_comma, Some(Item::Reminders(_)));
    let beside_date = beside.date();
    let recurs = matches!(beside.before, Some(Item::Recurrence(_)));
    let begins_all = cursor.at() == 0 || matches!(beside.before, Some(Item::RemindMe));
    let has_parts = beside_date || beside.recurrence_on_days();
    None.or_else(|| whole(cursor, |cursor| marked(cursor).map(of_mark)))
        .or_else(|| whole(cursor, |cursor| nagging(cursor, today, after_reminder)))
        .or_else(|| whole(cursor, |cursor| reminders(cursor, today).map(Item::Reminders)))
        .or_else(|| {
            let follows = beside.before_comma.is_some();
            whole(cursor, |cursor| warning(cursor, today, follows).map(Item::Reminders))
        })
        .or_else(|| {
            whole(cursor, |cursor| {
                beside.reminds.then(|| early(cursor, today))?.map(Item::Early)
            })
        })
        .or_else(|| {
            whole(cursor, |cursor| {
                reminds_when_due(cursor, today, beside.before_comma.is_some()).then_some(Item::RemindMe)
            })
        })
        .or_else(|| whole(cursor, |cursor| recurring(cursor, today, beside)))
        .or_else(|| whole(cursor, |cursor| bound(cursor, today, behind).map(Item::Bound)))
        .or_else(|| whole(cursor, |cursor| part_of_today(cursor, today)))
        .or_else(|| whole(cursor, from_now))
        .or_else(|| whole(cursor, |cursor| dated(cursor, today, begins_all)))
        .or_else(|| whole(cursor, |cursor| part_beside(cursor, has_parts)))
        .or_else(|| {
            whole(cursor, |cursor| {
                clock(cursor, today, beside_date || recurs, beside.begins)
            })
        })
        .or_else(|| {
            let behind = beside_date || recurs;
            whole(cursor, |cursor| {
                behind.then(|| hour_behind(cursor, beside.day(today)))?.map(at_one)
            })
        })
        .or_else(|| whole(cursor, |cursor| twelve_at_the_end(cursor).map(at_one)))
        .or_else(|| {
            whole(cursor, |cursor| {
                unclear(cursor, today, beside).map(|(kind, why)| Item::Unclear(kind, why))
            })
        })
}

/// A recurrence; "3 days before the end of every month" is none.
fn recurring(cursor: &mut Cursor<'_>, today: NaiveDate, beside: &Beside<'_>) -> Option<Item> {
    let begin = *cursor;
    let is_of_other = cursor.follows(&["of"]);
    let is_beside_it = beside.before.is_none() && cursor.follows(&["before", "after"]);
    let found = match cursor.attempt(recurrence) {
        Some(found) => found,
        None => days_left_open(cursor, beside.how_often?)?,
    };
    let is_adverb_of_title = found.is_adverb() && goes_on(cursor, today);
    let word = begin.peek_word().unwrap_or_default();
    Some(match &found.repeat {
        Ok(_) if is_of_other => Item::Unclear(SpanKind::Recurrence, "what of it is meant is not understood"),
        Ok(_) if is_beside_it => Item::Unclear(SpanKind::Recurrence, "a rule has no days before or after others"),
        Ok(_) if is_adverb_of_title && begin.at() > 0 && matches!(word, "everyday" | "hourly") => Item::Unclear(
            SpanKind::Recurrence,
            "taken for a word of the title, because of what is behind it; say “every day” or “every hour” for how often",
        ),
        Ok(_) if is_adverb_of_title => Item::Recurrence(found.or_doubt(format!(
            "taken for how often it recurs; put “{word}” between quotation marks where it is a word of the title"
        ))),
        _ => Item::Recurrence(found),
    })
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

/// "tonight", "this evening", "friday night at 12".
fn part_of_today(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Item> {
    day_with_time(cursor, today).map(|(date, times)| Item::Date {
        date,
        times,
        gives_way: false,
        several: false,
    })
}

/// "tomorrow morning", "every monday morning": the last word.
fn part_beside(cursor: &mut Cursor<'_>, beside_day: bool) -> Option<Item> {
    beside_day.then(|| part_of(cursor))?.map(Item::Times)
}

fn at_one(time: Time) -> Item {
    Item::Times(vec![time])
}

/// "at 8 and 12"; "starting at 8" is no more than that. A number alone with more of the title behind it ("look at 5 flats") is an hour only behind a phrase or at the beginning.
fn clock(cursor: &mut Cursor<'_>, today: NaiveDate, beside_day: bool, begins: bool) -> Option<Item> {
    if cursor.follows_number() && cursor.peek_is(&["by"]) {
        // "5 by 7", "one by one"
        return None;
    }
    cursor.word(&["starting", "beginning"]);
    let mut found = times(cursor, beside_day)?;
    if cursor.follows_bare_number() && goes_on(cursor, today) {
        if !begins {
            return Some(Item::Unclear(
                SpanKind::Time,
                "a time or a number of what is behind it; say “5pm” or “17:00” for a time",
            ));
        }
        let written = cursor.token_before().unwrap_or_default();
        found[0].doubt = found[0].doubt.take().or_else(|| number_meant(written));
    }
    Some(Item::Times(found))
}

/// "in 2 hours", "90 minutes from now".
fn from_now(cursor: &mut Cursor<'_>) -> Option<Item> {
    let within = cursor.word(&["in", "within"]);
    let length = lengths::length(cursor)?;
    if within
        && cursor
            .attempt(|cursor| cursor.word(&["or"]).then(|| lengths::amount(cursor))?)
            .is_some()
    {
        return Some(Item::Unclear(SpanKind::Time, "it does not say how many"));
    }
    let is_said = cursor.words(&["from", "now"]) || within;
    (is_said && !length.is_of_days()).then_some(Item::In(length))
}
