//! Reminders that fire and the notifications they become.

use std::sync::Arc;

use punctual_events::{Notification, NotificationId, Task, Timestamp, UserEvent, derive_uuid};

use crate::{
    budget::Budget,
    machine::{Context, Decision},
    refusal::Refusal,
    user::{command::UserReply, record::TaskRecord, state::UserActor},
};

/// Notifications that are kept; the oldest leave first.
pub const MAX_NOTIFICATIONS: usize = 1_000;
/// Bytes of a reminder's event besides the title, about.
const EVENT_BYTES: usize = 600;
/// A reminder that fires later than this is marked late, in milliseconds.
const LATE_AFTER_MS: i64 = 1_000;
/// A reminder that passed less than this before it was set fires with the command that sets it, in milliseconds: the request may have waited that
/// long for a server, and clocks differ.
const JUST_PASSED_MS: i64 = 60_000;

/// From when on a reminder that passed before it was set is not past.
pub(super) fn just_passed(now: Timestamp) -> Timestamp {
    now.plus_millis(-JUST_PASSED_MS)
}

impl UserActor {
    /// Everything that is due now, as far as one commit can carry it. The rest stays due and comes with the next, at once.
    pub(super) fn wake_up(&self, context: &Context<'_>) -> Decision<UserEvent, UserReply> {
        let due = self.reminders.iter().take_while(|(instant, _)| *instant <= context.now);
        let mut budget = Budget::of_a_commit();
        let records = due.filter_map(|(_, task)| self.tasks.get(task)).take_while(|record| {
            let reminders = record.task.reminders.len();
            budget.take(reminders, reminders * (EVENT_BYTES + record.task.title.len()))
        });
        let mut events: Vec<UserEvent> = records.flat_map(|record| Self::fire(record, context.now)).collect();
        let offers = self.handovers.due(context.now, &mut budget);
        events.extend(offers.into_iter().map(UserEvent::HandoverOffered));
        Decision {
            events,
            reply: UserReply::Done,
        }
    }

    /// The reminders of a task that are due and have not fired.
    pub(super) fn fire(record: &TaskRecord, now: Timestamp) -> Vec<UserEvent> {
        if !record.is_open() {
            return Vec::new();
        }
        let instants = record.task.reminders.iter().filter_map(|reminder| {
            let instant = record.reminder_instant(reminder.time)?;
            (record.reminded_until < instant && instant <= now).then_some((reminder.id, instant))
        });
        let fired = instants.map(|(reminder, due_at)| Notification {
            dismissed: None,
            due_at,
            fired_at: now,
            id: notification_id(record.task.id, reminder, due_at),
            late: now.as_millis() - due_at.as_millis() > LATE_AFTER_MS,
            reminder,
            task: record.task.id,
            title: record.task.title.clone(),
        });
        fired.map(UserEvent::ReminderFired).collect()
    }

    /// The reminders of a task as a command leaves it whose instants have passed, but after `since`.
    pub(super) fn fire_passed(&self, task: &Arc<Task>, since: Timestamp, context: &Context<'_>) -> Vec<UserEvent> {
        if task.reminders.is_empty() {
            return Vec::new();
        }
        let record = TaskRecord::new(Arc::clone(task), since, &self.profile.time_zone, context.zones);
        Self::fire(&record, context.now)
    }

    /// The same of a task that was changed: what was set before the change has fired by now, or is not to.
    pub(super) fn fire_passed_anew(
        &self,
        before: &TaskRecord,
        task: &Arc<Task>,
        context: &Context<'_>,
    ) -> Vec<UserEvent> {
        let reminders = before.task.reminders.iter();
        let known: Vec<Timestamp> = reminders
            .filter_map(|reminder| before.reminder_instant(reminder.time))
            .collect();
        let mut fired = self.fire_passed(task, just_passed(context.now), context);
        fired.retain(|event| !matches!(event, UserEvent::ReminderFired(fired) if known.contains(&fired.due_at)));
        fired
    }

    /// Takes a notification into the inbox, or its new state.
    pub(super) fn show(&mut self, notification: &Notification) {
        let key = (notification.fired_at, notification.id);
        self.notifications.insert(key, Arc::new(notification.clone()));
        let before = self.fired.insert(notification.id, notification.fired_at);
        // Fired again after the clock was set back: it is the same notification.
        if let Some(before) = before.filter(|before| *before != notification.fired_at) {
            self.notifications.remove(&(before, notification.id));
        }
        while self.notifications.len() > MAX_NOTIFICATIONS {
            let Some(oldest) = self.notifications.first().map(|(key, _)| *key) else {
                break;
            };
            self.notifications.remove(&oldest);
            self.fired.remove(&oldest.1);
        }
    }

    pub(super) fn dismiss(
        &self,
        id: NotificationId,
        context: &Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let place = self.fired.get(&id).map(|fired| (*fired, id));
        let notification = place
            .and_then(|place| self.notifications.get(&place))
            .ok_or_else(Refusal::not_found)?;
        if notification.dismissed.is_some() {
            let reply = UserReply::Notification {
                notification: Notification::clone(notification),
            };
            return Ok(Decision {
                events: Vec::new(),
                reply,
            });
        }
        let dismissed = Notification {
            dismissed: Some(context.now),
            ..Notification::clone(notification)
        };
        let events = vec![UserEvent::ReminderDismissed(dismissed.clone())];
        Ok(Decision {
            events,
            reply: UserReply::Notification {
                notification: dismissed,
            },
        })
    }
}

/// The same firing always has the same id, whoever computes it and however often.
fn notification_id(
    task: punctual_events::TaskId,
    reminder: punctual_events::ReminderId,
    due_at: Timestamp,
) -> NotificationId {
    let instant = due_at.as_millis().to_be_bytes();
    NotificationId(derive_uuid(
        "punctual.notification.1",
        &[task.0.as_bytes(), reminder.0.as_bytes(), &instant],
    ))
}
