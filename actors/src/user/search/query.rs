//! What is asked for.

use std::ops::RangeInclusive;

use punctual_events::{Priority, Timestamp};
use serde::{Deserialize, Serialize};

use super::{cursor::Cursor, order::Sort};
use crate::Refusal;

/// Characters `q` may have.
pub const MAX_TEXT_CHARS: usize = 256;
/// Terms `q` may have.
pub const MAX_TERMS: usize = 16;
/// Tags that may be asked for: as many as a task can have.
pub const MAX_TAGS: usize = 50;
/// Tasks on a page.
pub const LIMITS: RangeInclusive<u16> = 1..=200;

/// Which tasks, in which order, and how many of them. Every filter that is set must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskQuery {
    /// Terms, separated by spaces; each must be part of the title, of the description or of a tag. Letters count without case, marks and width.
    pub q: Option<Box<str>>,
    /// Open ones, completed ones or both.
    pub status: StatusFilter,
    /// One of these priorities, unless there are none.
    pub priorities: Vec<Priority>,
    /// All of these tags, compared as `q` is, but whole.
    pub tags: Vec<Box<str>>,
    /// Due at this instant or later.
    pub due_after: Option<Timestamp>,
    /// Due before this instant.
    pub due_before: Option<Timestamp>,
    /// Overdue or not.
    pub overdue: Option<bool>,
    /// The order.
    pub sort: Sort,
    /// How many at most, 1 to 200. A page of large tasks has fewer.
    pub limit: u16,
    /// Only what comes after the page this cursor came with.
    pub cursor: Option<Cursor>,
}

impl Default for TaskQuery {
    /// The first 50 open tasks in the default order.
    fn default() -> Self {
        Self {
            q: None,
            status: StatusFilter::default(),
            priorities: Vec::new(),
            tags: Vec::new(),
            due_after: None,
            due_before: None,
            overdue: None,
            sort: Sort::default(),
            limit: 50,
            cursor: None,
        }
    }
}

impl TaskQuery {
    /// Refuses what is out of bounds, before any work is done for it.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let text = self.q.as_deref().unwrap_or_default();
        if text.chars().nth(MAX_TEXT_CHARS).is_some() {
            return Err(Refusal::invalid("q", format!("at most {MAX_TEXT_CHARS} characters")));
        }
        if self.tags.len() > MAX_TAGS {
            return Err(Refusal::invalid("tag", format!("at most {MAX_TAGS} tags")));
        }
        if !LIMITS.contains(&self.limit) {
            return Err(Refusal::invalid(
                "limit",
                format!("from {} to {}", LIMITS.start(), LIMITS.end()),
            ));
        }
        Ok(())
    }
}

/// Which tasks by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusFilter {
    /// To be done.
    #[default]
    Open,
    /// Completed.
    Done,
    /// Both.
    All,
}
