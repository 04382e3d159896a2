//! The order of a list: as it is asked for, and as numbers that compare like it.

use std::{cmp::Ordering, fmt, iter};

use punctual_events::{TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use super::columns::{Instant, NEVER, NO_PRIORITY};
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

    /// The most significant key.
    pub(super) fn first(&self) -> Order {
        self.first
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

    /// A number for an instant that sorts as the instant does, in [`INSTANT_BITS`].
    pub(super) fn instant_ordinal(self, millis: i64) -> u64 {
        if millis == NEVER {
            NO_INSTANT
        } else if self.descending {
            Timestamp::MAX.as_millis().abs_diff(millis)
        } else {
            millis.abs_diff(Timestamp::MIN.as_millis())
        }
    }

    /// A number for a priority's rank that sorts as the priority does, in [`PRIORITY_BITS`].
    pub(super) fn priority_ordinal(self, rank: u8) -> u8 {
        if self.descending && rank != NO_PRIORITY {
            3 - rank
        } else {
            rank
        }
    }

    /// The ordinal of an instant or of a priority as the first key of a prefix.
    pub(super) fn leading_ordinal(self, prefix: u128) -> u64 {
        (prefix >> (u128::BITS - self.key.bits())) as u64
    }

    fn compare(self, a: &impl Sortable, b: &impl Sortable) -> Ordering {
        match self.key {
            SortKey::Instant(column) => {
                let ordinal = |millis| self.instant_ordinal(millis);
                ordinal(a.instant(column)).cmp(&ordinal(b.instant(column)))
            }
            SortKey::Priority => self
                .priority_ordinal(a.priority())
                .cmp(&self.priority_ordinal(b.priority())),
            SortKey::Title if self.descending => b.title().cmp(a.title()),
            SortKey::Title => a.title().cmp(b.title()),
        }
    }

    /// The value of this key in the highest bits.
    fn prefix(self, task: &impl Sortable) -> u128 {
        match self.key {
            SortKey::Instant(column) => {
                u128::from(self.instant_ordinal(task.instant(column))) << (u128::BITS - INSTANT_BITS)
            }
            SortKey::Priority => u128::from(self.priority_ordinal(task.priority())) << (u128::BITS - PRIORITY_BITS),
            SortKey::Title if self.descending => !first_bytes(task.title()),
            SortKey::Title => first_bytes(task.title()),
        }
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
