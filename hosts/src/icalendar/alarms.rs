//! VALARM to reminders.
//!
//! A trigger relative to the due, or to the start (the default of RFC 5545) when there is a due as well, becomes an offset before the due that gives the
//! same instant now and moves with the due later. Without a due it becomes an offset before the start; of a start
//! that is a day, the instant it means, since reminders of a day count from another hour. Many programs write a trigger relative to
//! the start for a to-do that only has a due; what they mean is the due.

use calcard::icalendar::{
    ICalendar, ICalendarAction, ICalendarComponent, ICalendarComponentType, ICalendarDuration, ICalendarParameterName,
    ICalendarParameterValue, ICalendarProperty, ICalendarRelated, ICalendarValue,
};
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use punctual_events::{Offset, ReminderTime, Repeat, Timestamp};

use super::{
    DraftReminder,
    moments::{Stated, entry_stated},
    zones::{Zones, resolve, wall_time},
};

const MAX_REMINDERS: usize = 20;
const REPEAT_EVERY_S: std::ops::RangeInclusive<i64> = 60..=86_400;
const MAX_REPEATS: u16 = 100;
/// The hour from which the relative reminders of an all-day due count.
const DAY_REFERENCE_HOUR: u32 = 9;
const DAY_S: i64 = 86_400;

/// What the alarms of a to-do relate to.
pub(super) struct Span<'a> {
    pub(super) due: Option<&'a Stated>,
    pub(super) start: Option<&'a Stated>,
    pub(super) zones: &'a Zones,
}

/// The reminders of the to-do that is the first component of `calendar`.
pub(super) fn reminders(calendar: &ICalendar, span: &Span<'_>, notes: &mut Vec<String>) -> Vec<DraftReminder> {
    let (mut reminders, mut unusable, mut beyond): (Vec<DraftReminder>, u32, u32) = (Vec::new(), 0, 0);
    for alarm in alarms(calendar) {
        let Some(time) = reminder(alarm, span) else {
            unusable += 1;
            continue;
        };
        let repeat = repeat(alarm, notes);
        let is_full = reminders.len() == MAX_REMINDERS;
        match reminders.iter_mut().find(|known| known.time == time) {
            Some(known) => known.repeat = known.repeat.or(repeat),
            None if is_full => beyond += 1,
            None => reminders.push(DraftReminder { repeat, time }),
        }
    }
    if unusable > 0 {
        notes.push(format!("alarms left out, as nothing says when they ring: {unusable}"));
    }
    if beyond > 0 {
        notes.push(format!(
            "alarms left out, as a task has {MAX_REMINDERS} reminders at most: {beyond}"
        ));
    }
    reminders
}

/// REPEAT (RFC 5545, 3.8.6.2) counts how often it rings again after the first, DURATION how long after each.
fn repeat(alarm: &ICalendarComponent, notes: &mut Vec<String>) -> Option<Repeat> {
    let every = alarm.property(&ICalendarProperty::Duration);
    let times = match alarm.property(&ICalendarProperty::Repeat) {
        // What is no number is as good as none.
        Some(said) => said.values.first().and_then(ICalendarValue::as_integer).unwrap_or(-1),
        None if every.is_some() => -1,
        None => 0,
    };
    if times == 0 {
        return None;
    }
    let every_s = every.and_then(|entry| match entry.values.first()? {
        ICalendarValue::Duration(duration) if !duration.neg => Some(duration.as_seconds()),
        _ => None,
    });
    let Some(every_s) = every_s.filter(|_| times > 0) else {
        note(notes, "an alarm rings once, as nothing says how often it repeats");
        return None;
    };
    let every = Offset::from_seconds(every_s).filter(|_| REPEAT_EVERY_S.contains(&every_s));
    let Some(every) = every else {
        let why = "an alarm rings once, as it cannot repeat more than once a minute or less than once in 24 hours";
        note(notes, why);
        return None;
    };
    if times > i64::from(MAX_REPEATS) {
        note(notes, &format!("an alarm repeats {MAX_REPEATS} times at most"));
    }
    let times = u16::try_from(times).unwrap_or(MAX_REPEATS).min(MAX_REPEATS);
    Some(Repeat { every, times })
}

fn note(notes: &mut Vec<String>, text: &str) {
    if !notes.iter().any(|known| known == text) {
        notes.push(text.to_owned());
    }
}

fn alarms(calendar: &ICalendar) -> impl Iterator<Item = &ICalendarComponent> {
    let todo = calendar.components.first();
    let nested = todo.map_or(&[][..], |todo| &todo.component_ids);
    nested
        .iter()
        .filter_map(|index| calendar.components.get(usize::try_from(*index).ok()?))
        .filter(|component| component.component_type == ICalendarComponentType::VAlarm && !is_silent(component))
}

/// Apple writes ACTION:NONE to say that there is no alarm.
fn is_silent(alarm: &ICalendarComponent) -> bool {
    let action = alarm
        .property(&ICalendarProperty::Action)
        .and_then(|entry| entry.values.first());
    match action {
        Some(ICalendarValue::Action(ICalendarAction::Audio | ICalendarAction::Display | ICalendarAction::Email)) => {
            false
        }
        Some(action) => action.as_text().is_some_and(|text| text.eq_ignore_ascii_case("NONE")),
        None => false,
    }
}

fn reminder(alarm: &ICalendarComponent, span: &Span<'_>) -> Option<ReminderTime> {
    let trigger = alarm.property(&ICalendarProperty::Trigger)?;
    match trigger.values.first()? {
        ICalendarValue::Duration(after) => {
            let related = trigger.parameter(&ICalendarParameterName::Related);
            let to_end = matches!(related, Some(ICalendarParameterValue::Related(ICalendarRelated::End)));
            relative(span, to_end, after)
        }
        // Apple's placeholder for "at a place, at no time".
        _ if alarm.has_property(&ICalendarProperty::Other("X-APPLE-PROXIMITY".to_owned())) => None,
        _ => {
            let at = entry_stated(trigger, span.zones).ok()??;
            Some(ReminderTime::At(at.instant(span.zones)))
        }
    }
}

fn relative(span: &Span<'_>, to_end: bool, after: &ICalendarDuration) -> Option<ReminderTime> {
    let related = if to_end {
        span.due.or(span.start)
    } else {
        span.start.or(span.due)
    };
    let related = related?;
    let is_due = span.due.is_some_and(|due| std::ptr::eq(due, related));
    if is_due && !matches!(related, Stated::Day(_)) {
        let (days, exact_s) = parts(after);
        if let Some(before) = Offset::new(-days, -exact_s) {
            return Some(ReminderTime::Before(before));
        }
    }
    if span.due.is_none() && !matches!(related, Stated::Day(_)) {
        let (days, exact_s) = parts(after);
        if let Some(before) = Offset::new(-days, -exact_s) {
            return Some(ReminderTime::BeforeStart(before));
        }
    }
    let at = shifted(related, after, span.zones)?;
    let before = span.due.and_then(|due| before(due, at, span.zones));
    Some(before.map_or(ReminderTime::At(at), ReminderTime::Before))
}

/// The days of the calendar in a duration, and the exact seconds beside them.
fn parts(duration: &ICalendarDuration) -> (i64, i64) {
    let sign = if duration.neg { -1 } else { 1 };
    let days = sign * (i64::from(duration.weeks) * 7 + i64::from(duration.days));
    (days, duration.as_seconds() - days * DAY_S)
}

/// The instant a trigger means: weeks and days by the calendar, hours and less exactly.
fn shifted(related: &Stated, after: &ICalendarDuration, zones: &Zones) -> Option<Timestamp> {
    let (days, exact_s) = parts(after);
    let (wall, zone) = match related {
        Stated::Day(date) => (NaiveDateTime::from(*date), zones.user()),
        Stated::Floating(at) => (at.get(), zones.user()),
        Stated::InZone(at, zone) => (at.get(), *zone),
    };
    let wall = wall.checked_add_signed(TimeDelta::try_days(days)?)?;
    Some(resolve(zone, wall).plus_millis(exact_s.saturating_mul(1000)))
}

/// The offset before `due` that is the instant `at`: as many days as there are between the two on the calendar, and the rest exactly.
fn before(due: &Stated, at: Timestamp, zones: &Zones) -> Option<Offset> {
    let (reference, zone) = reference(due, zones);
    let at_wall = wall_time(zone, at);
    let days = (reference - at_wall).num_days();
    let rest_s = |days: i64| {
        let from = resolve(zone, reference.checked_sub_signed(TimeDelta::days(days))?);
        Some((from.as_millis() - at.as_millis()).div_euclid(1000))
    };
    // Where clocks change within the last day, one day less is what both parts go the same way with.
    [days, days - days.signum()]
        .into_iter()
        .find_map(|days| Offset::new(days, rest_s(days)?))
}

/// The wall time, and its zone, from which the relative reminders of `due` count.
fn reference(due: &Stated, zones: &Zones) -> (NaiveDateTime, Tz) {
    match due {
        Stated::Day(date) => {
            let time = NaiveTime::from_hms_opt(DAY_REFERENCE_HOUR, 0, 0).unwrap_or_default();
            (date.and_time(time), zones.user())
        }
        Stated::Floating(at) => (at.get(), zones.user()),
        Stated::InZone(at, zone) => (at.get(), *zone),
    }
}
