//! What `/metrics` of the one process shows of its sockets and of how far its roles are behind.

use serde_json::json;

use crate::{
    client::Client,
    metrics::{until, value},
    server::{Data, Server},
    socket::Socket,
};

/// The roles that may be behind.
const ROLES: [&str; 3] = ["audit", "notification", "recurring"];

async fn sockets(client: &Client) -> f64 {
    value(&client.url, "punctual_sockets").await
}

/// How many commits a role is behind, and how long.
async fn behind(client: &Client, role: &str) -> [f64; 2] {
    let of_role = async |name: &str| value(&client.url, &format!("{name}{{role=\"{role}\"}}")).await;
    [
        of_role("punctual_log_depth_commits").await,
        of_role("punctual_lag_seconds").await,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_sockets_are_counted() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("sockets").await;
    assert!(matches!(sockets(&client).await, 0.0));
    let open = [Socket::open(&client, None).await, Socket::open(&client, None).await];
    assert!(matches!(sockets(&client).await, 2.0));
    drop(open);
    until("they are closed", async || matches!(sockets(&client).await, 0.0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_far_each_role_is_behind_shows_and_is_nothing_once_it_has_caught_up() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("behind").await;
    let writer = client.clone();
    let writing = tokio::spawn(async move {
        loop {
            writer.create(json!({"title": "one more"})).await;
        }
    });
    // The others have done with a commit before anybody could look.
    until("audit is behind", async || {
        behind(&client, "audit").await.iter().all(|behind| *behind > 0.0)
    })
    .await;
    writing.abort();
    for role in ROLES {
        until(role, async || matches!(behind(&client, role).await, [0.0, ..=0.0])).await;
    }
}
