//! The store is put back to an earlier instant, by the steps of `docs/deploy/operations.md`.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    client::{Client, id},
    cluster::Cluster,
    load::Load,
    socket::Socket,
};

/// Acknowledged before the backup.
const ACKNOWLEDGED: usize = 10;
/// What runs in PostgreSQL's pod.
const BACKUP: &str =
    r#"PGPASSWORD=$PASSWORD "$PROGRAMS/pg_dump" -h /tmp -U punctual -F c -f /tmp/punctual.dump postgres"#;
const PUT_BACK: &str = r#"PGPASSWORD=$PASSWORD "$PROGRAMS/pg_restore" -h /tmp -U punctual -d postgres --clean --if-exists --single-transaction /tmp/punctual.dump"#;
fn in_database(cluster: &Cluster, script: &str) {
    cluster.kubectl(&["exec", "punctual-postgresql-0", "--", "/bin/sh", "-c", script]);
}

/// Kafka's topics go with its disk.
fn empty_kafka(cluster: &Cluster) {
    cluster.kubectl(&["scale", "statefulset/punctual-kafka", "--replicas=0"]);
    cluster.kubectl(&["delete", "pvc/data-punctual-kafka-0", "--wait"]);
    cluster.kubectl(&["scale", "statefulset/punctual-kafka", "--replicas=1"]);
}

/// The steps, but for the door: nobody comes in meanwhile.
fn restore(cluster: &Cluster) -> String {
    cluster.scale_all(0);
    in_database(cluster, PUT_BACK);
    empty_kafka(cluster);
    cluster.scale_all(1);
    cluster.kubectl(&[
        "exec",
        "deployment/punctual-api",
        "-c",
        "punctual",
        "--",
        "punctual",
        "rearm",
    ])
}

fn in_text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

async fn remind(client: &Client, title: &str, at: DateTime<Utc>) -> Value {
    client
        .create(json!({"title": title, "reminders": [{"at": in_text(at)}]}))
        .await
}

/// The open occurrence of the load's series.
async fn open_occurrence(client: &Client) -> Value {
    client.get("/v1/tasks?q=series").await.expect(200)["items"][0].clone()
}

/// Completes the open occurrence and gives the one that follows.
async fn next_occurrence(client: &Client, at_sync: &Client) -> Value {
    let mut socket = Socket::open(at_sync, None).await;
    let open = open_occurrence(client).await;
    client.complete(&open).await.expect(200);
    socket
        .task(|task| task["title"] == "series" && id(task) != id(&open))
        .await
}

/// What fired of this title; all there are.
fn fired<'a>(inbox: &'a Value, title: &str) -> Vec<&'a Value> {
    let items = inbox["items"].as_array().unwrap().iter();
    items.filter(|item| item["title"] == title).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_backup_has_is_back_with_its_wake_ups_and_what_came_after_it_is_gone() {
    let cluster = Cluster::of_the_suite();
    let client = cluster.user().await;
    let at_sync = client.at(&cluster.url("sync"));
    let (load, callers) = Load::resting(client.clone(), Duration::from_millis(300)).await;
    load.acknowledges(ACKNOWLEDGED).await;
    load.ends_well(callers).await;
    let begun = Utc::now();
    // One comes due while nobody is there, and one long after everybody is back.
    let (meanwhile, ahead) = (begun + TimeDelta::seconds(15), begun + TimeDelta::seconds(120));
    remind(&client, "meanwhile", meanwhile).await;
    let cancelled = remind(&client, "ahead", ahead).await;
    let occurrence = open_occurrence(&client).await;
    in_database(&cluster, BACKUP);

    // What the backup does not have, and the Scheduler, Kafka and a device do: a wake-up that is gone, hand-overs, a cursor.
    let mut socket = Socket::open(&at_sync, None).await;
    client
        .delete(&format!("/v1/tasks/{}", id(&cancelled)))
        .await
        .expect(204);
    for _ in 0..3 {
        next_occurrence(&client, &at_sync).await;
    }
    client.create(json!({"title": "lost"})).await;
    socket.task(|task| task["title"] == "lost").await;
    let (cursor, putting_back) = (socket.cursor.clone(), cluster.clone());
    let armed = tokio::task::spawn_blocking(move || restore(&putting_back))
        .await
        .unwrap();
    let took_s = (Utc::now() - begun).num_seconds();
    println!("restored {took_s} s after the backup began: {armed}");
    assert!(armed.contains(" 0 failed"), "{armed}");
    assert!(Utc::now() < ahead, "this machine is too slow for this test");
    // Nobody asks for the user, which would wake them up too.
    let rest = ahead + TimeDelta::seconds(3) - Utc::now();
    tokio::time::sleep(rest.to_std().unwrap()).await;

    let inbox = client.get("/v1/notifications?limit=1000").await.expect(200);
    let (late, in_time) = (fired(&inbox, "meanwhile"), fired(&inbox, "ahead"));
    assert_eq!((late.len(), &late[0]["late"]), (1, &json!(true)), "{late:?}");
    assert_eq!((in_time.len(), &in_time[0]["late"]), (1, &json!(false)), "{in_time:?}");
    let mut socket = Socket::open(&at_sync, Some(&cursor)).await;
    assert_eq!(
        socket.next().await.unwrap()["type"],
        "resync",
        "a cursor of what is gone"
    );

    let tasks = client.all_tasks("all").await;
    assert!(tasks.iter().all(|task| task["title"] != "lost"));
    assert_eq!(id(&open_occurrence(&client).await), id(&occurrence));
    let next = next_occurrence(&client, &at_sync).await;
    assert_eq!(
        next["occurrence"].as_u64(),
        occurrence["occurrence"].as_u64().map(|number| number + 1)
    );
    client.audit_verifies().await;
}
