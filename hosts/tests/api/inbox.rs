//! Notifications, webhooks, audit.

use std::{future::pending, sync::Arc, time::Duration};

use punctual::{
    accounts::SigningKey,
    ports::{AuditPage, AuditPlace, AuditQueries, AuditVerification, system_command},
    roles::api::{Api, ApiConfig, Limits},
    webhooks::AddressPolicy,
};
use punctual_actors::{
    ports::{BoxFuture, Failure},
    turn::TurnError,
    user::UserCommand,
};
use punctual_events::{Timestamp, UserId};
use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    client::eventually,
    server::{KEY, listen, unlimited},
};

/// The inbox once a reminder has fired, with somebody to wake the actor.
async fn first_notification(server: &Server, client: &Client) -> Value {
    let user: UserId = client.get("/v1/me").await.id().parse().unwrap();
    eventually("a notification", async || {
        let wake = system_command(&server.services.environment, UserCommand::Wake, None);
        server.services.actors.command_user(user, wake).await.unwrap();
        let inbox = client.get("/v1/notifications").await;
        inbox.body["items"].get(0).cloned()
    })
    .await
}

fn soon(server: &Server) -> Timestamp {
    server.services.environment.clock.now().plus_millis(50)
}

#[tokio::test]
async fn a_reminder_that_fired_is_in_the_inbox_until_it_is_dismissed() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann
        .create(&json!({"title": "x", "reminders": [{"at": soon(&server)}]}))
        .await;
    let notification = first_notification(&server, &ann).await;
    assert_eq!(
        (&notification["task"], &notification["dismissed"]),
        (&task.body["id"], &Value::Null)
    );
    let path = format!("/v1/notifications/{}/dismiss", notification["id"].as_str().unwrap());
    let dismissed = ann.act(&path).await;
    assert_eq!(dismissed.status, 200);
    assert!(dismissed.body["dismissed"].is_string());
    assert_eq!(ann.act(&path).await.body, dismissed.body, "twice is the same as once");
    assert_eq!(ann.get("/v1/notifications").await.body, json!({"items": []}));
    let all = ann.get("/v1/notifications?filter=all&limit=1000").await;
    assert_eq!(all.body, json!({"items": [dismissed.body]}));
    let bob = server.register("bob").await;
    assert_eq!(bob.act(&path).await.problem(), (404, "not_found"));
    for query in ["limit=0", "limit=1001", "filter=mine", "page=2"] {
        let answer = ann.get(&format!("/v1/notifications?{query}")).await;
        assert_eq!(answer.problem(), (400, "bad_request"), "{query}");
    }
}

#[tokio::test]
async fn a_notification_is_snoozed_by_a_duration_an_instant_or_a_phrase() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let nags = json!({"at": soon(&server), "repeat": {"every": "PT1M", "times": 3}});
    let task = ann.create(&json!({"title": "x", "reminders": [nags]})).await;
    assert_eq!(task.body["reminders"][0]["repeat"], nags["repeat"]);
    let notification = first_notification(&server, &ann).await;
    assert!(notification["again"].is_string(), "{notification}");
    let path = format!("/v1/notifications/{}/snooze", notification["id"].as_str().unwrap());
    for wish in [
        json!({"for": "PT1H"}),
        json!({"until": "2031-01-01T00:00:00Z"}),
        json!({"phrase": "tomorrow morning"}),
    ] {
        let snoozed = ann.post(&path, &wish).await;
        assert_eq!(snoozed.status, 200, "{wish}");
        assert!(
            snoozed.body["snoozed"].is_string() && snoozed.body.get("again").is_none(),
            "{wish}"
        );
        assert_eq!(ann.get("/v1/notifications").await.body, json!({"items": []}));
        let list = ann.get("/v1/notifications?filter=snoozed").await;
        assert_eq!(list.body, json!({"items": [snoozed.body]}));
    }
    for (wish, field) in [
        (json!({}), "until"),
        (json!({"for": "PT1H", "phrase": "tomorrow"}), "until"),
        (json!({"until": "2001-01-01T00:00:00Z"}), "until"),
        (json!({"for": "PT0S"}), "for"),
        (json!({"for": "-P1D"}), "for"),
        (json!({"phrase": "call Ann"}), "phrase"),
        (json!({"phrase": "x".repeat(2001)}), "phrase"),
    ] {
        let refused = ann.post(&path, &wish).await;
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ((422, "invalid"), &json!(field)),
            "{wish}"
        );
    }
    let bob = server.register("bob").await;
    assert_eq!(
        bob.post(&path, &json!({"for": "PT1H"})).await.problem(),
        (404, "not_found")
    );
    ann.act(&format!("/v1/tasks/{}/complete", task.id())).await;
    assert_eq!(
        ann.post(&path, &json!({"for": "PT1H"})).await.problem(),
        (409, "task_closed")
    );
}

async fn server_that_reaches_itself() -> Server {
    let webhook_addresses = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let config = ApiConfig {
        webhook_addresses,
        ..unlimited()
    };
    Server::start_with(config).await
}

#[tokio::test]
async fn the_secret_of_a_webhook_is_shown_once() {
    let server = server_that_reaches_itself().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let hook = json!({"url": "http://127.0.0.1:9/hook?key=value"});
    let created = ann.post("/v1/webhooks", &hook).await;
    assert_eq!((created.status, created.header("cache-control")), (201, "no-store"));
    assert!(created.body["secret"].as_str().unwrap().starts_with("whsec_"));
    let list = ann.get("/v1/webhooks").await;
    let mut shown = created.body.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(list.body, json!({"items": [shown]}));
    let path = format!("/v1/webhooks/{}", created.id());
    assert_eq!(bob.delete(&path).await.problem(), (404, "not_found"));
    assert_eq!(ann.delete(&path).await.status, 204);
    assert_eq!(ann.delete(&path).await.status, 404);
    assert_eq!(ann.get("/v1/webhooks").await.body, json!({"items": []}));
}

#[tokio::test]
async fn a_user_has_ten_webhooks_at_most_also_when_they_are_made_at_once() {
    let server = server_that_reaches_itself().await;
    let ann = server.register("ann").await;
    let hook = json!({"url": "http://127.0.0.1:9/"});
    let attempts = (0..6).map(|_| async { ann.post("/v1/webhooks", &hook).await.status });
    let statuses = futures_util::future::join_all(attempts).await;
    assert!(
        statuses.iter().all(|status| matches!(status, 201 | 503)),
        "{statuses:?}"
    );
    while ann.get("/v1/webhooks").await.body["items"].as_array().unwrap().len() < 10 {
        assert_eq!(ann.post("/v1/webhooks", &hook).await.status, 201);
    }
    assert_eq!(ann.post("/v1/webhooks", &hook).await.problem(), (422, "limit_reached"));
}

#[tokio::test]
async fn names_inside_and_names_that_are_not_there_are_answered_alike() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let mut answers = Vec::new();
    for host in ["localhost", "nobody.invalid"] {
        let url = format!("http://{host}:8080/");
        let answer = ann.post("/v1/webhooks", &json!({"url": url})).await;
        assert_eq!(answer.problem(), (422, "webhook_address"));
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn what_may_not_be_reached_is_no_webhook() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for (url, code) in [
        ("http://127.0.0.1/", "webhook_address"),
        ("http://2130706433/", "webhook_address"),
        ("http://[::1]:8080/", "webhook_address"),
        ("http://169.254.169.254/latest/meta-data", "webhook_address"),
        ("http://localhost:8080/", "webhook_address"),
        ("https://nobody.invalid/", "webhook_address"),
        ("ftp://example.org/", "invalid"),
        ("https://ann:secret@example.org/", "invalid"),
        ("https://example.org:0/hook", "invalid"),
        ("nonsense", "invalid"),
        (&format!("https://example.org/{}", "x".repeat(3000)), "invalid"),
    ] {
        let answer = ann.post("/v1/webhooks", &json!({"url": url})).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((422, code), &json!("url")),
            "{url}"
        );
    }
    assert_eq!(ann.get("/v1/webhooks").await.body, json!({"items": []}));
}

#[tokio::test]
async fn the_audit_role_is_asked_with_what_the_client_asked() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let page = ann.get("/v1/audit?after=7&limit=20").await;
    assert_eq!((page.status, page.body), (200, json!({"items": [], "next": 8})));
    ann.get("/v1/audit").await;
    assert_eq!(
        *server.audit.0.lock().unwrap(),
        [(AuditPlace(7), 20), (AuditPlace(0), 100)]
    );
    let verified = ann.get("/v1/audit/verify").await;
    let actor = format!("user/{}", ann.get("/v1/me").await.id());
    let gap = json!({"actor": actor, "from": 1, "to": 1});
    let expected = json!({"valid": false, "entries": 0, "head": null, "flaws": [], "gaps": [gap]});
    assert_eq!((verified.status, verified.body), (200, expected));
    for query in ["after=-1", "limit=0", "limit=501", "from=1"] {
        assert_eq!(
            ann.get(&format!("/v1/audit?{query}")).await.problem(),
            (400, "bad_request"),
            "{query}"
        );
    }
}

/// An audit role that comes to no end.
struct Endless;

impl AuditQueries for Endless {
    fn page(&self, _: UserId, _: AuditPlace, _: usize) -> BoxFuture<'_, Result<AuditPage, Failure>> {
        Box::pin(pending())
    }

    fn verify(&self, _: UserId) -> BoxFuture<'_, Result<AuditVerification, TurnError>> {
        Box::pin(pending())
    }
}

#[tokio::test]
async fn a_record_that_takes_too_long_to_verify_is_refused_before_the_request_is_cut() {
    let usual = Limits::default();
    assert!(usual.verify_timeout + Duration::from_secs(4) < usual.request_timeout);
    let limits = Limits {
        verify_timeout: Duration::ZERO,
        ..usual
    };
    let config = ApiConfig { limits, ..unlimited() };
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let key = SigningKey::from_bytes(KEY);
    let api = Api::new(&config, server.services.clone(), Arc::new(Endless), &key);
    let ann = Client::new(listen(&api).await).with_token(ann.token());
    let verified = ann.get("/v1/audit/verify").await;
    assert_eq!(verified.problem(), (422, "record_too_long"));
}
