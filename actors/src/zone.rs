//! Zone data: what wall time a zone has at an instant.

use chrono::NaiveDateTime;
use punctual_events::Timestamp;

/// Zone data.
pub trait ZoneData: Send + Sync {
    /// Version of the data, `2025b`.
    fn version(&self) -> &str;
    /// True for a known IANA name.
    fn contains(&self, zone: &str) -> bool;
    /// The instant of a wall time; one that does not exist moves forward by the gap, one that happens twice is the first.
    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp>;
    /// The wall time of an instant.
    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime>;
    /// The first instant of a day.
    fn day_start(&self, zone: &str, date: chrono::NaiveDate) -> Option<Timestamp>;
}
