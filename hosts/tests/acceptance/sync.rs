//! EC-3 and promises 6 and 7: nothing missed, nothing twice, also across a reconnect and a restart.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::{
    client::{PASSWORD, id},
    server::{Data, Server},
    socket::Socket,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_drops_resumes_with_nothing_missed_and_nothing_twice() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("resume").await;
    let mut socket = Socket::open(&client, None).await;
    let writer = client.clone();
    const TASKS: usize = 150;
    let writing = tokio::spawn(async move {
        for number in 0..TASKS {
            writer.create(json!({"title": format!("task {number}")})).await;
        }
    });
    let (mut seen, mut ids) = (Vec::new(), BTreeSet::new());
    while seen.len() < TASKS {
        let event = socket.event().await;
        assert!(
            ids.insert((event["source"].to_string(), event["id"].to_string())),
            "twice: {event}"
        );
        seen.push(event["data"]["title"].as_str().unwrap().to_owned());
        // The connection is lost again and again while changes are being made.
        if seen.len() % 20 == 7 {
            let cursor = socket.cursor.clone();
            drop(socket);
            socket = Socket::open(&client, Some(&cursor)).await;
            assert_eq!(socket.cursor, cursor);
        }
    }
    writing.await.unwrap();
    let expected: Vec<String> = (0..TASKS).map(|number| format!("task {number}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_cursor_works_across_a_restart() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("restart").await;
    let mut socket = Socket::open(&client, None).await;
    client.create(json!({"title": "before"})).await;
    assert_eq!(socket.event().await["data"]["title"], "before");
    let cursor = socket.cursor.clone();
    client.create(json!({"title": "unseen"})).await;
    server.kill();
    let server = Server::start(&data);
    let client = client.at(&server.url);
    let mut socket = Socket::open(&client, Some(&cursor)).await;
    assert_eq!(socket.event().await["data"]["title"], "unseen");
    client.create(json!({"title": "live"})).await;
    assert_eq!(socket.event().await["data"]["title"], "live");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_reaches_every_device_and_a_tombstone_has_a_higher_version() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("devices").await;
    let (mut one, mut two) = (Socket::open(&client, None).await, Socket::open(&client, None).await);
    let task = client.create(json!({"title": "a"})).await;
    let path = format!("/v1/tasks/{}", id(&task));
    let patched = client.patch(&path, &json!({"title": "b"})).await.expect(200);
    client.send(Method::DELETE, &path, &[], None).await;
    for socket in [&mut one, &mut two] {
        assert_eq!(socket.event().await["data"], task);
        assert_eq!(socket.event().await["data"], patched);
        let removed = socket.event().await;
        assert_eq!(
            removed["data"],
            json!({"deleted": true, "id": task["id"], "version": 3})
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoking_the_token_closes_the_socket_and_only_that_one() {
    let data = Data::new();
    let server = Server::start(&data);
    let first = server.user("revoke").await;
    let mut second = server.client();
    let session = json!({"email": "revoke@example.com", "password": PASSWORD});
    let body = second.post("/v1/sessions", &session).await.expect(201);
    second.token = body["token"].as_str().unwrap().to_owned();
    let mut stays = Socket::open(&first, None).await;
    let closes = Socket::open(&second, None).await;
    assert_eq!(second.delete("/v1/sessions/current").await.status, 204);
    assert!(closes.close_code().await.is_some_and(|code| code >= 4000));
    assert_eq!(second.get("/v1/me").await.problem(401), "session_ended");
    first.create(json!({"title": "still here"})).await;
    assert_eq!(stays.event_of("task.state").await["data"]["title"], "still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_that_is_none_is_never_answered_with_silence() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("garbage").await;
    for cursor in ["garbage", "", "AAAA", "0000000000000000000000000000000000"] {
        let mut socket = Socket::connect(&client).await;
        socket
            .send(&json!({"type": "hello", "token": client.token, "cursor": cursor}))
            .await;
        let answer = socket.next().await;
        // Closed, or told to read everything: anything else would hide what was missed.
        assert!(answer.is_none_or(|answer| answer["type"] == "resync"), "{cursor}");
    }
    let mut forged = client.clone();
    forged.token = format!("{}x", client.token);
    let mut socket = Socket::connect(&forged).await;
    socket
        .send(&json!({"type": "hello", "token": forged.token, "cursor": null}))
        .await;
    assert!(socket.close_code().await.is_some_and(|code| code >= 4000));
}
