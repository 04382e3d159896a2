//! Whether occurrences are far enough apart for a series, each of whose occurrences becomes a task.

use chrono::{NaiveDateTime, TimeDelta, Timelike};

use super::rule::{Frequency, Rule, RuleError};
use super::schedule::Schedule;
use super::sets::SmallSet;
use crate::zone::ZoneData;

/// Occurrences that are looked at one by one. What comes later is judged by the rule's seconds alone.
const LOOKED_AT: usize = 100;

impl Schedule {
    /// Refuses occurrences less than a minute apart, by their wall times.
    ///
    /// A rule that goes on for ever is judged by its first occurrences, and by whether its seconds, in phase with its interval, can lie that close; on which days
    /// they do is not asked.
    ///
    /// # Errors
    ///
    /// [`RuleError::TooFrequent`] and [`RuleError::UnknownZone`].
    pub fn ensure_a_minute_apart(&self, zones: &dyn ZoneData) -> Result<(), RuleError> {
        if self.all_day {
            return Ok(());
        }
        self.ensure_alone(self.start, zones)?;
        for at in &self.added {
            self.ensure_alone(*at, zones)?;
        }
        if !can_meet_within_a_minute(&self.rule, self.start) {
            return Ok(());
        }
        let mut looked_at = 0;
        let mut last = NaiveDateTime::MIN;
        for occurrence in self.occurrences(zones)?.take(LOOKED_AT) {
            let at = occurrence.at.get();
            if at - last < a_minute() {
                return Err(RuleError::TooFrequent);
            }
            (looked_at, last) = (looked_at + 1, at);
        }
        if looked_at == LOOKED_AT && self.rule.positions.is_empty() {
            return Err(RuleError::TooFrequent);
        }
        Ok(())
    }

    /// Nothing comes within a minute before or after.
    fn ensure_alone(&self, at: NaiveDateTime, zones: &dyn ZoneData) -> Result<(), RuleError> {
        let before = at.checked_sub_signed(a_minute()).unwrap_or(NaiveDateTime::MIN);
        let close = self.after(before, zones).map(|occurrence| occurrence.at.get());
        let mut close = close.take_while(|other| *other - at < a_minute());
        // It may not be there itself, and then disturbs nothing.
        let is_excluded = self.excluded.binary_search(&at).is_ok();
        if close.any(|other| other != at) && !is_excluded {
            return Err(RuleError::TooFrequent);
        }
        Ok(())
    }
}

fn a_minute() -> TimeDelta {
    TimeDelta::minutes(1)
}

/// Whether two of a rule's times can be less than a minute apart, whatever `BYSETPOS` leaves of them.
fn can_meet_within_a_minute(rule: &Rule, start: NaiveDateTime) -> bool {
    if rule.frequency != Frequency::Secondly {
        return rule.seconds.len() > 1;
    }
    if rule.interval >= 60 {
        return false;
    }
    let open = |set: SmallSet, end: u32| if set.is_empty() { SmallSet::below(end) } else { set };
    let in_phase = start.second() % gcd(rule.interval, 60);
    let seconds = open(rule.seconds, 60);
    let reached = |second: u32| seconds.contains(second) && second % gcd(rule.interval, 60) == in_phase;
    let minutes = open(rule.minutes, 60);
    // 59 and 0 are neighbours where one hour follows another.
    let has_neighbours = (0..60).any(|minute| minutes.contains(minute) && minutes.contains((minute + 1) % 60));
    let mut distances = (rule.interval..60).step_by(usize::try_from(rule.interval).unwrap_or(60));
    distances.any(|distance| {
        (0..60)
            .filter(|second| reached(*second))
            .any(|second| match second + distance {
                other @ 0..60 => reached(other),
                other => has_neighbours && reached(other - 60),
            })
    })
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
