//! What a lost process left behind unpublished, and the wake-up that finds it.

use std::sync::Arc;

use punctual_events::{ActorId, Commit, Seq, Timestamp, UserId};
use uuid::Uuid;

use super::{pending, sign_in};
use crate::{
    ports::{Failure, Ports, Publisher, Store as _, WakeUp, WakeUps},
    reference::{MemoryPublisher, MemoryWakeUps, Reference, VirtualClock},
    turn::Slot,
    user::{UserActor, UserCommand},
};

/// Wake-ups that want guards.
#[derive(Clone, Default)]
struct Guarded(MemoryWakeUps);

impl WakeUps for Guarded {
    fn guard_interval_ms(&self) -> Option<u64> {
        Some(300_000)
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.0.arm(actor, wake_up).await
    }
}

/// Takes the first call, and says nothing to those after it.
#[derive(Clone, Default)]
struct Hangs(MemoryPublisher);

impl Publisher for Hangs {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        if !self.0.published().is_empty() {
            std::future::pending::<()>().await;
        }
        self.0.publish(commits).await
    }
}

#[tokio::test]
async fn a_wake_up_is_held_for_a_second_at_most_by_what_a_broker_does_not_take() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let clock = VirtualClock::new(now);
    let reference = Reference::new(&clock, 1);
    let publisher = Hangs::default();
    let runtime = Ports {
        store: reference.store,
        wake_ups: Guarded::default(),
        publisher: publisher.clone(),
        directory: reference.directory,
        environment: reference.environment,
        recheck_head_after_ms: None,
    };
    let actor = ActorId::User(UserId(Uuid::from_u128(1)));
    let mut lost = Slot::<UserActor>::new(actor);
    for _ in 0..70 {
        let outcomes = lost.take_turn(&[pending(sign_in())], &runtime).await;
        assert!(outcomes[0].is_ok());
    }
    let guard = WakeUp {
        at: now,
        seq: Seq(70),
        nonce: 0,
        is_guard: true,
    };
    let mut slot = Slot::<UserActor>::new(actor);
    let a_second_passes = async {
        clock.until_somebody_sleeps().await;
        assert_eq!(publisher.0.published().len(), 64, "one call was taken");
        clock.advance_ms(1_000);
    };
    let waking = slot.wake(guard, pending(UserCommand::Wake), &runtime);
    tokio::join!(waking, a_second_passes).0.unwrap();
    // What was taken is noted, the rest is still owed, and its guard is ahead.
    let activation = slot.activation().unwrap();
    let left: Vec<Seq> = activation
        .take_unpublished()
        .iter()
        .map(|commit| commit.header.seq)
        .collect();
    assert_eq!(left.first(), Some(&Seq(65)));
    let armed = runtime.wake_ups.0.earliest();
    assert_eq!(armed, Some(now.plus_millis(300_000)));
    let head = runtime.store.head(actor).await.unwrap().unwrap();
    assert!(head.published <= Seq(64));
}
