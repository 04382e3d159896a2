//! The wake-ups.

use punctual_events::{ActorId, Seq, Timestamp};

use super::{LogWriter, all};
use crate::ports::{WakeUp, WakeUps};

/// A wake-up as it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub actor: ActorId,
    /// Which.
    pub wake_up: WakeUp,
    /// When, by the clock the instants are meant by.
    pub delivered: Timestamp,
}

/// Makes wake-ups for the suite.
pub trait WakeUpsMaker: Sync {
    /// What it makes.
    type WakeUps: WakeUps;

    /// Wake-ups without any that is armed, delivered to an actor host of the suite that takes each.
    fn make(&self) -> impl Future<Output = Self::WakeUps>;

    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Waits until `until` and for what is to be delivered by then, and gives everything delivered since the wake-ups were made.
    fn delivered(&self, wake_ups: &Self::WakeUps, until: Timestamp) -> impl Future<Output = Vec<Delivery>>;
}

/// Holds [`WakeUps`] to their contract. Takes some two seconds of the maker's time.
pub async fn wake_ups<K: WakeUpsMaker>(maker: &K) {
    each_is_delivered_and_never_early(maker).await;
    those_with_different_fields_are_two(maker).await;
    one_that_is_cancelled_does_not_come_and_the_others_do(maker).await;
}

fn wake_up(at: Timestamp, seq: u64, nonce: u64) -> WakeUp {
    WakeUp {
        at,
        seq: Seq(seq),
        nonce,
        is_guard: false,
    }
}

/// Arms in an order that is not that of the instants.
async fn each_is_delivered_and_never_early<K: WakeUpsMaker>(maker: &K) {
    let wake_ups = maker.make().await;
    let now = maker.now();
    let armed: Vec<(ActorId, WakeUp)> = [300, -60_000, 100, 0, 200, 101]
        .into_iter()
        .zip(1..)
        .map(|(ms, seq)| {
            (
                LogWriter::user(u128::from(seq % 2)).actor(),
                wake_up(now.plus_millis(ms), seq, 5),
            )
        })
        .collect();
    let far = wake_up(now.plus_millis(86_400_000 * 365), 7, 5);
    wake_ups.arm(LogWriter::user(0).actor(), far).await.expect("arm");
    for outcome in all(armed.iter().map(|(actor, wake_up)| wake_ups.arm(*actor, *wake_up))).await {
        outcome.expect("arm");
    }
    let delivered = maker.delivered(&wake_ups, now.plus_millis(301)).await;
    assert!(
        delivered
            .iter()
            .all(|delivery| delivery.delivered >= delivery.wake_up.at),
        "early: {delivered:?}"
    );
    for (actor, wake_up) in armed {
        assert_delivered(&delivered, actor, wake_up);
    }
    let is_far = |delivery: &Delivery| delivery.wake_up == far;
    assert!(!delivered.iter().any(is_far));
}

async fn those_with_different_fields_are_two<K: WakeUpsMaker>(maker: &K) {
    let wake_ups = maker.make().await;
    let (actor, other) = (LogWriter::user(1).actor(), LogWriter::series(1).actor());
    let at = maker.now().plus_millis(100);
    let armed = [
        (actor, wake_up(at, 1, 1)),
        (actor, wake_up(at, 1, u64::MAX)),
        (actor, wake_up(at, 2, 1)),
        (actor, wake_up(at.plus_millis(1), 1, 1)),
        (other, wake_up(at, 1, 1)),
    ];
    for (actor, wake_up) in armed {
        wake_ups.arm(actor, wake_up).await.expect("arm");
        wake_ups.arm(actor, wake_up).await.expect("arming again is harmless");
    }
    let delivered = maker.delivered(&wake_ups, at.plus_millis(2)).await;
    for (actor, wake_up) in armed {
        assert_delivered(&delivered, actor, wake_up);
    }
}

/// One whose name begins like that of another, too.
async fn one_that_is_cancelled_does_not_come_and_the_others_do<K: WakeUpsMaker>(maker: &K) {
    let wake_ups = maker.make().await;
    let (actor, other) = (LogWriter::user(1).actor(), LogWriter::user(2).actor());
    let at = maker.now().plus_millis(1_000);
    let cancelled = wake_up(at, 1, 1);
    let kept = [
        (actor, wake_up(at, 1, 11)),
        (actor, wake_up(at, 11, 1)),
        (actor, wake_up(at.plus_millis(1), 1, 1)),
        (other, cancelled),
    ];
    wake_ups.arm(actor, cancelled).await.expect("arm");
    for (actor, wake_up) in kept {
        wake_ups.arm(actor, wake_up).await.expect("arm");
    }
    wake_ups.cancel(actor, cancelled).await.expect("cancel");
    // What is due before it is cancelled may come.
    let in_time = maker.now() < at;
    wake_ups
        .cancel(actor, cancelled)
        .await
        .expect("cancelling none is harmless");
    let delivered = maker.delivered(&wake_ups, at.plus_millis(2)).await;
    for (actor, wake_up) in kept {
        assert_delivered(&delivered, actor, wake_up);
    }
    let is_it = |delivery: &&Delivery| delivery.actor == actor && delivery.wake_up == cancelled;
    let came = delivered.iter().find(is_it);
    assert!(came.is_none() || !in_time, "{came:?}");
}

#[track_caller]
fn assert_delivered(delivered: &[Delivery], actor: ActorId, wake_up: WakeUp) {
    let is_it = |delivery: &Delivery| delivery.actor == actor && delivery.wake_up == wake_up;
    assert!(
        delivered.iter().any(is_it),
        "{wake_up:?} of {actor} is not among {delivered:?}"
    );
}
