//! It does not matter whether a process or its sidecar is there first.

use std::time::Duration;

use punctual::dapr::wire::USER_ACTOR;
use serde_json::json;

use crate::{
    host::{Host, SharedStore},
    machinery::{Machinery, Seat},
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
