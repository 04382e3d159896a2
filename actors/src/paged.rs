//! An ordered map in pages, shared between versions: cloning it copies one pointer, and a change copies one page and the way to it, however many
//! pages there are. The same pages are what is saved, so a save writes only pages that changed, and finding them is comparing pointers.

use std::{
    collections::HashMap,
    fmt::{self, Debug},
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use imbl::OrdMap;
use punctual_events::DecodeError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ports::{Page, PageWrite};

/// The format of pages this release writes; a newer one is refused.
pub const PAGE_FORMAT: u16 = 1;

/// Entries in a full page: what a change copies, and what a search derives anew after one.
const MAX_ENTRIES: usize = 64;
/// Entries in the last page from which on they join the page before, if that has room: keys mostly grow, so nearly every new entry copies only the
/// few that came shortly before it.
const MAX_LAST_ENTRIES: usize = 8;
/// A page above this many bytes is split even when it has few entries. Weights are of plain text, so a page of one large entry, or of text full of
/// quotes and line breaks, which JSON writes as two bytes each, is larger when it is saved: 128 KiB at most.
const MAX_WEIGHT: usize = 40 * 1024;

/// About how many bytes a value takes when it is saved.
pub trait Weigh {
    /// In bytes.
    fn weight(&self) -> usize;
}

impl<T: Weigh> Weigh for Arc<T> {
    fn weight(&self) -> usize {
        self.as_ref().weight()
    }
}

/// One page. `D` is something derived from the entries when it is first asked for.
#[derive(Debug)]
pub struct Leaf<K, V, D> {
    number: u32,
    entries: Vec<(K, V)>,
    weight: usize,
    derived: OnceLock<D>,
}

impl<K: Clone, V: Clone, D> Clone for Leaf<K, V, D> {
    /// For a change that is about to be made: what was derived is not taken along.
    fn clone(&self) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len() + 1);
        entries.extend_from_slice(&self.entries);
        Self {
            number: self.number,
            entries,
            weight: self.weight,
            derived: OnceLock::new(),
        }
    }
}

impl<K, V, D> Leaf<K, V, D> {
    /// In key order.
    pub fn entries(&self) -> &[(K, V)] {
        &self.entries
    }

    /// What `derive` makes of the entries, made once.
    pub fn derived(&self, derive: impl FnOnce(&[(K, V)]) -> D) -> &D {
        self.derived.get_or_init(|| derive(&self.entries))
    }

    /// True unless it is to be split.
    fn fits(&self) -> bool {
        self.entries.len() <= MAX_ENTRIES && (self.weight <= MAX_WEIGHT || self.entries.len() == 1)
    }

    /// True when its entries and those of `other` fit into one page.
    fn fits_with(&self, other: &Self) -> bool {
        self.entries.len() + other.entries.len() <= MAX_ENTRIES && self.weight + other.weight <= MAX_WEIGHT
    }
}

/// An ordered map in pages.
pub struct Paged<K, V, D = ()> {
    /// Each page under its start: a key not after its first entry and after every entry of the page before.
    leaves: OrdMap<K, Arc<Leaf<K, V, D>>>,
    next_number: u32,
    len: usize,
}

impl<K, V, D> Clone for Paged<K, V, D> {
    fn clone(&self) -> Self {
        Self {
            leaves: self.leaves.clone(),
            next_number: self.next_number,
            len: self.len,
        }
    }
}

impl<K: Ord + Debug, V: Debug, D: Debug> Debug for Paged<K, V, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.leaves.iter()).finish()
    }
}

impl<K, V, D> Default for Paged<K, V, D> {
    fn default() -> Self {
        Self {
            leaves: OrdMap::new(),
            next_number: 0,
            len: 0,
        }
    }
}

impl<K: Ord + Clone, V: Clone + Weigh, D> Paged<K, V, D> {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pages in key order.
    pub fn leaves(&self) -> impl DoubleEndedIterator<Item = &Leaf<K, V, D>> {
        self.leaves.values().map(Arc::as_ref)
    }

    /// The entries in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.leaves()
            .flat_map(|leaf| leaf.entries.iter().map(|(key, value)| (key, value)))
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        let (_, leaf) = self.leaves.get_prev(key)?;
        let index = leaf.entries.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
        leaf.entries.get(index).map(|(_, value)| value)
    }

    /// The first entry.
    #[must_use]
    pub fn first(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// Sets `key` to `value`.
    pub fn insert(&mut self, key: K, value: V) {
        let last = self.leaves.get_max().and_then(|(_, leaf)| leaf.entries.last());
        if last.is_none_or(|(last, _)| *last < key) {
            self.append(key, value);
            return;
        }
        if self.leaves.get_prev(&key).is_none() {
            self.begin_with(&key);
        }
        let Some((_, shared)) = self.leaves.get_prev_mut(&key) else {
            return;
        };
        let leaf = Arc::make_mut(shared);
        leaf.derived = OnceLock::new();
        let weight = value.weight();
        match leaf.entries.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(index) => {
                leaf.weight = leaf.weight + weight - leaf.entries[index].1.weight();
                leaf.entries[index].1 = value;
            }
            Err(index) => {
                leaf.weight += weight;
                leaf.entries.insert(index, (key.clone(), value));
                self.len += 1;
            }
        }
        if !leaf.fits() {
            self.split(&key);
        }
    }

    /// Adds an entry after all others.
    fn append(&mut self, key: K, value: V) {
        self.len += 1;
        let weight = value.weight();
        let has_room =
            |leaf: &Leaf<K, V, D>| leaf.entries.len() < MAX_LAST_ENTRIES && leaf.weight + weight <= MAX_WEIGHT;
        let last = self.leaves.get_max().filter(|(_, leaf)| has_room(leaf));
        let last = last.map(|(start, _)| start.clone());
        if let Some(shared) = last.and_then(|start| self.leaves.get_mut(&start)) {
            let leaf = Arc::make_mut(shared);
            leaf.derived = OnceLock::new();
            leaf.weight += weight;
            leaf.entries.push((key, value));
        } else {
            self.join_last();
            self.push_leaf(vec![(key, value)]);
        }
    }

    /// Moves the entries of the last page to the one before, if they fit there.
    fn join_last(&mut self) {
        let start = self.leaves.get_max().map(|(start, _)| start.clone());
        let Some((start, last)) = start.and_then(|start| self.leaves.remove_with_key(&start)) else {
            return;
        };
        match self.leaves.get_prev_mut(&start) {
            Some((_, before)) if before.fits_with(&last) => {
                let before = Arc::make_mut(before);
                before.derived = OnceLock::new();
                before.weight += last.weight;
                before.entries.extend_from_slice(&last.entries);
            }
            _ => drop(self.leaves.insert(start, last)),
        }
    }

    /// Has the first page start with `key`, which is before all others.
    fn begin_with(&mut self, key: &K) {
        let start = self.leaves.get_min().map(|(start, _)| start.clone());
        if let Some(leaf) = start.and_then(|start| self.leaves.remove(&start)) {
            self.leaves.insert(key.clone(), leaf);
        }
    }

    /// Splits the page of `key` in two.
    fn split(&mut self, key: &K) {
        let Some((_, shared)) = self.leaves.get_prev_mut(key) else {
            return;
        };
        let leaf = Arc::make_mut(shared);
        let moved = leaf.entries.split_off(leaf.entries.len() / 2);
        leaf.weight = leaf.entries.iter().map(|(_, value)| value.weight()).sum();
        self.push_leaf(moved);
    }

    /// Adds a page, unless it has no entries.
    fn push_leaf(&mut self, entries: Vec<(K, V)>) {
        let Some((start, _)) = entries.first() else { return };
        let weight = entries.iter().map(|(_, value)| value.weight()).sum();
        self.leaves.insert(
            start.clone(),
            Arc::new(Leaf {
                number: self.next_number,
                entries,
                weight,
                derived: OnceLock::new(),
            }),
        );
        self.next_number += 1;
    }

    /// Removes `key`.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (start, shared) = self.leaves.get_prev(key)?;
        let index = shared.entries.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
        let start = start.clone();
        let leaf = Arc::make_mut(self.leaves.get_mut(&start)?);
        leaf.derived = OnceLock::new();
        let (_, value) = leaf.entries.remove(index);
        leaf.weight -= value.weight();
        if leaf.entries.is_empty() {
            self.leaves.remove(&start);
        }
        self.len -= 1;
        Some(value)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored<E> {
    format: u16,
    entries: E,
}

/// Writes a page's content.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn encode_page(content: &impl Serialize) -> Result<Bytes, DecodeError> {
    Ok(serde_json::to_vec(&Stored {
        format: PAGE_FORMAT,
        entries: content,
    })?
    .into())
}

/// Reads a page's content.
///
/// # Errors
/// When the page is of a newer format or damaged.
pub fn decode_page<E: DeserializeOwned>(bytes: &[u8]) -> Result<E, DecodeError> {
    #[derive(Deserialize)]
    struct Format {
        format: u16,
    }
    match serde_json::from_slice::<Stored<E>>(bytes) {
        Ok(stored) if stored.format <= PAGE_FORMAT => Ok(stored.entries),
        outcome => {
            let Format { format } = serde_json::from_slice(bytes)?;
            if format > PAGE_FORMAT {
                return Err(DecodeError::Newer {
                    what: "a page",
                    found: format,
                    known: PAGE_FORMAT,
                });
            }
            Err(outcome
                .err()
                .map_or_else(|| DecodeError::Malformed("a page".into()), DecodeError::from))
        }
    }
}

impl<K: Ord + Clone + Serialize + DeserializeOwned, V: Clone + Weigh + Serialize + DeserializeOwned, D> Paged<K, V, D> {
    /// Adds to `writes` the pages that differ from those of `since`, named `<prefix>/<number>`.
    ///
    /// # Errors
    /// When an entry cannot be written as JSON.
    pub fn save(&self, prefix: &str, since: Option<&Self>, writes: &mut Vec<PageWrite>) -> Result<(), DecodeError> {
        let name = |number: u32| format!("{prefix}/{number}").into_boxed_str();
        let mut old: HashMap<u32, &Arc<Leaf<K, V, D>>> = since
            .into_iter()
            .flat_map(|since| since.leaves.values().map(|leaf| (leaf.number, leaf)))
            .collect();
        for leaf in self.leaves.values() {
            if !old.remove(&leaf.number).is_some_and(|before| Arc::ptr_eq(before, leaf)) {
                writes.push(PageWrite {
                    name: name(leaf.number),
                    bytes: Some(encode_page(&leaf.entries)?),
                });
            }
        }
        writes.extend(old.into_keys().map(|number| PageWrite {
            name: name(number),
            bytes: None,
        }));
        Ok(())
    }

    /// Reads back what [`save`](Self::save) wrote; pages of other prefixes are passed over.
    ///
    /// # Errors
    /// When a page is of a newer format or damaged.
    pub fn restore(prefix: &str, pages: &[Page]) -> Result<Self, DecodeError> {
        let mut restored = Self::default();
        for page in pages {
            let Some(number) = page.name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let number: u32 = number
                .parse()
                .map_err(|_| DecodeError::Malformed(format!("page {}", page.name).into()))?;
            let entries: Vec<(K, V)> = decode_page(&page.bytes)?;
            restored.next_number = restored.next_number.max(number + 1);
            let Some((start, _)) = entries.first() else { continue };
            let (start, weight) = (start.clone(), entries.iter().map(|(_, value)| value.weight()).sum());
            restored.len += entries.len();
            let leaf = Leaf {
                number,
                entries,
                weight,
                derived: OnceLock::new(),
            };
            if restored.leaves.insert(start, Arc::new(leaf)).is_some() {
                return Err(DecodeError::Malformed(
                    format!("page {} begins like another", page.name).into(),
                ));
            }
        }
        Ok(restored)
    }

    /// Replaces every value by what `change` makes of it, where it makes something.
    pub fn update_all(&mut self, mut change: impl FnMut(&K, &V) -> Option<V>) {
        let changes: Vec<(K, V)> = self
            .iter()
            .filter_map(|(key, value)| change(key, value).map(|new| (key.clone(), new)))
            .collect();
        for (key, value) in changes {
            self.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    impl Weigh for u32 {
        fn weight(&self) -> usize {
            usize::try_from(*self).unwrap() % 3000
        }
    }

    fn apply(writes: Vec<PageWrite>, saved: &mut BTreeMap<Box<str>, Bytes>) {
        for write in writes {
            match write.bytes {
                Some(bytes) => drop(saved.insert(write.name, bytes)),
                None => drop(saved.remove(&write.name)),
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_a_map_and_incremental_saves_restore_it(steps in prop::collection::vec((any::<bool>(), 0..500_u32, any::<u32>(), 0..20_u8), 1..600)) {
            let (mut paged, mut model) = (Paged::<u32, u32>::default(), BTreeMap::new());
            let (mut saved, mut last) = (BTreeMap::new(), None::<Paged<u32, u32>>);
            for (insert, key, value, save) in steps {
                if insert {
                    paged.insert(key, value);
                    model.insert(key, value);
                } else {
                    prop_assert_eq!(paged.remove(&key), model.remove(&key));
                }
                if save == 0 {
                    let mut writes = Vec::new();
                    paged.save("t", last.as_ref(), &mut writes).unwrap();
                    apply(writes, &mut saved);
                    last = Some(paged.clone());
                }
                prop_assert_eq!(paged.get(&key), model.get(&key));
            }
            let mut writes = Vec::new();
            paged.save("t", last.as_ref(), &mut writes).unwrap();
            apply(writes, &mut saved);
            let pages: Vec<Page> = saved.into_iter().map(|(name, bytes)| Page { name, bytes }).collect();
            let restored = Paged::<u32, u32>::restore("t", &pages).unwrap();
            prop_assert_eq!(restored.len(), model.len());
            prop_assert!(restored.iter().eq(model.iter()));
            prop_assert!(paged.iter().eq(model.iter()));
        }
    }

    #[test]
    fn a_page_of_a_newer_format_is_refused() {
        let outcome = decode_page::<Vec<(u32, u32)>>(br#"{"format":2,"entries":{"else":1}}"#);
        assert!(matches!(outcome, Err(DecodeError::Newer { found: 2, .. })));
    }

    #[test]
    fn keys_that_grow_leave_full_pages_behind_and_a_short_last_one() {
        let mut paged = Paged::<u32, u32>::default();
        for key in 0..10_000 {
            paged.insert(key, 1);
            let mut sizes = paged.leaves().map(|leaf| leaf.entries().len()).rev();
            assert!(sizes.next().is_some_and(|last| last <= MAX_LAST_ENTRIES));
            let is_full = |size| size == MAX_ENTRIES;
            assert!(key % 1_000 != 0 || sizes.skip(1).all(is_full));
        }
        assert_eq!(paged.len(), 10_000);
    }

    #[test]
    fn one_change_in_ten_thousand_entries_saves_one_page() {
        let mut paged = Paged::<u32, u32>::default();
        (0..10_000).for_each(|key| paged.insert(key, 1));
        let before = paged.clone();
        paged.insert(5000, 2);
        let mut writes = Vec::new();
        paged.save("t", Some(&before), &mut writes).unwrap();
        assert_eq!(writes.len(), 1);
    }
}
