//! Times in the nights, and other parts, of days that come again: "every friday night at 12", "nightly backup at 2".

use chrono::Timelike;

use super::{Recurrence, Repeat};
use crate::phrases::{
    cursor::Cursor,
    parts::{self, Nights},
    times::Time,
    words::Unit,
};

impl Recurrence {
    /// Takes the times said elsewhere for those in its part of the day, where they can be: "at 2" of "nightly backup at 2". `is_noon` where twelve is.
    pub(in crate::phrases) fn tell(&mut self, times: &[Time], is_noon: bool) -> Option<Vec<Time>> {
        let part = self.part?;
        let told = |time: &Time| match time.at.hour() {
            12 if part >= 18 && !is_noon => parts::midnight_behind(time),
            _ => parts::in_part(time, part, Nights::ReachTheMorning),
        };
        let told = times.iter().map(told).collect::<Option<Vec<_>>>()?;
        (self.part, self.times) = (None, Vec::new());
        Some(told)
    }

    /// The hours behind midnight of its nights, "night at 12", which are on the days behind those it names.
    pub(super) fn nights(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let repeat = self.repeat.as_mut().ok().filter(|_| self.times.is_empty())?;
        let is_of_weeks = repeat.every == Unit::Week && repeat.months.is_empty() && !repeat.weekdays.is_empty();
        (is_of_weeks || *repeat == Repeat::every(1, Unit::Day)).then_some(())?;
        self.times = vec![parts::night_of_each(cursor)?];
        if is_of_weeks {
            for (_, day) in &mut repeat.weekdays {
                *day = (*day + 1) % 7;
            }
            repeat.weekdays.sort_unstable();
            repeat.shifted = true;
            self.doubt.get_or_insert(parts::BEHIND_MIDNIGHT.into());
        }
        Some(())
    }
}
