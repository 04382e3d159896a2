//! What becomes of what reminded of an occurrence when the next one takes over: it ends, and what still waits of it makes room for what reminds of the
//! next one.

use std::sync::Arc;

use punctual_events::{
    Anchor, LatePolicy, Moment, Notification, ReminderId, Repeat, Task, TaskId, Timestamp, UserEvent,
};

use crate::{
    machine::Context,
    recurrence::{Rule, Schedule},
    user::{record::TaskRecord, state::UserActor, validate::walls},
    zone::ZoneData,
};

/// How much later than another occurrence what nags of the one before comes, where it would come at the very instant at which that takes over, in
/// milliseconds: by then it has, as a rule, and the reminder rings once.
const GIVES_WAY_MS: i64 = 5_000;
/// Notifications that are closed at once. Of an older release there may be more, whose turn comes with the next occurrence.
const MOST_CLOSED: usize = 100;

impl UserActor {
    /// What of an open task is due of itself as it is moved to `next`, before that, and what fires because it is. Where another occurrence takes over, nothing
    /// of the one before comes again, each reminder rings once, and the notifications that wait are replaced or closed.
    pub(super) fn fire_passing(
        &self,
        record: &TaskRecord,
        next: &Arc<Task>,
        context: &Context<'_>,
    ) -> (Vec<UserEvent>, Vec<UserEvent>) {
        let since = self.not_past_since(Some(record), next, (context.now, context.zones));
        let mut fired = self.fire_passed(Some(record), next, (since, context.now), context);
        let mut left = self.fire(record, context);
        if !self.takes_over(Some(record), next, context.now) {
            return (left, fired);
        }
        let after = TaskRecord::new(Arc::clone(next), context.now, &self.profile.time_zone, context.zones);
        let has_passed = |reminder| !after.is_at_the_same_instant(record, reminder);
        let rings = |reminder| notifications(&fired).any(|fired| fired.reminder == reminder);
        left.retain_mut(|event| match event {
            UserEvent::ReminderFired(last) if has_passed(last.reminder) => {
                last.again = None;
                last.replaces.is_none() && !rings(last.reminder)
            }
            _ => true,
        });
        let closed = self.replace(next.id, &mut fired, has_passed).into_iter().map(|of| {
            UserEvent::ReminderDismissed(Notification {
                again: None,
                dismissed: Some(context.now),
                snoozed: None,
                ..of.clone()
            })
        });
        left.extend(closed.take(MOST_CLOSED));
        (left, fired)
    }

    /// Has what fires take the places of the notifications that wait of a task, of the same reminders, and gives those that nothing takes the place of.
    pub(super) fn replace(
        &self,
        task: TaskId,
        fired: &mut [UserEvent],
        has_passed: impl Fn(ReminderId) -> bool,
    ) -> Vec<&Notification> {
        let latest = self.notifications.iter().rev().map(|(_, of)| of.as_ref());
        let mut waiting: Vec<_> = latest
            .filter(|of| of.task == task && of.dismissed.is_none() && has_passed(of.reminder))
            .collect();
        for event in fired {
            let UserEvent::ReminderFired(fired) = event else {
                continue;
            };
            if let Some(place) = waiting.iter().position(|of| of.reminder == fired.reminder) {
                fired.replaces = Some(waiting.remove(place).id);
            }
        }
        waiting
    }
}

fn notifications(events: &[UserEvent]) -> impl Iterator<Item = &Notification> {
    events.iter().filter_map(|event| match event {
        UserEvent::ReminderFired(fired) => Some(fired),
        _ => None,
    })
}

/// When what fired at `now`, due at `due_at`, having come again `repetition` times, comes again: on its grid, or, where the next occurrence takes over at that
/// instant, a little later, in case it does not.
pub(super) fn again(
    task: &Task,
    repeat: Repeat,
    (due_at, now, repetition): (Timestamp, Timestamp, u16),
    (user_zone, zones): (&str, &dyn ZoneData),
) -> Option<Timestamp> {
    let schedule = taking_over(task, user_zone);
    // At its own instant nobody takes over.
    let own = task.due.as_ref().or(task.start.as_deref()).map(Moment::instant);
    let takes_over = |at: Timestamp| {
        let schedule = schedule.as_ref().filter(|_| own.is_some_and(|own| at > own));
        let next = schedule.and_then(|schedule| schedule.next_after(at.plus_millis(-1), zones).ok()?);
        next.is_some_and(|next| next.instant == at)
    };
    let on_grid = due_at.plus_millis(-GIVES_WAY_MS);
    let gave_way = repetition > 0 && takes_over(on_grid);
    let again = repeat.next(if gave_way { on_grid } else { due_at }, now, repetition)?;
    Some(if takes_over(again) {
        again.plus_millis(GIVES_WAY_MS)
    } else {
        again
    })
}

/// The dates at which others take over from an instance that nobody completes.
fn taking_over(task: &Task, user_zone: &str) -> Option<Schedule> {
    let recurrence = task.recurrence.as_deref()?;
    let is_taken_over = matches!(recurrence.late_policy, LatePolicy::KeepOneOpen | LatePolicy::Skip);
    if !is_taken_over || recurrence.anchor == Anchor::Completion {
        return None;
    }
    let rule = Rule::parse(&recurrence.rrule).ok()?.without_end();
    let at = task.due.as_ref().or(task.start.as_deref())?;
    let schedule = Schedule::from_moment(rule, at, user_zone);
    Some(schedule.with_dates(&walls(&recurrence.rdate), &walls(&recurrence.exdate)))
}
