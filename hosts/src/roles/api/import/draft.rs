//! From an item of a calendar to the task a client would write.

use punctual_actors::user::draft::{MomentInput, ReminderInput, TaskDraft};
use punctual_events::ReminderTime;

use crate::icalendar::{DraftMoment, ImportDraft};

/// The task an item describes.
pub(super) fn task(item: &ImportDraft) -> TaskDraft {
    TaskDraft {
        description: item.description.clone(),
        due: item.due.as_ref().map(moment),
        external_uid: external_uid(item),
        list: None,
        priority: item.priority,
        recurrence: item.recurrence.clone(),
        reminders: item.reminders.iter().map(|time| reminder(*time)).collect(),
        start: item.start.as_ref().map(moment),
        tags: item.tags.clone(),
        title: item.title.clone(),
    }
}

/// What an item is known by when it comes again: its UID, and for a single occurrence which one.
fn external_uid(item: &ImportDraft) -> Option<String> {
    let uid = item.external_uid.as_deref()?;
    Some(match &item.recurrence_id {
        Some(recurrence_id) => format!("{uid};RECURRENCE-ID={recurrence_id}"),
        None => uid.to_owned(),
    })
}

fn moment(moment: &DraftMoment) -> MomentInput {
    match moment {
        DraftMoment::Day { date } => MomentInput {
            date: Some(*date),
            ..MomentInput::default()
        },
        DraftMoment::Time { at, time_zone } => MomentInput {
            at: Some(*at),
            time_zone: Some(time_zone.as_str().into()),
            ..MomentInput::default()
        },
    }
}

fn reminder(time: ReminderTime) -> ReminderInput {
    match time {
        ReminderTime::At(at) => ReminderInput {
            at: Some(at),
            ..ReminderInput::default()
        },
        ReminderTime::Before(before) => ReminderInput {
            before: Some(before),
            ..ReminderInput::default()
        },
    }
}
