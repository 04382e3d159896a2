//! Changing a head.

use std::sync::Arc;

use bytes::Bytes;
use punctual_actors::ports::Failure;
use punctual_events::ActorId;
use tokio::sync::OwnedMutexGuard;

use super::{
    Shared,
    head::StoredHead,
    live::{Known, Slot},
    names,
};
use crate::dapr::keys::{Keys, MAX_VALUE_BYTES, Written};

/// Attempts of a change that other processes get ahead of.
const ATTEMPTS: usize = 16;

impl<K: Keys> Shared<K> {
    /// Sees to it that something is known of the head.
    pub(super) async fn know(&self, actor: ActorId, slot: &mut Slot) -> Result<(), Failure> {
        if matches!(slot.known, Known::Nothing) {
            slot.known = match self.reader.stored(actor).await? {
                Some((head, version)) => Known::Present(head, version),
                None => Known::Absent,
            };
        }
        Ok(())
    }

    /// Reads the version a write has made, behind the caller's back. Who wants the head next waits for it.
    pub(super) fn know_soon(self: &Arc<Self>, actor: ActorId, mut slot: OwnedMutexGuard<Slot>) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            // Where it fails, whoever comes next reads the head and says so.
            let _ = shared.know(actor, &mut slot).await;
        });
    }

    /// The stored form of a head about to be written, with what audit confirmed meanwhile.
    pub(super) fn seal(&self, actor: ActorId, head: &mut StoredHead) -> Result<Bytes, Failure> {
        head.head.audited = head.head.audited.max(self.marks.of(actor));
        let bytes = head.encode()?;
        if bytes.len() > MAX_VALUE_BYTES {
            return Err(Failure::new(format_args!(
                "the head of {actor} is too large to be kept"
            )));
        }
        Ok(bytes)
    }

    /// Changes the head by `change`, which is called again with a newer head where another process was first. Gives what it gave and the head as
    /// it was written; `None` when it gave nothing, which leaves the head alone, and where there is no head. Both are said only of a head that was
    /// just read, for only a write tells that a head in memory is out of date.
    ///
    /// # Errors
    /// When the outcome is unknown.
    pub(super) async fn change<T>(
        self: &Arc<Self>,
        actor: ActorId,
        mut change: impl FnMut(&mut StoredHead) -> Option<T>,
    ) -> Result<Option<(T, StoredHead)>, Failure> {
        let (key, entry) = (names::head(actor), self.live.entry(actor));
        for _ in 0..ATTEMPTS {
            let mut slot = Arc::clone(&entry.head).lock_owned().await;
            let is_from_memory = matches!(slot.known, Known::Present(..));
            if !is_from_memory {
                slot.known = Known::Nothing;
            }
            self.know(actor, &mut slot).await?;
            let Known::Present(head, version) = &slot.known else {
                return Ok(None);
            };
            let (mut next, version) = (head.clone(), version.clone());
            let Some(value) = change(&mut next) else {
                if is_from_memory {
                    slot.known = Known::Nothing;
                    continue;
                }
                return Ok(None);
            };
            let bytes = self.seal(actor, &mut next)?;
            slot.known = Known::Nothing;
            let is_there = match self.keys.replace(&key, &version, bytes.clone()).await? {
                Written::Done => true,
                Written::Conflict => match self.keys.get(&key).await? {
                    // It may have been our own write, sent twice.
                    Some((found, _)) if found == bytes => true,
                    // The next attempt starts from this, without another call that would let the other process get ahead again.
                    Some((found, version)) => {
                        slot.known = Known::Present(StoredHead::decode(&found)?, version);
                        false
                    }
                    None => false,
                },
            };
            if is_there {
                self.marks.written(actor, next.head.audited);
                self.know_soon(actor, slot);
                return Ok(Some((value, next)));
            }
        }
        Err(Failure::new(format_args!(
            "the head of {actor} changes faster than it can be written"
        )))
    }
}
