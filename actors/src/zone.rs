//! The port for time-zone data. Wall time and zone are the truth; every instant is derived through this port, with the version of the data at hand.

mod bundled;
mod clocks;

use chrono::{NaiveDate, NaiveDateTime};
use punctual_events::Timestamp;

pub use self::{
    bundled::BundledZones,
    clocks::{ClockChange, Shown, shown},
};

/// The zone data does not know a zone. For a name from a client this is a refusal; for a stored one it is a failure: released names stay in the IANA data for ever.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0:?}")]
pub struct UnknownZone(pub Box<str>);

/// What the core asks of time-zone data: wall time to instant and back, for zones named as in the IANA database.
///
/// Implementations are pure: the same question has the same answer for as long as [`version`](Self::version) is the same. Nothing panics,
/// whatever the wall time; instants beyond the years 1 to 9999 are the nearest end of that range.
pub trait ZoneData: Send + Sync {
    /// The release of the data, `2026f`. When it changes, stored instants are derived anew.
    fn version(&self) -> &str;

    /// Whether `zone` is a name of the IANA database, links included, written exactly so: `Europe/Paris`, not `europe/paris`.
    fn contains(&self, zone: &str) -> bool;

    /// The instant of a wall time; `None` if the zone is unknown.
    ///
    /// A wall time that clocks skip moves forward by the length of the gap (02:30 becomes 03:30); one that they show twice is the first. So RFC 5545, section 3.3.5.
    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp>;

    /// What clocks show at an instant; `None` if the zone is unknown.
    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime>;

    /// The first instant of a day; `None` if the zone is unknown. Midnight, unless clocks skip it; for a day a zone skipped, the first instant of the next.
    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp>;
}

/// Whether an instant is the one of a wall time in a zone, and not, as that is beyond, the first or the last that can be written: year 9999 ends
/// later west of UTC, and year 1 begins earlier east of it.
#[must_use]
pub fn is_within_range(instant: Timestamp, zone: &str, wall: NaiveDateTime, zones: &dyn ZoneData) -> bool {
    match instant {
        // A wall time is of whole seconds, and this is not.
        Timestamp::MAX => false,
        Timestamp::MIN => zones.wall_time(zone, instant) == Some(wall),
        _ => true,
    }
}
