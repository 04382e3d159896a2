//! `Idempotency-Key`: a repeated request has one effect and one answer.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, client::send};

async fn create(client: &Client, key: &str, body: &Value) -> Answer {
    let request = client.request(Method::POST, "/v1/tasks").header("Idempotency-Key", key);
    send(request.json(body)).await
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_before_and_has_one_effect() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = create(&ann, "k", &json!({"title": "x"})).await;
    ann.patch(first.header("location"), &json!({"title": "y"})).await;
    let again = create(&ann, "k", &json!({"title": "x"})).await;
    assert_eq!(
        (again.status, again.header("location"), again.header("etag")),
        (201, first.header("location"), "\"1\"")
    );
    assert_eq!(again.body, first.body, "as it was then");
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 1);
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_user() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let first = create(&ann, "k", &json!({"title": "x"})).await;
    let other = create(&ann, "k", &json!({"title": "y"})).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
    let complete = ann.request(Method::POST, &format!("{}/complete", first.header("location")));
    assert_eq!(send(complete.header("Idempotency-Key", "k")).await.status, 422);
    assert_eq!(create(&bob, "k", &json!({"title": "y"})).await.status, 201);
}

#[tokio::test]
async fn a_refusal_is_decided_again() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x"})).await;
    let change = || {
        let request = ann.request(Method::PATCH, task.header("location"));
        let request = request.header("Idempotency-Key", "k").header("If-Match", "\"2\"");
        send(request.json(&json!({"title": "z"})))
    };
    assert_eq!(change().await.status, 412);
    ann.patch(task.header("location"), &json!({"title": "y"})).await;
    let changed = change().await;
    assert_eq!((changed.status, &changed.body["version"]), (200, &json!(3)));
    assert_eq!(change().await.body, changed.body);
}

#[tokio::test]
async fn an_answer_that_changed_nothing_is_no_use_of_the_key() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x"})).await;
    let change = |title: &str| {
        let request = ann.request(Method::PATCH, task.header("location"));
        send(request.header("Idempotency-Key", "k").json(&json!({"title": title})))
    };
    // Nothing was committed, so there is nothing that could happen twice, and nothing to replay.
    let same = change("x").await;
    assert_eq!((same.status, &same.body["version"]), (200, &json!(1)));
    let first_use = change("y").await;
    assert_eq!((first_use.status, &first_use.body["version"]), (200, &json!(2)));
    assert_eq!(change("y").await.body, first_use.body);
    assert_eq!(change("x").await.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn a_deletion_is_repeated_without_a_fuss() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x"})).await;
    for _ in 0..2 {
        let request = ann.request(Method::DELETE, task.header("location"));
        assert_eq!(send(request.header("Idempotency-Key", "k")).await.status, 204);
    }
}

#[tokio::test]
async fn what_is_no_key_is_a_bad_request() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for key in ["", "two words", &"x".repeat(256)] {
        let answer = create(&ann, key, &json!({"title": "x"})).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((400, "bad_request"), &json!("Idempotency-Key"))
        );
    }
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 0);
}

#[tokio::test]
async fn a_key_is_refused_where_it_would_be_worth_nothing() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for (method, path, body) in [
        (Method::POST, "/v1/webhooks", json!({"url": "https://example.org/hook"})),
        (Method::PATCH, "/v1/me", json!({"time_zone": "Europe/Rome"})),
        (
            Method::POST,
            "/v1/sessions",
            json!({"email": "a@example.org", "password": "x"}),
        ),
    ] {
        let request = ann.request(method, path).json(&body);
        let answer = send(request.header("Idempotency-Key", "k")).await;
        let problem = (answer.problem(), &answer.body["field"]);
        assert_eq!(problem, ((400, "bad_request"), &json!("Idempotency-Key")), "{path}");
    }
    let import = ann
        .request(Method::POST, "/v1/import")
        .header("Content-Type", "text/calendar");
    let answer = send(import.header("Idempotency-Key", "k").body("BEGIN:VCALENDAR")).await;
    assert_eq!(answer.problem(), (400, "bad_request"));
    assert_eq!(answer.body["field"], "Idempotency-Key");
}
