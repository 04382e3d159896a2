//! The zone data against other: `chrono-tz` reads the text of the IANA database by a parser of its own, where the program has what `zic` compiled and
//! jiff reads. Its release is older, so only what is past in both is compared.

use chrono::{LocalResult, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _};
use chrono_tz::{TZ_VARIANTS, Tz};
use punctual_actors::zone::{BundledZones, ZoneData as _};
use punctual_events::Timestamp;

use crate::{date, in_each_zone, years_of};

/// Zones whose past was corrected between the two releases: Baja California had summer time in the seventies, too.
const CORRECTED: &[&str] = &[
    "America/Ensenada",
    "America/Santa_Isabel",
    "America/Tijuana",
    "Mexico/BajaNorte",
];

fn by_other_data(zone: Tz, utc: NaiveDateTime) -> TimeDelta {
    TimeDelta::seconds(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc().into())
}

fn instant(utc: NaiveDateTime) -> Timestamp {
    Timestamp::from_millis(utc.and_utc().timestamp_millis())
}

/// What clocks show, and which instant a wall time is: the first of two, and where clocks skip it as long after the change as it is into the gap. What
/// is otherwise here than there.
fn difference(zone: Tz, at: NaiveDateTime) -> Option<String> {
    let shown = BundledZones.wall_time(zone.name(), instant(at)).unwrap() - at;
    let utc = match zone.from_local_datetime(&at) {
        LocalResult::Single(only) => only.naive_utc(),
        LocalResult::Ambiguous(first, second) => first.naive_utc().min(second.naive_utc()),
        LocalResult::None => at - by_other_data(zone, at - TimeDelta::days(2)),
    };
    let resolved = BundledZones.resolve(zone.name(), at).unwrap();
    let agrees = (shown, resolved) == (by_other_data(zone, at), instant(utc));
    (!agrees).then(|| format!("{zone} at {at}: {shown} and {resolved}, elsewhere {utc}"))
}

fn steps(from: NaiveDate, to: NaiveDate, step: TimeDelta) -> impl Iterator<Item = NaiveDateTime> {
    let first = from.and_hms_opt(0, 0, 0).unwrap();
    let all = std::iter::successors(Some(first), move |at| at.checked_add_signed(step));
    all.take_while(move |at| at.date() < to)
}

#[test]
fn every_quarter_of_an_hour_of_the_decade_is_where_other_data_has_it() {
    in_each_zone(|place, zone| {
        let (from, to) = years_of(place);
        let mut times = steps(from, to, TimeDelta::minutes(15));
        assert_eq!(times.find_map(|at| difference(zone, at)), None);
    });
}

#[test]
fn every_zone_since_1970_is_where_other_data_has_it() {
    let zones = TZ_VARIANTS
        .into_iter()
        .filter(|zone| BundledZones.contains(zone.name()));
    let zones: Vec<Tz> = zones.collect();
    assert!(zones.len() > 550, "{} zones", zones.len());
    // Another time of another day each time.
    let times = || steps(date(1970, 1, 3), date(2025, 1, 1), TimeDelta::minutes(9 * 1440 + 77));
    let found = zones
        .iter()
        .filter_map(|zone| times().find_map(|at| difference(*zone, at)));
    let unlike: Vec<String> = found
        .filter(|found| !CORRECTED.iter().any(|zone| found.starts_with(zone)))
        .collect();
    assert_eq!(unlike, [] as [&str; 0]);
}
