//! What the clocks of a zone do to a wall time, for people to see before they rely on it.

use std::fmt;

use chrono::{FixedOffset, NaiveDateTime, TimeDelta};
use punctual_events::Timestamp;

use super::ZoneData;

/// How far ahead a second showing of the same wall time is looked for. Clocks go back by an hour or less, but for moves of a zone by a day.
const LOOK_AHEAD: [TimeDelta; 3] = [TimeDelta::minutes(30), TimeDelta::hours(1), TimeDelta::hours(24)];

/// A wall time as the clocks of a zone have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// From UTC, at its instant.
    pub offset: FixedOffset,
    /// What is special about it.
    pub change: Option<ClockChange>,
}

/// A change of clocks that a wall time falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// Clocks go forward past it.
    Skipped {
        /// What it is.
        from: NaiveDateTime,
        /// What clocks show at its instant.
        to: NaiveDateTime,
    },
    /// Clocks go back and show it twice.
    Twice {
        /// What it is.
        at: NaiveDateTime,
    },
}

impl fmt::Display for ClockChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped { from, to } if from.date() == to.date() => {
                let (from, to) = (from.format("%H:%M"), to.format("%H:%M"));
                write!(formatter, "clocks go forward; {from} becomes {to}")
            }
            Self::Skipped { from, to } => {
                let (from, to) = (from.format("%Y-%m-%d %H:%M"), to.format("%Y-%m-%d %H:%M"));
                write!(formatter, "clocks go forward; {from} becomes {to}")
            }
            Self::Twice { at } => {
                let at = at.format("%H:%M");
                write!(formatter, "clocks go back; of two times {at} it is the first")
            }
        }
    }
}

/// How the wall time `wall`, which is resolved to `instant`, is shown in a zone; `None` if the zone is unknown.
#[must_use]
pub fn shown(zones: &dyn ZoneData, zone: &str, wall: NaiveDateTime, instant: Timestamp) -> Option<Shown> {
    let local = zones.wall_time(zone, instant)?;
    let offset_at = |local: NaiveDateTime, instant: Timestamp| local - instant.to_utc();
    let offset = offset_at(local, instant);
    let comes_again = |ahead: TimeDelta| {
        let later = instant.plus_millis(ahead.num_milliseconds());
        let offset = offset_at(zones.wall_time(zone, later)?, later);
        let again = Timestamp::from_millis((wall - offset).and_utc().timestamp_millis());
        (again > instant && zones.wall_time(zone, again)? == wall).then_some(())
    };
    let change = if local != wall {
        Some(ClockChange::Skipped { from: wall, to: local })
    } else if LOOK_AHEAD.into_iter().any(|ahead| comes_again(ahead).is_some()) {
        Some(ClockChange::Twice { at: wall })
    } else {
        None
    };
    let offset_s = i32::try_from(offset.num_seconds()).ok()?;
    Some(Shown {
        offset: FixedOffset::east_opt(offset_s)?,
        change,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::BundledZones;

    fn told(zone: &str, wall: &str) -> (String, Option<String>) {
        let wall = wall.parse().unwrap();
        let instant = BundledZones.resolve(zone, wall).unwrap();
        let shown = shown(&BundledZones, zone, wall, instant).unwrap();
        (shown.offset.to_string(), shown.change.map(|change| change.to_string()))
    }

    #[test]
    fn an_ordinary_time_has_an_offset_and_nothing_to_be_said() {
        for (zone, wall, offset) in [
            ("Europe/Paris", "2027-03-28T01:59:00", "+01:00"),
            ("Europe/Paris", "2027-03-28T03:00:00", "+02:00"),
            ("Europe/Paris", "2027-10-31T01:59:00", "+02:00"),
            ("Europe/Paris", "2027-10-31T03:00:00", "+01:00"),
            ("Asia/Kathmandu", "2027-10-31T03:00:00", "+05:45"),
            ("America/New_York", "2027-07-01T12:00:00", "-04:00"),
            ("Etc/UTC", "9999-12-31T23:59:59", "+00:00"),
        ] {
            assert_eq!(told(zone, wall), (offset.to_owned(), None), "{zone} {wall}");
        }
    }

    #[test]
    fn a_time_that_clocks_skip_says_what_it_becomes() {
        let note = |note: &str| Some(format!("clocks go forward; {note}"));
        let told_of = |zone, wall| told(zone, wall);
        assert_eq!(
            told_of("Europe/Paris", "2027-03-28T02:30:00"),
            ("+02:00".into(), note("02:30 becomes 03:30"))
        );
        assert_eq!(
            told_of("Australia/Lord_Howe", "2026-10-04T02:10:00"),
            ("+11:00".into(), note("02:10 becomes 02:40"))
        );
        let samoa = note("2011-12-30 12:00 becomes 2011-12-31 12:00");
        assert_eq!(told_of("Pacific/Apia", "2011-12-30T12:00:00"), ("+14:00".into(), samoa));
    }

    #[test]
    fn a_time_that_clocks_show_twice_says_that_it_is_the_first() {
        let note = |at: &str| Some(format!("clocks go back; of two times {at} it is the first"));
        for (zone, wall, at, offset) in [
            ("Europe/Paris", "2027-10-31T02:00:00", "02:00", "+02:00"),
            ("Europe/Paris", "2027-10-31T02:59:00", "02:59", "+02:00"),
            ("America/New_York", "2026-11-01T01:30:00", "01:30", "-04:00"),
            ("Australia/Lord_Howe", "2027-04-04T01:45:00", "01:45", "+11:00"),
        ] {
            assert_eq!(told(zone, wall), (offset.to_owned(), note(at)), "{zone} {wall}");
        }
    }
}
