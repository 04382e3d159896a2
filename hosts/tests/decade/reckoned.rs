//! What should come, reckoned from calendars and from what clocks show, by nothing of the core.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use punctual_actors::zone::{BundledZones, ZoneData as _};
use punctual_events::Timestamp;

/// A wall time and its instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wall {
    pub(crate) at: NaiveDateTime,
    pub(crate) instant: Timestamp,
}

/// How far clocks are from UTC, by the same data, which `independent` compares with other: what is reckoned here is all that follows from it.
fn offset(zone: Tz, utc: NaiveDateTime) -> TimeDelta {
    let instant = Timestamp::from_millis(utc.and_utc().timestamp_millis());
    BundledZones.wall_time(zone.name(), instant).unwrap() - utc
}

/// The instant, in UTC, at which clocks first show `wall`, and whether they show it at all: where they skip it, it is as long after the change as it
/// is into the gap. No zone changes twice within four days.
fn resolve(zone: Tz, wall: NaiveDateTime) -> (NaiveDateTime, bool) {
    let before = offset(zone, wall - TimeDelta::days(2));
    let after = offset(zone, wall + TimeDelta::days(2));
    let shows = |utc: NaiveDateTime| utc + offset(zone, utc) == wall;
    // What is before the change is earlier.
    if shows(wall - before) {
        (wall - before, true)
    } else if shows(wall - after) {
        (wall - after, true)
    } else {
        (wall - before, false)
    }
}

/// Wall times with their instants. Of two at one instant, as on a day that a zone skipped and the next, only the first comes: when it is done, the
/// other is not to come any more.
pub(crate) fn instants(zone: Tz, walls: &[NaiveDateTime]) -> Vec<Wall> {
    let with_instant = |at: &NaiveDateTime| {
        let utc: DateTime<_> = resolve(zone, *at).0.and_utc();
        let instant = Timestamp::from_millis(utc.timestamp_millis());
        Wall { at: *at, instant }
    };
    let mut walls: Vec<Wall> = walls.iter().map(with_instant).collect();
    walls.sort_by_key(|wall| (wall.instant, wall.at));
    walls.dedup_by_key(|wall| wall.instant);
    walls
}

/// Hours without those that clocks skip and that would come when, or after, one that they show does.
pub(crate) fn without_doubles(zone: Tz, ticks: &[NaiveDateTime]) -> Vec<NaiveDateTime> {
    let mut kept = Vec::new();
    // From the end: the next that clocks show is known.
    let mut next_shown: Option<NaiveDateTime> = None;
    for at in ticks.iter().rev() {
        let (instant, is_shown) = resolve(zone, *at);
        if is_shown {
            next_shown = Some(instant);
        }
        if is_shown || next_shown.is_none_or(|next| instant < next) {
            kept.push(*at);
        }
    }
    kept.reverse();
    kept
}

/// Three days around each day on which a zone's clocks change; where none is, around some day.
pub(crate) fn changes(zone: Tz, from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let offset_of = |day: NaiveDate| offset(zone, day.and_hms_opt(12, 0, 0).unwrap());
    let changed = from.iter_days().take_while(|day| *day < to);
    let mut changed: Vec<NaiveDate> = changed
        .filter(|day| offset_of(*day) != offset_of(*day + Days::new(1)))
        .collect();
    if changed.is_empty() {
        changed.push(from + Days::new(100));
    }
    changed.into_iter().map(|day| (day, day + Days::new(3))).collect()
}
