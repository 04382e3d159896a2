//! From an item of a calendar to the task a client would write.

use punctual_actors::{
    series::OccurrencePatch,
    user::{
        draft::{MomentInput, ReminderInput, TaskDraft, TaskPatch},
        merge::MomentPatch,
    },
};
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

/// What an item says of one occurrence of a series; what it does not say is as the series says.
pub(super) fn patch(item: &ImportDraft, has_title: bool) -> TaskPatch {
    let reminders: Vec<ReminderInput> = item.reminders.iter().map(reminder).collect();
    TaskPatch {
        description: item.description.clone().map(Some),
        due: item.due.as_ref().map(|due| Some(moment_patch(due))),
        priority: item.priority.map(Some),
        reminders: (!reminders.is_empty()).then_some(Some(reminders)),
        start: item.start.as_ref().map(|start| Some(moment_patch(start))),
        tags: (!item.tags.is_empty()).then(|| Some(item.tags.clone())),
        title: has_title.then(|| Some(item.title.clone())),
        ..TaskPatch::default()
    }
}

/// The same of one that is to come.
pub(super) fn of_one(patch: TaskPatch) -> OccurrencePatch {
    OccurrencePatch {
        description: patch.description,
        due: patch.due,
        priority: patch.priority,
        reminders: patch.reminders,
        start: patch.start,
        tags: patch.tags,
        title: patch.title,
    }
}

fn moment_patch(moment: &DraftMoment) -> MomentPatch {
    match moment {
        DraftMoment::Day { date } => MomentPatch {
            date: Some(Some(*date)),
            ..MomentPatch::default()
        },
        DraftMoment::Time {
            at,
            floating,
            time_zone,
        } => MomentPatch {
            at: Some(Some(*at)),
            floating: Some(Some(*floating)),
            time_zone: Some(Some(time_zone.as_str().into())),
            ..MomentPatch::default()
        },
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
