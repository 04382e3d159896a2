//! What the most talkative logs say of passwords, tokens and what people write: nothing.

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio_tungstenite::tungstenite::Message;

use crate::program::{Server, client, punctual_after};

const PASSWORD: &str = "correct horse battery staple";
const NEW_PASSWORD: &str = "a longer passphrase of ada";
const GUESS: &str = "a guess of somebody";
const TITLE: &str = "Water the secret plants";

/// Says hello with a token; the type of the answer, or the code of a close.
async fn hello(server: &Server, token: &str) -> String {
    let url = format!("{}/v1/sync", server.url.replace("http://", "ws://"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let hello = json!({"type": "hello", "token": token, "cursor": null}).to_string();
    socket.send(Message::text(hello)).await.unwrap();
    match socket.next().await.unwrap().unwrap() {
        Message::Text(text) => serde_json::from_str::<Value>(&text).unwrap()["type"].to_string(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn the_most_talkative_logs_hold_no_password_no_token_and_nothing_people_wrote() {
    let (folder, client) = (tempdir().unwrap(), client());
    // To a file: nobody reads a pipe until the end, and it would be full.
    let logs = folder.path().join("logs");
    let mut command = punctual_after(&format!("exec 2>'{}'", logs.display()));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "trace", "--data"]);
    command.arg(folder.path().join("data"));
    let server = Server::run(command);
    let token = server.sign_up(&client).await;
    let post = async |path: &str, body: String| {
        let request = client.post(format!("{}{path}", server.url));
        let request = request.header("content-type", "application/json");
        request.bearer_auth(&token).body(body).send().await.unwrap()
    };
    let sign_in = |password: &str| json!({"email": "ada@example.org", "password": password}).to_string();

    let answer = post("/v1/sessions", sign_in(PASSWORD)).await;
    let second: Value = answer.json().await.unwrap();
    let second = second["token"].as_str().unwrap().to_owned();
    assert_eq!(
        post("/v1/sessions", sign_in(GUESS)).await.status(),
        StatusCode::UNAUTHORIZED
    );
    // Cut off in the middle: an error of the parser may quote what it read.
    let cut = sign_in(GUESS);
    assert!(
        post("/v1/sessions", cut[..cut.len() - 2].to_owned())
            .await
            .status()
            .is_client_error()
    );
    assert_eq!(
        post("/v1/tasks", json!({"title": TITLE}).to_string()).await.status(),
        201
    );
    let change = json!({"current_password": PASSWORD, "password": NEW_PASSWORD});
    let me = client
        .patch(format!("{}/v1/me", server.url))
        .bearer_auth(&token)
        .json(&change);
    assert_eq!(me.send().await.unwrap().status(), 200);
    assert_eq!(hello(&server, &token).await, "\"ready\"");
    // It ended when the password was changed.
    assert_ne!(hello(&server, &second).await, "\"ready\"");
    assert!(server.terminate().status.success());

    let logs = std::fs::read_to_string(logs).unwrap();
    assert!(logs.contains("draining"), "these are no logs: {logs}");
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    for secret in [
        PASSWORD,
        NEW_PASSWORD,
        GUESS,
        TITLE,
        "ada@example.org",
        &signature(&token),
        &signature(&second),
    ] {
        assert!(secret.len() > 10 && !logs.contains(secret), "{secret} is in {logs}");
    }
}
