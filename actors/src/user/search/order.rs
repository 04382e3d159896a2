//! The order of a list: as it is asked for, and as numbers that compare like it.

use std::{cmp::Ordering, fmt, iter, ops::RangeInclusive};

use punctual_events::{TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    columns::{Block, Instant, NEVER, NO_PRIORITY},
    postings::Slots,
};
use crate::Refusal;

/// What to sort by, the most significant key first. Tasks that are alike in all keys are in the order of their ids, so every order is total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Box<str>", into = "String")]
pub struct Sort {
    first: Order,
    then: Box<[Order]>,
}

impl Sort {
    /// Reads a comma separated list of `due`, `priority`, `created`, `updated` and `title`, each at most once, with `-` in front for descending.
    ///
    /// # Errors
    /// When a key is none of these or there twice; the field is `sort`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut orders: Vec<Order> = Vec::new();
        for part in text.split(',') {
            let order = Order::parse(part).ok_or_else(|| {
                Refusal::invalid("sort", "a sort key is one of due, priority, created, updated and title")
            })?;
            if orders.iter().any(|other| other.key == order.key) {
                return Err(Refusal::invalid("sort", "a sort key is there twice"));
            }
            orders.push(order);
        }
        // Even an empty text has a part.
        let first = orders.remove(0);
        Ok(Self {
            first,
            then: orders.into(),
        })
    }

    /// The keys.
    pub(super) fn orders(&self) -> impl Iterator<Item = Order> {
        iter::once(self.first).chain(self.then.iter().copied())
    }

    /// Which of two tasks comes first.
    pub(super) fn compare(&self, a: &impl Sortable, b: &impl Sortable) -> Ordering {
        let by_keys = self
            .orders()
            .map(|order| order.compare(a, b))
            .find(|ordering| ordering.is_ne());
        by_keys.unwrap_or_else(|| a.id().cmp(&b.id()))
    }

    /// The first 128 bits of what a task is sorted by: of two tasks with different prefixes the one with the smaller comes first, and only tasks
    /// with the same need [`compare`](Self::compare). Nearly all comparing is of one number with this.
    pub(super) fn prefix(&self, task: &impl Sortable) -> u128 {
        let (mut prefix, mut used) = (0, 0);
        for order in self.orders() {
            prefix |= order.prefix(task) >> used;
            used += order.key.bits();
            if used >= u128::BITS {
                break;
            }
        }
        prefix
    }
}

impl Default for Sort {
    /// `due,-priority,created`.
    fn default() -> Self {
        let ascending = |key| Order { key, descending: false };
        Self {
            first: ascending(SortKey::Instant(Instant::Due)),
            then: [
                Order {
                    key: SortKey::Priority,
                    descending: true,
                },
                ascending(SortKey::Instant(Instant::Created)),
            ]
            .into(),
        }
    }
}

impl fmt::Display for Sort {
    /// As [`parse`](Self::parse) reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, order) in self.orders().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            f.write_str(if order.descending { "-" } else { "" })?;
            f.write_str(order.key.as_str())?;
        }
        Ok(())
    }
}

impl From<Sort> for String {
    fn from(sort: Sort) -> Self {
        sort.to_string()
    }
}

impl TryFrom<Box<str>> for Sort {
    type Error = Refusal;

    fn try_from(text: Box<str>) -> Result<Self, Refusal> {
        Self::parse(&text)
    }
}

/// A property to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SortKey {
    /// An instant.
    Instant(Instant),
    Priority,
    /// The folded title.
    Title,
}

impl SortKey {
    const ALL: [(Self, &str); 5] = [
        (Self::Instant(Instant::Due), "due"),
        (Self::Priority, "priority"),
        (Self::Instant(Instant::Created), "created"),
        (Self::Instant(Instant::Updated), "updated"),
        (Self::Title, "title"),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(key, _)| *key == self)
            .map_or("", |(_, name)| name)
    }

    /// How many bits of a prefix its values take; those of a title as many as are left.
    fn bits(self) -> u32 {
        match self {
            Self::Instant(_) => INSTANT_BITS,
            Self::Priority => PRIORITY_BITS,
            Self::Title => u128::BITS,
        }
    }
}

/// Enough for all milliseconds from year 1 to year 9999 and [`NO_INSTANT`].
const INSTANT_BITS: u32 = 49;
const PRIORITY_BITS: u32 = 3;

/// The ordinal of an instant that is not there, after all others.
const NO_INSTANT: u64 = (1 << INSTANT_BITS) - 1;

const _: () = assert!(Timestamp::MAX.as_millis() - Timestamp::MIN.as_millis() < NO_INSTANT.cast_signed());

/// A key and its direction. Tasks without a value come last in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) key: SortKey,
    pub(super) descending: bool,
}

impl Order {
    fn parse(text: &str) -> Option<Self> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let (key, _) = SortKey::ALL.into_iter().find(|(_, other)| *other == name)?;
        Some(Self { key, descending })
    }

    /// A number for an instant that sorts as the instant does, in [`INSTANT_BITS`]. For [`NEVER`] the distance is out of all bounds in both
    /// directions, so the largest number stands for it without a branch.
    fn instant_ordinal(self, millis: i64) -> u64 {
        let distance = if self.descending {
            Timestamp::MAX.as_millis().wrapping_sub(millis)
        } else {
            millis.wrapping_sub(Timestamp::MIN.as_millis())
        };
        distance.cast_unsigned().min(NO_INSTANT)
    }

    /// A number for a priority's rank that sorts as the priority does, in [`PRIORITY_BITS`].
    fn priority_ordinal(self, rank: u8) -> u64 {
        let turned = self.descending && rank != NO_PRIORITY;
        u64::from(if turned { 3 - rank } else { rank })
    }

    /// A number that sorts as this key of a task does; for a title, as its first bytes do.
    fn ordinal(self, task: &(impl Sortable + ?Sized)) -> u64 {
        match self.key {
            SortKey::Instant(column) => self.instant_ordinal(task.instant(column)),
            SortKey::Priority => self.priority_ordinal(task.priority()),
            SortKey::Title => (self.prefix(task) >> 64) as u64,
        }
    }

    fn compare(self, a: &impl Sortable, b: &impl Sortable) -> Ordering {
        match self.key {
            SortKey::Title if self.descending => b.title().cmp(a.title()),
            SortKey::Title => a.title().cmp(b.title()),
            _ => self.ordinal(a).cmp(&self.ordinal(b)),
        }
    }

    /// The value of this key in the highest bits.
    fn prefix(self, task: &(impl Sortable + ?Sized)) -> u128 {
        match self.key {
            SortKey::Title if self.descending => !first_bytes(task.title()),
            SortKey::Title => first_bytes(task.title()),
            _ => u128::from(self.ordinal(task)) << (u128::BITS - self.key.bits()),
        }
    }

    /// The slots of a block that are between two tasks by this key; like them counts as between.
    pub(super) fn between(self, block: &Block, from: Option<&dyn Sortable>, to: Option<&dyn Sortable>) -> Slots {
        match self.key {
            _ if from.is_none() && to.is_none() => Slots::MAX,
            SortKey::Title if self.descending => {
                block.slots_of_title(to.map(Sortable::title), from.map(Sortable::title))
            }
            SortKey::Title => block.slots_of_title(from.map(Sortable::title), to.map(Sortable::title)),
            SortKey::Instant(column) => {
                let (millis, never) = self.millis(self.ordinals(from, to));
                block.slots_of(column, |other| millis.contains(&other) | (never & (other == NEVER)))
            }
            SortKey::Priority => {
                let ordinals = self.ordinals(from, to);
                block.slots_of_priority(|rank| ordinals.contains(&self.priority_ordinal(rank)))
            }
        }
    }

    fn ordinals(self, from: Option<&dyn Sortable>, to: Option<&dyn Sortable>) -> RangeInclusive<u64> {
        from.map_or(0, |from| self.ordinal(from))..=to.map_or(u64::MAX, |to| self.ordinal(to))
    }

    /// The instants with these ordinals, and whether none at all is one of them. Comparing with these takes a fraction of the time of making an
    /// ordinal of each instant.
    fn millis(self, ordinals: RangeInclusive<u64>) -> (RangeInclusive<i64>, bool) {
        let (first, last) = ordinals.into_inner();
        let distance = |ordinal: u64| ordinal.min(NO_INSTANT).cast_signed();
        let millis = if self.descending {
            let end = Timestamp::MAX.as_millis();
            end - distance(last)..=end - distance(first)
        } else {
            let start = Timestamp::MIN.as_millis();
            start + distance(first)..=start + distance(last)
        };
        (millis, last >= NO_INSTANT)
    }
}

/// The first bytes of a text as a number, as if it went on with zeroes.
fn first_bytes(text: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

/// What tasks, and the bounds of cursors, are sorted by.
pub(super) trait Sortable {
    /// In milliseconds, or [`NEVER`].
    fn instant(&self, column: Instant) -> i64;
    /// 0 for low to 3 for urgent, or [`NO_PRIORITY`].
    fn priority(&self) -> u8;
    /// Folded.
    fn title(&self) -> &str;
    fn id(&self) -> TaskId;
}
