//! A VTODO to a draft.

use std::borrow::Cow;

use calcard::icalendar::{ICalendar, ICalendarComponent, ICalendarProperty, ICalendarStatus, ICalendarValue};
use punctual_events::{Priority, Timestamp};

use super::{
    ImportDraft, ImportItem, ItemCode, Refused,
    alarms::{self, Span},
    dropped,
    moments::{self, Stated},
    recurrence, text,
    zones::Zones,
};

const MAX_TITLE_CHARS: usize = 500;
const MAX_DESCRIPTION_CHARS: usize = 16_384;
const MAX_TAGS: usize = 50;
const MAX_TAG_CHARS: usize = 64;
const MAX_UID_CHARS: usize = 255;
const MAX_REPORT_CHARS: usize = 80;
const UNTITLED: &str = "(untitled)";

/// The item of a complete VTODO.
pub(super) fn item(component: &[u8], zones: &Zones) -> ImportItem {
    let source = Source::new(component, zones);
    let identity = Identity::of(&source);
    let mut notes = Vec::new();
    if source.is_repaired {
        notes.push("bytes that are not UTF-8 were replaced".to_owned());
    }
    let draft = draft(&source, &identity, &mut notes);
    identity.into_item(draft, notes)
}

/// The item of a VTODO that was given up after `component`: as much of it as the report can use.
pub(super) fn refused_item(component: &[u8], refused: Refused, zones: &Zones) -> ImportItem {
    Identity::of(&Source::new(component, zones)).into_item(Err(refused), Vec::new())
}

/// A VTODO as it was read.
pub(super) struct Source<'a> {
    pub(super) calendar: ICalendar,
    is_repaired: bool,
    pub(super) text: Cow<'a, str>,
    pub(super) zones: &'a Zones,
}

impl<'a> Source<'a> {
    /// The parser forgives nearly everything; what it cannot read at all is an empty to-do.
    fn new(component: &'a [u8], zones: &'a Zones) -> Self {
        let text = String::from_utf8_lossy(component);
        let mut calendar = ICalendar::parse(text.as_ref()).unwrap_or_default();
        if calendar.components.is_empty() {
            calendar.components.push(ICalendarComponent::default());
        }
        let is_repaired = matches!(text, Cow::Owned(_));
        Self {
            calendar,
            is_repaired,
            text,
            zones,
        }
    }

    pub(super) fn todo(&self) -> &ICalendarComponent {
        &self.calendar.components[0]
    }
}

/// What tells the item from others.
struct Identity {
    recurrence_id: Option<String>,
    summary: Option<String>,
    uid: Option<String>,
    uid_is_cut: bool,
}

impl Identity {
    fn of(source: &Source<'_>) -> Self {
        let mut uid = text::first(source.todo(), &ICalendarProperty::Uid).map(text::one_line);
        let uid_is_cut = uid.as_mut().is_some_and(|uid| text::cut(uid, MAX_UID_CHARS));
        let summary = text::first(source.todo(), &ICalendarProperty::Summary).map(|summary| {
            let mut summary = text::one_line(summary);
            text::cut(&mut summary, MAX_REPORT_CHARS);
            summary
        });
        Self {
            recurrence_id: recurrence::recurrence_id(source.todo(), &source.text, source.zones),
            summary: summary.filter(|summary| !summary.is_empty()),
            uid: uid.filter(|uid| !uid.is_empty()),
            uid_is_cut,
        }
    }

    fn into_item(self, draft: Result<ImportDraft, Refused>, notes: Vec<String>) -> ImportItem {
        ImportItem {
            draft,
            notes,
            recurrence_id: self.recurrence_id,
            summary_for_report: self.summary,
            uid: self.uid,
        }
    }
}

fn draft(source: &Source<'_>, identity: &Identity, notes: &mut Vec<String>) -> Result<ImportDraft, Refused> {
    if identity.uid_is_cut {
        let reason = format!("its UID is longer than {MAX_UID_CHARS} characters");
        return Err(Refused::new(ItemCode::UidTooLong, reason));
    }
    let (todo, zones) = (source.todo(), source.zones);
    let cancelled = is_cancelled(todo);
    if cancelled && identity.recurrence_id.is_none() {
        return Err(Refused::cancelled());
    }
    let status_done = !cancelled && is_done(todo);
    let start = moments::stated(todo, &ICalendarProperty::Dtstart, zones)?;
    let due = due(todo, start.as_ref(), zones)?;
    let recurrence = if status_done {
        if recurrence::is_recurring(&source.text) {
            notes.push("its recurrence was left out, as it is done".to_owned());
        }
        None
    } else {
        recurrence::recurrence(source, due.as_ref(), start.as_ref())?
    };
    let span = Span {
        due: due.as_ref(),
        start: start.as_ref(),
        zones,
    };
    let reminders = alarms::reminders(&source.calendar, &span, notes);
    let description = description(todo, notes);
    let title = title(todo, description.as_deref(), notes);
    let tags = tags(todo, notes);
    dropped::note(source, status_done, notes);
    Ok(ImportDraft {
        cancelled,
        completed: if status_done {
            completed(todo, zones, notes)
        } else {
            None
        },
        description,
        due: due.map(|due| due.into_moment(zones)),
        external_uid: identity.uid.clone(),
        priority: priority(todo),
        recurrence_id: identity.recurrence_id.clone(),
        recurrence,
        reminders,
        start: start.map(|start| start.into_moment(zones)),
        status_done,
        tags,
        title,
    })
}

fn status(todo: &ICalendarComponent) -> Option<&ICalendarValue> {
    todo.property(&ICalendarProperty::Status)?.values.first()
}

fn is_cancelled(todo: &ICalendarComponent) -> bool {
    matches!(status(todo), Some(ICalendarValue::Status(ICalendarStatus::Cancelled)))
}

fn is_done(todo: &ICalendarComponent) -> bool {
    match status(todo) {
        Some(ICalendarValue::Status(status)) => *status == ICalendarStatus::Completed,
        // `NEEDS ACTION` of vCalendar 1.0, and whatever else is no status of RFC 5545.
        Some(value) if value.as_text().is_some_and(|text| !text.trim().is_empty()) => false,
        _ => todo.has_property(&ICalendarProperty::Completed) || percent(todo) == Some(100),
    }
}

pub(super) fn percent(todo: &ICalendarComponent) -> Option<i64> {
    todo.property(&ICalendarProperty::PercentComplete)?
        .values
        .first()?
        .as_integer()
}

fn completed(todo: &ICalendarComponent, zones: &Zones, notes: &mut Vec<String>) -> Option<Timestamp> {
    match moments::stated(todo, &ICalendarProperty::Completed, zones) {
        Ok(completed) => completed.map(|completed| completed.instant(zones)),
        Err(refused) => {
            notes.push(format!("when it was completed was left out: {}", refused.reason));
            None
        }
    }
}

fn due(todo: &ICalendarComponent, start: Option<&Stated>, zones: &Zones) -> Result<Option<Stated>, Refused> {
    let due = moments::stated(todo, &ICalendarProperty::Due, zones)?;
    match (due, start) {
        (None, Some(start)) => moments::due_after(start, todo, zones),
        (due, _) => Ok(due),
    }
}

/// RFC 5545 (3.8.1.9): 0 is undefined, 1 the highest, 9 the lowest.
fn priority(todo: &ICalendarComponent) -> Option<Priority> {
    match todo
        .property(&ICalendarProperty::Priority)?
        .values
        .first()?
        .as_integer()?
    {
        1 => Some(Priority::Urgent),
        2..=4 => Some(Priority::High),
        5 => Some(Priority::Medium),
        6..=9 => Some(Priority::Low),
        _ => None,
    }
}

fn description(todo: &ICalendarComponent, notes: &mut Vec<String>) -> Option<String> {
    let mut description = text::lines(text::first(todo, &ICalendarProperty::Description)?);
    if text::cut(&mut description, MAX_DESCRIPTION_CHARS) {
        notes.push(format!("its description was cut to {MAX_DESCRIPTION_CHARS} characters"));
    }
    Some(description).filter(|description| !description.is_empty())
}

fn title(todo: &ICalendarComponent, description: Option<&str>, notes: &mut Vec<String>) -> String {
    let summary = text::first(todo, &ICalendarProperty::Summary).map(text::one_line);
    let first_line = || {
        description
            .and_then(|description| description.lines().next())
            .map(text::one_line)
    };
    let title = summary.filter(|title| !title.is_empty()).or_else(first_line);
    let mut title = title
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| UNTITLED.to_owned());
    if text::cut(&mut title, MAX_TITLE_CHARS) {
        notes.push(format!("its title was cut to {MAX_TITLE_CHARS} characters"));
    }
    title
}

fn tags(todo: &ICalendarComponent, notes: &mut Vec<String>) -> Vec<String> {
    let entries = todo
        .entries
        .iter()
        .filter(|entry| entry.name == ICalendarProperty::Categories);
    let (mut tags, mut was_cut, mut left_out) = (Vec::new(), false, 0);
    for value in entries.flat_map(|entry| &entry.values) {
        let mut tag = text::one_line(value.as_text().unwrap_or_default());
        was_cut |= text::cut(&mut tag, MAX_TAG_CHARS);
        if tag.is_empty() || tags.contains(&tag) {
            continue;
        }
        if tags.len() < MAX_TAGS {
            tags.push(tag);
        } else {
            left_out += 1;
        }
    }
    if was_cut {
        notes.push(format!("categories were cut to {MAX_TAG_CHARS} characters"));
    }
    if left_out > 0 {
        notes.push(format!(
            "categories left out, as a task has {MAX_TAGS} tags at most: {left_out}"
        ));
    }
    tags
}
