//! Reminders that fire and the notifications they become.

use std::sync::Arc;

use punctual_events::{Notification, NotificationId, ReminderId, Task, TaskId, Timestamp, UserEvent, derive_uuid};

use crate::{
    budget::Budget,
    machine::{Context, Decision},
    refusal::Refusal,
    user::{
        command::UserReply,
        passing::again,
        quiet::Quiet,
        record::TaskRecord,
        reminding::{Pending, What},
        state::UserActor,
    },
    zone::ZoneData,
};

/// Notifications that are kept; the oldest leave first.
pub const MAX_NOTIFICATIONS: usize = 1_000;
/// Bytes of a reminder's event besides the title, about.
const EVENT_BYTES: usize = 800;
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
            let reminders = record.task.reminders.len() + record.reminding.follow_ups.len();
            budget.take(reminders, reminders * (EVENT_BYTES + record.task.title.len()))
        });
        let mut events: Vec<UserEvent> = records.flat_map(|record| self.fire(record, context)).collect();
        let offers = self.handovers.due(context.now, &mut budget);
        events.extend(offers.into_iter().map(UserEvent::HandoverOffered));
        Decision {
            events,
            reply: UserReply::Done,
        }
    }

    /// What of a task is due and has not fired, and no quiet hours hold back.
    pub(super) fn fire(&self, record: &TaskRecord, context: &Context<'_>) -> Vec<UserEvent> {
        let quiet = Quiet::of(&self.profile, context.zones);
        let home = (&*self.profile.time_zone, context.zones);
        fire(record, context.now, home, |at| quiet.hold(at, record.task.priority))
    }

    /// The reminders of a task as a command leaves it that are [set anew](Self::is_set_anew) and whose instants have passed, but after `since`: all of
    /// them where there is no such instant. Those up to `absent` come only now because the task does.
    pub(super) fn fire_passed(
        &self,
        before: Option<&TaskRecord>,
        task: &Arc<Task>,
        (since, absent): (Option<Timestamp>, Timestamp),
        context: &Context<'_>,
    ) -> Vec<UserEvent> {
        if task.reminders.is_empty() {
            return Vec::new();
        }
        let (quiet, now) = (Quiet::of(&self.profile, context.zones), context.now);
        let passed = since.unwrap_or(Timestamp::MIN);
        let record = TaskRecord::new(Arc::clone(task), passed, &self.profile.time_zone, context.zones);
        // What comes only now, because its instance does, is held back by the hours it comes in.
        let comes = quiet.hold(now, task.priority);
        // What comes as late as this, because a hand-over took its time, is not held back as well.
        let home = (&*self.profile.time_zone, context.zones);
        let mut fired = fire(&record, now, home, |at| {
            let comes_with_it = since.is_none() && at <= absent;
            if comes_with_it && comes > now {
                comes.max(at)
            } else if comes_with_it || at > just_passed(now) {
                quiet.hold(at, task.priority)
            } else {
                at
            }
        });
        let is_set_anew = |fired: &Notification| self.is_set_anew(before, task, (fired.reminder, fired.due_at));
        fired.retain(|event| matches!(event, UserEvent::ReminderFired(fired) if is_set_anew(fired)));
        fired
    }

    /// Whether a command sets a reminder for an instant: it was not set for it before, and has not fired for it. The one rule of what fires with the
    /// command and of what quiet hours hold back then.
    pub(super) fn is_set_anew(
        &self,
        before: Option<&TaskRecord>,
        task: &Task,
        (reminder, at): (ReminderId, Timestamp),
    ) -> bool {
        let was_set = match before {
            Some(before) => before.was_set(reminder, at),
            None => self.was_withdrawn(task, (reminder, at)),
        };
        !was_set && !self.fired.contains_key(&notification_id(task.id, reminder, at, None))
    }

    /// Whether this was reminded of by an instance of the same occurrence, which was withdrawn when the one before it was reopened.
    fn was_withdrawn(&self, task: &Task, (reminder, at): (ReminderId, Timestamp)) -> bool {
        let is_same = |fired: &Notification| {
            let other = self.tasks.get(&fired.task);
            other.is_some_and(|other| (other.task.series, other.task.occurrence) == (task.series, task.occurrence))
        };
        let mut fired = self.notifications.iter().map(|(_, fired)| fired);
        task.series.is_some() && fired.any(|fired| (fired.reminder, fired.due_at) == (reminder, at) && is_same(fired))
    }

    /// Takes a notification into the inbox, or its new state. One that comes again takes the place of the one before it.
    pub(super) fn show(&mut self, notification: &Notification) {
        if let Some(place) = notification.replaces.and_then(|of| self.place(of))
            && let Some(replaced) = self.notifications.get(&place).filter(|of| of.dismissed.is_none())
        {
            let replaced = Notification {
                dismissed: Some(notification.fired_at),
                ..Notification::clone(replaced)
            };
            self.notifications.insert(place, Arc::new(replaced));
        }
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

    fn place(&self, id: NotificationId) -> Option<(Timestamp, NotificationId)> {
        Some((*self.fired.get(&id)?, id))
    }

    /// The notification a person means by one they have before them, perhaps on a device that has not heard yet that another took its place.
    pub(super) fn latest(&self, id: NotificationId) -> Result<&Notification, Refusal> {
        let find = |id| self.place(id).and_then(|place| self.notifications.get(&place));
        let mut found = find(id).ok_or_else(Refusal::not_found)?;
        // What was replaced counts as dismissed, so that of all others nothing has to be looked for.
        while found.dismissed.is_some() {
            let mut all = self.notifications.iter().map(|(_, other)| other);
            let Some(next) = all.find(|other| other.replaces == Some(found.id)) else {
                break;
            };
            found = next;
        }
        Ok(found)
    }

    pub(super) fn dismiss(
        &self,
        id: NotificationId,
        context: &Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let notification = self.latest(id)?.clone();
        if notification.dismissed.is_some() {
            return Ok(with_notification(Vec::new(), notification));
        }
        let dismissed = Notification {
            again: None,
            dismissed: Some(context.now),
            snoozed: None,
            ..notification
        };
        let events = vec![UserEvent::ReminderDismissed(dismissed.clone())];
        Ok(with_notification(events, dismissed))
    }
}

/// What of an open task may come by now, where `hold` says when something may that is due at an instant.
fn fire(
    record: &TaskRecord,
    now: Timestamp,
    home: (&str, &dyn ZoneData),
    hold: impl Fn(Timestamp) -> Timestamp,
) -> Vec<UserEvent> {
    if !record.is_open() {
        return Vec::new();
    }
    let held = record.pending().map(|pending| (pending, hold(pending.comes)));
    let due = held.filter(|(_, until)| *until <= now);
    due.map(|(pending, until)| UserEvent::ReminderFired(notification(record, pending, (until, now), home)))
        .collect()
}

/// A decision that answers with a notification.
pub(super) fn with_notification(events: Vec<UserEvent>, notification: Notification) -> Decision<UserEvent, UserReply> {
    Decision {
        events,
        reply: UserReply::Notification { notification },
    }
}

/// What something that fires now, and may since `until`, becomes.
fn notification(
    record: &TaskRecord,
    pending: Pending<'_>,
    (until, now): (Timestamp, Timestamp),
    home: (&str, &dyn ZoneData),
) -> Notification {
    let Pending { at: due_at, what, .. } = pending;
    let (reminder, replaces, repetition) = match what {
        What::First(reminder) => (reminder.id, None, 0),
        What::Again(of, follow_up) => (follow_up.reminder, Some(of), follow_up.repetition),
    };
    let repeat = record.reminder(reminder).and_then(|reminder| reminder.repeat);
    Notification {
        again: repeat.and_then(|repeat| again(&record.task, repeat, (due_at, now, repetition), home)),
        dismissed: None,
        due_at,
        fired_at: now,
        held_until: (until > due_at).then_some(until),
        id: notification_id(record.task.id, reminder, due_at, replaces),
        late: now.as_millis() - until.as_millis() > LATE_AFTER_MS,
        reminder,
        repetition,
        replaces,
        snoozed: None,
        task: record.task.id,
        title: record.task.title.clone(),
    }
}

/// The same firing always has the same id, whoever computes it and however often.
fn notification_id(
    task: TaskId,
    reminder: ReminderId,
    due_at: Timestamp,
    replaces: Option<NotificationId>,
) -> NotificationId {
    let instant = due_at.as_millis().to_be_bytes();
    let (task, reminder) = (task.0.as_bytes(), reminder.0.as_bytes());
    NotificationId(match replaces {
        None => derive_uuid("punctual.notification.1", &[task, reminder, &instant]),
        Some(of) => derive_uuid("punctual.notification.2", &[task, reminder, &instant, of.0.as_bytes()]),
    })
}
