//! What the state side of this runtime asks of the state API: keys, one at a time where atomicity matters. [`super::state::State`] is the real
//! one; tests put one in its place that loses replies and dies between two writes.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use punctual_actors::ports::Failure;

/// Bytes read or written by one call at most, so that it stays well below the 4 MiB of gRPC.
pub const MAX_BULK_BYTES: usize = 2 * 1024 * 1024;

/// Keys of one call at most.
pub const MAX_BULK_KEYS: usize = 128;

/// Bytes of one value at most; what is larger would not get through gRPC, so it is refused before it is tried.
pub const MAX_VALUE_BYTES: usize = 3 * 1024 * 1024;

/// A version of a key, opaque, of the store's own making. A write does not say which version it made; only reading does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Arc<str>);

impl Version {
    /// The version the store calls by this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The store's text for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Done,
    /// The store says that the key has another version. A retry inside the sidecar can collide with its own first attempt, and Redis says this of
    /// every write that failed, so the write may be there all the same: only reading tells.
    Conflict,
}

/// Keys with values, which have at least one byte: PostgreSQL's component takes an empty value for none and refuses it.
///
/// # Contract
/// A write that was acknowledged is durable, and every read that begins after it sees it. Whatever fails may have taken effect, or may still.
pub trait Keys: Send + Sync + 'static {
    /// The value of a key and its version; `None` where there is none.
    ///
    /// # Errors
    /// When the store is away.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<(Bytes, Version)>, Failure>> + Send;

    /// The values of many keys, in the order asked, read by one call. The caller sees to it that they fit into [`MAX_BULK_BYTES`].
    ///
    /// # Errors
    /// When the store is away or one of the keys cannot be read.
    fn get_many(&self, keys: &[String]) -> impl Future<Output = Result<Vec<Option<Bytes>>, Failure>> + Send;

    /// Creates a key that is not there: the first write wins.
    ///
    /// # Errors
    /// Every failure, a key that is there already included: stores answer that as an error like any other. Reading tells.
    fn create(&self, key: &str, value: Bytes) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Replaces the version `version` of a key.
    ///
    /// # Errors
    /// When the outcome is unknown.
    fn replace(
        &self,
        key: &str,
        version: &Version,
        value: Bytes,
    ) -> impl Future<Output = Result<Written, Failure>> + Send;

    /// Writes keys that nobody else writes, or whose last writer may win. Never for a key that is created or replaced: Redis refuses it there.
    ///
    /// # Errors
    /// When some may not have been written; writing them again is harmless.
    fn put(&self, keys: Vec<(String, Bytes)>) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Deletes keys, by one call; harmless where there is none.
    ///
    /// # Errors
    /// When the outcome is unknown.
    fn delete(&self, keys: &[String]) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Cuts `items` into runs of at most [`MAX_BULK_KEYS`] that weigh at most [`MAX_BULK_BYTES`] together, one that weighs more by itself excepted.
pub(super) fn batches<T>(items: &[T], weight: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let (mut batches, mut start, mut weighs) = (Vec::new(), 0, 0);
    for (index, item) in items.iter().enumerate() {
        let adds = weight(item);
        if index > start && (weighs + adds > MAX_BULK_BYTES || index - start == MAX_BULK_KEYS) {
            batches.push(&items[start..index]);
            (start, weighs) = (index, 0);
        }
        weighs += adds;
    }
    if start < items.len() {
        batches.push(&items[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_in_bytes_and_in_keys() {
        let mib = 1024 * 1024;
        let sizes =
            |items: &[usize]| -> Vec<usize> { batches(items, |size| *size).iter().map(|run| run.len()).collect() };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[mib, mib, mib]), [2, 1]);
        assert_eq!(sizes(&[3 * mib, 1]), [1, 1]);
        assert_eq!(sizes(&[1; 300]), [128, 128, 44]);
    }
}
