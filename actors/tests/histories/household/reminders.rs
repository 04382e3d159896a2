//! What must be true of notifications that nag or were put off, in the order of the log.

use std::collections::HashMap;

use punctual_events::{NotificationId, ReminderId, TaskField, TaskId, Timestamp, UserEvent};

use super::{
    Household,
    check::{events_of, user_log},
};

/// How often a reminder of these histories comes again.
const MOST_REPETITIONS: u16 = 2;

/// What was to come again of a notification did, in its place, once and not early, unless a person said otherwise or the task was closed, moved or
/// had its reminders changed meanwhile; and nothing else came in the place of anything, but a reminder's first of an occurrence in that of what waited of
/// the one before.
pub(super) fn what_was_to_come_again_came_once(household: &Household) {
    let mut expected: HashMap<NotificationId, (TaskId, Timestamp)> = HashMap::new();
    let mut excused: HashMap<NotificationId, TaskId> = HashMap::new();
    let mut waiting: HashMap<NotificationId, (TaskId, ReminderId)> = HashMap::new();
    let mut passed: HashMap<NotificationId, ReminderId> = HashMap::new();
    for commit in user_log(household) {
        for event in (0..commit.commands.len()).flat_map(|place| events_of(&commit, place)) {
            match event {
                UserEvent::ReminderFired(fired) => {
                    if let Some(of) = fired.replaces {
                        waiting.remove(&of);
                        let has_passed = passed.remove(&of) == Some(fired.reminder) && fired.repetition == 0;
                        let (_, at) = expected
                            .remove(&of)
                            .or_else(|| Some((excused.remove(&of)?, fired.due_at)))
                            .or_else(|| has_passed.then_some((fired.task, fired.due_at)))
                            .unwrap_or_else(|| panic!("nobody waited for {fired:?}"));
                        assert!(at <= fired.fired_at, "early: {fired:?}");
                    }
                    waiting.insert(fired.id, (fired.task, fired.reminder));
                    assert!(fired.repetition <= MOST_REPETITIONS, "{fired:?} nags on");
                    expected.extend(fired.again.map(|at| (fired.id, (fired.task, at))));
                }
                UserEvent::ReminderSnoozed(snoozed) => {
                    let until = snoozed.snoozed.expect("until when");
                    expected.insert(snoozed.id, (snoozed.task, until));
                    waiting.insert(snoozed.id, (snoozed.task, snoozed.reminder));
                }
                UserEvent::ReminderDismissed(dismissed) => {
                    expected.remove(&dismissed.id);
                    excused.remove(&dismissed.id);
                    waiting.remove(&dismissed.id);
                    passed.remove(&dismissed.id);
                }
                UserEvent::TaskCompleted(change) | UserEvent::TaskDeleted(change) => {
                    excuse(&mut expected, &mut excused, change.task.id);
                    let of_it = waiting.iter().filter(|(_, (task, _))| *task == change.task.id);
                    passed.extend(of_it.map(|(id, (_, reminder))| (*id, *reminder)));
                }
                UserEvent::TaskUpdated(change) if change.changed.contains(&TaskField::Due) => {
                    excuse(&mut expected, &mut excused, change.task.id);
                    let of_it = waiting.iter().filter(|(_, (task, _))| *task == change.task.id);
                    passed.extend(of_it.map(|(id, (_, reminder))| (*id, *reminder)));
                }
                _ => {}
            }
        }
    }
    assert!(expected.is_empty(), "these did not come again: {expected:?}");
}

/// What was to come again of a task may come or not from here on.
fn excuse(
    expected: &mut HashMap<NotificationId, (TaskId, Timestamp)>,
    excused: &mut HashMap<NotificationId, TaskId>,
    task: TaskId,
) {
    for (id, (task, _)) in expected.extract_if(|_, (of, _)| *of == task) {
        excused.insert(id, task);
    }
}
