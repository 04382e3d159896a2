//! What comes after an occurrence.

use chrono::{NaiveDateTime, TimeDelta};
use punctual_events::{
    Anchor, LatePolicy, Moment, OccurrenceOutcome, Recurrence, RecurrenceDate, SeriesDefinition, Timestamp, WallTime,
};

use crate::{
    recurrence::{Occurrence, Rule, Schedule},
    series::exceptions::{Exceptions, Settlement},
    user::validate::{wall_time, walls},
    zone::ZoneData,
};

/// Missed occurrences that are recorded one by one; a series that is later than that goes on at the first instant after now all the same. What a
/// person settled is recorded besides, every one.
pub const MAX_MISSED: usize = 1_000;

/// No day is longer, in milliseconds: one that clocks were set back in by a whole day, as zones crossed the date line.
const LONGEST_DAY_MS: i64 = 49 * 3_600_000;

/// What a closed occurrence leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    /// Occurrences that will have no instance: their instants passed while the closed one was open, or they were settled before.
    pub(super) passed: Vec<Passed>,
    /// The next; none when the rule has no more.
    pub(super) open: Option<Moment>,
}

/// An occurrence that gets no instance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) at: Moment,
    /// None where it is for the late policy to say how it ended.
    pub(super) settled: Option<Settlement>,
}

/// The schedule of a definition whose rule has `spent` occurrences behind it, from before the definition was last changed. `None` when its rule
/// cannot be read any more or it has no date.
pub(super) fn schedule(definition: &SeriesDefinition, spent: u32) -> Option<Schedule> {
    let rule = Rule::parse(&definition.recurrence.rrule).ok()?.after(spent);
    let first = definition.due.as_ref().or(definition.start.as_deref())?;
    let Recurrence {
        rdate,
        exdate,
        workdays,
        ..
    } = &*definition.recurrence;
    let schedule = Schedule::from_moment(rule, first, &definition.time_zone).by_workdays(*workdays);
    Some(schedule.with_dates(&walls(rdate), &walls(exdate)))
}

/// How many occurrences of a definition's rule `COUNT` counts before the one at `at` (number `occurrence`).
pub(super) fn counted_before(definition: &SeriesDefinition, occurrence: u32, at: &Moment) -> u32 {
    match definition.recurrence.anchor {
        Anchor::Completion => occurrence.saturating_sub(definition.first_occurrence),
        Anchor::Schedule => schedule(definition, 0).map_or(0, |schedule| schedule.counted_before(wall_time(at))),
    }
}

/// The same of a change by a release that did not say: those that were numbered, but for dates that were added, which `COUNT` does not count,
/// and with those that were taken away, which it does.
pub(super) fn spent_until(before: &SeriesDefinition, after: &SeriesDefinition, zones: &dyn ZoneData) -> u32 {
    let numbered = after.first_occurrence.saturating_sub(before.first_occurrence);
    if numbered == 0 {
        return 0;
    }
    let at = after.due.as_ref().or(after.start.as_deref());
    match (schedule(before, 0), at) {
        (Some(schedule), Some(at)) => schedule.counted_of(numbered, wall_time(at), zones),
        _ => numbered,
    }
}

/// True when both definitions repeat by the same rule, however it is written.
pub(super) fn is_same_rule(before: &SeriesDefinition, after: &SeriesDefinition) -> bool {
    let rule = |definition: &SeriesDefinition| Rule::parse(&definition.recurrence.rrule).ok();
    rule(before).is_some_and(|before| rule(after) == Some(before))
}

/// Whether an outcome was a person's doing.
pub(super) fn is_chosen(outcome: OccurrenceOutcome) -> bool {
    !matches!(outcome, OccurrenceOutcome::Missed)
}

/// The course of a series: its schedule, and what keeps it from that.
pub(super) struct Course<'a> {
    definition: &'a SeriesDefinition,
    exceptions: &'a Exceptions,
    pub(super) schedule: Schedule,
    zones: &'a dyn ZoneData,
}

impl<'a> Course<'a> {
    /// Of a definition whose rule has `spent` occurrences behind it.
    pub(super) fn new(
        (definition, spent): (&'a SeriesDefinition, u32),
        exceptions: &'a Exceptions,
        zones: &'a dyn ZoneData,
    ) -> Option<Self> {
        Some(Self {
            definition,
            exceptions,
            schedule: schedule(definition, spent)?,
            zones,
        })
    }

    /// What comes after the occurrence at `closed_at` (number `occurrence`), closed at `closed`, by when it may have been `done` for long: that is
    /// what is counted from, where it is counted from completions.
    pub(super) fn after(&self, occurrence: u32, closed_at: &Moment, closed: Timestamp, done: Timestamp) -> Next {
        match self.definition.recurrence.anchor {
            Anchor::Completion => Next {
                passed: Vec::new(),
                open: self.counted_from(occurrence, closed_at, done),
            },
            Anchor::Schedule => match self.definition.recurrence.late_policy {
                // Where one is kept open, it has been moved to the newest instant, or is about to be.
                LatePolicy::RollToFuture | LatePolicy::KeepOneOpen => self.first_after(closed_at, Some(closed)),
                LatePolicy::CatchUp => self.first_after(closed_at, None),
                LatePolicy::Skip => self.newest_or_next(closed_at, closed),
            },
        }
    }

    /// The occurrence the rule gives when it counts from the day of completion of the one at `closed_at`.
    pub(super) fn counted_from(&self, occurrence: u32, closed_at: &Moment, closed: Timestamp) -> Option<Moment> {
        let definition = self.definition;
        let made = (occurrence + 1).saturating_sub(definition.first_occurrence);
        let of = wall_time(closed_at);
        let mut completed = self.zones.wall_time(self.schedule.zone(), closed)?;
        loop {
            let next = self.schedule.next_from_completion((completed, of), made, self.zones);
            let next = next.ok().flatten()?;
            // What clocks that were set back show for the second time has been.
            if next.instant > closed {
                return Some(self.schedule.moment(next));
            }
            completed = next.at.get();
        }
    }

    /// When the first occurrence after the one at `at` comes that is to have an instance, those up to `since` apart.
    pub(super) fn following(&self, at: &Moment, since: Option<Timestamp>) -> Option<Timestamp> {
        let has_begun = |date, occurrence| since.is_some_and(|since| self.exceptions.latest(date, occurrence) <= since);
        let (_, next) = self.walk(at, since, has_begun);
        next.map(|next| self.exceptions.comes_at(self.date(next), next))
    }

    /// The newest occurrence after the one at `at` that has come by `until` and is to have an instance, and those in between, as far as they are
    /// recorded.
    pub(super) fn newest(&self, at: &Moment, until: Timestamp) -> Option<(Vec<Passed>, Moment)> {
        let (mut passed, is_whole) = self.recorded(WallTime::new(wall_time(at))?, |passed| passed.instant <= until);
        let has_come = |occurrence: &Occurrence| {
            let date = self.date(*occurrence);
            let is_settled = self.exceptions.settlement(date, *occurrence).is_some();
            !is_settled && self.exceptions.comes_at(date, *occurrence) <= until
        };
        let last = if is_whole {
            None
        } else {
            self.schedule.last_until(until, self.zones).filter(has_come)
        };
        let newest = match last {
            Some(last) => {
                passed.retain(|occurrence| occurrence.at < last.at);
                last
            }
            None => {
                let place = passed.iter().rposition(has_come)?;
                passed.truncate(place + 1);
                passed.pop()?
            }
        };
        let between = passed.into_iter().map(|occurrence| self.passed(occurrence));
        Some((between.collect(), self.schedule.moment(newest)))
    }

    /// An occurrence without an instance.
    pub(super) fn passed(&self, occurrence: Occurrence) -> Passed {
        Passed {
            at: self.schedule.moment(occurrence),
            settled: self.exceptions.settlement(self.date(occurrence), occurrence),
        }
    }

    /// The newest occurrence that has come since the closed one; where none has, the one to come.
    fn newest_or_next(&self, closed_at: &Moment, closed: Timestamp) -> Next {
        match self.newest(closed_at, closed) {
            Some((passed, newest)) => Next {
                passed,
                open: Some(newest),
            },
            None => self.first_after(closed_at, None),
        }
    }

    /// The first occurrence after the one at `at` that is to have an instance and has not passed by `until`: a day passes when it ends.
    pub(super) fn first_after(&self, at: &Moment, until: Option<Timestamp>) -> Next {
        let is_over = |date, occurrence: Occurrence| until.is_some_and(|until| self.ends(date, occurrence) <= until);
        let (passed, open) = self.walk(at, until, is_over);
        Next {
            passed: passed.into_iter().map(|occurrence| self.passed(occurrence)).collect(),
            open: open.map(|occurrence| self.schedule.moment(occurrence)),
        }
    }

    /// The last instant up to which an occurrence is to be done: where it is a day, the end of that.
    fn ends(&self, date: RecurrenceDate, occurrence: Occurrence) -> Timestamp {
        let changes = self.exceptions.of(date);
        let moved = changes.and_then(|changes| changes.due.as_ref().or(changes.start.as_deref()));
        let end = |moment: &Moment| match moment {
            Moment::Day { date, instant } => {
                let end = date
                    .succ_opt()
                    .and_then(|next| self.zones.day_start(&self.definition.time_zone, next));
                end.unwrap_or(*instant)
            }
            Moment::Time { instant, .. } => *instant,
        };
        let own = end(&self.schedule.moment(occurrence));
        moved.map_or(own, |moved| end(moved).max(own))
    }

    /// The first occurrence that is to have an instance and of which `has_passed` is not true, as it is of none after `until`, with those before it, as
    /// far as they are recorded.
    fn walk(
        &self,
        at: &Moment,
        until: Option<Timestamp>,
        has_passed: impl Fn(RecurrenceDate, Occurrence) -> bool,
    ) -> (Vec<Occurrence>, Option<Occurrence>) {
        let at_day = at.is_day();
        let Some(at) = WallTime::new(wall_time(at)) else {
            return (Vec::new(), None);
        };
        let is_passed = |occurrence: &Occurrence| {
            let date = self.date(*occurrence);
            has_passed(date, *occurrence) || self.exceptions.settlement(date, *occurrence).is_some()
        };
        let (mut passed, is_whole) = self.recorded(at, is_passed);
        let mut rest = self.later_than(if is_whole {
            passed.last().map_or(at, |last| last.at)
        } else {
            // From the first that has not passed by the clock on, few are passed over: those that were settled one by one, and of days the one before,
            // which lasts.
            let now = until.max(self.exceptions.floor());
            let now = now.map(|now| if at_day { now.plus_millis(-LONGEST_DAY_MS) } else { now });
            let next = now.and_then(|now| self.schedule.next_after(now, self.zones).ok().flatten());
            let before = next.and_then(|next| before(next.at.get()));
            let Some(before) = before else { return (passed, None) };
            before
        });
        let open = rest.find(|occurrence| !is_passed(occurrence));
        passed.retain(|occurrence| open.is_none_or(|open| occurrence.at < open.at));
        (passed, open)
    }

    /// The occurrences after one that are passed, up to the first that is not, as far as they are recorded: all that a person settled, and of the
    /// others the first. Whether that is all of them.
    pub(super) fn recorded(&self, after: WallTime, is_passed: impl Fn(&Occurrence) -> bool) -> (Vec<Occurrence>, bool) {
        let (mut recorded, mut missed) = (Vec::new(), 0);
        for occurrence in self.later_than(after).take_while(&is_passed) {
            if !self.exceptions.is_settled(self.date(occurrence)) {
                if missed == MAX_MISSED {
                    recorded.extend(self.settled_after(occurrence.at).filter(&is_passed));
                    return (recorded, false);
                }
                missed += 1;
            }
            recorded.push(occurrence);
        }
        (recorded, true)
    }

    /// Those that a person settled.
    fn settled_after(&self, after: WallTime) -> impl Iterator<Item = Occurrence> {
        let dates = self.exceptions.settled().filter(move |date| date.wall() > after.get());
        dates.filter_map(|date| self.at(date))
    }

    fn later_than(&self, at: WallTime) -> impl Iterator<Item = Occurrence> {
        let after = self.schedule.occurrences_after(at, self.zones);
        after.ok().into_iter().flatten()
    }

    /// The occurrence at exactly this date, if the rule has one.
    pub(super) fn at(&self, date: RecurrenceDate) -> Option<Occurrence> {
        let next = self.schedule.next_after_wall(before(date.wall())?, self.zones);
        next.ok().flatten().filter(|next| next.at.get() == date.wall())
    }

    fn date(&self, occurrence: Occurrence) -> RecurrenceDate {
        RecurrenceDate::from(&self.schedule.moment(occurrence))
    }
}

/// The wall time before this one.
fn before(wall: NaiveDateTime) -> Option<WallTime> {
    WallTime::new(wall.checked_sub_signed(TimeDelta::seconds(1))?)
}
