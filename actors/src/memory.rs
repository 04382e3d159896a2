//! What an actor remembers of keyed commands: the answer, for as long as the key may be repeated.

use std::sync::Arc;

use punctual_events::{DecodeError, IdempotencyKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    machine::Reply,
    paged::{Paged, Weigh},
    ports::{Page, PageWrite},
};

/// How long a key is remembered, in milliseconds.
pub const KEY_LIFETIME_MS: i64 = 24 * 3_600_000;

/// What the answers remembered of one actor may weigh together, in bytes: a day of answers to a busy client is more than a user's tasks. Beyond it
/// the oldest are forgotten before their time, and only their keys are kept, so that what was done is not done again.
pub const MAX_BYTES: usize = 4 << 20;

/// How many keys without an answer are kept of one actor. Beyond it the oldest are forgotten before their time.
pub const MAX_SPENT: usize = 32_768;

/// A remembered answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Remembered<R> {
    /// Digest of the request it answered.
    pub body: u128,
    /// The answer.
    pub reply: R,
}

impl<R: Reply> Weigh for Remembered<R> {
    fn weight(&self) -> usize {
        self.reply.weight() + 80
    }
}

/// The digest of a request whose answer is not kept any more.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Spent(u128);

impl Weigh for Spent {
    fn weight(&self) -> usize {
        100
    }
}

/// What is known of a key.
#[derive(Debug)]
pub enum Recalled<'a, R> {
    /// The answer.
    Answered(&'a Remembered<R>),
    /// A request with this digest was done; its answer is not kept any more.
    Spent {
        /// The digest of that request.
        body: u128,
    },
}

impl<R> Recalled<'_, R> {
    /// Digest of the request.
    #[must_use]
    pub fn body(&self) -> u128 {
        match self {
            Self::Answered(remembered) => remembered.body,
            Self::Spent { body } => *body,
        }
    }
}

type Expiring = (Timestamp, u128);

/// Remembered answers, and keys whose answers were too much: in pages by expiry, so that old ones leave from the front, and by key.
#[derive(Clone, Debug)]
pub struct Memory<R> {
    entries: Paged<Expiring, Arc<Remembered<R>>>,
    spent: Paged<Expiring, Spent>,
    by_key: imbl::HashMap<u128, Timestamp>,
    /// What the entries weigh.
    bytes: usize,
}

impl<R: Reply> Default for Memory<R> {
    fn default() -> Self {
        Self {
            entries: Paged::default(),
            spent: Paged::default(),
            by_key: imbl::HashMap::new(),
            bytes: 0,
        }
    }
}

impl<R: Reply> Memory<R> {
    /// What is known of `key`, unless it has expired.
    #[must_use]
    pub fn recall(&self, key: u128, now: Timestamp) -> Option<Recalled<'_, R>> {
        let id = (*self.by_key.get(&key).filter(|expires| **expires > now)?, key);
        match self.entries.get(&id) {
            Some(remembered) => Some(Recalled::Answered(remembered)),
            None => self.spent.get(&id).map(|Spent(body)| Recalled::Spent { body: *body }),
        }
    }

    /// Remembers `reply` for `key` and forgets some of what has expired, and what is too much.
    pub fn remember(&mut self, key: IdempotencyKey, reply: R, now: Timestamp) {
        // Two for each one that comes: the memory shrinks, and no single command pays for a day of them.
        for _ in 0..2 {
            let oldest = [self.oldest(), self.oldest_spent()].into_iter().flatten().min();
            let expired = oldest.filter(|(expires, _)| *expires <= now);
            expired.into_iter().for_each(|old| self.forget(old));
        }
        if let Some(before) = self.by_key.get(&key.key) {
            self.forget((*before, key.key));
        }
        let expires = now.plus_millis(KEY_LIFETIME_MS);
        let remembered = Arc::new(Remembered { body: key.body, reply });
        self.bytes += remembered.weight();
        self.entries.insert((expires, key.key), remembered);
        self.by_key.insert(key.key, expires);
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.oldest().filter(|_| self.entries.len() > 1)
        {
            self.spend(oldest);
        }
    }

    fn oldest(&self) -> Option<Expiring> {
        self.entries.first().map(|(id, _)| *id)
    }

    fn oldest_spent(&self) -> Option<Expiring> {
        self.spent.first().map(|(id, _)| *id)
    }

    /// Forgets an answer and keeps its key.
    fn spend(&mut self, id: Expiring) {
        if let Some(removed) = self.entries.remove(&id) {
            self.bytes -= removed.weight();
            self.spent.insert(id, Spent(removed.body));
        }
        while self.spent.len() > MAX_SPENT
            && let Some(oldest) = self.oldest_spent()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, id: Expiring) {
        if let Some(removed) = self.entries.remove(&id) {
            self.bytes -= removed.weight();
        }
        self.spent.remove(&id);
        self.by_key.remove(&id.1);
    }

    /// Adds the pages that differ from those of `since`.
    ///
    /// # Errors
    /// When an answer cannot be written.
    pub fn save(&self, since: Option<&Self>, writes: &mut Vec<PageWrite>) -> Result<(), DecodeError> {
        self.entries.save("keys", since.map(|since| &since.entries), writes)?;
        self.spent.save("spent", since.map(|since| &since.spent), writes)
    }

    /// Reads back what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// When a page is of a newer format or damaged.
    pub fn restore(pages: &[Page]) -> Result<Self, DecodeError> {
        let entries: Paged<Expiring, Arc<Remembered<R>>> = Paged::restore("keys", pages)?;
        let spent: Paged<Expiring, Spent> = Paged::restore("spent", pages)?;
        let ids = entries.iter().map(|(id, _)| id).chain(spent.iter().map(|(id, _)| id));
        let by_key = ids.map(|(expires, key)| (*key, *expires)).collect();
        let bytes = entries.iter().map(|(_, remembered)| remembered.weight()).sum();
        Ok(Self {
            entries,
            spent,
            by_key,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use punctual_events::AnswerKind;

    use super::*;

    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Weighing {
        of: u128,
        weight: usize,
    }

    impl Reply for Weighing {
        fn kind(&self) -> AnswerKind {
            AnswerKind::Done
        }

        fn weight(&self) -> usize {
            self.weight
        }
    }

    fn at(millis: u128) -> Timestamp {
        Timestamp::from_millis(i64::try_from(millis).unwrap())
    }

    /// A memory after so many commands, a millisecond apart.
    fn after(commands: u128, weight: usize) -> Memory<Weighing> {
        let mut memory = Memory::default();
        for key in 0..commands {
            let digest = IdempotencyKey { body: key + 7, key };
            memory.remember(digest, Weighing { of: key, weight }, at(key));
        }
        memory
    }

    fn reread(memory: &Memory<Weighing>) -> Memory<Weighing> {
        let mut writes = Vec::new();
        memory.save(None, &mut writes).unwrap();
        let pages: Vec<Page> = writes.into_iter().filter_map(PageWrite::into_page).collect();
        Memory::restore(&pages).unwrap()
    }

    /// How many of these keys are answered, spent and unknown.
    fn counts(memory: &Memory<Weighing>, keys: u128, now: Timestamp) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for key in 0..keys {
            match memory.recall(key, now) {
                Some(Recalled::Answered(remembered)) => {
                    assert_eq!((remembered.reply.of, remembered.body), (key, key + 7));
                    counts.0 += 1;
                }
                Some(Recalled::Spent { body }) => {
                    assert_eq!(body, key + 7);
                    counts.1 += 1;
                }
                None => counts.2 += 1,
            }
        }
        counts
    }

    #[test]
    fn answers_beyond_the_bound_are_forgotten_oldest_first_and_their_keys_are_not() {
        let memory = after(1_000, 40_000);
        let kept = MAX_BYTES / 40_080;
        for memory in [&memory, &reread(&memory)] {
            assert_eq!(counts(memory, 1_000, at(0)), (kept, 1_000 - kept, 0));
            assert!(matches!(memory.recall(999, at(0)), Some(Recalled::Answered(_))));
            assert!(matches!(memory.recall(0, at(0)), Some(Recalled::Spent { .. })));
        }
        assert_eq!(reread(&memory).bytes, memory.bytes);
    }

    #[test]
    fn a_page_of_keys_that_this_release_wrote_is_read_for_ever() {
        let written =
            r#"{"format":1,"entries":[[["2027-01-15T08:00:00.000Z",340282366920938463463374607431768211455],7]]}"#;
        let page = Page {
            name: "spent/0".into(),
            bytes: written.into(),
        };
        let memory = Memory::<Weighing>::restore(&[page]).unwrap();
        let now = Timestamp::from_millis(1_800_000_000_000 - 1);
        assert!(matches!(
            memory.recall(u128::MAX, now),
            Some(Recalled::Spent { body: 7 })
        ));
        let mut writes = Vec::new();
        memory.save(None, &mut writes).unwrap();
        let saved: Vec<Page> = writes.into_iter().filter_map(PageWrite::into_page).collect();
        assert_eq!(saved.len(), 1);
        assert_eq!(std::str::from_utf8(&saved[0].bytes).unwrap(), written);
    }

    #[test]
    fn keys_beyond_their_bound_are_forgotten_oldest_first() {
        let (kept, beyond) = (MAX_BYTES / 1_000_080, 10);
        let commands = u128::try_from(kept + MAX_SPENT + beyond).unwrap();
        let memory = after(commands, 1_000_000);
        assert_eq!(counts(&memory, commands, at(0)), (kept, MAX_SPENT, beyond));
        assert!(memory.recall(9, at(0)).is_none() && memory.recall(10, at(0)).is_some());
    }

    #[test]
    fn a_key_with_its_answer_or_without_is_forgotten_after_its_time() {
        let mut memory = after(1_000, 40_000);
        let lifetime = u128::try_from(KEY_LIFETIME_MS).unwrap();
        assert!(memory.recall(500, at(lifetime + 500)).is_none());
        assert!(memory.recall(501, at(lifetime + 500)).is_some());
        for key in 1_000..2_000 {
            let digest = IdempotencyKey { body: key + 7, key };
            memory.remember(digest, Weighing { of: key, weight: 1 }, at(lifetime * 2));
        }
        assert_eq!(
            (memory.entries.len(), memory.spent.len(), memory.by_key.len()),
            (1_000, 0, 1_000)
        );
    }
}
