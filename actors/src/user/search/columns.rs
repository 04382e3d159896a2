//! What a search reads of a page instead of its tasks: a few arrays, made once per change of the page. Some hundred bytes per task; see
//! `benches/search.rs` for what they are on real text.

use std::sync::Arc;

use punctual_events::{Moment, Priority, Status, TaskId, Timestamp};

use super::{
    fold::fold_into,
    postings::{Occurrences, Slots, Tags, Words},
    texts::{Texts, TextsBuilder},
};
use crate::user::record::TaskRecord;

/// An entry of a page.
pub(super) type Entry = (TaskId, Arc<TaskRecord>);

/// Tasks in a block: one per bit of [`Slots`].
const BLOCK: usize = Slots::BITS as usize;

/// Stands for an instant that is not there. Later than every instant.
pub(super) const NEVER: i64 = i64::MAX;

/// The priorities by rank.
pub(super) const PRIORITIES: [Priority; 4] = [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent];

/// Stands for the rank of a priority that is not there. Higher than every rank.
pub(super) const NO_PRIORITY: u8 = 7;

/// Columns of one page.
#[derive(Debug)]
pub struct Columns(Box<[Block]>);

impl Columns {
    /// Of a page's entries.
    pub(super) fn of(entries: &[Entry]) -> Self {
        Self(entries.chunks(BLOCK).map(Block::of).collect())
    }

    /// The blocks, each with its part of `entries`. Nearly always one: pages have as many entries as a block has slots.
    pub(super) fn blocks<'a>(&'a self, entries: &'a [Entry]) -> impl Iterator<Item = (&'a Block, &'a [Entry])> {
        self.0.iter().zip(entries.chunks(BLOCK))
    }
}

/// A column of instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instant {
    Due,
    Created,
    Updated,
    /// When an open task becomes overdue.
    Overdue,
}

impl Instant {
    /// How many there are.
    pub(super) const COUNT: usize = 4;

    /// In milliseconds, or [`NEVER`].
    pub(super) fn millis(self, record: &TaskRecord) -> i64 {
        let instant = match self {
            Self::Due => record.task.due.as_ref().map(Moment::instant),
            Self::Created => Some(record.task.created),
            Self::Updated => Some(record.task.updated),
            Self::Overdue => record.overdue_from,
        };
        instant.map_or(NEVER, Timestamp::as_millis)
    }
}

/// Up to 64 tasks. A slot is a task's index among them. Deleted tasks have a slot, but no bit and no text anywhere.
#[derive(Debug)]
pub(super) struct Block {
    len: usize,
    /// The open tasks.
    pub(super) open: Slots,
    /// The completed ones.
    pub(super) done: Slots,
    /// The tasks of each priority, low first.
    pub(super) priorities: [Slots; 4],
    /// The columns of instants one after the other, in milliseconds or [`NEVER`].
    instants: Box<[i64]>,
    /// Folded titles.
    pub(super) titles: Texts,
    /// Slots in the order of their folded titles.
    by_title: Box<[u8]>,
    pub(super) words: Words,
    pub(super) tags: Tags,
}

impl Block {
    fn of(entries: &[Entry]) -> Self {
        let (titles, by_title) = titles(entries);
        let (words, tags) = texts(entries, &titles);
        let columns = [Instant::Due, Instant::Created, Instant::Updated, Instant::Overdue];
        Self {
            len: entries.len(),
            open: slots(entries, |record| record.task.status == Status::Open),
            done: slots(entries, |record| record.task.status == Status::Done),
            priorities: PRIORITIES.map(|priority| slots(entries, |record| record.task.priority == Some(priority))),
            instants: columns
                .into_iter()
                .flat_map(|column| entries.iter().map(move |(_, record)| column.millis(record)))
                .collect(),
            titles,
            by_title,
            words,
            tags,
        }
    }

    /// A column of instants, in milliseconds or [`NEVER`], by slot.
    pub(super) fn instants(&self, column: Instant) -> &[i64] {
        let start = column as usize * self.len;
        self.instants.get(start..start + self.len).unwrap_or_default()
    }

    /// One instant, in milliseconds or [`NEVER`].
    pub(super) fn instant(&self, column: Instant, slot: usize) -> i64 {
        self.instants(column).get(slot).copied().unwrap_or(NEVER)
    }

    /// The slots of the tasks whose instant passes.
    pub(super) fn slots_of(&self, column: Instant, passes: impl Fn(i64) -> bool) -> Slots {
        let bits = self
            .instants(column)
            .iter()
            .rev()
            .map(|millis| Slots::from(passes(*millis)));
        bits.fold(0, |slots, bit| slots << 1 | bit)
    }

    /// The slots of the tasks whose rank of priority passes, [`NO_PRIORITY`] for those without.
    pub(super) fn slots_of_priority(&self, passes: impl Fn(u8) -> bool) -> Slots {
        let with = self.priorities.iter().fold(0, |slots, of_rank| slots | of_rank);
        let ranks = (0..).zip(self.priorities).chain([(NO_PRIORITY, !with)]);
        ranks
            .filter(|(rank, _)| passes(*rank))
            .fold(0, |slots, (_, of_rank)| slots | of_rank)
    }

    /// The slots of the tasks whose folded title is between two, these included.
    pub(super) fn slots_of_title(&self, from: Option<&str>, to: Option<&str>) -> Slots {
        let title = |slot: &u8| self.titles.get(usize::from(*slot));
        let start = from.map_or(0, |from| self.by_title.partition_point(|slot| title(slot) < from));
        let end = to.map_or(self.len, |to| self.by_title.partition_point(|slot| title(slot) <= to));
        let between = self.by_title.get(start..end).unwrap_or_default();
        between.iter().fold(0, |slots, slot| slots | 1 << slot)
    }

    /// The rank of a task's priority, or [`NO_PRIORITY`].
    pub(super) fn priority(&self, slot: usize) -> u8 {
        let rank = (0..).zip(self.priorities).find(|(_, slots)| slots >> slot & 1 == 1);
        rank.map_or(NO_PRIORITY, |(rank, _)| rank)
    }
}

/// The slots of the tasks that are not deleted and have what `is` asks for.
fn slots(entries: &[Entry], is: impl Fn(&TaskRecord) -> bool) -> Slots {
    let bit = |(_, record): &Entry| Slots::from(record.deleted.is_none() && is(record));
    entries.iter().rev().fold(0, |slots, entry| slots << 1 | bit(entry))
}

/// Folded titles by slot, and the slots in their order.
fn titles(entries: &[Entry]) -> (Texts, Box<[u8]>) {
    let mut titles = TextsBuilder::default();
    for (_, record) in entries {
        if record.deleted.is_none() {
            fold_into(&record.task.title, titles.open());
        }
        titles.close();
    }
    let titles = titles.build();
    let mut order: Box<[u8]> = (0..).take(entries.len()).collect();
    order.sort_by_key(|slot| titles.get(usize::from(*slot)));
    (titles, order)
}

/// The words of title, description and tags, and the tags.
fn texts(entries: &[Entry], titles: &Texts) -> (Words, Tags) {
    let (mut descriptions, mut tags, mut tagged) = (TextsBuilder::default(), TextsBuilder::default(), Vec::new());
    for (slot, (_, record)) in entries.iter().enumerate() {
        let kept = record.deleted.is_none().then_some(&record.task);
        fold_into(
            kept.and_then(|task| task.description.as_deref()).unwrap_or_default(),
            descriptions.open(),
        );
        descriptions.close();
        for tag in kept.into_iter().flat_map(|task| &task.tags) {
            fold_into(tag, tags.open());
            tags.close();
            tagged.push(slot);
        }
    }
    let (descriptions, tags) = (descriptions.build(), tags.build());
    let (mut all_words, mut all_tags) = (Occurrences::default(), Occurrences::default());
    for slot in 0..entries.len() {
        all_words.add_words(titles.get(slot), slot);
        all_words.add_words(descriptions.get(slot), slot);
    }
    for (index, slot) in tagged.into_iter().enumerate() {
        all_words.add_words(tags.get(index), slot);
        all_tags.add(tags.get(index), slot);
    }
    (all_words.into_words(), all_tags.into_tags())
}
