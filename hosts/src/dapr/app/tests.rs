use axum::{body::Body, http::Request};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use punctual_actors::{
    ports::{BoxFuture, Failure, Ports},
    reference::{MemoryDirectory, MemoryPublisher, MemoryStore, MemoryWakeUps},
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    dapr::wire::{SERIES_ACTOR, USER_ACTOR},
    environment::environment,
};

const USER: &str = "018f2a6e-0000-7000-8000-000000000001";

/// Fails once, then succeeds.
struct Moody(std::sync::atomic::AtomicBool);

impl JobHandler for Moody {
    fn run<'a>(&'a self, name: &'a str, payload: bytes::Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        assert_eq!((name, &payload[..]), ("deliver/a/b", &b"payload"[..]));
        let fails = self.0.swap(false, std::sync::atomic::Ordering::Relaxed);
        Box::pin(async move { if fails { Err(Failure::new("not now")) } else { Ok(()) } })
    }
}

/// The routes of a host of users on ports in memory.
fn router(token: Option<&str>) -> (Router, Arc<Health>) {
    let (router, health, _) = router_and_checkup(token);
    (router, health)
}

fn router_and_checkup(token: Option<&str>) -> (Router, Arc<Health>, Arc<Checkup>) {
    let runtime = Ports {
        store: MemoryStore::default(),
        wake_ups: MemoryWakeUps::default(),
        publisher: MemoryPublisher::default(),
        directory: MemoryDirectory::default(),
        environment: environment().unwrap(),
        recheck_head_after_ms: Some(2_000),
    };
    let host = ActorHost::new(Arc::new(runtime), HostConfig::default(), Arc::new(Unobserved));
    let (health, checkup) = (Arc::new(Health::default()), Arc::<Checkup>::default());
    let app = App {
        types: vec![USER_ACTOR],
        actor_idle: Duration::from_secs(600),
        subscriber: Subscriber::new(Vec::new(), Arc::clone(&host) as _),
        actors: Some(host),
        letters: None,
        jobs: Some(Arc::new(Moody(true.into()))),
        audit: None,
        egress: None,
        token: token.map(AppToken::new),
        health: Arc::clone(&health),
        checkup: Arc::clone(&checkup),
    };
    (app.router(), health, checkup)
}

async fn send(router: &Router, request: Request<Body>) -> (u16, Value) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn put(path: &str, body: &Value) -> Request<Body> {
    Request::put(path).body(Body::from(body.to_string())).unwrap()
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn sign_in(id: &str) -> Value {
    let command = json!({"command": "sign_in", "account": "a", "expires": "2099-01-01T00:00:00.000Z",
        "session": "018f2a6e-0000-7000-8000-000000000002", "time_zone": "Europe/Paris"});
    json!({"format": 1, "commands": [{"id": id, "by": "system", "command": command, "seed": 1}]})
}

#[tokio::test]
async fn the_sidecar_learns_which_actors_live_here_and_how_long_to_wait_for_their_calls() {
    let (status, config) = send(&router(None).0, get("/dapr/config")).await;
    assert_eq!(status, 200);
    assert_eq!(config["entities"], json!([USER_ACTOR]));
    assert_eq!(config["actorIdleTimeout"], "600s");
    assert_eq!(config["drainOngoingCallTimeout"], "2s");
    assert_eq!(config["reentrancy"]["enabled"], false);
}

#[tokio::test]
async fn without_the_token_nothing_but_the_health_is_answered() {
    let (router, _) = router(Some("secret"));
    let path = format!("/actors/{USER_ACTOR}/{USER}/method/command");
    let body = sign_in("018f2a6e-0000-7000-8000-000000000009");
    let paths = guarded().map(|(path, _)| path.replace(['{', '}'], ""));
    let nothing = "/nothing".to_owned();
    let tried = paths.iter().chain([&path, &nothing]);
    let tried = tried.flat_map(|path| ["GET", "POST", "PUT", "DELETE"].map(|method| (method, path)));
    for (method, path) in tried {
        for token in [None, Some(""), Some("wrong"), Some("secret ")] {
            let mut request = Request::builder().method(method).uri(path);
            if let Some(token) = token {
                request = request.header("dapr-api-token", token);
            }
            let request = request.body(Body::from(body.to_string())).unwrap();
            let status = send(&router, request).await.0;
            assert_eq!(status, 401, "{method} {path} {token:?}");
        }
    }
    let mut known = put(&path, &body);
    known.headers_mut().insert("dapr-api-token", "secret".parse().unwrap());
    assert_eq!(send(&router, known).await.0, 200);
    assert_eq!(send(&router, get("/healthz")).await.0, 200);
}

#[tokio::test]
async fn a_call_that_is_delivered_twice_is_answered_the_same() {
    let (router, _) = router(None);
    let path = format!("/actors/{USER_ACTOR}/{USER}/method/command");
    let message = sign_in(&uuid::Uuid::now_v7().to_string());
    let first = send(&router, put(&path, &message)).await;
    assert_eq!(first.0, 200);
    assert_eq!(first.1["outcomes"][0]["answered"]["seq"], 1);
    assert_eq!(send(&router, put(&path, &message)).await, first);
}

#[tokio::test]
async fn a_refusal_and_a_message_of_another_release_come_in_a_200() {
    let (router, _) = router(None);
    let ask = json!({"format": 1, "by": format!("user/{USER}/session/{USER}"), "question": {"question": "profile"}});
    let path = format!("/actors/{USER_ACTOR}/{USER}/method/ask");
    let (status, body) = send(&router, put(&path, &ask)).await;
    assert_eq!(status, 200);
    assert!(body["outcomes"][0]["refused"]["code"].is_string(), "{body}");
    let (status, body) = send(&router, put(&path, &json!({"format": 2}))).await;
    assert_eq!(status, 200);
    assert!(body["unread"].is_string() && body["outcomes"] == json!([]), "{body}");
}

#[tokio::test]
async fn actors_of_other_types_are_not_found() {
    let (router, _) = router(None);
    for path in [
        format!("/actors/{SERIES_ACTOR}/{USER}/method/command"),
        format!("/actors/{USER_ACTOR}/not-an-id/method/command"),
        format!("/actors/{USER_ACTOR}/{USER}/method/unknown"),
        format!("/actors/{SERIES_ACTOR}/{USER}/method/remind/1-1-1"),
    ] {
        assert_eq!(send(&router, put(&path, &json!({}))).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn a_reminder_that_is_no_wake_up_is_not_delivered_again() {
    let (router, _) = router(None);
    let path = format!("/actors/{USER_ACTOR}/{USER}/method/remind/");
    assert_eq!(send(&router, put(&format!("{path}backup"), &json!({}))).await.0, 200);
    // One of ours that is far too early is.
    assert_eq!(
        send(&router, put(&format!("{path}253402300799999-1-1"), &json!({})))
            .await
            .0,
        500
    );
    assert_eq!(send(&router, put(&format!("{path}1-1-1"), &json!({}))).await.0, 200);
}

#[tokio::test]
async fn a_deactivation_leaves_the_actor_answering() {
    let (router, _) = router(None);
    let path = format!("/actors/{USER_ACTOR}/{USER}");
    let id = uuid::Uuid::now_v7().to_string();
    let first = send(&router, put(&format!("{path}/method/command"), &sign_in(&id))).await;
    let delete = Request::delete(&path).body(Body::empty()).unwrap();
    assert_eq!(send(&router, delete).await.0, 200);
    // Found in the log, for the memory of it is gone.
    assert_eq!(
        send(&router, put(&format!("{path}/method/command"), &sign_in(&id))).await,
        first
    );
}

#[tokio::test]
async fn a_job_that_fails_is_answered_so_that_it_comes_again() {
    let (router, _) = router(None);
    let request = || {
        Request::post("/job/deliver~2fa~2fb")
            .body(Body::from("\"cGF5bG9hZA==\""))
            .unwrap()
    };
    assert_eq!(send(&router, request()).await.0, 500);
    assert_eq!(send(&router, request()).await.0, 200);
    let damaged = Request::post("/job/deliver~2fa~2fb")
        .body(Body::from("damaged"))
        .unwrap();
    assert_eq!(send(&router, damaged).await.0, 200);
}

#[tokio::test]
async fn an_event_nobody_can_read_goes_to_the_dead_letters() {
    let (router, _) = router(None);
    let request = |topic: &str| {
        Request::post(format!("/events/{topic}"))
            .body(Body::from("{}"))
            .unwrap()
    };
    assert_eq!(
        send(&router, request("task-events")).await,
        (200, json!({"status": "DROP"}))
    );
    assert_eq!(send(&router, request("other")).await.0, 404);
}

#[tokio::test]
async fn a_process_that_wants_new_subscriptions_says_no_unless_it_drains() {
    let (router, health, checkup) = router_and_checkup(None);
    assert!(checkup.ask_for_new_subscriptions().now_or_never().is_none());
    let mut said = Vec::new();
    for stage in [Stage::Ready, Stage::Draining, Stage::Leaving] {
        health.enter(stage);
        said.push(send(&router, get("/healthz")).await.0);
    }
    assert_eq!(said, [503, 200, 503]);
}

#[tokio::test]
async fn a_process_that_drains_keeps_its_actors_and_one_that_leaves_gives_them_up() {
    let (router, health) = router(None);
    let call = || {
        let id = uuid::Uuid::now_v7().to_string();
        put(&format!("/actors/{USER_ACTOR}/{USER}/method/command"), &sign_in(&id))
    };
    health.enter(Stage::Draining);
    assert_eq!(send(&router, get("/healthz")).await.0, 200);
    assert_eq!(send(&router, call()).await.0, 200);
    health.enter(Stage::Leaving);
    assert_eq!(send(&router, get("/healthz")).await.0, 503);
    assert_eq!(send(&router, call()).await.0, 503);
    let wake_up = put(&format!("/actors/{USER_ACTOR}/{USER}/method/remind/1-1-1"), &json!({}));
    assert_eq!(send(&router, wake_up).await.0, 503);
    let deactivation = Request::delete(format!("/actors/{USER_ACTOR}/{USER}"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&router, deactivation).await.0, 200);
}
