//! Which tasks of a block are asked for, as a set of slots.

use std::{cmp::Reverse, ops::Range};

use memchr::memmem::Finder;
use punctual_events::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    columns::{Block, Instant, NEVER, PRIORITIES},
    fold::fold,
    postings::Slots,
    query::{MAX_TERMS, StatusFilter, TaskQuery},
};
use crate::Refusal;

/// The filters of a query, made ready.
pub(super) struct Filter {
    status: StatusFilter,
    /// Which ones, low first.
    priorities: Option<[bool; PRIORITIES.len()]>,
    /// In milliseconds.
    due: Option<Range<i64>>,
    overdue: Option<bool>,
    now: Timestamp,
    /// Folded.
    tags: Vec<String>,
    terms: Vec<Finder<'static>>,
}

impl Filter {
    /// The filters of `query` at `now`.
    ///
    /// # Errors
    /// When the query is out of bounds.
    pub(super) fn new(query: &TaskQuery, now: Timestamp) -> Result<Self, Refusal> {
        query.check()?;
        let terms = terms(query.q.as_deref().unwrap_or_default());
        if terms.len() > MAX_TERMS {
            return Err(Refusal::invalid("q", format!("at most {MAX_TERMS} terms")));
        }
        let millis = |bound: Option<Timestamp>, otherwise| bound.map_or(otherwise, Timestamp::as_millis);
        let bounded = query.due_after.is_some() || query.due_before.is_some();
        let wanted = PRIORITIES.map(|priority| query.priorities.contains(&priority));
        Ok(Self {
            status: query.status,
            priorities: wanted.contains(&true).then_some(wanted),
            due: bounded.then(|| millis(query.due_after, i64::MIN)..millis(query.due_before, NEVER)),
            overdue: query.overdue,
            now,
            tags: distinct(query.tags.iter().map(|tag| fold(tag))),
            terms: terms.iter().map(|term| Finder::new(term).into_owned()).collect(),
        })
    }

    /// The slots of the tasks that pass. What is cheap to find out comes first, and words are only looked for while there is somebody to have them.
    pub(super) fn matching(&self, block: &Block) -> Slots {
        let mut slots = match self.status {
            StatusFilter::Open => block.open,
            StatusFilter::Done => block.done,
            StatusFilter::All => block.open | block.done,
        };
        if let Some(wanted) = self.priorities {
            let those = wanted.iter().zip(block.priorities).filter(|(wanted, _)| **wanted);
            slots &= those.fold(0, |slots, (_, of_priority)| slots | of_priority);
        }
        for tag in &self.tags {
            slots &= block.tags.with(tag);
        }
        if let Some(due) = &self.due {
            // `NEVER` is in no range: its end is exclusive.
            slots &= block.slots_of(Instant::Due, |millis| due.contains(&millis));
        }
        if let Some(overdue) = self.overdue {
            let now = self.now.as_millis();
            let passed = block.open & block.slots_of(Instant::Overdue, |millis| millis <= now);
            slots &= if overdue { passed } else { !passed };
        }
        for term in &self.terms {
            if slots == 0 {
                break;
            }
            slots = block.words.containing(term, slots);
        }
        slots
    }

    /// Adds what tells this filter from others to a digest: the same for queries that cannot differ in what they find. Every part is preceded by
    /// its length or has a fixed one.
    pub(super) fn digest(&self, digest: &mut Sha256) {
        let (start, end) = self.due.as_ref().map_or((NEVER, NEVER), |due| (due.start, due.end));
        digest.update([self.status as u8, self.overdue.map_or(2, u8::from)]);
        digest.update(self.priorities.unwrap_or_default().map(u8::from));
        digest.update(start.to_be_bytes());
        digest.update(end.to_be_bytes());
        let tags = self.tags.iter().map(String::as_bytes);
        for texts in [
            tags.collect::<Vec<_>>(),
            self.terms.iter().map(Finder::needle).collect(),
        ] {
            digest.update((texts.len() as u64).to_be_bytes());
            for text in texts {
                digest.update((text.len() as u64).to_be_bytes());
                digest.update(text);
            }
        }
    }
}

/// The terms of a text, folded. It is folded as a whole first: other spaces than the ordinary one become that.
fn terms(text: &str) -> Vec<String> {
    distinct(fold(text).split(' ').filter(|term| !term.is_empty()).map(str::to_owned))
}

/// The texts without repetitions, long ones first: they are the rarer.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable_by(|a, b| (Reverse(a.len()), a).cmp(&(Reverse(b.len()), b)));
    texts.dedup();
    texts
}
