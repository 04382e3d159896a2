//! Finding tasks: filters, free text, an order and pages, as a function of a user's tasks.
//!
//! Every task is looked at in every search, but as a bit: a page of [`Tasks`] has [`Columns`] derived from it (once per change of the page), and
//! in those a filter is a few operations on sets of 64 tasks. Nothing is remembered between searches, so nothing can be stale and the time a
//! search takes does not depend on what was searched before.

mod columns;
mod cursor;
mod filter;
mod fold;
mod order;
mod postings;
mod query;
#[cfg(test)]
mod tests;
mod texts;
mod top;

use std::sync::Arc;

use punctual_events::{Timestamp, UserId};

pub use self::{
    columns::Columns,
    cursor::Cursor,
    order::Sort,
    query::{LIMITS, MAX_TAGS, MAX_TERMS, MAX_TEXT_CHARS, StatusFilter, TaskQuery},
};
use self::{
    columns::{Block, Entry},
    cursor::Scope,
    filter::Filter,
    postings::Slots,
    top::Top,
};
use crate::{
    Refusal,
    budget::Budget,
    paged::Weigh as _,
    user::record::{TaskRecord, Tasks},
};

/// A page of what was found.
#[derive(Clone, Debug)]
pub struct TaskPage {
    /// The tasks, in the order that was asked for. Fewer than would be allowed where they are large, but one at least where there is one.
    pub items: Vec<Arc<TaskRecord>>,
    /// How many pass the filters, on all pages together.
    pub total: usize,
    /// For the next page, if there is one.
    pub next_cursor: Option<Cursor>,
}

/// Finds tasks of `owner`. Deleted ones are never found.
///
/// # Errors
/// When the query is out of bounds, and [`Code::CursorMismatch`](crate::Code::CursorMismatch) when its cursor is not one of this user, filter and sort.
pub fn search(owner: UserId, tasks: &Tasks, query: &TaskQuery, now: Timestamp) -> Result<TaskPage, Refusal> {
    let filter = Filter::new(query, now)?;
    let scope = Scope::new(owner, &filter, &query.sort);
    let after = query
        .cursor
        .as_ref()
        .map(|cursor| cursor.bound(&query.sort, &scope))
        .transpose()?;
    let found = Found::new(tasks, &filter);
    let limit = usize::from(query.limit);
    // One more than fits on the page shows that there is another.
    let mut top = Top::new(&query.sort, after, limit + 1);
    found.add_to(&mut top);
    let mut items: Vec<Arc<TaskRecord>> = top.into_rows().map(|row| row.record().clone()).collect();
    let mut room = Budget::of_a_page();
    let fits = |record: &&Arc<TaskRecord>| room.take(1, record.weight());
    let shown = items.iter().take(limit).take_while(fits).count();
    let more = items.len() > shown;
    items.truncate(shown);
    let last = items.last().filter(|_| more);
    Ok(TaskPage {
        total: found.total,
        next_cursor: last.map(|last| Cursor::after(last, &query.sort, &scope)),
        items,
    })
}

/// The blocks with their tasks, and which of them were found.
struct Found<'a> {
    parts: Vec<(&'a Block, &'a [Entry], Slots)>,
    total: usize,
}

impl<'a> Found<'a> {
    fn new(tasks: &'a Tasks, filter: &Filter) -> Self {
        let pages = tasks.leaves().map(|leaf| (leaf.derived(Columns::of), leaf.entries()));
        let blocks = pages.flat_map(|(columns, entries)| columns.blocks(entries));
        let parts: Vec<_> = blocks
            .map(|(block, entries)| (block, entries, filter.matching(block)))
            .collect();
        let total = parts.iter().map(|(_, _, slots)| slots.count_ones() as usize).sum();
        Self { parts, total }
    }

    /// Adds what was found, in strides over all blocks. Ids grow with time, and so do many instants: from one end to the other, every task could be
    /// before all that were added, and none could be passed over.
    fn add_to(&self, top: &mut Top<'a>) {
        let stride = self.parts.len().isqrt().max(1);
        for start in 0..stride {
            for (block, entries, slots) in self.parts.iter().skip(start).step_by(stride) {
                top.add(block, entries, *slots);
            }
        }
    }
}
