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

/// What the answers remembered of one actor may weigh together, in bytes. Beyond it the oldest are forgotten before their time: a day of answers
/// to a busy client is more than a user's tasks.
pub const MAX_BYTES: usize = 4 << 20;

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

/// Remembered answers: in pages by expiry, so that old ones leave from the front, and by key.
#[derive(Clone, Debug)]
pub struct Memory<R> {
    entries: Paged<(Timestamp, u128), Arc<Remembered<R>>>,
    by_key: imbl::HashMap<u128, Timestamp>,
    /// What the entries weigh.
    bytes: usize,
}

impl<R: Reply> Default for Memory<R> {
    fn default() -> Self {
        Self {
            entries: Paged::default(),
            by_key: imbl::HashMap::new(),
            bytes: 0,
        }
    }
}

impl<R: Reply> Memory<R> {
    /// The answer given for `key`, unless it has expired.
    #[must_use]
    pub fn recall(&self, key: u128, now: Timestamp) -> Option<&Remembered<R>> {
        let expires = *self.by_key.get(&key).filter(|expires| **expires > now)?;
        self.entries.get(&(expires, key)).map(Arc::as_ref)
    }

    /// Remembers `reply` for `key` and forgets some of what has expired, and what is too much.
    pub fn remember(&mut self, key: IdempotencyKey, reply: R, now: Timestamp) {
        // Two for each one that comes: the memory shrinks, and no single command pays for a day of them.
        for _ in 0..2 {
            let oldest = self.oldest().filter(|(expires, _)| *expires <= now);
            oldest.into_iter().for_each(|old| self.forget(old));
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
            self.forget(oldest);
        }
    }

    fn oldest(&self) -> Option<(Timestamp, u128)> {
        self.entries.first().map(|(id, _)| *id)
    }

    fn forget(&mut self, id: (Timestamp, u128)) {
        if let Some(removed) = self.entries.remove(&id) {
            self.bytes -= removed.weight();
            self.by_key.remove(&id.1);
        }
    }

    /// Adds the pages that differ from those of `since`.
    ///
    /// # Errors
    /// When an answer cannot be written.
    pub fn save(&self, since: Option<&Self>, writes: &mut Vec<PageWrite>) -> Result<(), DecodeError> {
        self.entries.save("keys", since.map(|since| &since.entries), writes)
    }

    /// Reads back what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// When a page is of a newer format or damaged.
    pub fn restore(pages: &[Page]) -> Result<Self, DecodeError> {
        let entries: Paged<(Timestamp, u128), Arc<Remembered<R>>> = Paged::restore("keys", pages)?;
        let by_key = entries.iter().map(|((expires, key), _)| (*key, *expires)).collect();
        let bytes = entries.iter().map(|(_, remembered)| remembered.weight()).sum();
        Ok(Self { entries, by_key, bytes })
    }
}

#[cfg(test)]
mod tests {
    use punctual_events::AnswerKind;

    use super::*;

    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Large(u128);

    impl Reply for Large {
        fn kind(&self) -> AnswerKind {
            AnswerKind::Done
        }

        fn weight(&self) -> usize {
            40_000
        }
    }

    #[test]
    fn answers_beyond_the_bound_are_forgotten_oldest_first() {
        let (mut memory, now) = (Memory::default(), Timestamp::from_millis(0));
        for key in 0..1_000 {
            let at = now.plus_millis(i64::try_from(key).unwrap());
            memory.remember(IdempotencyKey { body: 0, key }, Large(key), at);
        }
        let kept = (0..1_000).filter(|key| memory.recall(*key, now).is_some());
        let kept: Vec<u128> = kept.collect();
        assert_eq!(kept.len(), MAX_BYTES / 40_080);
        assert!(kept.contains(&999) && !kept.contains(&0));

        let mut writes = Vec::new();
        memory.save(None, &mut writes).unwrap();
        let pages: Vec<Page> = writes.into_iter().filter_map(PageWrite::into_page).collect();
        assert_eq!(Memory::<Large>::restore(&pages).unwrap().bytes, memory.bytes);
    }
}
