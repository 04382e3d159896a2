//! Whether this process hears what is published, and what it does when it does not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use punctual_actors::ports::Clock;

use crate::{
    dapr::{
        app::Checkup,
        marker::{Deaf, Markers},
        watch::{Condition, Watch},
    },
    roles::sync::SyncRole,
};

/// A topic that was silent for this long is probed, in milliseconds.
const SILENCE_MS: u64 = 20_000;
/// After a new subscription that helped nothing the next is asked for this much later, and each time twice as late, up to [`MAX_REST_MS`].
const FIRST_REST_MS: u64 = 1_000;
const MAX_REST_MS: u64 = 600_000;

/// What this process hears of some topics.
///
/// A sidecar that unsubscribes while a message is under way, because the process was killed or too busy to answer, and subscribes anew at once,
/// can be left without a subscription and never says so (seen with Dapr 1.18, components-contrib 1.18.3: the consumer group had no member). So
/// what is silent is probed, and where nothing comes back the sidecar is brought to subscribe anew.
pub(super) struct Hearing {
    pub(super) markers: Arc<Markers>,
    watch: Arc<Watch>,
    checkup: Arc<Checkup>,
    clock: Arc<dyn Clock>,
    hears: AtomicBool,
}

/// What came of probing.
enum Probe {
    Heard,
    Deaf,
    /// There is nobody to hear anything from.
    SidecarAway,
}

impl Hearing {
    pub(super) fn new(markers: Markers, watch: Arc<Watch>, checkup: Arc<Checkup>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            markers: Arc::new(markers),
            watch,
            checkup,
            clock,
            hears: AtomicBool::new(false),
        })
    }

    /// True while nothing passes this process by that it is to hear.
    pub(super) fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }

    /// Probes at the start, after every absence of the sidecar, and when it is silent. `sync`, where it is played, then reads what it did not hear:
    /// a sidecar that comes back hears what comes next.
    pub(super) async fn keep_up_for_ever(&self, sync: Option<&SyncRole>) {
        let mut rest_ms = FIRST_REST_MS;
        loop {
            self.watch.until(|condition| condition != Condition::Away).await;
            match self.probe().await {
                Probe::Heard => {
                    rest_ms = FIRST_REST_MS;
                    self.begin_to_hear(sync).await;
                    tokio::select! {
                        () = self.watch.until(|condition| condition == Condition::Away) => self.hears.store(false, Ordering::Relaxed),
                        () = self.silence() => {}
                    }
                }
                Probe::SidecarAway => self.hears.store(false, Ordering::Relaxed),
                Probe::Deaf => {
                    self.hears.store(false, Ordering::Relaxed);
                    tracing::warn!("nothing that is published comes here; the sidecar is to subscribe anew");
                    self.checkup.ask_for_new_subscriptions().await;
                    self.clock.sleep_ms(rest_ms).await;
                    rest_ms = (rest_ms * 2).min(MAX_REST_MS);
                }
            }
        }
    }

    async fn probe(&self) -> Probe {
        self.markers.begin();
        tokio::select! {
            back = self.markers.all_back() => match back {
                Ok(()) => Probe::Heard,
                Err(Deaf) => Probe::Deaf,
            },
            () = self.watch.until(|condition| condition == Condition::Away) => Probe::SidecarAway,
        }
    }

    async fn begin_to_hear(&self, sync: Option<&SyncRole>) {
        if self.hears() {
            return;
        }
        if let Some(sync) = sync {
            sync.catch_up().await;
        }
        self.hears.store(true, Ordering::Relaxed);
        tracing::info!("what is published comes here");
    }

    /// Waits until nothing has come of some topic for a while.
    async fn silence(&self) {
        loop {
            let before = self.markers.heard();
            self.clock.sleep_ms(SILENCE_MS).await;
            let since = self.markers.heard();
            if before.iter().zip(&since).any(|(before, since)| before == since) {
                return;
            }
        }
    }
}
