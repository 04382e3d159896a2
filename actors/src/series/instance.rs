//! The task an occurrence becomes.

use chrono::TimeDelta;
use punctual_events::{
    Moment, OccurrenceChanges, SeriesDefinition, SeriesId, Status, Task, TaskId, Timestamp, derive_uuid,
};

use crate::{
    series::edit::like,
    user::{record::resolve, validate::wall_time},
    zone::ZoneData,
};

/// The id of an instance.
pub(super) fn instance_id(series: SeriesId, occurrence: u32, generation: u32) -> TaskId {
    let parts: [&[u8]; 3] = [
        series.0.as_bytes(),
        &occurrence.to_be_bytes(),
        &generation.to_be_bytes(),
    ];
    TaskId(derive_uuid("punctual.instance.1", &parts))
}

/// The instance of an occurrence; its owner's actor sets instants of change and version, and reminds of what passed since `updated`.
pub(super) fn instance(
    series: SeriesId,
    (definition, changes): (&SeriesDefinition, Option<&OccurrenceChanges>),
    (occurrence, task): (u32, TaskId),
    at: &Moment,
    zones: &dyn ZoneData,
) -> Task {
    let (due, start) = due_and_start(definition, changes, at, zones);
    let plain = OccurrenceChanges::default();
    let changes = changes.unwrap_or(&plain);
    let description = changes.description.as_ref().or(definition.description.as_ref());
    Task {
        completed: None,
        created: Timestamp::MIN,
        description: description.filter(|text| !text.is_empty()).cloned(),
        due,
        external_uid: changes.external_uid.clone(),
        id: task,
        list: definition.list.clone(),
        occurrence: Some(occurrence),
        overdue: false,
        priority: changes.priority.or(definition.priority),
        recurrence: Some(definition.recurrence.clone()),
        reminders: changes.reminders.as_ref().unwrap_or(&definition.reminders).clone(),
        series: Some(series),
        start: start.map(Box::new),
        status: Status::Open,
        tags: changes.tags.as_ref().unwrap_or(&definition.tags).clone(),
        title: changes.title.as_ref().unwrap_or(&definition.title).clone(),
        updated: Timestamp::MIN,
        version: 1,
    }
}

/// When the instance of the occurrence at `at` is due and can start.
pub(super) fn due_and_start(
    definition: &SeriesDefinition,
    changes: Option<&OccurrenceChanges>,
    at: &Moment,
    zones: &dyn ZoneData,
) -> (Option<Moment>, Option<Moment>) {
    let resolved = |moment: &Moment| resolve(moment, &definition.time_zone, zones);
    let moved = changes.and_then(|changes| changes.due.as_ref()).map(resolved);
    let own_start = changes.and_then(|changes| changes.start.as_deref()).map(resolved);
    let (due, start) = match (&definition.due, &definition.start) {
        (Some(due), Some(start)) => {
            let ahead = wall_time(due) - wall_time(start);
            // Where a time became a day, or a day a time, nothing says how far the start is from it.
            let from = moved
                .as_ref()
                .filter(|moved| moved.is_day() == at.is_day())
                .unwrap_or(at);
            (
                Some(at.clone()),
                shifted(start, from, ahead, &definition.time_zone, zones),
            )
        }
        (Some(_), None) => (Some(at.clone()), None),
        (None, _) => (None, Some(at.clone())),
    };
    (moved.or(due), own_start.or(start))
}

/// The start that lies as far before `due` as the first occurrence's did.
fn shifted(start: &Moment, due: &Moment, ahead: TimeDelta, user_zone: &str, zones: &dyn ZoneData) -> Option<Moment> {
    like(start, wall_time(due).checked_sub_signed(ahead)?, user_zone, zones)
}
