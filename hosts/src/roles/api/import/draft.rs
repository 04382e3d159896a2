//! From an item of a calendar to the task a client would write.

use punctual_actors::user::draft::{MomentInput, ReminderInput, TaskDraft};
use punctual_events::{Related, ReminderTime};

use crate::icalendar::{DraftMoment, ImportDraft};

/// The task an item describes, known by `external_uid` from then on.
pub(super) fn task(item: &ImportDraft, external_uid: String) -> TaskDraft {
    TaskDraft {
        description: item.description.clone(),
        due: item.due.as_ref().map(moment),
        external_uid: Some(external_uid),
        list: None,
        priority: item.priority,
        recurrence: item.recurrence.clone(),
        reminders: item.reminders.iter().map(|time| reminder(*time)).collect(),
        start: item.start.as_ref().map(moment),
        tags: item.tags.clone(),
        title: item.title.clone(),
    }
}

fn moment(moment: &DraftMoment) -> MomentInput {
    match moment {
        DraftMoment::Day { date } => MomentInput {
            date: Some(*date),
            ..MomentInput::default()
        },
        DraftMoment::Time {
            at,
            floating,
            time_zone,
        } => MomentInput {
            at: Some(*at),
            floating: Some(*floating),
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
        ReminderTime::BeforeStart(before) => ReminderInput {
            before: Some(before),
            related: Some(Related::Start),
            ..ReminderInput::default()
        },
    }
}
