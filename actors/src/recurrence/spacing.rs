//! Whether occurrences are far enough apart for a series, each of whose occurrences becomes a task.

use chrono::{NaiveDateTime, TimeDelta, Timelike};

use super::pattern::Pattern;
use super::rule::{End, Frequency, Rule, RuleError};
use super::schedule::Schedule;
use super::sets::SmallSet;
use super::walk::second_after;
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
        let pattern = self.pattern();
        let mut counted_out = None;
        for at in std::iter::once(self.start).chain(self.added.iter().copied()) {
            // One that is excluded is not there and disturbs nothing.
            if !self.is_excluded(at) && self.has_close(at, &pattern, &mut counted_out, zones) {
                return Err(RuleError::TooFrequent);
            }
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

    /// Whether something comes within a minute before or after. Only there it is looked for: there may be hundreds of dates, and a rule may name nothing for
    /// centuries. `counted_out` is a time at which `COUNT` is known to have ended the rule.
    fn has_close(
        &self,
        at: NaiveDateTime,
        pattern: &Pattern<'_>,
        counted_out: &mut Option<NaiveDateTime>,
        zones: &dyn ZoneData,
    ) -> bool {
        let from = at
            .checked_sub_signed(a_minute())
            .map_or(NaiveDateTime::MIN, second_after);
        let end = at.checked_add_signed(a_minute()).unwrap_or(NaiveDateTime::MAX);
        let is_other = |other: NaiveDateTime| other != at && !self.is_excluded(other);
        let not_before = self.added.partition_point(|other| *other < from);
        let mut near = self.added[not_before..].iter().take_while(|other| **other < end);
        if near.any(|other| is_other(*other)) || (from <= self.start && self.start < end && is_other(self.start)) {
            return true;
        }
        let mut named = std::iter::successors(pattern.next_before(from, end), |other| {
            pattern.next_before(second_after(*other), end)
        });
        named.any(|other| is_other(other) && self.is_within(other, pattern, counted_out, zones))
    }

    fn is_excluded(&self, at: NaiveDateTime) -> bool {
        self.excluded.binary_search(&at).is_ok()
    }

    /// Whether something the rule names comes before its end.
    fn is_within(
        &self,
        named: NaiveDateTime,
        pattern: &Pattern<'_>,
        counted_out: &mut Option<NaiveDateTime>,
        zones: &dyn ZoneData,
    ) -> bool {
        let End::Count(count) = self.rule.end else {
            return self
                .occurrence(named, zones)
                .is_some_and(|named| self.is_before_end(named));
        };
        if counted_out.is_some_and(|end| end <= named) {
            return false;
        }
        // The start is the first.
        let is_within = pattern.count_until(second_after(named), count.into()) < count.into();
        if !is_within {
            *counted_out = Some(named);
        }
        is_within
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
