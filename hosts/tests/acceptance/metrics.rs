//! What `/metrics` shows of a server at work: actors that come and go, reminders and how late they were.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    client::Client,
    server::{Data, Server},
    socket::Socket,
};

const PATIENCE: Duration = Duration::from_secs(30);

async fn metrics(url: &str) -> String {
    let answer = reqwest::get(format!("{url}/metrics")).await.unwrap();
    answer.text().await.unwrap()
}

/// The value of a metric: its name, and its labels where it has some.
pub(crate) async fn value(url: &str, name: &str) -> f64 {
    let text = metrics(url).await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

/// Reads until it is so: metrics are for whoever asks, and nobody is told of a change.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until no actor is in memory, and so each has saved its pages.
pub(crate) async fn actors_leave_memory(client: &Client) {
    until("no actor is in memory", async || {
        value(&client.url, "punctual_live_actors").await <= 0.0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_actor_leaves_memory_and_comes_back_with_all_it_had() {
    let data = Data::new();
    let server = Server::start_with(&data, &["--idle-seconds", "1"]);
    let client = server.user("idle").await;
    let task = client.create(json!({"title": "still there"})).await;
    assert!(value(&client.url, "punctual_live_actors").await > 0.0);
    actors_leave_memory(&client).await;
    assert_eq!(client.task(&task).await.expect(200), task);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_late_a_reminder_was_shows_once_it_has_fired() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("lateness").await;
    let mut socket = Socket::open(&client, None).await;
    let url = server.counts_lateness();
    let lateness = async |what: &str| value(&url, &format!("punctual_reminder_lateness_seconds_{what}")).await;
    // Others may have had reminders before.
    let (count, sum) = (lateness("count").await, lateness("sum").await);
    let at = chrono::Utc::now() - chrono::TimeDelta::seconds(20);
    client
        .create(json!({"title": "tea", "reminders": [{"at": at.to_rfc3339()}]}))
        .await;
    let fired = socket.event_of("reminder.fired").await;
    assert_eq!(fired["data"]["late"], true);
    until("the reminder is counted", async || lateness("count").await > count).await;
    let late = lateness("sum").await - sum;
    assert!((20.0..60.0).contains(&late), "{late} s late");
}
