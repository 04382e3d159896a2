//! The first tasks of an order out of many: those that would be on the page, and one more to see whether there is another page.

use std::{cmp::Ordering, sync::Arc};

use punctual_events::TaskId;

use super::{
    columns::{Block, Entry, Instant},
    cursor::Bound,
    order::{Sort, Sortable},
    postings::Slots,
};
use crate::user::record::TaskRecord;

/// A task among the entries of its block.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) block: &'a Block,
    pub(super) entries: &'a [Entry],
    pub(super) slot: usize,
}

impl<'a> Row<'a> {
    pub(super) fn record(&self) -> &'a Arc<TaskRecord> {
        &self.entries[self.slot].1
    }
}

impl Sortable for Row<'_> {
    fn instant(&self, column: Instant) -> i64 {
        self.block.instant(column, self.slot)
    }

    fn priority(&self) -> u8 {
        self.block.priority(self.slot)
    }

    fn title(&self) -> &str {
        self.block.titles.get(self.slot)
    }

    fn id(&self) -> TaskId {
        self.entries[self.slot].0
    }
}

/// So many slots are compared one by one in less time than by another column.
const FEW: u32 = 5;

/// Collects the first `keep` rows after a bound.
pub(super) struct Top<'a> {
    sort: &'a Sort,
    after: Option<Ranked<Bound>>,
    keep: usize,
    /// Among them the first `keep` of all rows so far.
    rows: Vec<Ranked<Row<'a>>>,
    /// The last of the first `keep`, since there are so many; what comes after it is of no interest.
    last: Option<Ranked<Row<'a>>>,
}

/// Something to sort, with its prefix.
#[derive(Clone, Copy)]
struct Ranked<T> {
    prefix: u128,
    by: T,
}

impl<T: Sortable> Ranked<T> {
    fn new(by: T, sort: &Sort) -> Self {
        Self {
            prefix: sort.prefix(&by),
            by,
        }
    }

    fn compare(&self, other: &Ranked<impl Sortable>, sort: &Sort) -> Ordering {
        self.prefix
            .cmp(&other.prefix)
            .then_with(|| sort.compare(&self.by, &other.by))
    }
}

impl<'a> Top<'a> {
    pub(super) fn new(sort: &'a Sort, after: Option<Bound>, keep: usize) -> Self {
        Self {
            sort,
            after: after.map(|bound| Ranked::new(bound, sort)),
            keep,
            rows: Vec::with_capacity(keep * 2),
            last: None,
        }
    }

    /// Adds the tasks in `slots` of a block.
    pub(super) fn add(&mut self, block: &'a Block, entries: &'a [Entry], slots: Slots) {
        let mut rest = self.narrow(block, slots);
        while rest != 0 {
            let slot = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            self.add_row(Row { block, entries, slot });
        }
    }

    /// Those of the slots that can be between the bound and the last of the first: all that are, and few others. Comparing whole columns is what makes a
    /// search quick; comparing one by one is for the few that are left.
    fn narrow(&self, block: &Block, mut slots: Slots) -> Slots {
        let after = self.after.as_ref().map(|after| &after.by as &dyn Sortable);
        let last = self.last.as_ref().map(|last| &last.by as &dyn Sortable);
        let all = |there: bool| if there { Slots::MAX } else { 0 };
        // The slots that are like the bound, or like the last, in all keys so far: the next key decides about those.
        let (mut like_after, mut like_last) = (all(after.is_some()), all(last.is_some()));
        for order in self.sort.orders() {
            if like_after == like_last {
                slots &= !like_after | order.between(block, after, last);
            } else {
                slots &= !like_after | order.between(block, after, None);
                slots &= !like_last | order.between(block, None, last);
            }
            if slots.count_ones() <= FEW {
                break;
            }
            like_after &= slots & order.between(block, after, after);
            like_last &= slots & order.between(block, last, last);
            if like_after | like_last == 0 {
                break;
            }
        }
        slots
    }

    fn add_row(&mut self, row: Row<'a>) {
        let row = Ranked::new(row, self.sort);
        if self
            .after
            .as_ref()
            .is_some_and(|after| after.compare(&row, self.sort).is_ge())
            || self.last.is_some_and(|last| last.compare(&row, self.sort).is_lt())
        {
            return;
        }
        self.rows.push(row);
        if self.rows.len() >= self.keep * 2 {
            self.drop_rest();
        }
    }

    /// Drops what is not among the first `keep`. Done every `keep` rows, which makes it constant work per row.
    fn drop_rest(&mut self) {
        if self.rows.len() > self.keep {
            let sort = self.sort;
            let (_, last, _) = self
                .rows
                .select_nth_unstable_by(self.keep - 1, |a, b| a.compare(b, sort));
            self.last = Some(*last);
            self.rows.truncate(self.keep);
        }
    }

    /// The first rows, in order.
    pub(super) fn into_rows(mut self) -> impl Iterator<Item = Row<'a>> {
        self.drop_rest();
        self.rows.sort_unstable_by(|a, b| a.compare(b, self.sort));
        self.rows.into_iter().map(|row| row.by)
    }
}
