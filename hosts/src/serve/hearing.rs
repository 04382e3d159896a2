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
        watch::{Condition, Watch, Which},
    },
    roles::sync::SyncRole,
    shutdown::Shutdown,
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

    /// Hears until the end is announced: from then on a sidecar that is told to end too delivers nothing, and stays as long as it is needed only where
    /// nobody asks it for new subscriptions.
    pub(super) async fn keep_up(&self, sync: Option<&SyncRole>, shutdown: &Shutdown) {
        tokio::select! {
            () = shutdown.announced() => {}
            () = self.keep_up_for_ever(sync) => {}
        }
    }

    /// Probes at the start, after every absence of the sidecar, and when it is silent. `sync`, where it is played, then reads what it did not hear:
    /// a sidecar that comes back hears what comes next.
    async fn keep_up_for_ever(&self, sync: Option<&SyncRole>) {
        let mut attempts = self.attempts();
        loop {
            self.watch.until(|condition| condition != Condition::Away).await;
            // Whatever is found out is true of this sidecar, and of none that takes its place meanwhile.
            let which = self.watch.which();
            match self.probe(which).await {
                Probe::Heard => {
                    attempts = self.attempts();
                    if self.misses_some().await {
                        continue;
                    }
                    self.begin_to_hear(which, sync_catches_up(sync)).await;
                    tokio::select! {
                        () = self.absence(which) => {}
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
                            self.wait_for_a_partition(which).await;
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
    async fn wait_for_a_partition(&self, which: Which) {
        tracing::warn!("no partition comes to this replica: it stands by until one does, when another replica ends");
        let before = self.markers.heard();
        let is_given_one = async {
            while self.markers.heard() == before {
                self.clock.sleep_ms(LOOK_MS).await;
            }
        };
        tokio::select! {
            () = self.absence(which) => {}
            () = is_given_one => {}
        }
    }

    /// Waits until this sidecar is away, or another has its place.
    async fn absence(&self, which: Which) {
        self.watch.until_gone(which).await;
        self.hears.store(false, Ordering::Relaxed);
    }

    async fn probe(&self, which: Which) -> Probe {
        self.markers.begin();
        tokio::select! {
            back = self.markers.all_back() => match back {
                Ok(()) => Probe::Heard,
                Err(Deaf) => Probe::Deaf,
            },
            () = self.watch.until_gone(which) => Probe::SidecarAway,
        }
    }

    /// Whether there are partitions nobody told this replica of, which has to hear them all, or may be: then it begins anew.
    async fn misses_some(&self) -> bool {
        if self.hears() || self.markers.enough() == Enough::OnePartition {
            return false;
        }
        match self.markers.finds_more().await {
            Ok(there_are_more) => there_are_more,
            Err(failure) => {
                tracing::warn!(%failure, "it is not known yet whether there are more partitions");
                self.clock.sleep_ms(LOOK_MS).await;
                true
            }
        }
    }

    /// Where another sidecar has taken the place of this one meanwhile, nothing has begun: it hears only what comes after it subscribed.
    async fn begin_to_hear(&self, which: Which, catches_up: impl Future<Output = ()>) {
        if self.hears() {
            return;
        }
        catches_up.await;
        if self.watch.which() == which {
            self.hears.store(true, Ordering::Relaxed);
            tracing::info!("what is published comes here");
        }
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

/// Has sync, where it is played, read what it did not hear.
async fn sync_catches_up(sync: Option<&SyncRole>) {
    if let Some(sync) = sync {
        sync.catch_up().await;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use futures_util::FutureExt as _;
    use punctual_actors::reference::VirtualClock;
    use punctual_events::{Timestamp, Topic};
    use uuid::Uuid;

    use super::*;
    use crate::dapr::sidecar::{Sidecar, SidecarAddress};

    fn hearing(enough: Enough) -> (Arc<Hearing>, Arc<VirtualClock>) {
        let address = SidecarAddress {
            grpc_port: 1,
            api_token: None,
        };
        let (sidecar, one) = (Sidecar::new(&address).unwrap(), NonZeroU32::new(1).unwrap());
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let watch = Watch::new(sidecar.clone(), Arc::clone(&clock) as _, Uuid::from_u128(1));
        let markers = Markers::new(
            sidecar,
            "events",
            &[Topic::TaskUpdates],
            one,
            enough,
            Uuid::from_u128(2),
        );
        let hearing = Hearing::new(markers, watch, Arc::default(), Arc::clone(&clock) as _);
        (hearing, clock)
    }

    #[tokio::test]
    async fn a_sidecar_that_is_replaced_while_sync_reads_what_it_did_not_hear_is_not_heard_through() {
        type Meanwhile = fn(&Watch);
        let replacements: [(bool, Meanwhile); 3] = [
            (true, |_| ()),
            (false, |watch| {
                watch.note(Condition::Away, false);
                watch.note(Condition::WithActors, true);
            }),
            // Nobody has looked in between.
            (false, |watch| watch.note(Condition::WithActors, true)),
        ];
        for (hears, meanwhile) in replacements {
            let (hearing, _clock) = hearing(Enough::EveryPartition);
            hearing.watch.note(Condition::WithActors, true);
            let which = hearing.watch.which();
            hearing.begin_to_hear(which, async { meanwhile(&hearing.watch) }).await;
            assert_eq!(hearing.hears(), hears);
            assert_eq!(hearing.absence(which).now_or_never().is_none(), hears);
        }
    }

    #[tokio::test]
    async fn once_the_end_is_announced_nothing_is_listened_for_any_more() {
        for is_there in [false, true] {
            let ((hearing, _clock), shutdown) = (hearing(Enough::EveryPartition), Shutdown::default());
            if is_there {
                hearing.watch.note(Condition::WithActors, true);
            }
            let mut keeps_up = Box::pin(hearing.keep_up(None, &shutdown));
            assert!(keeps_up.as_mut().now_or_never().is_none());
            shutdown.announce();
            assert!(keeps_up.now_or_never().is_some());
        }
    }

    #[tokio::test]
    async fn who_cannot_ask_how_many_partitions_there_are_begins_anew_after_a_moment() {
        let (all, clock) = hearing(Enough::EveryPartition);
        let asking = tokio::spawn(async move { all.misses_some().await });
        clock.until_somebody_sleeps().await;
        clock.advance_ms(LOOK_MS);
        assert!(asking.await.unwrap());
        assert!(!hearing(Enough::OnePartition).0.misses_some().await);
    }
}
