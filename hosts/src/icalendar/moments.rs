//! DTSTART, DUE and DURATION: days and wall times.

use std::borrow::Cow;

use calcard::{
    common::PartialDateTime,
    icalendar::{
        ICalendarComponent, ICalendarDuration, ICalendarEntry, ICalendarParameterName, ICalendarProperty,
        ICalendarValue,
    },
};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use punctual_events::{Timestamp, WallTime};

use super::{
    DraftMoment, ItemCode, Refused,
    zones::{Zones, resolve, wall_time},
};

/// A day or a time as a property states it.
pub(super) enum Stated {
    Day(NaiveDate),
    Floating(WallTime),
    InZone(WallTime, Tz),
}

impl Stated {
    /// As a task has it. A floating time stays one: it is wherever the user is.
    pub(super) fn into_moment(self, zones: &Zones) -> DraftMoment {
        let floating = matches!(self, Self::Floating(_));
        let zone = self.zone(zones);
        match self {
            Self::Day(date) => DraftMoment::Day { date },
            Self::Floating(at) | Self::InZone(at, _) => DraftMoment::Time {
                at,
                floating,
                time_zone: zone.name().to_owned(),
            },
        }
    }

    /// The zone of a time; of a day, the user's.
    pub(super) fn zone(&self, zones: &Zones) -> Tz {
        match self {
            Self::Day(_) | Self::Floating(_) => zones.user(),
            Self::InZone(_, zone) => *zone,
        }
    }

    /// The wall time; of a day, its midnight.
    pub(super) fn wall(&self) -> NaiveDateTime {
        match self {
            Self::Day(date) => (*date).into(),
            Self::Floating(at) | Self::InZone(at, _) => at.get(),
        }
    }

    pub(super) fn is_day(&self) -> bool {
        matches!(self, Self::Day(_))
    }

    /// The instant; of a day, its first in the user's zone.
    pub(super) fn instant(&self, zones: &Zones) -> Timestamp {
        match self {
            Self::Day(date) => resolve(zones.user(), (*date).into()),
            Self::Floating(at) => resolve(zones.user(), at.get()),
            Self::InZone(at, zone) => resolve(*zone, at.get()),
        }
    }
}

/// The day or time in `property`; `None` where it is absent or blank.
pub(super) fn stated(
    component: &ICalendarComponent,
    property: &ICalendarProperty,
    zones: &Zones,
) -> Result<Option<Stated>, Refused> {
    match component.property(property) {
        Some(entry) => entry_stated(entry, zones),
        None => Ok(None),
    }
}

pub(super) fn entry_stated(entry: &ICalendarEntry, zones: &Zones) -> Result<Option<Stated>, Refused> {
    match entry.values.first() {
        None => Ok(None),
        Some(value) => value_stated(entry, value, zones),
    }
}

/// One of the values of an entry.
pub(super) fn value_stated(
    entry: &ICalendarEntry,
    value: &ICalendarValue,
    zones: &Zones,
) -> Result<Option<Stated>, Refused> {
    let invalid = || {
        Refused::new(
            ItemCode::DateInvalid,
            format!("{} is not a date or a time", entry.name.as_str()),
        )
    };
    let parts = match value {
        ICalendarValue::Text(text) if text.trim().is_empty() => return Ok(None),
        ICalendarValue::PartialDateTime(parts) => Cow::Borrowed(&**parts),
        // Not what the property is by default, and VALUE does not say so: real files have alarms with `TRIGGER:19980403T120000Z`.
        ICalendarValue::Text(text) => {
            let mut parts = PartialDateTime::default();
            if !parts.parse_timestamp(&mut text.as_bytes().iter().peekable(), false) {
                return Err(invalid());
            }
            Cow::Owned(parts)
        }
        _ => return Err(invalid()),
    };
    let tzid = entry
        .parameter(&ICalendarParameterName::Tzid)
        .and_then(|value| value.as_text());
    from_parts(&parts, tzid, zones)?.ok_or_else(invalid).map(Some)
}

/// `Ok(None)` when the numbers are no date.
fn from_parts(parts: &PartialDateTime, tzid: Option<&str>, zones: &Zones) -> Result<Option<Stated>, Refused> {
    let Some(date) = date(parts) else {
        return Ok(None);
    };
    let Some(hour) = parts.hour else {
        return Ok(Some(Stated::Day(date)));
    };
    // A leap second is the last one of its minute.
    let (minute, second) = (parts.minute.unwrap_or(0), parts.second.unwrap_or(0));
    let second = if second == 60 { 59 } else { second };
    let Some(wall) = date.and_hms_opt(hour.into(), minute.into(), second.into()) else {
        return Ok(None);
    };
    if let Some(hours) = parts.tz_hour {
        let offset_s = i64::from(hours) * 3600 + i64::from(parts.tz_minute.unwrap_or(0)) * 60;
        let utc = wall.checked_sub_signed(TimeDelta::seconds(if parts.tz_minus { -offset_s } else { offset_s }));
        let at = utc.and_then(WallTime::new);
        return Ok(at.map(|at| Stated::InZone(at, Tz::Etc__UTC)));
    }
    let Some(at) = WallTime::new(wall) else {
        return Ok(None);
    };
    match tzid {
        None => Ok(Some(Stated::Floating(at))),
        Some(tzid) => match zones.find(tzid) {
            Some(zone) => Ok(Some(Stated::InZone(at, zone))),
            None => Err(unknown_zone(tzid)),
        },
    }
}

fn date(parts: &PartialDateTime) -> Option<NaiveDate> {
    let date = NaiveDate::from_ymd_opt(parts.year?.into(), parts.month?.into(), parts.day?.into())?;
    (1..=9999).contains(&date.year()).then_some(date)
}

fn unknown_zone(tzid: &str) -> Refused {
    let shown: String = tzid.chars().filter(|c| !c.is_control()).take(80).collect();
    Refused::new(
        ItemCode::UnknownTimeZone,
        format!("the time zone {shown:?} is not a known one"),
    )
}

/// The due of a DTSTART and a DURATION. Weeks and days are of the calendar, hours and less are exact, as RFC 5545 (3.3.6) has it.
pub(super) fn due_after(
    start: &Stated,
    component: &ICalendarComponent,
    zones: &Zones,
) -> Result<Option<Stated>, Refused> {
    let Some(entry) = component.property(&ICalendarProperty::Duration) else {
        return Ok(None);
    };
    let due = match entry.values.first() {
        Some(ICalendarValue::Duration(duration)) if !duration.neg => plus(start, duration, zones),
        _ => None,
    };
    due.map(Some)
        .ok_or_else(|| Refused::new(ItemCode::DateInvalid, "DURATION is not a length of time from DTSTART"))
}

fn plus(start: &Stated, duration: &ICalendarDuration, zones: &Zones) -> Option<Stated> {
    let days = u64::from(duration.weeks) * 7 + u64::from(duration.days);
    let exact_s = duration.as_seconds() - i64::try_from(days).ok()? * 86_400;
    let add = |at: &WallTime, zone: Tz| -> Option<WallTime> {
        let wall = at.get().checked_add_days(Days::new(days))?;
        WallTime::new(if exact_s == 0 { wall } else { later(zone, wall, exact_s) })
    };
    match start {
        Stated::Day(date) => {
            let whole_days = days + u64::try_from(exact_s).ok()?.div_ceil(86_400);
            let last = date.checked_add_days(Days::new(whole_days.saturating_sub(1)))?;
            (last.year() <= 9999).then_some(Stated::Day(last))
        }
        Stated::Floating(at) => add(at, zones.user()).map(Stated::Floating),
        Stated::InZone(at, zone) => add(at, *zone).map(|at| Stated::InZone(at, *zone)),
    }
}

/// The wall time `seconds` after `wall`, by the clock of an instant.
fn later(zone: Tz, wall: NaiveDateTime, seconds: i64) -> NaiveDateTime {
    let instant = resolve(zone, wall).plus_millis(seconds.saturating_mul(1000));
    wall_time(zone, instant)
}
