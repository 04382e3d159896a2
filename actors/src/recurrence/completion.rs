//! Schedules that count from completions: what comes after one.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Timelike};

use super::{
    rule::End,
    schedule::{Occurrence, Schedule},
};
use crate::zone::{UnknownZone, ZoneData};

impl Schedule {
    /// The occurrence after a completion, where the rule counts from there: the rule runs as if it had started on the day of completion, or, if it repeats within the
    /// day, in the minute of completion, and this is its first occurrence after the completion and after that start. A rule of months or years that names no days is an
    /// interval then, and the shorter month ends it: a month after 31 January is the last of February, and a year after 29 February is the 28th. (A schedule skips such dates,
    /// as RFC 5545 says, which knows no completions.) Where it counts workdays, it is so many of them later, and a completion on a weekend counts as one on the Friday
    /// before. Where the rule names days or times, which a completion does not move, what follows is also after the occurrence that was completed: done early, the
    /// same day does not come again. A rule that names nothing at all when it runs from there (every 3 months in January, April, July and October, completed in February) goes
    /// on with the next date of the schedule itself after the completion. `completed` is the wall time of the completion in the schedule's zone, and that of the occurrence; `made` is how many occurrences there have been, the
    /// first included, which is what `COUNT` counts.
    ///
    /// # Errors
    ///
    /// The zone is unknown.
    pub fn next_from_completion(
        &self,
        (completed, of): (NaiveDateTime, NaiveDateTime),
        made: u32,
        zones: &dyn ZoneData,
    ) -> Result<Option<Occurrence>, UnknownZone> {
        self.check_zone(zones)?;
        let start = match self.rule.frequency.unit_s() {
            None => completed.date().and_time(self.start.time()),
            Some(1) => completed.with_nanosecond(0).unwrap_or(completed),
            Some(_) => completed
                .with_nanosecond(0)
                .and_then(|at| at.with_second(0))
                .unwrap_or(completed),
        };
        let mut restarted = Self { start, ..self.clone() };
        if let End::Count(count) = self.rule.end {
            if made >= count {
                return Ok(None);
            }
            restarted.rule.end = End::Never;
        }
        if let Some(workdays) = self.rule.plain_days().filter(|_| self.workdays) {
            let day = workdays_after(start.date(), workdays);
            let next = day.and_then(|day| self.occurrence(day.and_time(start.time()), zones));
            return Ok(next.filter(|next| self.is_before_end(*next)));
        }
        if let Some(months) = self.rule.plain_months() {
            let next = start.checked_add_months(Months::new(months));
            let next = next.and_then(|next| self.occurrence(next, zones));
            return Ok(next.filter(|next| self.is_before_end(*next)));
        }
        let mut after = if self.all_day { start } else { start.max(completed) };
        if self.rule.names_dates() {
            after = after.max(of);
        }
        if let Some(next) = restarted.after(after, zones).next() {
            return Ok(Some(next));
        }
        // Where only `UNTIL` ended it, it has ended.
        if restarted.rule.end != End::Never {
            restarted.rule.end = End::Never;
            if restarted.after(after, zones).next().is_some() {
                return Ok(None);
            }
        }
        // One that was counted has been, above.
        let mut own = self.clone();
        if own.rule.is_counted() {
            own.rule.end = End::Never;
        }
        Ok(own.after(after, zones).next())
    }

    /// The first so many occurrences, each but the first after the completion of the one before it at its time.
    ///
    /// # Errors
    ///
    /// The zone is unknown.
    pub fn completed_in_time(&self, count: u16, zones: &dyn ZoneData) -> Result<Vec<Occurrence>, UnknownZone> {
        self.check_zone(zones)?;
        let mut found: Vec<Occurrence> = self.occurrence(self.start, zones).into_iter().collect();
        for made in 1..u32::from(count) {
            let last = found.last().map_or(self.start, |last| last.at.get());
            match self.next_from_completion((last, last), made, zones)? {
                Some(next) => found.push(next),
                None => break,
            }
        }
        Ok(found)
    }
}

/// The workday, Monday to Friday, that many after a day; after a weekend's, after the Friday before it.
fn workdays_after(date: NaiveDate, workdays: u32) -> Option<NaiveDate> {
    let weekday = u64::from(date.weekday().num_days_from_monday());
    let monday = date.checked_sub_days(Days::new(weekday))?;
    let ahead = weekday.min(4) + u64::from(workdays);
    monday.checked_add_days(Days::new(ahead / 5 * 7 + ahead % 5))
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};
    use punctual_events::WallTime;

    use super::*;
    use crate::{recurrence::Rule, zone::BundledZones};

    fn workdays(rule: &str, zone: &str) -> Schedule {
        let start: WallTime = "2026-12-01T09:00:00".parse().unwrap();
        Schedule::timed(Rule::parse(rule).unwrap(), start, zone).by_workdays(true)
    }

    #[test]
    fn a_weekend_is_passed_over_and_a_completion_in_it_counts_as_on_friday() {
        for (days, completed, next) in [
            (1, "2026-12-03", "2026-12-04"), // Thursday
            (1, "2026-12-04", "2026-12-07"),
            (1, "2026-12-05", "2026-12-07"),
            (1, "2026-12-06", "2026-12-07"),
            (3, "2026-12-03", "2026-12-08"),
            (3, "2026-12-06", "2026-12-09"),
            (5, "2026-12-02", "2026-12-09"),
            (10, "2026-12-04", "2026-12-18"),
            (11, "2026-12-04", "2026-12-21"),
        ] {
            let after = workdays_after(completed.parse().unwrap(), days);
            assert_eq!(after.unwrap().to_string(), next, "{days} after {completed}");
        }
    }

    #[test]
    fn it_is_due_at_its_time_of_day_and_ends_as_the_rule_says() {
        let next = |rule: &str, made| {
            let completed: WallTime = "2026-12-04T23:00:00".parse().unwrap();
            let schedule = workdays(rule, "Europe/Paris");
            let next = schedule
                .next_from_completion((completed.get(), completed.get()), made, &BundledZones)
                .unwrap();
            next.map(|next| (next.at.to_string(), next.instant.to_string()))
        };
        let monday = Some(("2026-12-07T09:00:00".to_owned(), "2026-12-07T08:00:00.000Z".to_owned()));
        assert_eq!(next("FREQ=DAILY", 1), monday);
        assert_eq!(next("FREQ=DAILY;COUNT=2", 1), monday);
        assert_eq!(next("FREQ=DAILY;COUNT=2", 2), None);
        assert_eq!(next("FREQ=DAILY;UNTIL=20261207", 9), monday);
        assert_eq!(next("FREQ=DAILY;UNTIL=20261206", 9), None);
    }

    #[test]
    fn one_that_is_always_done_in_time_is_due_every_so_many_workdays() {
        let found = workdays("FREQ=DAILY;INTERVAL=3;COUNT=4", "Europe/Paris").completed_in_time(9, &BundledZones);
        let days: Vec<String> = found
            .unwrap()
            .iter()
            .map(|next| next.at.get().date().to_string())
            .collect();
        assert_eq!(days, ["2026-12-01", "2026-12-04", "2026-12-09", "2026-12-14"]);
    }

    proptest! {
        #[test]
        fn so_many_workdays_lie_between_a_completion_and_what_follows(
            day in 0..20_000_u64,
            count in 1..60_u32,
            zone in select(&["Europe/Paris", "Pacific/Apia", "America/New_York"][..]),
        ) {
            let completed = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + Days::new(day);
            let schedule = workdays(&format!("FREQ=DAILY;INTERVAL={count}"), zone);
            let at = completed.and_hms_opt(12, 0, 0).unwrap();
            let next = schedule.next_from_completion((at, at), 1, &BundledZones).unwrap().unwrap().at.get().date();
            let is_workday = |day: &NaiveDate| day.weekday().num_days_from_monday() < 5;
            prop_assert!(next > completed && is_workday(&next));
            let between = completed.iter_days().skip(1).take_while(|day| *day <= next).filter(is_workday);
            prop_assert_eq!(between.count(), usize::try_from(count).unwrap());
        }
    }
}
