//! The port for time-zone data. Wall time and zone are the truth; every instant is derived through this port, with the version of the data at hand.

mod clocks;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::{GapInfo, Tz};
use punctual_events::Timestamp;

pub use self::clocks::{ClockChange, Shown, shown};

/// The zone data does not know a zone. For a name from a client this is a refusal; for a stored one it is a failure: released names stay in the IANA data for ever.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0:?}")]
pub struct UnknownZone(pub Box<str>);

/// What the core asks of time-zone data: wall time to instant and back, for zones named as in the IANA database.
///
/// Implementations are pure: the same question has the same answer for as long as [`version`](Self::version) is the same. Nothing panics,
/// whatever the wall time; instants beyond the years 1 to 9999 are the nearest end of that range.
pub trait ZoneData: Send + Sync {
    /// The release of the data, `2025b`. When it changes, stored instants are derived anew.
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

/// The zone data compiled into the program by `chrono-tz`. It knows the changes of clocks up to the year 2099; after that a zone keeps its last offset.
#[derive(Clone, Copy, Debug, Default)]
pub struct BundledZones;

impl ZoneData for BundledZones {
    fn version(&self) -> &str {
        chrono_tz::IANA_TZDB_VERSION
    }

    fn contains(&self, zone: &str) -> bool {
        lookup(zone).is_some()
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        let tz = lookup(zone)?;
        Some(match offset_at(tz, wall) {
            Local::Shown { first_offset_s } => instant(wall, first_offset_s),
            // With the offset from before the gap the instant is as long after the change as the wall time is into the gap: moved by its length.
            Local::Skipped { offset_before_s, .. } => instant(wall, offset_before_s),
        })
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        let utc = instant.to_utc();
        let offset = lookup(zone)?.offset_from_utc_datetime(&utc).fix();
        utc.checked_add_offset(offset)
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        let tz = lookup(zone)?;
        let midnight = date.and_time(NaiveTime::MIN);
        Some(match offset_at(tz, midnight) {
            Local::Shown { first_offset_s } => instant(midnight, first_offset_s),
            // Not midnight moved by the gap: a gap from 23:30 to 00:30 leaves a day that begins at 00:30, not at 01:00.
            Local::Skipped { offset_before_s, from } => instant(from, offset_before_s),
        })
    }
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

/// A perfect hash of the names: some 30 ns, so nothing is cached.
fn lookup(zone: &str) -> Option<Tz> {
    zone.parse().ok()
}

/// How a zone's clocks treat a wall time.
enum Local {
    /// They show it once or more; this is the offset from UTC when they first do.
    Shown { first_offset_s: i32 },
    /// They skip it, in a gap that begins at the wall time `from`.
    Skipped { offset_before_s: i32, from: NaiveDateTime },
}

fn offset_at(tz: Tz, wall: NaiveDateTime) -> Local {
    if let Some(offset) = tz.offset_from_local_datetime(&wall).earliest() {
        return Local::Shown {
            first_offset_s: offset.fix().local_minus_utc(),
        };
    }
    // A gap always has a beginning: before a zone's first change every wall time is shown.
    let (from, offset_before_s) = GapInfo::new(&wall, &tz)
        .and_then(|gap| gap.begin)
        .map_or((wall, 0), |(from, offset)| (from, offset.fix().local_minus_utc()));
    Local::Skipped { offset_before_s, from }
}

/// In plain integers, because chrono's own arithmetic panics at the ends of its range.
fn instant(wall: NaiveDateTime, offset_s: i32) -> Timestamp {
    let wall_ms = DateTime::timestamp_millis(&wall.and_utc());
    Timestamp::from_millis(wall_ms.saturating_sub(i64::from(offset_s) * 1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn resolve(zone: &str, text: &str) -> String {
        BundledZones.resolve(zone, wall(text)).unwrap().to_string()
    }

    fn day_start(zone: &str, date: &str) -> String {
        BundledZones.day_start(zone, date.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_skipped_wall_time_moves_forward_by_the_gap() {
        assert_eq!(
            resolve("Europe/Paris", "2026-03-29T01:59:59"),
            "2026-03-29T00:59:59.000Z"
        );
        assert_eq!(
            resolve("Europe/Paris", "2026-03-29T02:30:00"),
            "2026-03-29T01:30:00.000Z"
        ); // 03:30 summer time
        assert_eq!(
            resolve("Europe/Paris", "2026-03-29T03:00:00"),
            "2026-03-29T01:00:00.000Z"
        );
        assert_eq!(
            resolve("America/New_York", "2026-03-08T02:30:00"),
            "2026-03-08T07:30:00.000Z"
        );
    }

    #[test]
    fn a_wall_time_shown_twice_is_the_first() {
        assert_eq!(
            resolve("Europe/Paris", "2026-10-25T02:30:00"),
            "2026-10-25T00:30:00.000Z"
        );
        assert_eq!(
            resolve("America/New_York", "2026-11-01T01:30:00"),
            "2026-11-01T05:30:00.000Z"
        );
    }

    #[test]
    fn lord_howe_moves_by_half_an_hour() {
        assert_eq!(
            resolve("Australia/Lord_Howe", "2026-10-04T02:15:00"),
            "2026-10-03T15:45:00.000Z"
        ); // 02:45 at +11
        assert_eq!(
            resolve("Australia/Lord_Howe", "2026-04-05T01:45:00"),
            "2026-04-04T14:45:00.000Z"
        ); // still +11
    }

    #[test]
    fn a_time_on_the_day_samoa_skipped_is_the_same_time_a_day_later() {
        assert_eq!(
            resolve("Pacific/Apia", "2011-12-30T09:00:00"),
            resolve("Pacific/Apia", "2011-12-31T09:00:00")
        );
        assert_eq!(
            resolve("Pacific/Apia", "2011-12-31T09:00:00"),
            "2011-12-30T19:00:00.000Z"
        );
        assert_eq!(
            resolve("Pacific/Apia", "2011-12-29T23:59:59"),
            "2011-12-30T09:59:59.000Z"
        );
        assert_eq!(day_start("Pacific/Apia", "2011-12-30"), "2011-12-30T10:00:00.000Z");
        assert_eq!(day_start("Pacific/Apia", "2011-12-31"), "2011-12-30T10:00:00.000Z");
    }

    #[test]
    fn a_day_begins_at_its_first_instant_even_where_midnight_is_skipped() {
        assert_eq!(day_start("Europe/Paris", "2026-12-01"), "2026-11-30T23:00:00.000Z");
        assert_eq!(day_start("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00.000Z"); // 01:00 at -02
        // Toronto's clocks went from 23:30 to 00:30 in 1919.
        assert_eq!(day_start("America/Toronto", "1919-03-31"), "1919-03-31T04:30:00.000Z");
    }

    #[test]
    fn a_day_shown_in_two_pieces_begins_with_the_first() {
        // Havana's clocks go from 01:00 back to midnight.
        assert_eq!(day_start("America/Havana", "2025-11-02"), "2025-11-02T04:00:00.000Z");
        // St John's went from 00:01 back to 23:01 the day before.
        assert_eq!(day_start("America/St_Johns", "2010-11-07"), "2010-11-07T02:30:00.000Z");
    }

    #[test]
    fn names_are_those_of_iana_exactly() {
        for known in [
            "UTC",
            "Europe/Paris",
            "America/Argentina/ComodRivadavia",
            "US/Eastern",
            "Asia/Calcutta",
        ] {
            assert!(BundledZones.contains(known), "{known}");
        }
        for unknown in [
            "",
            "europe/paris",
            "Europe/Paris ",
            "Mars/Olympus",
            "+01:00",
            "CEST",
            "Europe/Paris\0",
        ] {
            assert!(!BundledZones.contains(unknown), "{unknown}");
            assert_eq!(BundledZones.resolve(unknown, wall("2026-01-01T00:00:00")), None);
            assert_eq!(BundledZones.wall_time(unknown, Timestamp::MIN), None);
            assert_eq!(BundledZones.day_start(unknown, NaiveDate::MIN), None);
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for zone in ["Pacific/Kiritimati", "Pacific/Niue", "UTC"] {
            assert_eq!(BundledZones.resolve(zone, NaiveDateTime::MIN), Some(Timestamp::MIN));
            assert_eq!(BundledZones.resolve(zone, NaiveDateTime::MAX), Some(Timestamp::MAX));
            assert_eq!(BundledZones.day_start(zone, NaiveDate::MIN), Some(Timestamp::MIN));
            assert_eq!(BundledZones.day_start(zone, NaiveDate::MAX), Some(Timestamp::MAX));
            assert!(BundledZones.wall_time(zone, Timestamp::MIN).is_some());
            assert!(BundledZones.wall_time(zone, Timestamp::MAX).is_some());
        }
    }

    /// Any zone, and an instant in seconds from 1843 to 2103.
    fn anywhere() -> impl Strategy<Value = (Tz, i64)> {
        (0..chrono_tz::TZ_VARIANTS.len(), -4_000_000_000_i64..4_200_000_000)
            .prop_map(|(index, second)| (chrono_tz::TZ_VARIANTS[index], second))
    }

    proptest! {
        #[test]
        fn what_clocks_show_resolves_to_the_first_instant_they_show_it((tz, second) in anywhere()) {
            let instant = Timestamp::from_millis(second * 1000);
            let shown = BundledZones.wall_time(tz.name(), instant).unwrap();
            let resolved = BundledZones.resolve(tz.name(), shown).unwrap();
            prop_assert!(resolved <= instant);
            prop_assert_eq!(BundledZones.wall_time(tz.name(), resolved), Some(shown));
        }

        #[test]
        fn the_instant_before_a_day_starts_belongs_to_an_earlier_day((tz, second) in anywhere()) {
            let date = Timestamp::from_millis(second * 1000).to_utc().date();
            let start = BundledZones.day_start(tz.name(), date).unwrap();
            let at = |instant| BundledZones.wall_time(tz.name(), instant).unwrap();
            prop_assert!(at(start).date() >= date);
            prop_assert!(at(start.plus_millis(-1)).date() < date);
        }
    }
}
