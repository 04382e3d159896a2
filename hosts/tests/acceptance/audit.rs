//! Promise: whatever happened to a user's data, in their series too, is in their audit trail once, and nobody changes it unseen.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    client::Client,
    recurrence::complete_and_wait,
    server::{Data, Server},
};

/// Long enough for a loaded machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

async fn series(client: &Client, title: &str) -> Value {
    let daily = json!({"title": title, "due": {"date": "2031-06-01"}, "recurrence": {"rrule": "FREQ=DAILY"}});
    client.create(daily).await
}

/// The record's verification once it has `commits` of the user's only series.
async fn verified_with(client: &Client, commits: u64) -> Value {
    let has_them = |verified: &Value| verified["series"][0]["sequence"].as_u64() >= Some(commits);
    client.audit_verifies_with(has_them).await
}

/// What verifying says after somebody has changed the database of the server, which is down meanwhile.
async fn verified_after(data: &Data, client: &Client, change: &str) -> Value {
    let database = Connection::open(data.path().join("punctual.db")).unwrap();
    assert!(database.execute(change, []).unwrap() > 0, "{change}");
    drop(database);
    let server = Server::start(data);
    let verified = client.at(&server.url).get("/v1/audit/verify").await.expect(200);
    assert!(server.terminate().success());
    verified
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_or_a_loss_in_the_record_of_a_series_is_found() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("audited").await;
    let task = series(&client, "watched").await;
    verified_with(&client, 1).await;
    complete_and_wait(&client, &task).await;
    let verified = verified_with(&client, 2).await;
    assert_eq!(verified["series"][0]["series"], task["series"]);
    assert!(server.terminate().success());

    let forge = "UPDATE audit_batches SET contents = CAST(replace(CAST(contents AS TEXT), 'watched', 'forged') AS BLOB)
                 WHERE substr(actor, 1, 1) = x'01' AND first = 1";
    let verified = verified_after(&data, &client, forge).await;
    assert_eq!((&verified["valid"], &verified["gaps"]), (&json!(false), &json!([])));

    let lose = "DELETE FROM audit_batches WHERE substr(actor, 1, 1) = x'01' AND first = 1";
    let verified = verified_after(&data, &client, lose).await;
    let actor = format!("series/{}", task["series"].as_str().unwrap());
    assert_eq!(verified["valid"], false);
    let gap = &verified["gaps"][0];
    assert_eq!((&gap["actor"], &gap["from"]), (&json!(actor), &json!(1)));
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
    let is_all_there = |verified: &Value| {
        let series = verified["series"].as_array().unwrap();
        series.len() == 8 && series.iter().all(|series| series["sequence"].as_u64() >= Some(2))
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
        }
        after = page["next"].as_u64().or(places.last().copied()).unwrap_or(0);
        if page["next"].is_null() {
            assert!(began.elapsed() < PATIENCE, "{entries} entries");
            if writing.is_finished() && client.audit_verifies_with(is_all_there).await["entries"] == entries {
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
    assert_eq!(verified["series"], json!([]));
    let page = client.get("/v1/audit").await.expect(200);
    let items = page["items"].as_array().unwrap();
    assert_eq!(json!(items.len()), verified["entries"]);
    assert!(items.iter().all(|item| item["place"] == item["sequence"]));
}
