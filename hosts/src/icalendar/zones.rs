//! What a TZID means.
//!
//! In this order: an IANA name, also with a vendor's prefix (`/softwarestudio.org/…/Europe/Paris`), a Windows name, with or without its `(UTC+01:00)`,
//! or an IANA name written with a dash; else what the VTIMEZONE of that name says in X-LIC-LOCATION or X-MICROSOFT-CDO-TZID, or, if it only ever has one
//! offset of whole hours, that offset. Rules of a VTIMEZONE are not matched against the zones there are: a guess that is right today may be an hour off
//! after the next change of law, and nobody would see it. Such items are refused.

use std::collections::HashMap;

use calcard::{
    common::timezone::Tz as KnownZone,
    icalendar::{ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarProperty, ICalendarValue},
};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use punctual_actors::zone::{BundledZones, ZoneData as _};
use punctual_events::Timestamp;

use super::text;

/// More definitions than this are not remembered; their items can still be taken if the name says enough.
const MAX_DEFINED: usize = 256;
const MAX_TZID_BYTES: usize = 255;

/// The zones that the calendar defined so far, and the user's.
#[derive(Debug)]
pub(super) struct Zones {
    defined: HashMap<String, Tz>,
    user: Tz,
}

impl Zones {
    pub(super) fn new(user: Tz) -> Self {
        Self {
            defined: HashMap::new(),
            user,
        }
    }

    /// The zone of floating times and days.
    pub(super) fn user(&self) -> Tz {
        self.user
    }

    /// The zone a TZID stands for.
    pub(super) fn find(&self, tzid: &str) -> Option<Tz> {
        named(tzid).or_else(|| self.defined.get(tzid.trim()).copied())
    }

    /// Takes in a VTIMEZONE.
    pub(super) fn define(&mut self, component_text: &str) {
        let Ok(calendar) = ICalendar::parse(component_text) else {
            return;
        };
        let Some(definition) = calendar.components.first() else {
            return;
        };
        let Some(tzid) = text::first(definition, &ICalendarProperty::Tzid).map(str::trim) else {
            return;
        };
        let zone = hinted(definition).or_else(|| fixed(&calendar));
        if let Some(zone) = zone.filter(|_| tzid.len() <= MAX_TZID_BYTES)
            && (self.defined.len() < MAX_DEFINED || self.defined.contains_key(tzid))
        {
            self.defined.insert(tzid.to_owned(), zone);
        }
    }
}

fn named(tzid: &str) -> Option<Tz> {
    let tzid = tzid.trim().trim_matches('"');
    if tzid.len() > MAX_TZID_BYTES {
        return None;
    }
    // The offset in front of a Windows name is without daylight saving: the name alone counts.
    let name = match tzid.strip_prefix('(') {
        Some(rest) => rest.split_once(')')?.1.trim(),
        None => tzid,
    };
    match name.parse() {
        Ok(KnownZone::Tz(Tz::UTC)) => Some(Tz::Etc__UTC),
        Ok(KnownZone::Tz(zone)) => Some(zone),
        _ => prefixed(name).or_else(|| name.replacen('-', "/", 1).parse().ok()),
    }
}

/// The IANA name at the end of a vendor's `/…/…/Europe/Paris`.
fn prefixed(name: &str) -> Option<Tz> {
    name.starts_with('/').then_some(())?;
    name.match_indices('/')
        .find_map(|(slash, _)| name[slash + 1..].parse().ok())
}

/// What the vendor's properties of a VTIMEZONE say it is.
fn hinted(definition: &ICalendarComponent) -> Option<Tz> {
    let value = |name: &str| text::first(definition, &ICalendarProperty::Other(name.to_owned()));
    value("X-LIC-LOCATION").and_then(named).or_else(|| {
        let id = value("X-MICROSOFT-CDO-TZID")?;
        match KnownZone::from_ms_cdo_zone_id(id.trim())? {
            KnownZone::Tz(zone) => Some(zone),
            _ => None,
        }
    })
}

/// The zone of a VTIMEZONE whose observances all have the same offset, in whole hours.
fn fixed(calendar: &ICalendar) -> Option<Tz> {
    let observances = calendar.components.iter().filter(|component| {
        matches!(
            component.component_type,
            ICalendarComponentType::Standard | ICalendarComponentType::Daylight
        )
    });
    let mut offsets = observances.map(|observance| {
        let offset = observance.property(&ICalendarProperty::Tzoffsetto)?;
        match offset.values.first()? {
            ICalendarValue::PartialDateTime(offset) if offset.tz_minute.unwrap_or(0) == 0 => {
                Some((offset.tz_minus, offset.tz_hour?))
            }
            _ => None,
        }
    });
    let first = offsets.next()??;
    if offsets.any(|offset| offset != Some(first)) {
        return None;
    }
    // In the names of the Etc zones the sign is that of POSIX, west of Greenwich.
    match first {
        (_, 0) => Some(Tz::Etc__UTC),
        (minus, hours) => format!("Etc/GMT{}{hours}", if minus { '+' } else { '-' }).parse().ok(),
    }
}

/// The instant of a wall time: one that does not exist moves forward by the gap, one that happens twice is the first. A zone is known by its name here;
/// what its clocks show is asked where everything else asks it, so that an import is of the same zone data.
pub(super) fn resolve(zone: Tz, wall: NaiveDateTime) -> Timestamp {
    BundledZones
        .resolve(zone.name(), wall)
        .unwrap_or_else(|| Timestamp::from_utc(wall))
}

/// What the clocks of a zone show at an instant.
pub(super) fn wall_time(zone: Tz, instant: Timestamp) -> NaiveDateTime {
    BundledZones
        .wall_time(zone.name(), instant)
        .unwrap_or_else(|| instant.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn find(zones: &Zones, tzid: &str) -> Option<&'static str> {
        zones.find(tzid).map(|zone| zone.name())
    }

    #[test]
    fn names_of_many_vendors_are_known() {
        let zones = Zones::new(Tz::Etc__UTC);
        for (tzid, name) in [
            ("Europe/Paris", Some("Europe/Paris")),
            ("UTC", Some("Etc/UTC")),
            ("\"Europe/Berlin\"", Some("Europe/Berlin")),
            (
                "/softwarestudio.org/Olson_20011030_5/America/Chicago",
                Some("America/Chicago"),
            ),
            ("/freeassociation.sourceforge.net/Europe/London", Some("Europe/London")),
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            (
                "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
                Some("Europe/Berlin"),
            ),
            ("US-Eastern", Some("US/Eastern")),
            ("(UTC+05:30) Nowhere in particular", None),
            ("US--Fictitious-Eastern", None),
            ("", None),
        ] {
            assert_eq!(find(&zones, tzid), name, "{tzid}");
        }
    }

    #[test]
    fn a_definition_says_what_a_name_does_not() {
        let mut zones = Zones::new(Tz::Etc__UTC);
        let standard = |offset: &str| format!("BEGIN:STANDARD\nTZOFFSETTO:{offset}\nEND:STANDARD\n");
        let mut define = |tzid: &str, body: &str| {
            zones.define(&format!("BEGIN:VTIMEZONE\nTZID:{tzid}\n{body}END:VTIMEZONE\n"));
        };
        define("mine", "X-LIC-LOCATION:Asia/Tokyo\n");
        define("cdo", "X-MICROSOFT-CDO-TZID:3\n");
        define("fixed", &standard("+0700"));
        define("two", &(standard("+0700") + &standard("+0800")));
        define("half", &standard("+0530"));
        assert_eq!(find(&zones, "mine"), Some("Asia/Tokyo"));
        assert_eq!(find(&zones, "cdo"), Some("Europe/Paris"));
        assert_eq!(find(&zones, "fixed"), Some("Etc/GMT-7"));
        assert_eq!(find(&zones, "two"), None);
        assert_eq!(find(&zones, "half"), None);
    }

    #[test]
    fn definitions_are_bounded() {
        let mut zones = Zones::new(Tz::Etc__UTC);
        for n in 0..1000 {
            zones.define(&format!(
                "BEGIN:VTIMEZONE\nTZID:z{n}\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE\n"
            ));
        }
        assert_eq!(zones.defined.len(), MAX_DEFINED);
    }

    #[test]
    fn every_zone_that_a_file_can_name_is_one_whose_clocks_are_known() {
        for zone in chrono_tz::TZ_VARIANTS {
            assert!(BundledZones.contains(zone.name()), "{}", zone.name());
        }
    }

    #[test]
    fn wall_times_in_a_gap_move_forward_and_doubled_ones_are_the_first() {
        let at = |month, day| {
            NaiveDate::from_ymd_opt(2026, month, day)
                .unwrap()
                .and_hms_opt(2, 30, 0)
                .unwrap()
        };
        assert_eq!(
            resolve(Tz::Europe__Paris, at(3, 29)).to_string(),
            "2026-03-29T01:30:00.000Z"
        );
        assert_eq!(
            resolve(Tz::Europe__Paris, at(10, 25)).to_string(),
            "2026-10-25T00:30:00.000Z"
        );
    }
}
