//! RRULE and RECURRENCE-ID.

use calcard::icalendar::{ICalendarComponent, ICalendarParameterName, ICalendarProperty};
use punctual_events::{Anchor, LatePolicy, Recurrence};

use super::{
    Refused,
    moments::{Stated, stated},
    text,
    zones::Zones,
};

const MAX_RRULE_BYTES: usize = 512;
const MAX_RECURRENCE_ID_CHARS: usize = 255;

/// The rule as it was written, but for spaces and case: the parser's model of a rule leaves out the parts it does not know, and a rule that is not
/// understood must be refused, not simplified.
pub(super) fn recurrence(component_text: &str) -> Result<Option<Recurrence>, Refused> {
    let unsupported = |reason: &str| Refused::new("recurrence_unsupported", reason);
    for property in ["EXDATE", "RDATE", "EXRULE"] {
        if text::raw(component_text, property).any(|value| !value.is_empty()) {
            return Err(unsupported(&format!("it has {property}")));
        }
    }
    let mut rules = text::raw(component_text, "RRULE").filter(|value| !value.is_empty());
    let Some(rule) = rules.next() else {
        return Ok(None);
    };
    if rules.next().is_some() {
        return Err(unsupported("it has more than one RRULE"));
    }
    if rule.len() > MAX_RRULE_BYTES {
        return Err(unsupported(&format!(
            "its RRULE is longer than {MAX_RRULE_BYTES} bytes"
        )));
    }
    let rrule: String = rule.chars().filter(|c| !c.is_whitespace()).collect();
    Ok(Some(Recurrence {
        anchor: Anchor::Schedule,
        late_policy: LatePolicy::RollToFuture,
        rrule: rrule.trim_end_matches(';').to_ascii_uppercase().into(),
    }))
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
