//! Reminders that come again: "nag every 10 min, at most 5", "nag hourly for 3 hours", "remind me every 10 min until done".

use chrono::NaiveDate;
use punctual_events::{Offset, Repeat};

use super::{
    asking::lead,
    cursor::Cursor,
    dates::{Doubt, date},
    lengths::{self, Length},
    reminders::in_words,
    scan::Item,
    spans::SpanKind,
    times::one_time,
    words::{self, Unit},
};

/// The longest there is, where nothing else is said.
const MOST_TIMES: u32 = 100;
const EVERY_S: std::ops::RangeInclusive<u32> = 60..=86_400;

/// How often a reminder comes again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nag {
    every: Length,
    end: End,
    /// It could be meant as a recurrence.
    in_doubt: bool,
}

/// When it stops, apart from a dismissal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Times(u32),
    After(Length),
    /// Something else: "until 6pm".
    Other,
}

/// How a wish to be nagged began.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// "nag".
    Sure,
    /// "remind me", which needs an end: "remind me every 2 hours" alone is how a task recurs.
    Asked,
    /// Right behind a reminder: "remind me at 8 every 10 min".
    Behind,
}

/// A wish to be nagged at the cursor, or one that does not say how often.
pub(super) fn nagging(cursor: &mut Cursor<'_>, today: NaiveDate, after_reminder: bool) -> Option<Item> {
    let is_noun = cursor.follows(&["the", "a", "to"]);
    let (begin, to_me) = begin(cursor, after_reminder)?;
    let first = cursor.attempt(|cursor| end(cursor, today));
    let Some(every) = cursor.attempt(interval) else {
        let is_meant = begin == Begin::Sure
            && (to_me || first.is_some() || !is_noun && cursor.is_at_end() || cursor.peek_is(&["every"]));
        return is_meant.then_some(Item::Unclear(SpanKind::Reminder, "it does not say how often to nag"));
    };
    let last = first.or_else(|| {
        cursor.attempt(|cursor| {
            cursor.mark(',');
            end(cursor, today)
        })
    });
    let is_within_day = every.months == 0 && every.days == 0;
    let is_enough = match begin {
        Begin::Sure => true,
        Begin::Asked => last.is_some_and(|end| match end {
            End::Done | End::Times(_) => true,
            End::After(length) => !length.is_of_days(),
            End::Other => false,
        }),
        Begin::Behind => is_within_day,
    };
    is_enough.then_some(Item::Nag(Nag {
        every,
        end: last.unwrap_or(End::Done),
        in_doubt: begin == Begin::Behind && last.is_none(),
    }))
}

/// How it begins, and whether "me" was said.
fn begin(cursor: &mut Cursor<'_>, after_reminder: bool) -> Option<(Begin, bool)> {
    let keeps = cursor.word(&["keep"]);
    if cursor.word(&["nag", "nagging"]) || keeps && cursor.word(&["reminding"]) {
        return Some((Begin::Sure, cursor.word(&["me"])));
    }
    (!keeps).then_some(())?;
    if lead(cursor) {
        return Some((Begin::Asked, true));
    }
    cursor.word(&["and"]);
    cursor.word(&["then"]);
    let again = cursor.word(&["again"]);
    if after_reminder {
        return Some((Begin::Behind, false));
    }
    again.then_some((Begin::Asked, false))
}

/// "every 10 min", "every other hour", "hourly".
fn interval(cursor: &mut Cursor<'_>) -> Option<Length> {
    if let Some(unit) = cursor.meaning(|word| match word {
        "hourly" => Some(Unit::Hour),
        "daily" => Some(Unit::Day),
        "weekly" => Some(Unit::Week),
        _ => None,
    }) {
        return Some(Length::of(1, unit));
    }
    cursor.word(&["every", "each"]).then_some(())?;
    let amount = if cursor.word(&["other"]) { 2 } else { 1 };
    let one = |cursor: &mut Cursor<'_>| cursor.meaning(words::unit).map(|unit| Length::of(amount, unit));
    if amount == 2 {
        return one(cursor);
    }
    lengths::length(cursor).or_else(|| one(cursor))
}

/// When it stops.
fn end(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<End> {
    if cursor.word(&["until", "till", "til"]) {
        if cursor.attempt(|cursor| done(cursor).then_some(())).is_some() {
            return Some(End::Done);
        }
        cursor.attempt(|cursor| date(cursor, today));
        one_time(cursor, true);
        return Some(End::Other);
    }
    if let Some(length) = cursor.attempt(duration) {
        return Some(End::After(length));
    }
    let is_most = cursor.words(&["at", "most"])
        || cursor.words(&["up", "to"])
        || cursor.words(&["no", "more", "than"])
        || cursor.words(&["not", "more", "than"])
        || cursor.word(&["max", "maximum", "only"]);
    let Some(count) = cursor.attempt(|cursor| count(cursor, is_most)) else {
        return is_most.then_some(End::Other);
    };
    Some(End::Times(count))
}

/// "for an hour", "for the next 2 hours".
fn duration(cursor: &mut Cursor<'_>) -> Option<Length> {
    cursor.word(&["for"]).then_some(())?;
    cursor.words(&["up", "to"]);
    cursor.word(&["the"]);
    let next = cursor.word(&["next"]);
    cursor.attempt(lengths::length).or_else(|| {
        next.then(|| cursor.meaning(words::unit))?
            .map(|unit| Length::of(1, unit))
    })
}

/// "once", "twice", "3 times"; behind "at most" also "3".
fn count(cursor: &mut Cursor<'_>, is_most: bool) -> Option<u32> {
    if let Some(times) = cursor.meaning(|word| match word {
        "once" => Some(1),
        "twice" => Some(2),
        "thrice" => Some(3),
        _ => None,
    }) {
        return Some(times);
    }
    // None at all is a number too, which is refused.
    let number = cursor.number().map(|(number, _)| number);
    let number = number.or_else(|| lengths::amount(cursor))?;
    (cursor.word(&["times", "time", "x"]) || is_most).then_some(number)
}

/// "done", "it is done", "I'm finished".
pub(super) fn done(cursor: &mut Cursor<'_>) -> bool {
    cursor.words(&["it", "is"]);
    cursor.words(&["i", "am"]);
    cursor.word(&["it's", "i'm", "i"]);
    cursor.word(&["done", "finished", "dismissed", "complete", "completed"])
}

impl Nag {
    /// As a reminder has it, and what is said of it.
    pub(super) fn settle(self) -> Result<(Repeat, String), &'static str> {
        let seconds = seconds_of(self.every);
        let every = Offset::from_seconds(seconds.into())
            .filter(|_| self.every.months == 0 && EVERY_S.contains(&seconds))
            .ok_or("a reminder comes again every minute at most and every 24 hours at least")?;
        let times = match self.end {
            End::Done => MOST_TIMES,
            End::Times(times) => times,
            End::After(length) if length.months == 0 => seconds_of(length) / seconds,
            End::After(_) | End::Other => {
                return Err("it nags until it is done, so many times, or for a length of hours or days");
            }
        };
        let times = u16::try_from(times)
            .ok()
            .filter(|times| (1..=MOST_TIMES).contains(&u32::from(*times)))
            .ok_or("a reminder comes again 1 to 100 times")?;
        let most = match times {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let said = format!(
            "again every {} until it is dismissed or done, {most} at most",
            in_words(self.every)
        );
        Ok((Repeat { every, times }, said))
    }

    /// What else it could mean.
    pub(super) fn doubt(self) -> Doubt {
        self.in_doubt
            .then_some("of one task, again and again; what recurs is said before “remind me”".into())
    }
}

fn seconds_of(length: Length) -> u32 {
    length.seconds.saturating_add(length.days.saturating_mul(86_400))
}
