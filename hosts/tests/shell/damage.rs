//! What clients hear of data that cannot be read.

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::program::{Server, client};

/// Breaks the JSON around this text wherever a file has it.
pub(crate) fn damage(file: &Path, text: &[u8]) {
    let mut bytes = std::fs::read(file).unwrap();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(text)).collect();
    assert!(!places.is_empty(), "it is written otherwise");
    places.into_iter().for_each(|at| bytes[at] = b'!');
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn damaged_data_is_a_fault_that_no_retry_is_asked_for_and_others_are_served() {
    let (folder, client) = (tempdir().unwrap(), client());
    let server = Server::start(folder.path());
    let spared = server.sign_up_as(&client, "spared@example.org").await;
    let hit = server.sign_up_as(&client, "hit@example.org").await;
    let marked = client.post(format!("{}/v1/tasks", server.url)).bearer_auth(&hit);
    let marked = marked.json(&json!({"title": "To be damaged"})).send().await.unwrap();
    assert_eq!(marked.status(), 201);
    assert!(server.terminate().status.success());
    damage(&folder.path().join("punctual.db"), b"\"To be damaged\"");

    let server = Server::start(folder.path());
    let tasks = format!("{}/v1/tasks", server.url);
    for request in [
        client.get(&tasks),
        client.post(&tasks).json(&json!({"title": "Buy bread"})),
    ] {
        let answer = request.bearer_auth(&hit).send().await.unwrap();
        assert!(!answer.headers().contains_key("retry-after"));
        let (status, problem) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert_eq!((status.as_u16(), &problem["code"]), (500, &json!("data_damaged")));
    }
    let answer = client.get(&tasks).bearer_auth(&spared).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // A commit of the log cannot be read.
    counts(&client, &server, 1).await;
}

/// Asserts that the server counts so many actors as damaged.
async fn counts(client: &reqwest::Client, server: &Server, damaged: usize) {
    let metrics = client.get(format!("{}/metrics", server.url)).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let line = format!("\npunctual_damaged_actors {damaged}\n");
    assert!(metrics.contains(&line), "{metrics}");
}

/// Polls until the user has a notification.
async fn is_reminded(client: &reqwest::Client, url: &str, token: &str) {
    for _ in 0..600 {
        let inbox = client.get(format!("{url}/v1/notifications")).bearer_auth(token);
        let inbox: Value = inbox.send().await.unwrap().json().await.unwrap();
        if !inbox["items"].as_array().unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody reminded them");
}

#[tokio::test]
async fn a_damaged_row_of_an_actor_costs_only_that_actor_and_is_said_and_counted_once() {
    let (folder, client) = (tempdir().unwrap(), client());
    let server = Server::start(folder.path());
    // The first actor there is.
    let hit = server.sign_up_as(&client, "hit@example.org").await;
    let spared = server.sign_up_as(&client, "spared@example.org").await;
    let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(3);
    let task = json!({"title": "x", "reminders": [{"at": soon.to_rfc3339()}]});
    for token in [&hit, &spared] {
        let create = client.post(format!("{}/v1/tasks", server.url)).bearer_auth(token);
        assert_eq!(create.json(&task).send().await.unwrap().status(), 201);
    }
    assert!(server.terminate().status.success());
    let database = Connection::open(folder.path().join("punctual.db")).unwrap();
    let damage = "UPDATE actors SET seq = -1, drained = -2 WHERE id = (SELECT min(id) FROM actors)";
    assert_eq!(database.execute(damage, []).unwrap(), 1);
    drop(database);

    let server = Server::start(folder.path());
    is_reminded(&client, &server.url, &spared).await;
    let answer = client
        .get(format!("{}/v1/tasks", server.url))
        .bearer_auth(&hit)
        .send()
        .await
        .unwrap();
    let (status, problem) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!((status.as_u16(), &problem["code"]), (500, &json!("data_damaged")));
    counts(&client, &server, 1).await;
    let output = server.terminate();
    let logs = String::from_utf8_lossy(&output.stderr);
    assert_eq!(logs.matches("the row of an actor is damaged").count(), 1, "{logs}");
}
