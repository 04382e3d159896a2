//! Who may come, and how often, as the flags say.

use std::path::Path;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::program::{Server, client};

fn start(data: &Path, flags: &[&str]) -> Server {
    Server::start_with(data, |command| command.args(flags))
}

/// A request for an account.
fn sign_up(server: &Server, email: &str) -> RequestBuilder {
    let account = json!({"email": email, "password": "correct horse battery staple", "time_zone": "Europe/Paris"});
    client().post(format!("{}/v1/users", server.url)).json(&account)
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

#[tokio::test]
async fn where_registration_is_closed_nobody_signs_up() {
    let folder = tempdir().unwrap();
    let server = start(folder.path(), &["--registration", "closed"]);
    let answer = send(sign_up(&server, "ada@example.org")).await;
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "registration_closed");
}

#[tokio::test]
async fn what_a_trusted_proxy_says_is_the_address_that_is_limited() {
    let folder = tempdir().unwrap();
    let one_a_minute = ["--anonymous-rate-limit", "1"];
    let sign_up_from = async |server: &Server, number: u8, address: &str| {
        let request = sign_up(server, &format!("ada{number}@example.org"));
        send(request.header("x-forwarded-for", address)).await
    };
    {
        let server = start(
            &folder.path().join("trusting"),
            &[&one_a_minute[..], &["--trusted-proxy", "127.0.0.1"]].concat(),
        );
        assert_eq!(sign_up_from(&server, 1, "198.51.100.1").await.status(), 201);
        let limited = sign_up_from(&server, 2, "198.51.100.1").await;
        assert_eq!(limited.status(), 429);
        let seconds: u32 = limited.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(sign_up_from(&server, 2, "198.51.100.2").await.status(), 201);
    }
    let server = start(&folder.path().join("trusting-nobody"), &one_a_minute);
    assert_eq!(sign_up_from(&server, 1, "198.51.100.1").await.status(), 201);
    assert_eq!(
        sign_up_from(&server, 2, "198.51.100.2").await.status(),
        429,
        "all are 127.0.0.1"
    );
}

#[tokio::test]
async fn requests_beyond_the_rate_of_a_user_are_told_when_to_come_back() {
    let folder = tempdir().unwrap();
    let server = start(folder.path(), &["--rate-limit", "1"]);
    let client = client();
    let token = server.sign_up(&client).await;
    // At once, so that however slow each answer is they come within the second that one more is allowed after.
    let ask = || send(client.get(format!("{}/v1/me", server.url)).bearer_auth(&token));
    let answers = futures_util::future::join_all((0..20).map(|_| ask())).await;
    let limited = answers.iter().find(|answer| answer.status() == 429);
    assert_eq!(limited.expect("one too many").headers()["retry-after"], "1");
    assert!(answers.iter().any(|answer| answer.status() == 200));
}
