//! A task as the actor keeps it: the resource, and what only the actor needs to know about it.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use punctual_events::{
    Moment, OnDay, RecurrenceDate, Related, Reminder, ReminderTime, Status, Task, TaskId, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    paged::{Paged, Weigh},
    user::{quiet::Quiet, reminding::Reminding, search::Columns},
    zone::ZoneData,
};

/// All tasks of a user, by id; deleted ones too.
pub type Tasks = Paged<TaskId, Arc<TaskRecord>, Columns>;

/// A task and its bookkeeping.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskRecord {
    /// The resource, as of its last event; `overdue` is as of then too.
    pub task: Arc<Task>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// Reminders whose instant is not after this have fired, or were in the past already when they were set; `reminding` has the exceptions.
    pub reminded_until: Timestamp,
    /// What else its reminders leave to be done.
    #[serde(default, skip_serializing_if = "Reminding::is_empty")]
    pub reminding: Reminding,
    /// When an open task becomes overdue: at its due, or at the end of its due day in the user's zone.
    pub overdue_from: Option<Timestamp>,
    /// What relative reminders count from: the due, or 09:00 of the due day in the user's zone.
    pub reminders_from: Option<Timestamp>,
    /// What relative reminders count their hours and less from that are whole days before the due too, by the number of days: the same time of day
    /// on that day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reminders_from_days: BTreeMap<i32, Timestamp>,
}

/// The hour of the due day that relative reminders of an all-day task count from.
const ALL_DAY_REMINDER_HOUR: u32 = 9;
const DAY_MS: i64 = 86_400_000;

impl TaskRecord {
    /// A record of `task`, its instants derived for a user who lives in `time_zone`.
    #[must_use]
    pub fn new(task: Arc<Task>, reminded_until: Timestamp, time_zone: &str, zones: &dyn ZoneData) -> Self {
        let mut record = Self {
            task,
            deleted: None,
            reminded_until,
            reminding: Reminding::default(),
            overdue_from: None,
            reminders_from: None,
            reminders_from_days: BTreeMap::new(),
        };
        record.derive(time_zone, zones);
        record
    }

    /// Derives every instant anew from wall times and zones. What cannot be resolved any more keeps its instant: zones are never removed from
    /// the zone data, but a damaged name must not lose a task.
    pub fn derive(&mut self, time_zone: &str, zones: &dyn ZoneData) {
        let resolved = |moment: &Moment| resolve(moment, time_zone, zones);
        let due = self.task.due.as_ref().map(resolved);
        let start = self.task.start.as_deref().map(resolved).map(Box::new);
        if start != self.task.start || due != self.task.due {
            let task = Arc::make_mut(&mut self.task);
            (task.start, task.due) = (start, due);
        }
        self.overdue_from = overdue_from(self.task.due.as_ref(), time_zone, zones);
        self.reminders_from = reminders_from(self.task.due.as_ref(), 0, time_zone, zones);
        let days = self.task.reminders.iter().filter_map(|reminder| match reminder.time {
            ReminderTime::Before(offset) if offset.days() != 0 => Some(offset.days()),
            _ => None,
        });
        let due = self.task.due.as_ref();
        self.reminders_from_days = days
            .filter_map(|days| Some((days, reminders_from(due, days, time_zone, zones)?)))
            .collect();
        let task = Arc::clone(&self.task);
        self.derive_reminding(
            |days| reminders_from(task.start.as_deref(), days, time_zone, zones),
            |on| {
                let moment = match on.related {
                    Related::Due => task.due.as_ref(),
                    Related::Start => task.start.as_deref(),
                };
                on_day(moment?, on, time_zone, zones)
            },
        );
    }

    /// True while the task is neither done nor deleted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.deleted.is_none() && self.task.status == Status::Open
    }

    /// True when the task is open and its due has passed.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.overdue_from.is_some_and(|from| from <= now)
    }

    /// The instant of a reminder; `None` for a relative one of a task without what it counts from.
    #[must_use]
    pub fn reminder_instant(&self, reminder: &Reminder) -> Option<Timestamp> {
        match reminder.time {
            ReminderTime::At(at) => Some(at),
            ReminderTime::BeforeStart(_) | ReminderTime::OnDay(_) => self.reminding.at.get(&reminder.id).copied(),
            ReminderTime::Before(offset) => {
                // A record of a release that did not derive these yet keeps days of 24 hours until something changes it.
                let from = self.reminders_from_days.get(&offset.days()).copied();
                let from = from.or(Some(
                    self.reminders_from?.plus_millis(-i64::from(offset.days()) * DAY_MS),
                ));
                Some(from?.plus_millis(-offset.seconds() * 1000))
            }
        }
    }

    /// The instants of its reminders.
    pub(super) fn reminder_instants(&self) -> impl Iterator<Item = Timestamp> {
        let reminders = self.task.reminders.iter();
        reminders.filter_map(|reminder| self.reminder_instant(reminder))
    }

    /// The earliest instant at which something has still to come.
    pub(super) fn next_reminder(&self, quiet: Quiet<'_>) -> Option<Timestamp> {
        if !self.is_open() {
            return None;
        }
        let priority = self.task.priority;
        self.pending().map(|pending| quiet.hold(pending.comes, priority)).min()
    }
}

/// What relative reminders of so many days before a due (or a start) count from: the due, or 09:00 of the due day in the user's zone, by the clock
/// of the wall that many days before.
fn reminders_from(from: Option<&Moment>, days: i32, user_zone: &str, zones: &dyn ZoneData) -> Option<Timestamp> {
    let before = TimeDelta::days(i64::from(days));
    let (zone, wall, instant) = match from? {
        Moment::Time {
            at, instant, time_zone, ..
        } => (&**time_zone, Some(at.get()), instant),
        Moment::Day { date, instant } => (user_zone, date.and_hms_opt(ALL_DAY_REMINDER_HOUR, 0, 0), instant),
    };
    let shifted = wall.and_then(|wall| wall.checked_sub_signed(before));
    let resolved = shifted.and_then(|wall| zones.resolve(zone, wall));
    resolved.or(Some(instant.plus_millis(-i64::from(days) * DAY_MS)))
}

/// A time of the day a moment is on, or of days before it, in the zone the moment is in.
fn on_day(moment: &Moment, on: OnDay, user_zone: &str, zones: &dyn ZoneData) -> Option<Timestamp> {
    let (zone, day) = match moment {
        Moment::Time { at, time_zone, .. } => (&**time_zone, at.get().date()),
        Moment::Day { date, .. } => (user_zone, *date),
    };
    let day = day.checked_sub_signed(TimeDelta::days(on.days_before.into()))?;
    zones.resolve(zone, day.and_time(on.time.get()))
}

/// When an open task with this due becomes overdue: at its due, or at the end of its due day in the user's zone.
pub(super) fn overdue_from(due: Option<&Moment>, user_zone: &str, zones: &dyn ZoneData) -> Option<Timestamp> {
    Some(match due? {
        Moment::Time { instant, .. } => *instant,
        Moment::Day { date, .. } => date
            .succ_opt()
            .and_then(|next| zones.day_start(user_zone, next))
            .unwrap_or(Timestamp::MAX),
    })
}

/// The moment with the instant its wall time has now, where the user is now. What cannot be resolved keeps its instant.
pub(crate) fn resolve(moment: &Moment, user_zone: &str, zones: &dyn ZoneData) -> Moment {
    match moment {
        Moment::Day { date, instant } => Moment::Day {
            date: *date,
            instant: zones.day_start(user_zone, *date).unwrap_or(*instant),
        },
        Moment::Time {
            at,
            floating,
            time_zone,
            ..
        } => {
            let zone = if *floating { user_zone } else { time_zone };
            let Some(resolved) = zones.resolve(zone, at.get()) else {
                return moment.clone();
            };
            Moment::Time {
                at: *at,
                floating: *floating,
                instant: resolved,
                time_zone: zone.into(),
            }
        }
    }
}

impl Weigh for TaskRecord {
    fn weight(&self) -> usize {
        let task = &self.task;
        let text = task.title.len()
            + task.description.as_deref().map_or(0, str::len)
            + task.external_uid.as_deref().map_or(0, str::len);
        let tags: usize = task.tags.iter().map(|tag| tag.len() + 4).sum();
        600 + text
            + tags
            + task.reminders.len() * 130
            + self.reminders_from_days.len() * 40
            + self.reminding.weight()
            + task.recurrence.as_ref().map_or(0, |recurrence| {
                let dates = recurrence.rdate.len() + recurrence.exdate.len();
                recurrence.rrule.len() + 80 + dates * std::mem::size_of::<RecurrenceDate>()
            })
    }
}
