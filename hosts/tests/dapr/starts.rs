//! It does not matter whether a process or its sidecar is there first.

use std::{sync::Arc, time::Duration};

use dapr::dapr::proto::runtime::v1::GetMetadataRequest;
use punctual::dapr::{
    sidecar::{Sidecar, SidecarAddress},
    watch::{Condition, Watch},
    wire::USER_ACTOR,
};
use punctual_actors::reference::VirtualClock;
use punctual_events::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::{
    asking::eventually,
    host::{Host, SharedStore},
    machinery::{API_TOKEN, Machinery, Seat},
    users::{create, sign_up, somebody},
};

#[tokio::test]
async fn a_sidecar_that_comes_half_a_minute_after_its_process_is_found() {
    let (machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    tokio::time::sleep(Duration::from_secs(30)).await;
    let _sidecar = machinery.sidecar("api", seat);
    let user = somebody(&host);
    sign_up(&host, user).await;
    assert!(create(&host, user, json!({"title": "late"})).await.is_ok());
}

#[tokio::test]
async fn a_sidecar_that_was_there_long_before_its_process_finds_it() {
    let (machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let _sidecar = machinery.sidecar("api", seat);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    let user = somebody(&host);
    sign_up(&host, user).await;
    assert!(create(&host, user, json!({"title": "early"})).await.is_ok());
}

/// A watch that looks when its clock says so.
struct Looks {
    watch: Arc<Watch>,
    clock: Arc<VirtualClock>,
    sidecar: Sidecar,
}

impl Looks {
    fn start(seat: Seat) -> Self {
        let address = SidecarAddress {
            grpc_port: seat.grpc,
            api_token: Some(API_TOKEN.to_owned()),
        };
        let sidecar = Sidecar::new(&address).unwrap();
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let watch = Watch::new(sidecar.clone(), Arc::clone(&clock) as _, Uuid::now_v7());
        let watching = Arc::clone(&watch);
        tokio::spawn(async move { watching.watch_for_ever().await });
        Self { watch, clock, sidecar }
    }

    async fn answers(&self) {
        eventually("the sidecar answers", async || {
            self.sidecar.client().get_metadata(GetMetadataRequest {}).await.ok()
        })
        .await;
    }

    /// Looks once more.
    async fn look(&self) {
        self.clock.until_somebody_sleeps().await;
        self.clock.advance_ms(500);
        self.clock.until_somebody_sleeps().await;
    }
}

#[tokio::test]
async fn a_sidecar_that_took_the_place_of_another_unseen_is_known_for_another() {
    let (machinery, seat) = (Machinery::start(), Seat::choose());
    let looks = Looks::start(seat);
    let first = machinery.sidecar("api", seat);
    looks.answers().await;
    looks.look().await;
    let which = looks.watch.which();
    assert_ne!(looks.watch.condition(), Condition::Away);
    looks.look().await;
    assert_eq!(looks.watch.which(), which, "it is the same");
    drop(first);
    let _second = machinery.sidecar("api", seat);
    looks.answers().await;
    looks.look().await;
    assert_ne!(looks.watch.condition(), Condition::Away);
    assert_ne!(looks.watch.which(), which);
}
