//! Which words and tags the tasks of a block have, each kept once with a bit per task that has it.

use std::{cmp::Reverse, collections::HashMap};

use foldhash::fast::FixedState;
use memchr::memmem::Finder;

use super::texts::{Texts, TextsBuilder};

/// The slots of a block that have something, a bit each.
pub(super) type Slots = u64;

/// The words of a block for finding substrings. Words that the same tasks have stand together, so that every text here has other tasks: the
/// words of only one task are one text, and a word of many tasks is searched once instead of once per task.
///
/// A search term has no space in it, so it is a substring of a text exactly if it is one of a word of that text.
#[derive(Debug, Default)]
pub(super) struct Words {
    texts: Texts,
    slots: Box<[Slots]>,
}

impl Words {
    /// The slots, of those in `among`, with a word that has the finder's term in it.
    pub(super) fn containing(&self, term: &Finder<'_>, among: Slots) -> Slots {
        let (text, mut next, mut rest) = (self.texts.joined().as_bytes(), 0, among);
        while rest != 0 {
            // Texts of none but tasks that are found already are passed over, which is what keeps short terms, in nearly every text, quick.
            next += self.slots[next..].iter().take_while(|slots| *slots & rest == 0).count();
            let from = self.texts.start(next);
            let Some(offset) = term.find(&text[from..]) else { break };
            let hit = self.texts.at(from + offset, next);
            rest &= !self.slots[hit];
            next = hit + 1;
        }
        among & !rest
    }
}

/// The tags of a block for finding whole tags.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// In order.
    texts: Texts,
    slots: Box<[Slots]>,
}

impl Tags {
    /// The slots with the folded tag `tag`.
    pub(super) fn with(&self, tag: &str) -> Slots {
        let (mut low, mut high) = (0, self.texts.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.texts.get(middle).cmp(tag) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.slots.get(middle).copied().unwrap_or_default(),
            }
        }
        0
    }
}

/// Collects which slots have which text.
#[derive(Default)]
pub(super) struct Occurrences<'a>(HashMap<&'a str, Slots, FixedState>);

impl<'a> Occurrences<'a> {
    /// Notes that a slot has `text`.
    pub(super) fn add(&mut self, text: &'a str, slot: usize) {
        *self.0.entry(text).or_default() |= 1 << slot;
    }

    /// Notes that a slot has the words of `text`.
    pub(super) fn add_words(&mut self, text: &'a str, slot: usize) {
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            self.add(word, slot);
        }
    }

    /// As words, those of the most tasks first: a search often has all tasks it asks for before it has seen all words.
    pub(super) fn into_words(self) -> Words {
        let counted = |(word, slots): (&'a str, Slots)| (Reverse(slots.count_ones()), slots, word);
        let mut words: Vec<(Reverse<u32>, Slots, &str)> = self.0.into_iter().map(counted).collect();
        words.sort_unstable();
        let (mut texts, mut slots) = (TextsBuilder::default(), Vec::new());
        for together in words.chunk_by(|a, b| a.1 == b.1) {
            for (_, _, word) in together {
                texts.open().push_str(word);
                texts.open().push(' ');
            }
            texts.close();
            slots.extend(together.first().map(|(_, slots, _)| *slots));
        }
        Words {
            texts: texts.build(),
            slots: slots.into(),
        }
    }

    /// As tags.
    pub(super) fn into_tags(self) -> Tags {
        let mut tags: Vec<(&str, Slots)> = self.0.into_iter().collect();
        tags.sort_unstable();
        let mut texts = TextsBuilder::default();
        for (tag, _) in &tags {
            texts.open().push_str(tag);
            texts.close();
        }
        Tags {
            texts: texts.build(),
            slots: tags.into_iter().map(|(_, slots)| slots).collect(),
        }
    }
}
