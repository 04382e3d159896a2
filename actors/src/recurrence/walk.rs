//! The occurrences of a schedule in order: what the rule names up to its end, dates added, dates taken away, and what becomes of it where clocks change.

use std::iter;

use chrono::{Days, NaiveDateTime, TimeDelta};
use punctual_events::Timestamp;

use super::pattern::Pattern;
use super::rule::End;
use super::schedule::{Occurrence, Schedule};
use crate::zone::ZoneData;

impl Schedule {
    /// The occurrences whose wall time is after `after`.
    pub(super) fn after<'a>(
        &'a self,
        after: NaiveDateTime,
        zones: &'a dyn ZoneData,
    ) -> impl Iterator<Item = Occurrence> + 'a {
        let mut of_rule = self.of_rule(after, zones).peekable();
        let passed = self.added.partition_point(|at| *at <= after);
        let added = self.added.get(passed..).unwrap_or_default().iter();
        let added = added.filter_map(|at| self.occurrence(*at, zones));
        let mut added = added.filter(|extra| !self.comes_besides(*extra, zones)).peekable();
        let merged = iter::from_fn(move || match (of_rule.peek(), added.peek()) {
            (Some(named), Some(extra)) if extra.at < named.at => added.next(),
            (Some(named), Some(extra)) if extra.at == named.at => {
                added.next();
                of_rule.next()
            }
            (Some(_), _) => of_rule.next(),
            (None, _) => added.next(),
        });
        // At most as many are passed over as there are dates.
        merged.filter(|occurrence| self.excluded.binary_search(&occurrence.at.get()).is_err())
    }

    /// Whether a date that was added is at the instant of another occurrence, since clocks skip the time of one of the two.
    pub(super) fn comes_besides(&self, extra: Occurrence, zones: &dyn ZoneData) -> bool {
        // Days are occurrences of their own, also where a zone skips one.
        let twin = (!self.all_day).then(|| self.twin(extra, zones)).flatten();
        twin.is_some_and(|(at, is_shown)| {
            let is_added = is_shown && self.added.binary_search(&at).is_ok();
            let is_named = || {
                let named = at == self.start || self.pattern().names(at);
                named && self.counts(at) && self.occurrence(at, zones).is_some_and(|twin| self.is_before_end(twin))
            };
            self.excluded.binary_search(&at).is_err() && (is_added || is_named())
        })
    }

    /// The other wall time that resolves to the same instant, if clocks skip one of the two, and whether it is the one that clocks show.
    fn twin(&self, occurrence: Occurrence, zones: &dyn ZoneData) -> Option<(NaiveDateTime, bool)> {
        let Occurrence { at, instant } = occurrence;
        let shown = zones.wall_time(&self.zone, instant)?;
        if shown != at.get() {
            return Some((shown, true));
        }
        let yesterday = zones.wall_time(&self.zone, instant.plus_millis(-86_400_000))?;
        let skipped = shown.signed_duration_since(yesterday) - TimeDelta::days(1);
        let before = shown
            .checked_sub_signed(skipped)
            .filter(|_| skipped > TimeDelta::zero())?;
        (zones.resolve(&self.zone, before) == Some(instant)).then_some((before, false))
    }

    /// Whether `COUNT` reaches what the rule names at `at`.
    fn counts(&self, at: NaiveDateTime) -> bool {
        match self.rule.end {
            End::Count(count) => at == self.start || 1 + self.pattern().count_until(at, count.into()) < count.into(),
            _ => true,
        }
    }

    /// What the rule names after `after`. What `COUNT` leaves is counted once, before the first.
    fn of_rule<'a>(&'a self, after: NaiveDateTime, zones: &'a dyn ZoneData) -> impl Iterator<Item = Occurrence> + 'a {
        let pattern = self.pattern();
        let next = after
            .checked_add_signed(TimeDelta::seconds(1))
            .unwrap_or(NaiveDateTime::MAX);
        let several_a_day = pattern.is_several_a_day();
        let start = (several_a_day || after < self.start).then_some(self.start);
        let start = start.and_then(|start| self.occurrence(start, zones));
        // A start that clocks skip is moved, and what it is moved to or beyond would come at its instant or before.
        let begun = start.filter(|_| several_a_day).map(|start| start.instant);
        let next = next.max(second_after(self.start));
        let left = match self.rule.end {
            End::Count(count) => u64::from(count).saturating_sub(1 + pattern.count_until(next, count.into())),
            _ => u64::MAX,
        };
        let walk = Walk {
            schedule: self,
            several_a_day,
            pattern,
            zones,
            next,
            left,
        };
        let later = walk.skip_while(move |occurrence| begun.is_some_and(|begun| occurrence.instant <= begun));
        start
            .filter(|_| after < self.start)
            .into_iter()
            .chain(later.take_while(|occurrence| self.is_before_end(*occurrence)))
    }

    /// The last occurrence that is not after an instant, looked for ever further back from there.
    pub(crate) fn last_until(&self, instant: Timestamp, zones: &dyn ZoneData) -> Option<Occurrence> {
        let shown = zones.wall_time(&self.zone, instant)?;
        let mut back = TimeDelta::hours(1);
        loop {
            let from = shown.checked_sub_signed(back).unwrap_or(NaiveDateTime::MIN);
            let passed = self.after(from, zones);
            let last = passed.take_while(|occurrence| occurrence.instant <= instant).last();
            if last.is_some() || from < self.start {
                return last;
            }
            back = back * 4;
        }
    }

    /// The first occurrence after an instant, at which clocks show `shown`, of a schedule that may have thousands a day: those that surely passed are not looked at.
    pub(super) fn next_of_many(
        &self,
        instant: Timestamp,
        shown: NaiveDateTime,
        zones: &dyn ZoneData,
    ) -> Option<Occurrence> {
        // What clocks skipped within the last day was moved forward, and may still lie ahead.
        let yesterday = zones.wall_time(&self.zone, instant.plus_millis(-86_400_000))?;
        let skipped = shown.signed_duration_since(yesterday) - TimeDelta::days(1);
        if skipped > TimeDelta::zero() {
            let moved = self.after(shown.checked_sub_signed(skipped)?, zones).next();
            if moved.is_some_and(|moved| moved.instant > instant) {
                return moved;
            }
        }
        // Where clocks show this for the second time, so they do what follows.
        let first_shown = zones.resolve(&self.zone, shown)?;
        let passed = if first_shown < instant && skipped < TimeDelta::zero() {
            self.end_of_repetition(instant, shown, zones)
        } else {
            shown
        };
        self.after(passed, zones)
            .find(|occurrence| occurrence.instant > instant)
    }

    /// The last wall time after `shown` that clocks had shown before `instant`.
    fn end_of_repetition(&self, instant: Timestamp, shown: NaiveDateTime, zones: &dyn ZoneData) -> NaiveDateTime {
        let limit = shown.checked_add_days(Days::new(1)).unwrap_or(shown);
        last_second(shown, limit, |at| {
            zones
                .resolve(&self.zone, at)
                .is_some_and(|first_shown| first_shown <= instant)
        })
    }
}

/// What a pattern names, one after the other.
struct Walk<'a> {
    schedule: &'a Schedule,
    pattern: Pattern<'a>,
    several_a_day: bool,
    zones: &'a dyn ZoneData,
    /// Where to go on.
    next: NaiveDateTime,
    left: u64,
}

impl Iterator for Walk<'_> {
    type Item = Occurrence;

    fn next(&mut self) -> Option<Occurrence> {
        loop {
            self.left = self.left.checked_sub(1)?;
            let at = self.pattern.next_from(self.next)?;
            let occurrence = self.schedule.occurrence(at, self.zones)?;
            self.next = second_after(at);
            match self.superseded_by(occurrence) {
                None => return Some(occurrence),
                // Those in between are later in the gap, and so superseded too.
                Some(other) => {
                    if self.schedule.rule.end.is_counted() {
                        let between =
                            self.pattern.count_until(other, u64::MAX) - self.pattern.count_until(self.next, u64::MAX);
                        self.left = self.left.saturating_sub(between);
                    }
                    self.next = other;
                }
            }
        }
    }
}

impl Walk<'_> {
    /// The occurrence after the gap of the clocks that one in the gap would fall on or after, were it moved.
    fn superseded_by(&self, occurrence: Occurrence) -> Option<NaiveDateTime> {
        if !self.several_a_day {
            return None;
        }
        let (zone, at) = (&self.schedule.zone, occurrence.at.get());
        let moved = self
            .zones
            .wall_time(zone, occurrence.instant)
            .filter(|moved| *moved > at)?;
        let last_skipped = last_second(at, moved, |skipped| {
            let resolved = self.zones.resolve(zone, skipped);
            resolved.and_then(|instant| self.zones.wall_time(zone, instant)) != Some(skipped)
        });
        let other = self.pattern.next_from(second_after(last_skipped))?;
        (other <= moved).then_some(other)
    }
}

/// The last second from `from` to `to` of which `holds` is true, as it is of `from`, of all up to that second, and of none after it.
fn last_second(from: NaiveDateTime, to: NaiveDateTime, holds: impl Fn(NaiveDateTime) -> bool) -> NaiveDateTime {
    let at = |second: i64| from.checked_add_signed(TimeDelta::seconds(second)).unwrap_or(to);
    let (mut last, mut end) = (0, to.signed_duration_since(from).num_seconds() + 1);
    while end - last > 1 {
        let middle = last + (end - last) / 2;
        if holds(at(middle)) {
            last = middle;
        } else {
            end = middle;
        }
    }
    at(last)
}

pub(super) fn second_after(at: NaiveDateTime) -> NaiveDateTime {
    at.checked_add_signed(TimeDelta::seconds(1))
        .unwrap_or(NaiveDateTime::MAX)
}
