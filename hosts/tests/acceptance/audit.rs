//! Promise: whatever happened to a user's data, in their series too, is in their audit trail once.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use serde_json::{Value, json};

use crate::{
    client::{Client, PATIENCE},
    server::{Data, Server},
};

/// Creates a daily task and gives it.
pub(crate) async fn series(client: &Client, title: &str) -> Value {
    let daily = json!({"title": title, "due": {"date": "2031-06-01"}, "recurrence": {"rrule": "FREQ=DAILY"}});
    client.create(daily).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trail_read_while_series_and_tasks_change_has_every_event_once() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("reader").await;
    let writer = client.clone();
    let writing = tokio::spawn(async move {
        for number in 0..8 {
            let task = series(&writer, &format!("series {number}")).await;
            writer.create(json!({"title": format!("task {number}")})).await;
            writer.complete(&task).await.expect(200);
        }
    });
    // Eight series, each of which has taken its completion and handed the next instance over.
    let mut ends = HashMap::new();
    let is_all_there = |ends: &HashMap<String, u64>| {
        let series = || ends.iter().filter(|(actor, _)| actor.starts_with("series/"));
        series().count() == 8 && series().all(|(_, sequence)| *sequence >= 2)
    };
    let began = Instant::now();
    let (mut places, mut hashes, mut entries, mut after) = (Vec::new(), HashSet::new(), 0, 0);
    loop {
        let page = client
            .get(&format!("/v1/audit?limit=3&after={after}"))
            .await
            .expect(200);
        for item in page["items"].as_array().unwrap() {
            entries += 1;
            hashes.insert(item["hash"].as_str().unwrap().to_owned());
            places.push(item["place"].as_u64().unwrap());
            ends.insert(
                item["actor"].as_str().unwrap().to_owned(),
                item["sequence"].as_u64().unwrap(),
            );
        }
        after = page["next"].as_u64().or(places.last().copied()).unwrap_or(0);
        if page["next"].is_null() {
            assert!(began.elapsed() < PATIENCE, "{entries} entries");
            let is_over = writing.is_finished() && is_all_there(&ends);
            if is_over && client.audit_verifies().await["entries"] == entries {
                break;
            }
        }
    }
    writing.await.unwrap();
    assert!(places.is_sorted());
    places.dedup();
    assert_eq!(places.len(), hashes.len(), "a commit has one place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_without_series_has_a_trail_of_their_own_log() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("plain").await;
    client.create(json!({"title": "once"})).await;
    let has_the_task = |verified: &Value| verified["head"]["sequence"].as_u64() >= Some(2);
    let verified = client.audit_verifies_with(has_the_task).await;
    assert_eq!(verified["flaws"], json!([]));
    let page = client.get("/v1/audit").await.expect(200);
    let items = page["items"].as_array().unwrap();
    assert_eq!(json!(items.len()), verified["entries"]);
    assert!(items.iter().all(|item| item["place"] == item["sequence"]));
}
