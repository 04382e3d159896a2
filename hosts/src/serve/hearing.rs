//! Whether sync hears everything here, and what it reads from the logs where it did not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    dapr::{
        marker::Markers,
        watch::{Condition, Watch},
    },
    roles::sync::SyncRole,
};

/// What this replica of sync hears.
pub(super) struct Hearing {
    pub(super) markers: Arc<Markers>,
    watch: Arc<Watch>,
    hears_all: AtomicBool,
}

impl Hearing {
    pub(super) fn new(markers: Markers, watch: Arc<Watch>) -> Arc<Self> {
        Arc::new(Self {
            markers: Arc::new(markers),
            watch,
            hears_all: AtomicBool::new(false),
        })
    }

    /// True while no event passes this replica by.
    pub(super) fn hears_all(&self) -> bool {
        self.hears_all.load(Ordering::Relaxed)
    }

    /// Has `sync` read what it did not hear, now and after every time the sidecar was away: one that comes back hears what comes next.
    pub(super) async fn keep_up_for_ever(&self, sync: &SyncRole) {
        loop {
            self.watch.until(|condition| condition != Condition::Away).await;
            self.markers.begin();
            let away = self.watch.until(|condition| condition == Condition::Away);
            tokio::pin!(away);
            tokio::select! {
                () = self.markers.all_back() => {
                    sync.catch_up().await;
                    self.hears_all.store(true, Ordering::Relaxed);
                    tracing::info!("sync hears every partition");
                    away.await;
                    self.hears_all.store(false, Ordering::Relaxed);
                }
                () = &mut away => {}
            }
        }
    }
}
