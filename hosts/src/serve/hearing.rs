//! Whether this process hears what is published, and what it does when it does not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use punctual_actors::ports::Clock;

use super::attempts::Attempts;
use crate::{
    dapr::{
        app::Checkup,
        marker::{Deaf, Enough, Markers},
        watch::{Condition, Watch},
    },
    roles::sync::SyncRole,
};

/// A topic that was silent for this long is probed, in milliseconds.
const SILENCE_MS: u64 = 20_000;
/// How often a replica without a partition looks whether it has been given one, in milliseconds.
const LOOK_MS: u64 = 1_000;

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
        let mut attempts = self.attempts();
        loop {
            self.watch.until(|condition| condition != Condition::Away).await;
            match self.probe().await {
                Probe::Heard => {
                    attempts = self.attempts();
                    if self.misses_some().await {
                        continue;
                    }
                    self.begin_to_hear(sync).await;
                    tokio::select! {
                        () = self.absence() => {}
                        () = self.silence() => {}
                    }
                }
                Probe::SidecarAway => {
                    attempts = self.attempts();
                    self.hears.store(false, Ordering::Relaxed);
                }
                Probe::Deaf => {
                    self.hears.store(false, Ordering::Relaxed);
                    match attempts.next() {
                        Some(rest_ms) => self.subscribe_anew(rest_ms).await,
                        None => {
                            self.wait_for_a_partition().await;
                            attempts = self.attempts();
                        }
                    }
                }
            }
        }
    }

    fn attempts(&self) -> Attempts {
        match self.markers.enough() {
            Enough::EveryPartition => Attempts::without_end(),
            Enough::OnePartition => Attempts::a_few(),
        }
    }

    async fn subscribe_anew(&self, rest_ms: u64) {
        tracing::warn!("nothing that is published comes here; the sidecar is to subscribe anew");
        self.checkup.ask_for_new_subscriptions().await;
        self.clock.sleep_ms(rest_ms).await;
    }

    /// New subscriptions helped nothing, so this replica has no partition: there are more replicas than partitions. It waits until it is given one,
    /// which it hears, or its sidecar is another.
    async fn wait_for_a_partition(&self) {
        tracing::warn!("no partition comes to this replica: it stands by until one does, when another replica ends");
        let before = self.markers.heard();
        let is_given_one = async {
            while self.markers.heard() == before {
                self.clock.sleep_ms(LOOK_MS).await;
            }
        };
        tokio::select! {
            () = self.absence() => {}
            () = is_given_one => {}
        }
    }

    /// Waits until the sidecar is away.
    async fn absence(&self) {
        self.watch.until(|condition| condition == Condition::Away).await;
        self.hears.store(false, Ordering::Relaxed);
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

    /// Whether there are partitions nobody told this replica of, which has to hear them all.
    async fn misses_some(&self) -> bool {
        !self.hears() && self.markers.enough() == Enough::EveryPartition && self.markers.finds_more().await
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
