//! Zone data of a world with one zone.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use punctual_events::Timestamp;

use crate::zone::ZoneData;

/// Knows UTC and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct UtcOnly;

impl ZoneData for UtcOnly {
    fn version(&self) -> &'static str {
        "utc"
    }

    fn contains(&self, zone: &str) -> bool {
        zone == "UTC"
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        self.contains(zone).then(|| Timestamp::from_utc(wall))
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        self.contains(zone).then(|| instant.to_utc())
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        self.resolve(zone, date.and_time(NaiveTime::MIN))
    }
}
