//! Facts about turns that the histories, which live in one world of zone data, do not show.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use punctual_events::{ActorId, CommandId, Principal, Seq, SessionId, Timestamp, UserId};
use uuid::Uuid;

use super::{Pending, Slot};
use crate::{
    ports::{Store as _, WakeUp},
    reference::{Reference, UtcOnly, VirtualClock},
    user::{UserActor, UserCommand},
    zone::ZoneData,
};

/// UTC, as a later release of the zone data has it.
struct NewerUtc;

impl ZoneData for NewerUtc {
    fn version(&self) -> &'static str {
        "newer"
    }

    fn contains(&self, zone: &str) -> bool {
        UtcOnly.contains(zone)
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        UtcOnly.resolve(zone, wall)
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        UtcOnly.wall_time(zone, instant)
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        UtcOnly.day_start(zone, date)
    }
}

fn pending(command: UserCommand) -> Pending<UserCommand> {
    Pending {
        id: CommandId(Uuid::from_u128(9)),
        by: Principal::System,
        command,
        key: None,
        seed: 1,
        traceparent: None,
    }
}

#[tokio::test]
async fn a_wake_up_writes_a_head_of_other_zone_data_anew() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let mut runtime = Reference::new(&VirtualClock::new(now), 1);
    let actor = ActorId::User(UserId(Uuid::from_u128(1)));
    let sign_in = UserCommand::SignIn {
        account: "account".into(),
        expires: Timestamp::MAX,
        session: SessionId(Uuid::from_u128(2)),
        time_zone: "UTC".into(),
    };
    let outcomes = Slot::<UserActor>::new(actor)
        .take_turn(&[pending(sign_in)], &runtime)
        .await;
    assert!(outcomes[0].is_ok());

    runtime.environment.zones = Arc::new(NewerUtc);
    let mut slot = Slot::<UserActor>::new(actor);
    for _ in 0..2 {
        let wake_up = WakeUp {
            at: now,
            seq: Seq(1),
            nonce: 0,
        };
        slot.wake(wake_up, pending(UserCommand::Wake), &runtime).await.unwrap();
        let head = runtime.store.head(actor).await.unwrap().unwrap();
        assert_eq!((&*head.zone_version, head.seq), ("newer", Seq(2)), "once");
    }
}
