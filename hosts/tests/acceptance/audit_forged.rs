//! Promise: nobody changes a user's audit trail unseen, not even with the database in their hands.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    audit::series,
    client::{Client, PATIENCE},
    recurrence::complete_and_wait,
    server::{Data, Server},
};

/// The last commit of a series in the trail, 0 for none. Of users whose trail is a page.
pub(crate) async fn last_commit(client: &Client, series: &Value) -> u64 {
    let actor = format!("series/{}", series.as_str().unwrap());
    let page = client.get("/v1/audit?limit=500").await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    let of_series = items.filter(|item| item["actor"] == actor.as_str());
    of_series
        .filter_map(|item| item["sequence"].as_u64())
        .max()
        .unwrap_or(0)
}

/// Waits until the trail has this commit of a series, and verifies.
pub(crate) async fn has_commit(client: &Client, series: &Value, sequence: u64) {
    let began = Instant::now();
    while last_commit(client, series).await < sequence {
        assert!(began.elapsed() < PATIENCE, "{series} has no commit {sequence}");
        // Audit copies after the answer, and no event says that it has.
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    client.audit_verifies().await;
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
    has_commit(&client, &task["series"], 1).await;
    complete_and_wait(&client, &task).await;
    has_commit(&client, &task["series"], 2).await;
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
