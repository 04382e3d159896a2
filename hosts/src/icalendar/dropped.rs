//! What of an item a task has no place for, so that nobody believes it was taken.

use calcard::icalendar::{ICalendarComponentType, ICalendarEntry, ICalendarProperty, ICalendarValue};

use super::{
    draft::{Source, percent},
    recurrence,
};

/// What an item may have once (RFC 5545, 3.6.2), and a task has.
const ONCE: [ICalendarProperty; 6] = [
    ICalendarProperty::Description,
    ICalendarProperty::Dtstart,
    ICalendarProperty::Due,
    ICalendarProperty::Priority,
    ICalendarProperty::Status,
    ICalendarProperty::Summary,
];

/// What an item says in words of its own.
const WORDS: [ICalendarProperty; 3] = [
    ICalendarProperty::Summary,
    ICalendarProperty::Description,
    ICalendarProperty::Categories,
];

/// Notes what a person may have written and a task has no place for. Bookkeeping (DTSTAMP, SEQUENCE, X- properties, …) goes without saying.
pub(super) fn note(source: &Source<'_>, status_done: bool, notes: &mut Vec<String>) {
    let mut dropped: Vec<&str> = Vec::new();
    let mut drop = |name| {
        if !dropped.contains(&name) {
            dropped.push(name);
        }
    };
    for entry in &source.todo().entries {
        match entry.name {
            ICalendarProperty::Attach
            | ICalendarProperty::Attendee
            | ICalendarProperty::Comment
            | ICalendarProperty::Conference
            | ICalendarProperty::Contact
            | ICalendarProperty::Geo
            | ICalendarProperty::Location
            | ICalendarProperty::Organizer
            | ICalendarProperty::RelatedTo
            | ICalendarProperty::Resources
            | ICalendarProperty::Url => drop(entry.name.as_str()),
            ICalendarProperty::PercentComplete if !status_done && percent(source.todo()) != Some(0) => {
                drop(entry.name.as_str());
            }
            ICalendarProperty::Priority if !is_priority(entry) => drop(entry.name.as_str()),
            _ => {}
        }
    }
    for component in source.calendar.components.iter().skip(1) {
        if component.component_type != ICalendarComponentType::VAlarm {
            drop(match component.component_type {
                ICalendarComponentType::Other(_) => "nested components",
                ref known => known.as_str(),
            });
        }
    }
    if !dropped.is_empty() {
        notes.push(format!("left out: {}", dropped.join(", ")));
    }
    for once in ONCE {
        if source.todo().properties(&once).count() > 1 {
            notes.push(format!("of several {} the first counts", once.as_str()));
        }
    }
    for words in WORDS {
        if source.todo().properties(&words).any(has_control_characters) {
            notes.push(format!("control characters were taken out of {}", words.as_str()));
        }
    }
    if recurrence::is_this_and_future(source.todo()) {
        notes.push("it was meant for the later occurrences as well".to_owned());
    }
}

/// Besides line breaks and tabs, which are white space.
fn has_control_characters(entry: &ICalendarEntry) -> bool {
    let is_one = |c: char| c.is_control() && !c.is_whitespace();
    let mut texts = entry.values.iter().filter_map(ICalendarValue::as_text);
    texts.any(|text| text.contains(is_one))
}

/// RFC 5545 (3.8.1.9): 0 to 9.
fn is_priority(entry: &ICalendarEntry) -> bool {
    let number = entry.values.first().and_then(|value| value.as_integer());
    number.is_some_and(|number| (0..=9).contains(&number))
}
