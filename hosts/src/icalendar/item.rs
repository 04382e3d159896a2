//! What the reader hands out.

use chrono::NaiveDate;
use punctual_events::{Priority, Recurrence, ReminderTime, Repeat, Timestamp, WallTime};

use super::ItemCode;

/// One to-do of the file: taken, or refused and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportItem {
    /// The task it would become, or why it cannot.
    pub draft: Result<ImportDraft, Refused>,
    /// What of it was left out or changed, one short sentence each.
    pub notes: Vec<String>,
    /// Its RECURRENCE-ID in one form per instant; with `uid` it identifies the item.
    pub recurrence_id: Option<String>,
    /// The beginning of its title, for the report. `None` where the file has none.
    pub summary_for_report: Option<String>,
    /// Its UID; cut to 255 characters where that is why it was refused.
    pub uid: Option<String>,
}

/// Why an item was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// For programs.
    pub code: ItemCode,
    /// For people.
    pub reason: String,
}

impl Refused {
    /// Of what is cancelled and no occurrence that could be skipped.
    pub(crate) fn cancelled() -> Self {
        Self::new(ItemCode::Cancelled, "it is cancelled: neither open nor done")
    }

    pub(super) fn new(code: ItemCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// A task as an item of the file describes it. Within the limits of a task, but not yet decided on by the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportDraft {
    /// True when it is one occurrence of a series that is cancelled. Anything else that is cancelled is refused.
    pub cancelled: bool,
    /// When it was completed; a done one may not say.
    pub completed: Option<Timestamp>,
    /// DESCRIPTION.
    pub description: Option<String>,
    /// DUE, or DTSTART and DURATION.
    pub due: Option<DraftMoment>,
    /// UID.
    pub external_uid: Option<String>,
    /// PRIORITY.
    pub priority: Option<Priority>,
    /// The same as [`ImportItem::recurrence_id`].
    pub recurrence_id: Option<String>,
    /// RRULE, as it was written.
    pub recurrence: Option<Recurrence>,
    /// The VALARMs, up to 20, without doubles.
    pub reminders: Vec<DraftReminder>,
    /// DTSTART.
    pub start: Option<DraftMoment>,
    /// True when it is completed.
    pub status_done: bool,
    /// CATEGORIES, up to 50 of up to 64 characters, without doubles.
    pub tags: Vec<String>,
    /// SUMMARY: 1 to 500 characters on one line.
    pub title: String,
}

/// A VALARM as a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftReminder {
    /// REPEAT and DURATION.
    pub repeat: Option<Repeat>,
    /// TRIGGER.
    pub time: ReminderTime,
}

/// A start or a due, not yet resolved to an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftMoment {
    /// All day.
    Day {
        /// The day, in the years 1 to 9999.
        date: NaiveDate,
    },
    /// A wall time in a zone.
    Time {
        /// The wall time.
        at: WallTime,
        /// True for one without a zone in the file, which is wherever the user is.
        floating: bool,
        /// IANA name; of a floating time the user's at present.
        time_zone: String,
    },
}
