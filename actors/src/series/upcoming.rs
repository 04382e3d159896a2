//! The occurrences to come.

use punctual_events::{Moment, Timestamp, WallTime};

use crate::{
    series::{next, state::SeriesActor},
    user::validate::wall_time,
    zone::ZoneData,
};

impl SeriesActor {
    /// The next occurrences with their numbers, as they will be if the open one is completed now and nothing is changed. Of a series that counts from
    /// completions that is one at most: what comes after it is not known.
    pub(super) fn upcoming(&self, most: u16, now: Timestamp, zones: &dyn ZoneData) -> Vec<(u32, Moment)> {
        self.next_ones(most.into(), now, zones).unwrap_or_default()
    }

    fn next_ones(&self, most: usize, now: Timestamp, zones: &dyn ZoneData) -> Option<Vec<(u32, Moment)>> {
        let definition = self
            .definition
            .as_deref()
            .filter(|_| self.ended.is_none() && most > 0)?;
        let open = self.open?;
        let at = &self.occurrences.get(&open)?.at;
        let next = next::after((definition, self.spent), open, at, now, zones);
        let first = next.open?;
        let number = open + 1 + u32::try_from(next.passed.len()).ok()?;
        let mut found = vec![first];
        if self.policy().is_some() {
            let schedule = next::schedule(definition, self.spent)?;
            let after = WallTime::new(wall_time(&found[0]))?;
            let later = schedule.occurrences_after(after, zones).ok()?.take(most - 1);
            found.extend(later.map(|occurrence| schedule.moment(occurrence)));
        }
        Some((number..).zip(found).collect())
    }
}
