//! What a task has still to remind of: its reminders, and what is to come again of those that fired.
//!
//! A reminder fires once for its instant. What fired comes again where a person snoozed it or its reminder nags: a *follow-up*, which takes the
//! place of the notification it follows. Everything here is derived from the events, and [`TaskRecord::pending`] is the one place that says what
//! is still to fire and when; waking and firing both ask it, so that a wake-up always finds what it came for.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

use punctual_events::{Notification, NotificationId, OnDay, Reminder, ReminderId, ReminderTime, TaskField, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::user::{inbox::just_passed, quiet::Quiet, record::TaskRecord};

/// What is to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// When.
    pub at: Timestamp,
    /// The reminder that fired.
    pub reminder: ReminderId,
    /// How often it has come again by then, that time included; 0 for the first after a snooze.
    pub repetition: u16,
    /// Whether a person snoozed it.
    pub snoozed: bool,
}

/// What the reminders of a task leave to be done, beside firing at their instants after [`TaskRecord::reminded_until`]. Nearly every task has nothing of
/// it, and then it takes one word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Remains")]
pub struct Reminding(Option<Box<Remains>>);

/// What is left, where anything is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// Derived: the instants of reminders that count from the start, or are at a time of day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at: BTreeMap<ReminderId, Timestamp>,
    /// What comes again, by the notification whose place it takes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub follow_ups: BTreeMap<NotificationId, FollowUp>,
    /// Since when those of the owed are held back whose instants were before quiet hours: their instance came in these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held_since: BTreeMap<ReminderId, Timestamp>,
    /// Reminders that have not fired though their instants are not after `reminded_until`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub owed: BTreeSet<ReminderId>,
    /// When its occurrence took over from another, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Reminders that have fired though their instants, which a zone has moved since, are after `reminded_until`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub spent: BTreeSet<ReminderId>,
}

/// Whether a change of these fields can move reminders.
pub(super) fn moves_reminders(changed: &[TaskField]) -> bool {
    let moves = |field: &TaskField| matches!(field, TaskField::Due | TaskField::Reminders | TaskField::Start);
    changed.iter().any(moves)
}

static NOTHING: Remains = Remains {
    at: BTreeMap::new(),
    follow_ups: BTreeMap::new(),
    held_since: BTreeMap::new(),
    owed: BTreeSet::new(),
    since: None,
    spent: BTreeSet::new(),
};

impl From<Remains> for Reminding {
    fn from(remains: Remains) -> Self {
        Self((remains != NOTHING).then(|| Box::new(remains)))
    }
}

impl Deref for Reminding {
    type Target = Remains;

    fn deref(&self) -> &Remains {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl Serialize for Reminding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Remains::serialize(self, serializer)
    }
}

impl Reminding {
    /// True where there is nothing beside the reminders themselves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Remains) -> T) {
        let mut remains = self.0.take().map(|remains| *remains).unwrap_or_default();
        change(&mut remains);
        *self = remains.into();
    }

    pub(super) fn weight(&self) -> usize {
        self.at.len() * 70
            + self.follow_ups.len() * 190
            + (self.owed.len() + self.spent.len()) * 40
            + self.held_since.len() * 70
    }
}

/// Something that is still to fire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending<'a> {
    /// At which instant.
    pub(super) at: Timestamp,
    /// At which instant it comes, if no quiet hours hold it back: then, or when its instance came.
    pub(super) comes: Timestamp,
    pub(super) what: What<'a>,
}

/// What is to fire.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    /// A reminder, at its own instant.
    First(&'a Reminder),
    /// What follows a notification.
    Again(NotificationId, &'a FollowUp),
}

impl TaskRecord {
    /// What is still to fire while the task is open.
    pub(super) fn pending(&self) -> impl Iterator<Item = Pending<'_>> {
        let reminders = self.task.reminders.iter().filter_map(|reminder| {
            let at = self.reminder_instant(reminder)?;
            let what = What::First(reminder);
            let held = self.reminding.held_since.get(&reminder.id);
            let comes = held.map_or(at, |since| at.max(*since));
            self.is_pending(reminder.id, at).then_some(Pending { at, comes, what })
        });
        let follow_ups = self.reminding.follow_ups.iter().map(|(of, follow_up)| Pending {
            at: follow_up.at,
            comes: follow_up.at,
            what: What::Again(*of, follow_up),
        });
        reminders.chain(follow_ups)
    }

    /// Whether a reminder whose instant is `at` has still to fire.
    fn is_pending(&self, reminder: ReminderId, at: Timestamp) -> bool {
        let Remains { owed, spent, .. } = &*self.reminding;
        owed.contains(&reminder) || (at > self.reminded_until && !spent.contains(&reminder))
    }

    /// The reminder with this id.
    pub(super) fn reminder(&self, id: ReminderId) -> Option<&Reminder> {
        self.task.reminders.iter().find(|reminder| reminder.id == id)
    }

    fn instant_of(&self, id: ReminderId) -> Option<Timestamp> {
        self.reminder_instant(self.reminder(id)?)
    }

    /// Takes in that something fired. Everything of the task that was due before it fires with it.
    pub(super) fn fired(&mut self, fired: &Notification) {
        // What takes the place of one that is not to come again, and is its reminder's first, is of another occurrence.
        let is_first = fired.repetition == 0 && self.instant_of(fired.reminder) == Some(fired.due_at);
        let follows = fired
            .replaces
            .filter(|of| !is_first || self.reminding.follow_ups.contains_key(of));
        if follows.is_none() {
            self.reminded_until = self.reminded_until.max(fired.due_at);
        }
        self.reminding.change(|remains| {
            match follows {
                Some(of) => {
                    remains.follow_ups.remove(&of);
                }
                None => {
                    // It begins anew: of an instance that was moved, what came of the instant before is over, but for what a person wants to
                    // be told again.
                    let goes_on = |follow_up: &FollowUp| follow_up.snoozed || follow_up.reminder != fired.reminder;
                    remains.follow_ups.retain(|_, follow_up| goes_on(follow_up));
                    remains.owed.remove(&fired.reminder);
                    remains.held_since.remove(&fired.reminder);
                }
            }
            if let Some(at) = fired.again {
                let follow_up = FollowUp {
                    at,
                    reminder: fired.reminder,
                    repetition: fired.repetition + 1,
                    snoozed: false,
                };
                remains.follow_ups.insert(fired.id, follow_up);
            }
        });
    }

    /// Takes in that a notification of it was dismissed, which ends the nagging and the snooze, or snoozed, which moves them.
    pub(super) fn put_off(&mut self, notification: &Notification) {
        let follow_up = notification.snoozed.map(|at| FollowUp {
            at,
            reminder: notification.reminder,
            repetition: 0,
            snoozed: true,
        });
        self.reminding.change(|remains| match follow_up {
            Some(follow_up) => remains.follow_ups.insert(notification.id, follow_up),
            None => remains.follow_ups.remove(&notification.id),
        });
    }

    /// Goes on from the record before a change that leaves the reminders alone.
    pub(super) fn continue_reminding(&mut self, before: &Self) {
        let derived = std::mem::replace(&mut self.reminding, before.reminding.clone());
        self.reminding.change(|remains| remains.at.clone_from(&derived.at));
    }

    /// Goes on from the record before a change of due, start or reminders, at `now`. A reminder that did not move goes on as it was. One that
    /// moved ahead begins anew there, and what was to come again of it does not; where its new instant has passed, it does.
    pub(super) fn change_reminding(&mut self, before: &Self, now: Timestamp) {
        for reminder in &self.task.reminders {
            let instant = self.reminder_instant(reminder);
            let Some(at) = instant.filter(|at| before.instant_of(reminder.id) == Some(*at)) else {
                continue;
            };
            if before.is_pending(reminder.id, at) && at <= now {
                let held = before.reminding.held_since.get(&reminder.id);
                self.reminding.change(|remains| {
                    remains.owed.insert(reminder.id);
                    remains.held_since.extend(held.map(|since| (reminder.id, *since)));
                });
            }
            if before.reminding.spent.contains(&reminder.id) {
                self.reminding.change(|remains| remains.spent.insert(reminder.id));
            }
        }
        let follow_ups = before.reminding.follow_ups.iter();
        let kept = follow_ups.filter(|(_, follow_up)| self.still_follows(before, follow_up, now));
        let kept = kept.map(|(of, follow_up)| (*of, *follow_up)).collect();
        self.reminding.change(|remains| {
            remains.follow_ups = kept;
            remains.since = before.reminding.since;
        });
    }

    /// Another occurrence took over at `now`. What was to come again of the one before is ended by events of its own: a log of a release that wrote none
    /// says that it went on.
    pub(super) fn pass_reminding(&mut self, now: Timestamp) {
        self.reminding.change(|remains| remains.since = Some(now));
    }

    /// Whether a reminder is there and at the instant that it was before.
    pub(super) fn is_at_the_same_instant(&self, before: &Self, reminder: ReminderId) -> bool {
        let at = self.instant_of(reminder);
        at.is_some() && at == before.instant_of(reminder)
    }

    /// Whether what fired reminded of an occurrence from which another has taken over.
    pub(super) fn has_passed(&self, fired: &Notification) -> bool {
        let moves = self
            .reminder(fired.reminder)
            .is_none_or(|reminder| reminder.time.is_relative());
        moves && self.reminding.since.is_some_and(|since| fired.fired_at < since)
    }

    /// True where this reminder was set for that instant. One that is not there with this id may be written anew by a client that knows no ids: then
    /// any other was it.
    pub(super) fn was_set(&self, id: ReminderId, at: Timestamp) -> bool {
        match self.reminder(id) {
            Some(reminder) => self.reminder_instant(reminder) == Some(at),
            None => self.reminder_instants().any(|known| known == at),
        }
    }

    /// Reminders that are set anew, at `now`, for an instant that has passed since `since` and is in quiet hours come at their end. Where `since` is none,
    /// because all of them come only now, those do too whose instants were before the hours, if it is in these that they come.
    pub(super) fn owe_what_is_held(
        &mut self,
        is_set_anew: impl Fn(ReminderId, Timestamp) -> bool,
        quiet: Quiet<'_>,
        (since, now): (Option<Timestamp>, Timestamp),
    ) {
        let is_quiet_now = since.is_none() && quiet.hold(now, self.task.priority) > now;
        for reminder in &self.task.reminders {
            let passed = self.reminder_instant(reminder);
            let passed = passed
                .filter(|at| *at <= now && since.is_none_or(|since| *at > since) && is_set_anew(reminder.id, *at));
            let Some(at) = passed else { continue };
            let is_held = quiet.hold(at, self.task.priority) > now;
            if is_held || is_quiet_now {
                self.reminding.change(|remains| {
                    remains.owed.insert(reminder.id);
                    remains.held_since.extend((!is_held).then_some((reminder.id, now)));
                });
            }
        }
    }

    fn still_follows(&self, before: &Self, follow_up: &FollowUp, now: Timestamp) -> bool {
        let Some(was) = before.reminder(follow_up.reminder) else {
            // It was snoozed after its reminder had been taken away.
            return true;
        };
        let Some(reminder) = self.reminder(follow_up.reminder) else {
            return false;
        };
        let (was_at, at) = (before.reminder_instant(was), self.reminder_instant(reminder));
        let begins_anew = was_at != at && at.is_some_and(|at| at > just_passed(now));
        !begins_anew && (follow_up.snoozed || reminder.repeat.is_some())
    }

    /// Goes on from the record of a task that was done, at `now`: what passed meanwhile has passed.
    pub(super) fn resume_reminding(&mut self, before: &Self, now: Timestamp) {
        let mut follow_ups = BTreeMap::new();
        for (of, follow_up) in &before.reminding.follow_ups {
            let repeat = self.reminder(follow_up.reminder).and_then(|reminder| reminder.repeat);
            let at = match repeat.filter(|_| !follow_up.snoozed) {
                _ if follow_up.at > now => Some(follow_up.at),
                Some(repeat) => repeat.next(follow_up.at, now, 0),
                None => None,
            };
            if let Some(at) = at {
                follow_ups.insert(*of, FollowUp { at, ..*follow_up });
            }
        }
        self.reminding.change(|remains| {
            remains.since = before.reminding.since;
            remains.spent.clone_from(&before.reminding.spent);
            remains.follow_ups = follow_ups;
        });
    }

    /// Goes on where zones moved instants: what has fired does not fire again, and what has not does, late where its instant has passed.
    pub(super) fn move_reminding(&mut self, before: &Self) {
        for reminder in &self.task.reminders {
            let (Some(was_at), Some(at)) = (before.reminder_instant(reminder), self.reminder_instant(reminder)) else {
                continue;
            };
            let is_after = at > self.reminded_until;
            let is_pending = before.is_pending(reminder.id, was_at);
            self.reminding.change(|remains| {
                remains.owed.remove(&reminder.id);
                remains.spent.remove(&reminder.id);
                let held = before.reminding.held_since.get(&reminder.id);
                let held = held.filter(|_| is_pending && !is_after);
                remains.held_since.remove(&reminder.id);
                remains.held_since.extend(held.map(|since| (reminder.id, *since)));
                match is_pending {
                    true if !is_after => remains.owed.insert(reminder.id),
                    false if is_after => remains.spent.insert(reminder.id),
                    _ => false,
                }
            });
        }
    }

    /// Derives the instants of reminders that are not said by the due and a length: `from_start` is the start so many days before it, `on_day` a
    /// time of day.
    pub(super) fn derive_reminding(
        &mut self,
        from_start: impl Fn(i32) -> Option<Timestamp>,
        on_day: impl Fn(OnDay) -> Option<Timestamp>,
    ) {
        let instants = self.task.reminders.iter().filter_map(|reminder| {
            let at = match reminder.time {
                ReminderTime::BeforeStart(offset) => from_start(offset.days())?.plus_millis(-offset.seconds() * 1000),
                ReminderTime::OnDay(on) => on_day(on)?,
                ReminderTime::At(_) | ReminderTime::Before(_) => return None,
            };
            Some((reminder.id, at))
        });
        let instants = instants.collect();
        self.reminding.change(|remains| remains.at = instants);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_remind_of_takes_one_word_also_after_there_was_something() {
        assert_eq!(size_of::<Reminding>(), size_of::<usize>());
        let reminder = ReminderId(uuid::Uuid::from_u128(1));
        let mut reminding = Reminding::default();
        reminding.change(|remains| remains.owed.insert(reminder));
        assert!(!reminding.is_empty());
        reminding.change(|remains| remains.owed.remove(&reminder));
        assert_eq!(reminding, Reminding::default());
        assert!(reminding.is_empty());
    }

    #[test]
    fn what_remains_is_stored_as_members_of_its_own_and_read_again() {
        let text = r#"{"owed":["00000000-0000-0000-0000-000000000001"]}"#;
        let reminding: Reminding = serde_json::from_str(text).unwrap();
        assert_eq!(reminding.owed.len(), 1);
        assert_eq!(serde_json::to_string(&reminding).unwrap(), text);
        assert!(serde_json::from_str::<Reminding>("{}").unwrap().is_empty());
    }
}
