//! `Idempotency-Key`: a repeated request has one effect and one answer.

use punctual::{roles::api::ApiConfig, webhooks::AddressPolicy};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Server,
    client::send,
    server::{PASSWORD, unlimited},
};

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
async fn a_key_is_refused_where_a_credential_would_be_remembered_with_it() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let passwords = json!({"current_password": PASSWORD, "password": "another horse battery staple"});
    for (method, path, body) in [
        (Method::POST, "/v1/webhooks", json!({"url": "https://example.org/hook"})),
        (Method::PATCH, "/v1/me", passwords),
        (
            Method::POST,
            "/v1/users",
            json!({"email": "bob@example.org", "password": PASSWORD, "time_zone": "Europe/Rome"}),
        ),
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
}

#[tokio::test]
async fn a_repeated_change_of_settings_is_answered_as_the_first_time_and_changes_nothing() {
    let server = Server::start_with(ApiConfig {
        sends_mail: true,
        ..unlimited()
    })
    .await;
    let ann = server.register("ann").await;
    let patch = async |path: &str, body: &Value| {
        let request = ann.request(Method::PATCH, path).json(body);
        send(request.header("Idempotency-Key", path)).await
    };
    for (path, change, between) in [
        (
            "/v1/me",
            json!({"time_zone": "Europe/Rome"}),
            json!({"time_zone": "Asia/Tokyo"}),
        ),
        ("/v1/me/mail", json!({"reminders": true}), json!({"reminders": false})),
    ] {
        let first = patch(path, &change).await;
        assert_eq!(first.status, 200);
        let now = ann.patch(path, &between).await;
        let repeated = patch(path, &change).await;
        assert_eq!((repeated.status, repeated.body), (200, first.body));
        assert_eq!(ann.get(path).await.body, now.body, "{path} is as it was left");
        assert_eq!(patch(path, &between).await.problem(), (422, "idempotency_key_reused"));
    }
}

#[tokio::test]
async fn a_repeated_deletion_of_a_webhook_is_answered_as_the_first_time() {
    let webhook_addresses = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let server = Server::start_with(ApiConfig {
        webhook_addresses,
        ..unlimited()
    })
    .await;
    let ann = server.register("ann").await;
    let hook = ann.post("/v1/webhooks", &json!({"url": "http://127.0.0.1:9/"})).await;
    let path = format!("/v1/webhooks/{}", hook.id());
    for _ in 0..2 {
        let request = ann.request(Method::DELETE, &path);
        assert_eq!(send(request.header("Idempotency-Key", "k")).await.status, 204);
    }
    assert_eq!(ann.delete(&path).await.status, 404);
    let other = ann.request(Method::DELETE, "/v1/webhooks/018f2a6e-0000-7000-8000-000000000000");
    assert_eq!(send(other.header("Idempotency-Key", "l")).await.status, 404);
}

#[tokio::test]
async fn what_ends_the_session_takes_a_key_and_its_repeat_hears_that_it_has_ended() {
    let server = Server::start().await;
    for (name, path) in [("ann", "/v1/sessions/current"), ("bob", "/v1/me")] {
        let client = server.register(name).await;
        let end = async || send(client.request(Method::DELETE, path).header("Idempotency-Key", "k")).await;
        assert_eq!(end().await.status, 204, "{path}");
        assert_eq!(end().await.problem(), (401, "session_ended"), "{path}");
    }
}

/// Imports one item.
async fn import(client: &Client, key: Option<&str>, summary: &str) -> Value {
    let request = client
        .request(Method::POST, "/v1/import")
        .header("Content-Type", "text/calendar");
    let request = key
        .into_iter()
        .fold(request, |request, key| request.header("Idempotency-Key", key));
    let item = format!("BEGIN:VTODO\r\nUID:1\r\nSUMMARY:{summary}\r\nEND:VTODO\r\n");
    let answer = send(request.body(format!("BEGIN:VCALENDAR\r\n{item}END:VCALENDAR\r\n"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn a_repeated_import_reports_what_it_took_and_brings_nothing_back() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = import(&ann, Some("k"), "Buy bread").await;
    assert_eq!(first["items"][0]["outcome"], "taken");
    assert_eq!(import(&ann, Some("k"), "Buy bread").await, first);
    assert_eq!(
        import(&ann, Some("l"), "Buy bread").await["items"][0]["outcome"],
        "existing"
    );

    let task = first["items"][0]["task"].as_str().unwrap();
    ann.delete(&format!("/v1/tasks/{task}")).await;
    assert_eq!(import(&ann, Some("k"), "Buy bread").await, first);
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 0);
    // Who imports it without the key wants it again.
    assert_eq!(import(&ann, None, "Buy bread").await["items"][0]["outcome"], "taken");
}

#[tokio::test]
async fn an_item_that_says_something_else_under_the_same_key_is_refused_by_itself() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    import(&ann, Some("k"), "Buy bread").await;
    let other = import(&ann, Some("k"), "Buy butter").await;
    assert_eq!(
        (&other["items"][0]["outcome"], &other["items"][0]["code"]),
        (&json!("refused"), &json!("idempotency_key_reused"))
    );
}

#[tokio::test]
async fn a_repeated_command_of_a_series_changes_nothing_and_tells_how_the_series_is_by_then() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let due = json!({"at": "2030-01-07T09:00:00", "time_zone": "Europe/Paris"});
    let task = ann
        .create(&json!({"title": "a", "due": due, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    let series = format!("/v1/series/{}", task.body["series"].as_str().unwrap());
    let pause = || {
        let request = ann.request(Method::POST, &format!("{series}/pause"));
        send(request.header("Idempotency-Key", "once"))
    };
    let paused = pause().await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    assert!(paused.body["paused"].is_string(), "{}", paused.text);
    ann.act(&format!("{series}/resume")).await;
    let again = pause().await;
    assert_eq!((again.status, &again.body["paused"]), (200, &Value::Null));
}
