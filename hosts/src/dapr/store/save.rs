//! Saving pages.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use punctual_actors::ports::{Failure, PageSave};
use punctual_events::{ActorId, DecodeError, Seq};

use super::{
    Shared,
    head::StoredHead,
    manifest::{Manifest, PageRef, Seal},
    names, page,
    revision::{ATTEMPTS, Revision},
};
use crate::dapr::keys::Keys;

impl<K: Keys> Shared<K> {
    /// Saves pages, all or none.
    pub(super) async fn save(self: &Arc<Self>, actor: ActorId, save: &PageSave) -> Result<bool, Failure> {
        let entry = self.live.entry(actor);
        let _upkeep = entry.upkeep.lock().await;
        for _ in 0..ATTEMPTS {
            let revision = self
                .begin(actor, |head| is_wanted(head, save).then_some(save.at))
                .await?;
            let Some(revision) = revision else {
                return Ok(false);
            };
            let (manifest, values) = with_pages(actor, &revision, save)?;
            let adjust = |head: &mut StoredHead| {
                head.head.snapshot = save.at;
                true
            };
            if self.finish(actor, &revision, &manifest, values, adjust).await? {
                return Ok(true);
            }
        }
        Err(Failure::new(format_args!(
            "the pages of {actor} change faster than they can be saved"
        )))
    }
}

/// True when a save goes on from what is there.
fn is_wanted(head: &StoredHead, save: &PageSave) -> bool {
    let (snapshot, last) = (head.head.snapshot, head.head.seq);
    save.at > snapshot && save.at <= last && save.since.is_none_or(|since| since == snapshot && since > Seq::ZERO)
}

/// The manifest after `save`, and the pages it writes.
fn with_pages(
    actor: ActorId,
    revision: &Revision,
    save: &PageSave,
) -> Result<(Manifest, Vec<(String, Bytes)>), DecodeError> {
    let mut manifest = revision.successor(actor);
    let mut values = Vec::new();
    // Of a whole save nothing is left that it does not name.
    let mut left = match save.since {
        Some(_) => manifest.pages.clone(),
        None => BTreeMap::new(),
    };
    for write in &save.pages {
        left.remove(&write.name);
        if let Some(content) = &write.bytes {
            let value = page::encode(content)?;
            let page = PageRef {
                at: save.at,
                nonce: revision.nonce(),
                seal: Seal::of(&value),
            };
            left.insert(write.name.clone(), page);
            values.push((names::page(actor, &write.name, page.at, page.nonce), value));
        }
    }
    let before = std::mem::replace(&mut manifest.pages, left);
    for (name, page) in before {
        if manifest.pages.get(&name) != Some(&page) {
            let key = names::page(actor, &name, page.at, page.nonce);
            manifest.superseded.push(revision.supersede(key));
        }
    }
    Ok((manifest, values))
}
