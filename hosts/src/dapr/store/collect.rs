//! Deleting what nobody wants any more.

use std::collections::HashSet;

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Timestamp};

use super::{
    GRACE_MS, Shared,
    head::{Loose, LooseKind},
    manifest::{Manifest, Superseded},
    names,
};
use crate::dapr::keys::{Keys, MAX_BULK_KEYS};

/// What was deleted, so that it need not be listed any more.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) loose: Vec<Loose>,
    pub(super) superseded: HashSet<Superseded>,
}

fn is_over(since: Timestamp, now: Timestamp) -> bool {
    now.as_millis() - since.as_millis() >= GRACE_MS
}

impl<K: Keys> Shared<K> {
    /// Deletes what `loose` and `old` list for longer than the grace. It is only tidying up: where it fails, it is left for the next time.
    pub(super) async fn collect(&self, actor: ActorId, loose: &[Loose], old: &Manifest, now: Timestamp) -> Collected {
        let collected = Collected {
            loose: loose
                .iter()
                .filter(|loose| is_over(loose.since, now))
                .copied()
                .collect(),
            superseded: old
                .superseded
                .iter()
                .filter(|key| is_over(key.since, now))
                .cloned()
                .collect(),
        };
        let superseded = collected.superseded.iter().map(|entry| entry.key.to_string());
        match self.delete_loose(actor, &collected.loose, superseded.collect()).await {
            Ok(()) => collected,
            Err(failure) => {
                tracing::warn!(%actor, %failure, "keys that are not wanted any more could not be deleted");
                Collected::default()
            }
        }
    }

    /// Deletes `keys` and what `loose` stands for. A manifest goes last: it is what says which keys there may be.
    pub(super) async fn delete_loose(
        &self,
        actor: ActorId,
        loose: &[Loose],
        mut keys: Vec<String>,
    ) -> Result<(), Failure> {
        let mut manifests = Vec::new();
        for loose in loose {
            match loose.kind {
                LooseKind::Segment => keys.push(names::segment(actor, loose.at, loose.nonce)),
                LooseKind::Manifest => {
                    let key = names::manifest(actor, loose.at, loose.nonce);
                    if let Some((bytes, _)) = self.keys.get(&key).await? {
                        keys.extend(Manifest::decode(&bytes)?.keys_of(actor, loose.nonce));
                        manifests.push(key);
                    }
                }
            }
        }
        for batch in keys.chunks(MAX_BULK_KEYS).chain(manifests.chunks(MAX_BULK_KEYS)) {
            self.keys.delete(batch).await?;
        }
        Ok(())
    }
}
