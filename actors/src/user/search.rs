//! Finding tasks.

use std::sync::Arc;

use punctual_events::{Priority, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    refusal::Refusal,
    user::record::{TaskRecord, Tasks},
};

/// Columns of one page.
#[derive(Debug)]
pub struct Columns;

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(Box<str>);

impl Cursor {
    /// From a client.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// For a client.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {}

impl Sort {
    /// From a client.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(_: &str) -> Result<Self, Refusal> {
        Ok(Self {})
    }
}

/// A page of tasks.
#[derive(Debug)]
pub struct TaskPage {
    /// The tasks.
    pub items: Vec<Arc<TaskRecord>>,
    /// How many the filter finds.
    pub total: usize,
    /// Where the next page begins.
    pub next_cursor: Option<Cursor>,
}

/// Finds tasks.
///
/// # Errors
/// When the query is out of bounds.
pub fn search(tasks: &Tasks, _: &TaskQuery, _: Timestamp) -> Result<TaskPage, Refusal> {
    let items: Vec<_> = tasks.iter().map(|(_, record)| Arc::clone(record)).collect();
    Ok(TaskPage {
        total: items.len(),
        items,
        next_cursor: None,
    })
}

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
    /// How many, 1 to 200.
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
