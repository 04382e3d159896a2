//! What a user's actor can be asked to do.

use std::sync::Arc;

use punctual_events::{
    AnswerKind, Handover, Notification, NotificationId, QuietHours, SeriesId, SessionId, Task, TaskId, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    machine::Reply,
    user::{
        draft::{Imported, TaskDraft, TaskPatch},
        mail::MailPatch,
        snooze::SnoozeUntil,
    },
};

/// A command to a user's actor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum UserCommand {
    /// The account's password was right: start a session, and begin to exist if need be.
    SignIn {
        /// Key of the account record.
        account: Box<str>,
        /// When the session's token stops being valid.
        expires: Timestamp,
        /// The session.
        session: SessionId,
        /// The zone a new user lives in.
        time_zone: Box<str>,
    },
    /// Sign out.
    EndSession {
        /// The session.
        session: SessionId,
    },
    /// The password was changed: end every session but this one.
    EndOtherSessions {
        /// The session that stays.
        keep: SessionId,
    },
    /// Change settings.
    ChangeUser {
        /// IANA zone the user lives in.
        time_zone: Box<str>,
    },
    /// Change what is wanted by mail.
    ChangeMail {
        /// The changes.
        change: MailPatch,
    },
    /// Change the hours in which the user wants to be left in peace.
    ChangeQuiet {
        /// The hours; none are quiet without.
        hours: Option<QuietHours>,
    },
    /// Delete the account with everything in it.
    DeleteUser,
    /// Create a task.
    CreateTask {
        /// The task.
        draft: Box<TaskDraft>,
        /// Set by an import.
        imported: Option<Imported>,
    },
    /// Change a task.
    PatchTask {
        /// Refused unless the task has this version.
        if_match: Option<u64>,
        /// The changes.
        patch: Box<TaskPatch>,
        /// The task.
        task: TaskId,
    },
    /// Change the open instance of a series, and the instances after it likewise.
    PatchLater {
        /// Refused unless the task has this version.
        if_match: Option<u64>,
        /// The changes.
        patch: Box<TaskPatch>,
        /// The task.
        task: TaskId,
    },
    /// Change the open instance of a series, the instances after it, and what the series says of all.
    PatchAll {
        /// Refused unless the task has this version.
        if_match: Option<u64>,
        /// The changes.
        patch: Box<TaskPatch>,
        /// The task.
        task: TaskId,
    },
    /// Complete a task.
    CompleteTask {
        /// Refused unless the task has this version.
        if_match: Option<u64>,
        /// The task.
        task: TaskId,
    },
    /// Complete a task that was done before, as an import has it.
    CompleteImported {
        /// When it was done; now where that is not known, or would be later.
        completed: Option<Timestamp>,
        /// Refused unless the task has this version.
        if_match: Option<u64>,
        /// The task.
        task: TaskId,
    },
    /// Open a completed task again.
    ReopenTask {
        /// Refused unless the task has this version.
        if_match: Option<u64>,
        /// The task.
        task: TaskId,
    },
    /// Delete a task; for the open instance of a series, skip it.
    DeleteTask {
        /// Refused unless the task has this version.
        if_match: Option<u64>,
        /// End the whole series.
        series: bool,
        /// The task.
        task: TaskId,
    },
    /// Have nothing more come of a series; what is open of it stays.
    EndSeries {
        /// The series.
        series: SeriesId,
    },
    /// Dismiss a notification.
    Dismiss {
        /// The notification.
        notification: NotificationId,
    },
    /// Put a notification off: it comes again.
    Snooze {
        /// The notification.
        notification: NotificationId,
        /// When.
        until: SnoozeUntil,
    },
    /// A series hands something over.
    Receive {
        /// The series.
        from: SeriesId,
        /// What it hands over.
        handover: Handover,
    },
    /// A hand-over of this user arrived.
    Acknowledge {
        /// Its number.
        number: u64,
    },
    /// An instant has come at which something is due.
    Wake,
}

/// What a user's actor answers to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum UserReply {
    /// A task.
    Task {
        /// True when the command made it.
        created: bool,
        /// As it is after the command.
        task: Arc<Task>,
    },
    /// A notification.
    Notification {
        /// As it is after the command.
        notification: Notification,
    },
    /// Nothing to show.
    Done,
}

impl Reply for UserReply {
    fn kind(&self) -> AnswerKind {
        match self {
            Self::Task { created: true, .. } => AnswerKind::Created,
            Self::Task { .. } => AnswerKind::Task,
            Self::Notification { .. } => AnswerKind::Notification,
            Self::Done => AnswerKind::Done,
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Task { task, .. } => {
                700 + task.title.len() + task.description.as_deref().map_or(0, str::len) + task.tags.len() * 20
            }
            Self::Notification { .. } => 400,
            Self::Done => 20,
        }
    }
}
