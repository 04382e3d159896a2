//! What a phrase is read against.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use punctual_events::{Offset, Timestamp, WallTime};

use super::lengths::Length;
use crate::zone::ZoneData;

/// Where and when a phrase is read: "tomorrow" is nothing by itself.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The instant of reading.
    pub now: Timestamp,
    /// The IANA name of the zone its dates and times are meant in.
    pub time_zone: &'a str,
    /// Zone data.
    pub zones: &'a dyn ZoneData,
}

impl Scene<'_> {
    /// What clocks show. In a zone nobody knows, UTC: what is made of the phrase is refused for its zone.
    pub(super) fn wall(&self) -> NaiveDateTime {
        self.wall_at(self.now)
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.wall().date()
    }

    /// So long from now: days and months on the calendar, the rest exactly, also where clocks change in between.
    pub(super) fn later(&self, length: Length) -> Option<Timestamp> {
        let day = length.after(self.today())?;
        let start = if day == self.today() {
            self.now
        } else {
            self.instant(day.and_time(self.wall().time()))?
        };
        Some(start.plus_millis(i64::from(length.seconds) * 1000))
    }

    /// The same of a duration.
    pub(crate) fn after(&self, duration: Offset) -> Option<Timestamp> {
        let (days, seconds) = (duration.days(), duration.seconds());
        self.later(Length {
            months: 0,
            days: days.try_into().ok()?,
            seconds: seconds.try_into().ok()?,
        })
    }

    pub(super) fn wall_at(&self, instant: Timestamp) -> NaiveDateTime {
        let shown = self.zones.wall_time(self.time_zone, instant);
        shown.unwrap_or_else(|| instant.to_utc())
    }

    pub(super) fn instant(&self, wall: NaiveDateTime) -> Option<Timestamp> {
        self.zones.resolve(self.time_zone, wall)
    }
}

/// A wall time a task can have, to the second. A fraction is rounded up: what is due in 5 minutes is not due a moment earlier.
pub(super) fn whole_seconds(wall: NaiveDateTime) -> Option<WallTime> {
    WallTime::new(wall.checked_add_signed(TimeDelta::milliseconds(999))?)
}
