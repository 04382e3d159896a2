//! What a simulation shows: reminders that fire, instances that open.

use chrono::NaiveDateTime;
use punctual_actors::zone::ZoneData;
use punctual_events::{Moment, ReminderId, SeriesId, TaskId, Timestamp, UserEvent};
use serde::Serialize;

/// Something that would come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: Box<str>,
    /// What comes.
    #[serde(flatten)]
    pub what: What,
}

/// What comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A reminder fires.
    Reminder {
        /// When it is meant for.
        due_at: Timestamp,
        /// True when it would come late: it is due already when the simulation begins.
        late: bool,
        /// Which.
        reminder: ReminderId,
        /// How often it has come before: of one that nags.
        repetition: u16,
    },
    /// The next instance of a series opens, or the one that is open becomes the next.
    Instance {
        /// When it is due.
        due: Option<Moment>,
        /// True where the open instance was moved: the series keeps one open.
        moved: bool,
        /// Which of the series', from 0.
        occurrence: Option<u32>,
        /// The series.
        series: SeriesId,
        /// When it can start.
        start: Option<Box<Moment>>,
    },
}

impl Happening {
    /// What an event shows, if it shows anything. Nobody changes a task in a simulation but a series its instance.
    #[must_use]
    pub fn of(at: Timestamp, event: &UserEvent) -> Option<Self> {
        let (change, moved) = match event {
            UserEvent::ReminderFired(fired) => {
                return Some(Self {
                    at,
                    task: fired.task,
                    title: fired.title.clone(),
                    what: What::Reminder {
                        due_at: fired.due_at,
                        late: fired.late,
                        reminder: fired.reminder,
                        repetition: fired.repetition,
                    },
                });
            }
            UserEvent::TaskCreated(change) => (change, false),
            UserEvent::TaskUpdated(change) => (change, true),
            _ => return None,
        };
        let task = &change.task;
        Some(Self {
            at,
            task: task.id,
            title: task.title.clone(),
            what: What::Instance {
                due: task.due.clone(),
                moved,
                occurrence: task.occurrence,
                series: task.series?,
                start: task.start.clone(),
            },
        })
    }

    /// Reminders before instances, then by title; those of a series as they follow each other.
    pub(super) fn order(&self) -> impl Ord + '_ {
        let occurrence = match &self.what {
            What::Reminder { .. } => None,
            What::Instance { occurrence, .. } => Some(*occurrence),
        };
        (occurrence.is_some(), &*self.title, occurrence, self.task)
    }
}

/// What clocks in `zone` show at `instant`, and how far they are from UTC in seconds. UTC where the zone is unknown.
pub(super) fn local(instant: Timestamp, zone: &str, zones: &dyn ZoneData) -> (NaiveDateTime, i64) {
    let utc = instant.to_utc();
    let wall = zones.wall_time(zone, instant).unwrap_or(utc);
    (wall, (wall - utc).num_seconds())
}

/// An offset from UTC as RFC 3339 writes it.
pub(super) fn offset(seconds: i64) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
