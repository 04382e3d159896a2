//! From an item of a calendar to the task a client would write.

use punctual_actors::user::draft::{MomentInput, ReminderInput, TaskDraft};
use punctual_events::{Related, ReminderTime};

use crate::icalendar::{DraftMoment, DraftReminder, ImportDraft};

/// The task an item describes, known by `external_uid` from then on.
pub(super) fn task(item: &ImportDraft, external_uid: String) -> TaskDraft {
    TaskDraft {
        description: item.description.clone(),
        due: item.due.as_ref().map(moment),
        external_uid: Some(external_uid),
        list: None,
        priority: item.priority,
        recurrence: item.recurrence.clone(),
        reminders: item.reminders.iter().map(reminder).collect(),
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

fn reminder(reminder: &DraftReminder) -> ReminderInput {
    let with = |before, related| ReminderInput {
        before,
        related,
        repeat: reminder.repeat,
        ..ReminderInput::default()
    };
    match reminder.time {
        ReminderTime::At(at) => ReminderInput {
            at: Some(at),
            ..with(None, None)
        },
        ReminderTime::Before(before) => with(Some(before), None),
        ReminderTime::BeforeStart(before) => with(Some(before), Some(Related::Start)),
        ReminderTime::OnDay(on) => ReminderInput {
            time: Some(on.time),
            ..with(on.before(), Some(on.related))
        },
    }
}
