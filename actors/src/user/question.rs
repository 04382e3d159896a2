//! What a user's actor can be asked. A question takes no turn: it is answered from the last committed state.

use std::sync::Arc;

use punctual_events::{MailSettings, Notification, Principal, QuietHours, SeriesId, Status, Task, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::{
    machine::Machine,
    refusal::Refusal,
    user::{
        search::{Cursor, TaskQuery, search},
        series::SeriesRef,
        state::UserActor,
    },
};

/// What stands between the UID of a series and which of its occurrences it is, in the UID of a task that was imported as one.
pub const OCCURRENCE_UID: &str = ";RECURRENCE-ID=";

/// Tasks beside a series that go into one answer: some 300 KiB.
const MAX_BESIDE: usize = 1_000;

/// A question to a user's actor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum UserQuestion {
    /// Settings.
    Profile,
    /// One task.
    Task {
        /// Which.
        task: TaskId,
    },
    /// The task with this UID.
    TaskByUid {
        /// Which.
        uid: Box<str>,
    },
    /// Tasks that were imported as an occurrence of a series by this UID, and are in none: it was not there.
    TasksBesideSeries {
        /// Only those whose UID is after this one.
        #[serde(default)]
        after: Option<Box<str>>,
        /// What the series is known by.
        uid: Box<str>,
    },
    /// A page of tasks.
    Tasks {
        /// Which.
        query: Box<TaskQuery>,
    },
    /// The inbox, the latest first.
    Notifications {
        /// Which.
        filter: NotificationFilter,
        /// How many at most.
        limit: u16,
    },
    /// Whether a series is this user's.
    Series {
        /// Which.
        series: SeriesId,
    },
}

/// Which notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationFilter {
    /// Those of open tasks that were neither dismissed nor snoozed.
    #[default]
    Open,
    /// Those of open tasks that were snoozed and have not come again.
    Snoozed,
    /// All that are kept.
    All,
}

/// What a user's actor answers to a question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum UserAnswer {
    /// Settings.
    Profile {
        /// Key of the account record.
        account: Box<str>,
        /// What the user wants by mail.
        #[serde(default)]
        mail: MailSettings,
        /// When the user wants to be left in peace.
        #[serde(default)]
        quiet_hours: Option<QuietHours>,
        /// IANA zone the user lives in.
        time_zone: Box<str>,
    },
    /// One task.
    Task {
        /// As it is now.
        task: Arc<Task>,
    },
    /// A page of tasks.
    Tasks(TaskItems),
    /// Tasks beside a series, by their UIDs.
    TasksBesideSeries {
        /// Some of them: as many as go into one answer.
        items: Vec<TaskBeside>,
        /// Whether there are more.
        more: bool,
    },
    /// Notifications.
    Notifications {
        /// The latest first.
        items: Vec<Arc<Notification>>,
    },
    /// A series.
    Series(SeriesSummary),
}

/// A page of tasks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskItems {
    /// As they are now.
    pub items: Vec<Arc<Task>>,
    /// Where the next page begins.
    pub next_cursor: Option<Cursor>,
    /// How many the filter finds.
    pub total: usize,
}

/// A task that was imported as an occurrence of a series and is in none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskBeside {
    /// When it was completed.
    pub completed: Option<Timestamp>,
    /// What it is known by.
    pub external_uid: Box<str>,
    /// Open or done.
    pub status: Status,
}

/// What the user's actor knows of a series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeriesSummary {
    /// The reference.
    pub reference: SeriesRef,
    /// IANA zone the user lives in.
    #[serde(default)]
    pub time_zone: Box<str>,
}

impl UserActor {
    /// Answers a question of `by`.
    ///
    /// # Errors
    /// When `by` may not ask, or there is no such thing.
    pub fn ask(&self, by: Principal, question: &UserQuestion, now: Timestamp) -> Result<UserAnswer, Refusal> {
        self.authorise(by, now)?;
        match question {
            UserQuestion::Profile => Ok(UserAnswer::Profile {
                account: self.profile.account.clone(),
                mail: self.profile.mail,
                quiet_hours: self.profile.quiet_hours.clone(),
                time_zone: self.profile.time_zone.clone(),
            }),
            UserQuestion::Task { task } => Ok(UserAnswer::Task {
                task: Self::as_of(self.record(*task)?, now),
            }),
            UserQuestion::TaskByUid { uid } => {
                let record = self.task_by_uid(uid).ok_or_else(Refusal::not_found)?;
                Ok(UserAnswer::Task {
                    task: Self::as_of(record, now),
                })
            }
            UserQuestion::TasksBesideSeries { after, uid } => {
                let mut beside = self.beside_series(uid, after.as_deref());
                let items = beside.by_ref().take(MAX_BESIDE).collect();
                let more = beside.next().is_some();
                Ok(UserAnswer::TasksBesideSeries { items, more })
            }
            UserQuestion::Tasks { query } => {
                let page = search(self.id, &self.tasks, query, now)?;
                Ok(UserAnswer::Tasks(TaskItems {
                    items: page.items.iter().map(|record| Self::as_of(record, now)).collect(),
                    next_cursor: page.next_cursor,
                    total: page.total,
                }))
            }
            UserQuestion::Notifications { filter, limit } => {
                // A task that is closed has nothing that waits for anybody.
                let is_of_open = |of: &Notification| self.tasks.get(&of.task).is_some_and(|record| record.is_open());
                let wanted = |of: &&Arc<Notification>| match filter {
                    NotificationFilter::Open => of.is_open() && is_of_open(of),
                    NotificationFilter::Snoozed => of.dismissed.is_none() && of.snoozed.is_some() && is_of_open(of),
                    NotificationFilter::All => true,
                };
                let latest = self.notifications.iter().rev().map(|(_, notification)| notification);
                Ok(UserAnswer::Notifications {
                    items: latest.filter(wanted).take(usize::from(*limit)).cloned().collect(),
                })
            }
            UserQuestion::Series { series } => {
                let reference = self.series.get(series).ok_or_else(Refusal::not_found)?;
                Ok(UserAnswer::Series(SeriesSummary {
                    reference: SeriesRef::clone(reference),
                    time_zone: self.profile.time_zone.clone(),
                }))
            }
        }
    }

    /// Tasks that were imported as an occurrence of the series with this UID, and are in none; of these those after one.
    fn beside_series(&self, uid: &str, after: Option<&str>) -> impl Iterator<Item = TaskBeside> {
        let prefix = format!("{uid}{OCCURRENCE_UID}");
        let from = match after.filter(|after| *after > prefix.as_str()) {
            Some(after) => (after.into(), TaskId(Uuid::max())),
            None => (prefix.as_str().into(), TaskId(Uuid::nil())),
        };
        let known = self.by_uid.range(from..);
        let known = known.take_while(move |(found, _)| found.starts_with(&prefix));
        let records = known.filter_map(|(_, task)| self.tasks.get(task).map(Arc::as_ref));
        let beside = records.filter(|record| record.deleted.is_none() && record.task.series.is_none());
        beside.filter_map(|record| {
            Some(TaskBeside {
                completed: record.task.completed,
                external_uid: record.task.external_uid.clone()?,
                status: record.task.status,
            })
        })
    }
}
