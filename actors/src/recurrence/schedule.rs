//! A rule that runs from a first occurrence, in a zone: what comes next, and at which instant.

use chrono::{Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use punctual_events::{Moment, Timestamp, WallTime};

use super::pattern::Pattern;
use super::rule::{End, Rule, RuleError};
use crate::zone::{UnknownZone, ZoneData};

/// A rule, where it starts, and the zone its wall times are meant in.
///
/// **The first occurrence is the start itself**, whether the rule names it or not (RFC 5545 leaves the second case open; a task that is there has to count). It is the first
/// of `COUNT`, and `UNTIL` does not take it away. The others are the days after it that the rule names, each at the start's time of day.
/// 400 years without any end a schedule, as does the year 9999.
///
/// An occurrence is its wall time: where a zone skips a whole day, that day's occurrence and the next day's are two, at the same instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    rule: Rule,
    /// All day: midnight.
    start: NaiveDateTime,
    zone: Box<str>,
    all_day: bool,
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
        }
    }

    /// From the start or the due of a task: all day in the user's zone, or at a wall time in the moment's own.
    #[must_use]
    pub fn from_moment(rule: Rule, first: &Moment, user_zone: &str) -> Self {
        match first {
            Moment::Day { date, .. } => Self::all_day(rule, *date, user_zone),
            Moment::Time { at, time_zone, .. } => Self::timed(rule, *at, time_zone),
        }
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
                instant,
                time_zone: self.zone.clone(),
            }
        }
    }

    /// Refuses a rule that names no day from the start to 400 years after it, the start included, or none before its `UNTIL`: `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30`.
    ///
    /// # Errors
    ///
    /// [`RuleError::NeverOccurs`] and [`RuleError::UnknownZone`].
    pub fn ensure_occurs(&self, zones: &dyn ZoneData) -> Result<(), RuleError> {
        self.check_zone(zones)?;
        self.pattern()
            .days_from(self.start.date())
            .next()
            .and_then(|day| self.occurrence(day.and_time(self.start.time()), zones))
            .filter(|occurrence| self.is_before_end(*occurrence))
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
        // Clocks have been moved by a day at most, so what lies two days back by the clock has passed, and only a few occurrences have to be looked at.
        let surely_passed = shown.checked_sub_days(Days::new(2)).unwrap_or(NaiveDateTime::MIN);
        Ok(self
            .after(surely_passed, zones)
            .find(|occurrence| occurrence.instant > instant))
    }

    /// The occurrence after a completion, where the rule counts from the day of completion: the rule runs as if it had started that day, and this is its first
    /// occurrence after that day's. A rule of months or years that names no days is an interval then, and the shorter month ends it: a month after 31 January is
    /// the last of February, and a year after 29 February is the 28th. (A schedule skips such dates, as RFC 5545 says, which knows no completions.) `completed` is the day in the schedule's zone; `made` is how many occurrences there have been, the first included, which is
    /// what `COUNT` counts.
    ///
    /// # Errors
    ///
    /// The zone is unknown.
    pub fn next_from_completion(
        &self,
        completed: NaiveDate,
        made: u32,
        zones: &dyn ZoneData,
    ) -> Result<Option<Occurrence>, UnknownZone> {
        self.check_zone(zones)?;
        let mut restarted = Self {
            start: completed.and_time(self.start.time()),
            ..self.clone()
        };
        if let End::Count(count) = self.rule.end {
            if made >= count {
                return Ok(None);
            }
            restarted.rule.end = End::Never;
        }
        if let Some(months) = self.rule.plain_months() {
            let next = restarted.start.checked_add_months(Months::new(months));
            let next = next.and_then(|next| self.occurrence(next, zones));
            return Ok(next.filter(|next| self.is_before_end(*next)));
        }
        Ok(restarted.after(restarted.start, zones).next())
    }

    fn pattern(&self) -> Pattern<'_> {
        Pattern::new(&self.rule, self.start.date())
    }

    fn check_zone(&self, zones: &dyn ZoneData) -> Result<(), UnknownZone> {
        if zones.contains(&self.zone) {
            Ok(())
        } else {
            Err(self.unknown_zone())
        }
    }

    fn unknown_zone(&self) -> UnknownZone {
        UnknownZone(self.zone.clone())
    }

    /// The occurrences whose wall time is after `after`. What `COUNT` leaves is counted once, before the first.
    fn after<'a>(&'a self, after: NaiveDateTime, zones: &'a dyn ZoneData) -> impl Iterator<Item = Occurrence> + 'a {
        let start = (after < self.start).then_some(self.start);
        let day_of_start_passed = self.start.date().succ_opt().unwrap_or(NaiveDate::MAX);
        let day = self.first_day_after(after).max(day_of_start_passed);
        let left = match self.rule.end {
            End::Count(count) if start.is_some() => u64::from(count),
            End::Count(count) => u64::from(count).saturating_sub(1 + self.pattern().count_between(day)),
            _ => u64::MAX,
        };
        let days = self.pattern().days_from(day).map(|day| day.and_time(self.start.time()));
        start
            .into_iter()
            .chain(days)
            .take(usize::try_from(left).unwrap_or(usize::MAX))
            .map_while(|at| self.occurrence(at, zones))
            .take_while(|occurrence| occurrence.at.get() == self.start || self.is_before_end(*occurrence))
    }

    /// The first day whose time of occurrence is after `after`.
    fn first_day_after(&self, after: NaiveDateTime) -> NaiveDate {
        if self.start.time() > after.time() {
            after.date()
        } else {
            after.date().succ_opt().unwrap_or(NaiveDate::MAX)
        }
    }

    /// `None` outside the years 1 to 9999.
    fn occurrence(&self, at: NaiveDateTime, zones: &dyn ZoneData) -> Option<Occurrence> {
        let instant = if self.all_day {
            zones.day_start(&self.zone, at.date())
        } else {
            zones.resolve(&self.zone, at)
        };
        Some(Occurrence {
            at: WallTime::new(at)?,
            instant: instant?,
        })
    }

    fn is_before_end(&self, occurrence: Occurrence) -> bool {
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
