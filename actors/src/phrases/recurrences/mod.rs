//! Recurrences: "every other tue", "every 2nd and last friday", "monthly on the 15th", "first day of each month", "tuesdays and thursdays".

mod bounds;
mod completion;
mod every;
mod nights;
mod notes;
mod odd_steps;
mod of_each;
mod repeat;
mod selection;
mod spans;
mod tail;

use super::{
    cursor::Cursor,
    dates::Doubt,
    parts::{self, Nights},
    times::Time,
    words::{self, Unit},
};
use crate::recurrence::Rule;

pub(super) use bounds::{Behind, Bound, Exception, bound};
use completion::after_completion;
pub(super) use repeat::{End, Repeat, WORKDAYS, each};
use selection::{Selection, Weekdays, selection, weekdays};
pub(super) use selection::{is_range_of_weekdays, ordinals, workday};

/// A recurrence that was found.
#[derive(Clone, Debug)]
pub(super) struct Recurrence {
    /// The rule, or why there is none that says this.
    pub(super) repeat: Result<Repeat, &'static str>,
    /// "every!": the next counts from when the last was completed.
    pub(super) after_completion: bool,
    pub(super) doubt: Doubt,
    /// "every morning" says when, too.
    pub(super) times: Vec<Time>,
    /// The hour that a part of the day begins to mean, where nothing but that says when: a time elsewhere is one in it.
    part: Option<u32>,
    /// An adverb, which may be one of the title as well: "weekly".
    is_adverb: bool,
}

impl From<Repeat> for Recurrence {
    fn from(repeat: Repeat) -> Self {
        Self {
            repeat: Ok(repeat),
            after_completion: false,
            doubt: None,
            times: Vec::new(),
            part: None,
            is_adverb: false,
        }
    }
}

impl Recurrence {
    fn inexpressible(reason: &'static str) -> Self {
        Self {
            repeat: Err(reason),
            ..Repeat::every(1, Unit::Day).into()
        }
    }

    /// How often, where it says no more than that: not on which days.
    pub(super) fn how_often(&self) -> Option<&Repeat> {
        let repeat = self.repeat.as_ref().ok()?;
        let is_plain = !repeat.names_days() && !repeat.is_within_days();
        (is_plain && !self.after_completion && self.times.is_empty()).then_some(repeat)
    }

    /// Whether it is an adverb with nothing behind that belongs to it.
    pub(super) fn is_adverb(&self) -> bool {
        let is_plain = self.repeat.as_ref().is_ok_and(|repeat| !repeat.names_days());
        self.is_adverb && is_plain && !self.after_completion && self.times.is_empty()
    }

    /// With this doubt where it has none.
    pub(super) fn or_doubt(mut self, doubt: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        self.doubt.get_or_insert_with(|| doubt.into());
        self
    }

    fn doubtful(repeat: Repeat, doubt: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self {
            doubt: Some(doubt.into()),
            ..repeat.into()
        }
    }
}

/// A recurrence at the cursor.
pub(super) fn recurrence(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let recognisers: [fn(&mut Cursor<'_>) -> Option<Recurrence>; 7] = [
        so_often_a_period,
        every::every,
        adverb,
        of_every,
        several_of_the_month,
        of_each::days_and_period,
        again_and_again,
    ];
    let begin = *cursor;
    let mut found = recognisers.iter().find_map(|recognise| cursor.attempt(recognise))?;
    if let Ok(mut repeat) = found.repeat {
        if !found.after_completion {
            every::in_months_behind(cursor, &mut repeat);
        }
        found.doubt = found.doubt.or_else(|| notes::note(&repeat, begin, *cursor));
        found.repeat = sayable(&repeat).map(|()| repeat);
    }
    cursor.attempt(|cursor| found.nights(cursor));
    Some(found)
}

/// Words name what no calendar has ("every 81st") and what no task may have ("make every second count"): such are words of the title.
fn sayable(repeat: &Repeat) -> Result<(), &'static str> {
    if repeat.every == Unit::Second && repeat.interval < 60 {
        return Err("it comes round more than once a minute");
    }
    match Rule::parse(&repeat.rrule(End::Never)) {
        Ok(_) => Ok(()),
        Err(_) => Err("no rule says this"),
    }
}

/// "twice a week", "3 times monthly": not on which days.
fn so_often_a_period(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    if !cursor.word(&["twice", "thrice"]) {
        super::lengths::amount(cursor)?;
        cursor.word(&["times", "x"]).then_some(())?;
    }
    let is_period = cursor.attempt(adverb_of).is_some()
        || cursor.word(&["a", "per", "each", "every"]) && cursor.meaning(words::unit).is_some();
    is_period.then(|| Recurrence::inexpressible("it says how often in a period, but not when in it"))
}

/// "daily", "weekly on wednesdays", "monthly on the first and last instance of tue and fri".
fn adverb(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    let doubt = adverb_doubt(cursor);
    let at_night = cursor.peek_is(&["nightly"]);
    let (interval, unit) = adverb_of(cursor)?;
    let mut recurrence = tail::with_tail(cursor, interval, unit)?;
    recurrence.is_adverb = true;
    recurrence.after_completion = after_completion(cursor);
    recurrence.doubt = recurrence.doubt.or(doubt.map(Into::into));
    if at_night {
        let begin = cursor.at();
        recurrence.times = parts::at_part(cursor, 21, Nights::ReachTheMorning)?;
        recurrence.part = (cursor.at() == begin).then_some(21);
    }
    Some(recurrence)
}

/// What else people mean by words that begin with "bi".
fn adverb_doubt(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    let hyphened = cursor.peek_is(&["bi"]).then(|| {
        let mut ahead = *cursor;
        ahead.advance();
        ahead.joined_mark('-');
        ahead.peek_word()
    });
    match hyphened.flatten().or_else(|| cursor.peek_word())? {
        "annually" | "yearly" => hyphened.map(|_| "every 6 months; say “every 2 years” for that"),
        "weekly" | "monthly" => hyphened.map(|_| "every other one; for two in each, say when in it"),
        "biweekly" => Some("every other one; for two in each, say when in it"),
        "bimonthly" => Some("every 2 months; for two in each month, say when in it"),
        "biannually" | "biyearly" => Some("every 6 months; say “every 2 years” for that"),
        _ => None,
    }
}

fn adverb_of(cursor: &mut Cursor<'_>) -> Option<(u32, Unit)> {
    let hyphened = cursor.attempt(|cursor| {
        let interval = if cursor.word(&["bi"]) {
            2
        } else {
            cursor.word(&["semi", "half"]).then_some(6)?
        };
        // "bi-weekly" or "bi weekly".
        (!cursor.is_joined() || cursor.joined_mark('-') && cursor.is_joined()).then_some(())?;
        let word = cursor.peek_word()?;
        cursor.advance();
        match (interval, word) {
            (2, "weekly") => Some((2, Unit::Week)),
            (2, "monthly") => Some((2, Unit::Month)),
            (2 | 6, "annually" | "yearly") => Some((6, Unit::Month)),
            _ => None,
        }
    });
    hyphened.or_else(|| adverb_in_one(cursor))
}

fn adverb_in_one(cursor: &mut Cursor<'_>) -> Option<(u32, Unit)> {
    cursor.meaning(|word| {
        Some(match word {
            "hourly" => (1, Unit::Hour),
            "daily" | "everyday" | "nightly" => (1, Unit::Day),
            "weekly" => (1, Unit::Week),
            "fortnightly" | "biweekly" => (2, Unit::Week),
            "monthly" => (1, Unit::Month),
            "bimonthly" => (2, Unit::Month),
            "semiannually" | "biannually" | "biyearly" => (6, Unit::Month),
            "quarterly" => (3, Unit::Month),
            "yearly" | "annually" => (1, Unit::Year),
            "biennially" => (2, Unit::Year),
            _ => return None,
        })
    })
}

/// "4th of every month", "on the first friday of each quarter's …": days of each period.
fn of_every(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    cursor.word(&["on", "at"]);
    let selection = selection(cursor)?;
    cursor.word(&["of", "in"]).then_some(())?;
    cursor.word(&["every", "each"]).then_some(())?;
    Some(of_each::of_each(selection, of_each::period(cursor)?))
}

/// "1st and 15th of the month": two days, so of every month.
fn several_of_the_month(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    cursor.word(&["on", "at"]);
    let selection = selection(cursor).filter(|selection| selection.count() > 1)?;
    cursor.word(&["of", "in"]).then_some(())?;
    cursor.words(&["the", "month"]).then_some(())?;
    let why = "of every month, because a task is due on one day";
    Some(Recurrence::doubtful(selection.of(1, Unit::Month), why))
}

/// What is left open where only how often is said elsewhere: "mon-fri" of "daily", "first monday" of "monthly".
pub(super) fn days_left_open(cursor: &mut Cursor<'_>, how_often: &Repeat) -> Option<Recurrence> {
    cursor.word(&["on"]);
    match how_often.every {
        Unit::Day | Unit::Week => {
            let days = weekdays(cursor)?.days;
            (days.len() > 1).then(|| Repeat::on_weekdays(1, &days).into())
        }
        Unit::Month => {
            let selection = of_each::plain_days(cursor)?;
            cursor.words(&["of", "the", "month"]);
            let is_sure = !matches!(selection, Selection::Days(_))
                || selection.count() > 1
                || cursor.follows(&["month", "day", "days"]);
            (is_sure && !cursor.peek_is(&["of", "in"])).then(|| selection.of(1, Unit::Month).into())
        }
        _ => None,
    }
}

/// "tuesdays and thursdays", "on weekends", "monday" before "mornings".
fn again_and_again(cursor: &mut Cursor<'_>) -> Option<Recurrence> {
    // "2 weekends" are counted, and do not come again and again.
    (!cursor.follows_number()).then_some(())?;
    cursor.word(&["on"]);
    let Weekdays { days, plural, .. } = weekdays(cursor)?;
    let has_parts = cursor.peek_is(&["mornings", "afternoons", "evenings", "nights"]);
    (plural || has_parts).then_some(())?;
    Some(every::in_weeks_or_months(cursor, Repeat::on_weekdays(1, &days)).into())
}

/// Whether two or more days of a period are at the cursor, which it passes.
pub(super) fn is_list_of_days(cursor: &mut Cursor<'_>) -> bool {
    cursor
        .attempt(|cursor| selection(cursor).filter(|selection| selection.count() > 1))
        .is_some()
}
