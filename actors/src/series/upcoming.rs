//! The occurrences to come.

use punctual_events::{Moment, Timestamp, WallTime};

use crate::{series::state::SeriesActor, user::validate::wall_time, zone::ZoneData};

impl SeriesActor {
    /// The next occurrences with their numbers, as they will be if the open one is completed now and nothing is changed; those that were settled
    /// before they came among them. Of a series that counts from completions that is one at most: what comes after it is not known. While it is
    /// paused nothing is to come.
    pub(super) fn upcoming(&self, most: u16, now: Timestamp, zones: &dyn ZoneData) -> Vec<(u32, Moment)> {
        self.next_ones(most.into(), now, zones).unwrap_or_default()
    }

    fn next_ones(&self, most: usize, now: Timestamp, zones: &dyn ZoneData) -> Option<Vec<(u32, Moment)>> {
        if self.ended.is_some() || self.exceptions.paused.is_some() || most == 0 {
            return None;
        }
        let open = self.open?;
        let at = &self.occurrences.get(&open)?.at;
        let course = self.course(zones)?;
        let next = course.after(open, at, now, now);
        let number = open + 1 + u32::try_from(next.passed.len()).ok()?;
        let numbered = (open + 1..).zip(next.passed);
        let settled = numbered.filter(|(_, passed)| passed.settled.is_some_and(|settled| settled.closed.is_some()));
        let mut found: Vec<(u32, Moment)> = settled.map(|(number, passed)| (number, passed.at)).collect();
        let Some(first) = next.open else {
            return Some(found);
        };
        let after = WallTime::new(wall_time(&first))?;
        found.push((number, first));
        if self.policy().is_some() {
            let later = course.schedule.occurrences_after(after, zones).ok()?;
            let later = later.map(|occurrence| course.schedule.moment(occurrence));
            found.extend((number + 1..).zip(later).take(most.saturating_sub(found.len())));
        }
        found.truncate(most);
        Some(found)
    }
}
