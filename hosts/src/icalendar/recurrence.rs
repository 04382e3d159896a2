//! RRULE, RDATE, EXDATE and RECURRENCE-ID.

use calcard::icalendar::{ICalendarComponent, ICalendarParameterName, ICalendarProperty, ICalendarValue};
use punctual_events::{Anchor, LatePolicy, Recurrence, RecurrenceDate, WallTime};

use super::{
    ItemCode, Refused,
    draft::Source,
    moments::{Stated, stated, value_stated},
    text,
    zones::{Zones, wall_time},
};

const MAX_RRULE_BYTES: usize = 512;
const MAX_DATES: usize = 366;
/// A rule of the start alone.
const ONCE: &str = "FREQ=DAILY;COUNT=1";
const MAX_RECURRENCE_ID_CHARS: usize = 255;

/// The rule as it was written, but for spaces and case: the parser's model of a rule leaves out the parts it does not know, and a rule that is not
/// understood must be refused, not simplified. Dates without a rule are those of a rule that happens once.
pub(super) fn recurrence(
    source: &Source<'_>,
    due: Option<&Stated>,
    start: Option<&Stated>,
) -> Result<Option<Recurrence>, Refused> {
    if text::raw(&source.text, "EXRULE").any(|value| !value.is_empty()) {
        return Err(unsupported("it has EXRULE"));
    }
    let mut rules = text::raw(&source.text, "RRULE").filter(|value| !value.is_empty());
    let rule = rules.next();
    if rules.next().is_some() {
        return Err(unsupported("it has more than one RRULE"));
    }
    if rule.is_some_and(|rule| rule.len() > MAX_RRULE_BYTES) {
        return Err(unsupported(&format!(
            "its RRULE is longer than {MAX_RRULE_BYTES} bytes"
        )));
    }
    let dates = Dates {
        source,
        counted: due.or(start),
        // Where the start is a day and the due a time, or the other way round, nothing says how far apart they are.
        start: start
            .filter(|start| due.is_none_or(|due| due.is_day() == start.is_day()))
            .or(due),
    };
    let rdate = dates.of(&ICalendarProperty::Rdate)?;
    let rrule = match rule {
        Some(rule) => {
            let rule: String = rule.chars().filter(|c| !c.is_whitespace()).collect();
            rule.trim_end_matches(';').to_ascii_uppercase()
        }
        None if rdate.is_empty() => return Ok(None),
        None => ONCE.to_owned(),
    };
    Ok(Some(Recurrence {
        anchor: Anchor::Schedule,
        exdate: dates.of(&ICalendarProperty::Exdate)?,
        late_policy: LatePolicy::RollToFuture,
        rdate,
        rrule: rrule.into(),
        workdays: false,
    }))
}

fn unsupported(reason: &str) -> Refused {
    Refused::new(ItemCode::RecurrenceUnsupported, reason)
}

/// RDATE and EXDATE of an item.
struct Dates<'a> {
    source: &'a Source<'a>,
    /// What the rule is counted from here: the due.
    counted: Option<&'a Stated>,
    /// What it is counted from there: DTSTART.
    start: Option<&'a Stated>,
}

impl Dates<'_> {
    fn of(&self, property: &ICalendarProperty) -> Result<Box<[RecurrenceDate]>, Refused> {
        let (Some(counted), Some(start)) = (self.counted, self.start) else {
            // The core says that a recurring task needs a date.
            return Ok(Box::default());
        };
        let mut dates = Vec::new();
        for entry in self.source.todo().properties(property) {
            for value in &entry.values {
                if matches!(value, ICalendarValue::Period(_)) {
                    return Err(unsupported(&format!("its {} has periods", property.as_str())));
                }
                let Some(stated) = value_stated(entry, value, self.source.zones)? else {
                    continue;
                };
                if stated.is_day() != start.is_day() {
                    let reason = format!(
                        "its {} and its own date are not both days or both times",
                        property.as_str()
                    );
                    return Err(Refused::new(ItemCode::DateInvalid, reason));
                }
                dates.extend(self.on_the_due(&stated, counted, start));
                if dates.len() > MAX_DATES {
                    return Err(unsupported(&format!(
                        "its {} has more than {MAX_DATES} dates",
                        property.as_str()
                    )));
                }
            }
        }
        Ok(dates.into())
    }

    /// A date of DTSTART's as one of the due's, which is as much later as the first is.
    fn on_the_due(&self, stated: &Stated, counted: &Stated, start: &Stated) -> Option<RecurrenceDate> {
        let zones = self.source.zones;
        let (there, here) = (start.zone(zones), counted.zone(zones));
        let wall = if stated.is_day() || stated.zone(zones) == there {
            stated.wall()
        } else {
            wall_time(there, stated.instant(zones))
        };
        // In wall time, as both keep theirs across changes of the clocks.
        let first = if start.is_day() || there == here {
            start.wall()
        } else {
            wall_time(here, start.instant(zones))
        };
        let later = counted.wall() - first;
        let wall = if there == here {
            wall
        } else {
            wall_time(here, super::zones::resolve(there, wall))
        };
        let wall = WallTime::new(wall.checked_add_signed(later)?)?;
        Some(if stated.is_day() {
            RecurrenceDate::Day(wall.get().date())
        } else {
            RecurrenceDate::Time(wall)
        })
    }
}

/// True when there is a rule of any kind.
pub(super) fn is_recurring(component_text: &str) -> bool {
    ["RRULE", "RDATE"]
        .iter()
        .any(|property| text::raw(component_text, property).next().is_some())
}

/// RECURRENCE-ID in one form per instant; what is no date, or in no known zone, stays as it was written.
pub(super) fn recurrence_id(todo: &ICalendarComponent, component_text: &str, zones: &Zones) -> Option<String> {
    let mut id = match stated(todo, &ICalendarProperty::RecurrenceId, zones) {
        Ok(None) => return None,
        Ok(Some(Stated::Day(date))) => date.to_string(),
        Ok(Some(Stated::Floating(at))) => at.to_string(),
        Ok(Some(in_zone @ Stated::InZone(..))) => in_zone.instant(zones).to_string(),
        Err(_) => text::one_line(text::raw(component_text, "RECURRENCE-ID").next()?),
    };
    text::cut(&mut id, MAX_RECURRENCE_ID_CHARS);
    Some(id)
}

/// True when an override is meant for the later occurrences as well.
pub(super) fn is_this_and_future(todo: &ICalendarComponent) -> bool {
    todo.property(&ICalendarProperty::RecurrenceId)
        .is_some_and(|entry| entry.has_parameter(&ICalendarParameterName::Range))
}
