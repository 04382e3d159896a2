//! What `/metrics` of the one process shows of its sockets and of how far its roles are behind.

use std::{fmt::Debug, str::FromStr, time::Instant};

use serde_json::json;

use crate::{
    client::{Client, PATIENCE},
    server::{Data, Server},
    socket::Socket,
};

/// The roles that may be behind.
const ROLES: [&str; 3] = ["audit", "notification", "recurring"];

/// What Prometheus would read.
async fn metrics(client: &Client) -> String {
    let answer = reqwest::get(format!("{}/metrics", client.url)).await.unwrap();
    answer.text().await.unwrap()
}

#[track_caller]
fn value<T: FromStr<Err: Debug>>(metrics: &str, name: &str) -> T {
    let mut lines = metrics.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value
        .unwrap_or_else(|| panic!("no {name} in {metrics}"))
        .parse()
        .unwrap()
}

fn behind(metrics: &str, role: &str) -> (u64, f64) {
    (
        value(metrics, &format!("punctual_log_depth_commits{{role=\"{role}\"}}")),
        value(metrics, &format!("punctual_lag_seconds{{role=\"{role}\"}}")),
    )
}

/// Reads until it is as it is to be. No event says so.
async fn until(client: &Client, what: &str, is_so: impl Fn(&str) -> bool) {
    let began = Instant::now();
    loop {
        let metrics = metrics(client).await;
        if is_so(&metrics) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "never {what}: {metrics}");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_sockets_are_counted() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("sockets").await;
    assert_eq!(value::<u64>(&metrics(&client).await, "punctual_sockets"), 0);
    let sockets = [Socket::open(&client, None).await, Socket::open(&client, None).await];
    assert_eq!(value::<u64>(&metrics(&client).await, "punctual_sockets"), 2);
    drop(sockets);
    until(&client, "closed", |metrics| {
        value::<u64>(metrics, "punctual_sockets") == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_far_each_role_is_behind_shows_while_it_is_and_is_nothing_once_it_has_caught_up() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("behind").await;
    let writer = client.clone();
    let writing = tokio::spawn(async move {
        loop {
            writer.create(json!({"title": "one more"})).await;
        }
    });
    until(&client, "behind", |metrics| {
        let (commits, seconds) = behind(metrics, "audit");
        commits > 0 && seconds > 0.0
    })
    .await;
    writing.abort();
    until(&client, "caught up", |metrics| {
        ROLES.iter().all(|role| matches!(behind(metrics, role), (0, ..=0.0)))
    })
    .await;
}
