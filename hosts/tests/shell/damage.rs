//! What clients hear of data that cannot be read.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::program::{Server, client};

/// Breaks the JSON around this text wherever a file has it.
fn damage(file: &Path, text: &[u8]) {
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
}
