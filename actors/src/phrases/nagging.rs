//! Reminders that come again: "nag every 10 min, at most 5", "remind me every 10 min until done".

use punctual_events::{Offset, Repeat};

use super::{
    cursor::Cursor,
    lengths::{self, Length},
    reminders::in_words,
};

/// The longest there is, where nothing else is said.
const MOST_TIMES: u32 = 100;
const EVERY_S: std::ops::RangeInclusive<u32> = 60..=86_400;

/// How often a reminder comes again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nag {
    every: Length,
    times: Option<u32>,
}

/// A wish to be nagged at the cursor. "remind me every 2 hours" alone is how a task recurs: behind that the end has to be said.
pub(super) fn nagging(cursor: &mut Cursor<'_>) -> Option<Nag> {
    let is_sure = cursor.word(&["nag", "nagging"]);
    if is_sure {
        cursor.word(&["me"]);
    } else {
        (cursor.words(&["remind", "me"]) || cursor.words(&["and", "again"]) || cursor.word(&["again"])).then_some(())?;
    }
    cursor.word(&["every"]).then_some(())?;
    let every = lengths::length(cursor).or_else(|| {
        // "every minute": one of them.
        cursor.meaning(super::words::unit).map(|unit| Length::of(1, unit))
    })?;
    let end = cursor.attempt(|cursor| {
        cursor.mark(',');
        end(cursor)
    });
    (is_sure || end.is_some()).then_some(())?;
    Some(Nag {
        every,
        times: end.flatten(),
    })
}

/// How often at most; `Some(None)` where it is said to go on until it is done.
#[expect(clippy::option_option, reason = "no end said, one without a number, one with")]
fn end(cursor: &mut Cursor<'_>) -> Option<Option<u32>> {
    if cursor.word(&["until", "till"]) {
        cursor.words(&["it", "is"]);
        cursor.words(&["i"]);
        cursor.word(&["it's", "i'm"]);
        return cursor
            .word(&["done", "finished", "dismissed", "complete", "completed"])
            .then_some(None);
    }
    let is_most = cursor.words(&["at", "most"]) || cursor.words(&["up", "to"]) || cursor.word(&["max"]);
    let number = lengths::amount(cursor)?;
    let is_times = cursor.word(&["times", "time", "x"]);
    (is_most || is_times).then_some(Some(number))
}

impl Nag {
    /// As a reminder has it, and what is said of it.
    pub(super) fn settle(self) -> Result<(Repeat, String), &'static str> {
        let seconds = self
            .every
            .seconds
            .saturating_add(self.every.days.saturating_mul(86_400));
        let every = Offset::from_seconds(seconds.into())
            .filter(|_| self.every.months == 0 && EVERY_S.contains(&seconds))
            .ok_or("a reminder comes again every minute at most and every 24 hours at least")?;
        let times = self.times.unwrap_or(MOST_TIMES);
        let times = u16::try_from(times)
            .ok()
            .filter(|times| (1..=MOST_TIMES).contains(&u32::from(*times)))
            .ok_or("a reminder comes again 1 to 100 times")?;
        let said = format!(
            "again every {} until it is dismissed or done, {times} times at most",
            in_words(self.every)
        );
        Ok((Repeat { every, times }, said))
    }
}
