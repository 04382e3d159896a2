//! A rule that runs from a first occurrence, in a zone, with dates added and taken away: what comes next, and at which instant.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use punctual_events::{Moment, Timestamp, WallTime};

use super::pattern::Pattern;
use super::rule::{End, Rule, RuleError};
use crate::zone::{UnknownZone, ZoneData, is_within_range};

/// A rule, where it starts, the zone its wall times are meant in, and exceptions.
///
/// **The first occurrence is the start itself**, whether the rule names it or not (RFC 5545 leaves the second case open; a task that is there has to count). It is the first
/// of `COUNT`, and `UNTIL` does not take it away. The others are what the rule names after it; 400 years without any end it, as does the year 9999.
/// Dates of `RDATE` come besides, and neither `COUNT` nor `UNTIL` concerns them. `EXDATE` takes away from both, and `COUNT` goes on counting what it takes.
///
/// An occurrence is its wall time: where a zone skips a whole day, that day's occurrence and the next day's are two, at the same instant. Where a rule names several times a
/// day, a time that clocks skip is left out if it would fall on or after another: every half hour is every half hour also when clocks go forward. `COUNT` counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub(super) rule: Rule,
    /// All day: midnight.
    pub(super) start: NaiveDateTime,
    pub(super) zone: Box<str>,
    pub(super) all_day: bool,
    /// Whether the zone is that of the user, wherever that is.
    pub(super) floating: bool,
    /// Whether a completion is followed by so many workdays, not days.
    pub(super) workdays: bool,
    /// `RDATE`, in order.
    pub(super) added: Vec<NaiveDateTime>,
    /// `EXDATE`, in order.
    pub(super) excluded: Vec<NaiveDateTime>,
}

/// One time a schedule comes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occurrence {
    /// The wall time, which tells it from all others; of an all-day one, the day's midnight.
    pub at: WallTime,
    /// What it resolves to; of an all-day one, the first instant of the day.
    pub instant: Timestamp,
}

impl Schedule {
    /// Occurrences at the time of day of `start`, which is the first, in `zone`.
    #[must_use]
    pub fn timed(rule: Rule, start: WallTime, zone: &str) -> Self {
        Self {
            rule,
            start: start.get(),
            zone: zone.into(),
            all_day: false,
            floating: false,
            workdays: false,
            added: Vec::new(),
            excluded: Vec::new(),
        }
    }

    /// All-day occurrences, the first on `start`, in the zone of the user.
    #[must_use]
    pub fn all_day(rule: Rule, start: NaiveDate, user_zone: &str) -> Self {
        Self {
            rule,
            start: start.and_time(NaiveTime::MIN),
            zone: user_zone.into(),
            all_day: true,
            floating: false,
            workdays: false,
            added: Vec::new(),
            excluded: Vec::new(),
        }
    }

    /// From the start or the due of a task: in the user's zone where it is all day or floating, or at a wall time in the moment's own.
    #[must_use]
    pub fn from_moment(rule: Rule, first: &Moment, user_zone: &str) -> Self {
        match first {
            Moment::Day { date, .. } => Self::all_day(rule, *date, user_zone),
            Moment::Time { at, floating: true, .. } => Self {
                floating: true,
                ..Self::timed(rule, *at, user_zone)
            },
            Moment::Time { at, time_zone, .. } => Self::timed(rule, *at, time_zone),
        }
    }

    /// The same with `RDATE` and `EXDATE`, in wall time; of all-day occurrences the midnights. What is added before the start is nothing.
    #[must_use]
    pub fn with_dates(mut self, added: &[NaiveDateTime], excluded: &[NaiveDateTime]) -> Self {
        let sorted = |dates: &[NaiveDateTime]| {
            let mut dates = dates.to_vec();
            dates.sort_unstable();
            dates.dedup();
            dates
        };
        self.added = sorted(added);
        self.added.retain(|at| *at > self.start);
        self.excluded = sorted(excluded);
        self
    }

    /// The same with the days of its interval counted as workdays, Monday to Friday, after a completion.
    #[must_use]
    pub fn by_workdays(self, workdays: bool) -> Self {
        Self { workdays, ..self }
    }

    /// The zone its wall times are meant in.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// An occurrence as the start or the due of its task.
    #[must_use]
    pub fn moment(&self, occurrence: Occurrence) -> Moment {
        let Occurrence { at, instant } = occurrence;
        if self.all_day {
            Moment::Day {
                date: at.get().date(),
                instant,
            }
        } else {
            Moment::Time {
                at,
                floating: self.floating,
                instant,
                time_zone: self.zone.clone(),
            }
        }
    }

    /// Refuses a rule that names nothing from the start to 400 years after it, the start included, or nothing before its `UNTIL`: `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30`.
    /// Also one of which `EXDATE` leaves nothing, and one that repeats within the day where occurrences are days.
    ///
    /// # Errors
    ///
    /// [`RuleError::NeverOccurs`], [`RuleError::Malformed`] and [`RuleError::UnknownZone`].
    pub fn ensure_occurs(&self, zones: &dyn ZoneData) -> Result<(), RuleError> {
        self.check_zone(zones)?;
        if self.all_day && self.rule.frequency.unit_s().is_some() {
            let reason = format!("days cannot repeat with FREQ={}", self.rule.frequency);
            return Err(RuleError::Malformed { reason });
        }
        self.pattern()
            .next_from(self.start)
            .and_then(|at| self.occurrence(at, zones))
            .filter(|occurrence| self.is_before_end(*occurrence))
            .and_then(|_| self.after(NaiveDateTime::MIN, zones).next())
            .map(|_| ())
            .ok_or(RuleError::NeverOccurs)
    }

    /// All occurrences, in order, from the start on. Lazy; it may be millions.
    ///
    /// # Errors
    ///
    /// The zone is unknown.
    pub fn occurrences<'a>(
        &'a self,
        zones: &'a dyn ZoneData,
    ) -> Result<impl Iterator<Item = Occurrence> + 'a, UnknownZone> {
        self.check_zone(zones)?;
        Ok(self.after(NaiveDateTime::MIN, zones))
    }

    /// The occurrences whose wall time is after `at`, in order. Lazy; it may be millions.
    ///
    /// # Errors
    ///
    /// The zone is unknown.
    pub fn occurrences_after<'a>(
        &'a self,
        at: WallTime,
        zones: &'a dyn ZoneData,
    ) -> Result<impl Iterator<Item = Occurrence> + 'a, UnknownZone> {
        self.check_zone(zones)?;
        Ok(self.after(at.get(), zones))
    }

    /// The first occurrence whose wall time is after `at`: the one that follows another. `None` when the schedule has ended.
    ///
    /// # Errors
    ///
    /// The zone is unknown.
    pub fn next_after_wall(&self, at: WallTime, zones: &dyn ZoneData) -> Result<Option<Occurrence>, UnknownZone> {
        Ok(self.occurrences_after(at, zones)?.next())
    }

    /// The first occurrence at an instant after `instant`, which is usually now. `None` when the schedule has ended.
    ///
    /// # Errors
    ///
    /// The zone is unknown.
    pub fn next_after(&self, instant: Timestamp, zones: &dyn ZoneData) -> Result<Option<Occurrence>, UnknownZone> {
        let shown = zones
            .wall_time(&self.zone, instant)
            .ok_or_else(|| self.unknown_zone())?;
        if self.pattern().is_several_a_day() {
            return Ok(self.next_of_many(instant, shown, zones));
        }
        // Clocks have been moved by a day at most, so what lies two days back by the clock has passed, and only a few occurrences have to be looked at.
        let surely_passed = shown.checked_sub_days(Days::new(2)).unwrap_or(NaiveDateTime::MIN);
        Ok(self
            .after(surely_passed, zones)
            .find(|occurrence| occurrence.instant > instant))
    }

    /// How many `COUNT` counts from the start to before `end`.
    pub(crate) fn counted_before(&self, end: NaiveDateTime) -> u32 {
        if end <= self.start {
            return 0;
        }
        let named = self.pattern().count_until(end, u32::MAX.into());
        u32::try_from(named).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How many of the occurrences from the start to before `end`, numbered through, `COUNT` counts.
    pub(crate) fn counted_of(&self, numbered: u32, end: NaiveDateTime, zones: &dyn ZoneData) -> u32 {
        let pattern = self.pattern();
        let is_named = |at: NaiveDateTime| at == self.start || pattern.names(at);
        let passed = |dates: &[NaiveDateTime], is_wanted: &dyn Fn(NaiveDateTime) -> bool| {
            let dates = dates
                .iter()
                .filter(|at| **at >= self.start && **at < end && is_wanted(**at));
            u32::try_from(dates.count()).unwrap_or(u32::MAX)
        };
        // One that comes at the instant of another, or at none, is no occurrence, and so has no number.
        let is_numbered = |at| {
            let extra = self.occurrence(at, zones);
            extra.is_some_and(|extra| !self.comes_besides(extra, zones))
        };
        let added = passed(&self.added, &|at| {
            !is_named(at) && self.excluded.binary_search(&at).is_err() && is_numbered(at)
        });
        numbered
            .saturating_sub(added)
            .saturating_add(passed(&self.excluded, &is_named))
    }

    pub(super) fn pattern(&self) -> Pattern<'_> {
        Pattern::new(&self.rule, self.start, self.all_day)
    }

    pub(super) fn check_zone(&self, zones: &dyn ZoneData) -> Result<(), UnknownZone> {
        if zones.contains(&self.zone) {
            Ok(())
        } else {
            Err(self.unknown_zone())
        }
    }

    fn unknown_zone(&self) -> UnknownZone {
        UnknownZone(self.zone.clone())
    }

    /// `None` outside the years 1 to 9999, there or in UTC.
    pub(super) fn occurrence(&self, at: NaiveDateTime, zones: &dyn ZoneData) -> Option<Occurrence> {
        let instant = if self.all_day {
            zones.day_start(&self.zone, at.date())
        } else {
            zones.resolve(&self.zone, at)
        };
        let instant = instant.filter(|instant| is_within_range(*instant, &self.zone, at, zones))?;
        let at = WallTime::new(at)?;
        Some(Occurrence { at, instant })
    }

    pub(super) fn is_before_end(&self, occurrence: Occurrence) -> bool {
        let at = occurrence.at.get();
        match self.rule.end {
            End::Never | End::Count(_) => true,
            End::UntilDate(date) => at.date() <= date,
            // An all-day occurrence has no time to compare.
            End::UntilWall(wall) if self.all_day => at.date() <= wall.date(),
            End::UntilWall(wall) => at <= wall,
            End::UntilInstant(instant) => occurrence.instant <= instant,
        }
    }
}
