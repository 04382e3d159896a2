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
}

impl<R: Reply> Default for Memory<R> {
    fn default() -> Self {
        Self {
            entries: Paged::default(),
            by_key: imbl::HashMap::new(),
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

    /// Remembers `reply` for `key` and forgets some of what has expired.
    pub fn remember(&mut self, key: IdempotencyKey, reply: R, now: Timestamp) {
        // Two for each one that comes: the memory shrinks, and no single command pays for a day of them.
        for _ in 0..2 {
            let Some(old) = self
                .entries
                .first()
                .map(|(id, _)| *id)
                .filter(|(expires, _)| *expires <= now)
            else {
                break;
            };
            self.entries.remove(&old);
            self.by_key.remove(&old.1);
        }
        if let Some(before) = self.by_key.get(&key.key) {
            self.entries.remove(&(*before, key.key));
        }
        let expires = now.plus_millis(KEY_LIFETIME_MS);
        self.entries
            .insert((expires, key.key), Arc::new(Remembered { body: key.body, reply }));
        self.by_key.insert(key.key, expires);
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
        let entries = Paged::restore("keys", pages)?;
        let by_key = entries.iter().map(|((expires, key), _)| (*key, *expires)).collect();
        Ok(Self { entries, by_key })
    }
}
