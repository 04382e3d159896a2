//! Five processes, each beside its sidecar, on Kafka and PostgreSQL.

use std::{path::PathBuf, time::Duration};

use daprenv::{Options, Role, Temporary};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::asking::eventually;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Brings everything up, with the binary under test as the five services.
async fn up() -> Temporary {
    let folder = tempfile::tempdir().unwrap().keep();
    let options = Options {
        services: Some(PathBuf::from(env!("CARGO_BIN_EXE_punctual"))),
        ..Options::new(folder)
    };
    let up = tokio::task::spawn_blocking(move || Temporary::up(&options));
    up.await.unwrap().unwrap_or_else(|failure| panic!("{failure}"))
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or_default())
}

/// A new account's token.
async fn sign_up(http: &Client, api: &str) -> String {
    let registration =
        json!({"email": "a@example.org", "password": "correct horse battery", "time_zone": "Europe/Paris"});
    let (status, account) = answer(http.post(format!("{api}/v1/users")).json(&registration)).await;
    assert_eq!(status, StatusCode::CREATED, "{account}");
    account["token"].as_str().unwrap().to_owned()
}

/// A socket to the sync process that is ready.
pub(crate) async fn connect(environment: &Temporary, token: &str) -> Socket {
    let sync = environment.url(Role::Sync).unwrap().replace("http://", "ws://");
    let (mut socket, _) = connect_async(format!("{sync}/v1/sync")).await.unwrap();
    let hello = json!({"type": "hello", "token": token, "cursor": null}).to_string();
    socket.send(Message::text(hello)).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "ready");
    socket
}

/// The next message of a socket.
async fn next(socket: &mut Socket) -> Value {
    let text = async {
        loop {
            if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    };
    let text = tokio::time::timeout(Duration::from_secs(30), text).await;
    text.expect("nothing came")
}

/// Waits for the state of a task with this title and status.
pub(crate) async fn shown(socket: &mut Socket, title: &str, status: &str) -> Value {
    loop {
        let message = next(socket).await;
        let data = &message["event"]["data"];
        if data["title"] == title && data["status"] == status {
            return data.clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_created_through_the_api_appears_on_the_socket_of_the_sync_process_and_audit_knows_it() {
    let environment = up().await;
    let api = environment.url(Role::Api).unwrap();
    let http = crate::actors::http();
    let token = &sign_up(&http, &api).await;
    let mut socket = connect(&environment, token).await;
    let create = |task: Value| create(&http, &api, token, task);
    let task = create(json!({"title": "across processes"})).await;
    assert_eq!(shown(&mut socket, "across processes", "open").await["id"], task["id"]);

    // The next instance goes from the user's actor to the series' and back, each in a process of its own.
    let due = json!({"at": "2026-12-01T09:00:00", "time_zone": "Europe/Paris"});
    let rule = json!({"rrule": "FREQ=DAILY", "anchor": "schedule", "late_policy": "roll_to_future"});
    let first = create(json!({"title": "daily", "due": due, "recurrence": rule})).await;
    let id = first["id"].as_str().unwrap();
    eventually("the series has its first occurrence", async || {
        let (_, task) = answer(http.get(format!("{api}/v1/tasks/{id}")).bearer_auth(token)).await;
        task["series"].is_string().then_some(())
    })
    .await;
    let complete = http.post(format!("{api}/v1/tasks/{id}/complete")).bearer_auth(token);
    assert_eq!(answer(complete).await.0, StatusCode::OK);
    shown(&mut socket, "daily", "done").await;
    assert_ne!(shown(&mut socket, "daily", "open").await["id"], first["id"]);

    let verified = eventually("audit has everything", async || {
        let (status, verified) = answer(http.get(format!("{api}/v1/audit/verify")).bearer_auth(token)).await;
        (status == StatusCode::OK && verified["entries"].as_u64() >= Some(4)).then_some(verified)
    })
    .await;
    assert_eq!(verified["valid"], true, "{verified}");
    let metrics = format!("{}/metrics", environment.url(Role::Audit).unwrap());
    let said = http.get(metrics).send().await.unwrap().text().await.unwrap();
    let on_time = said
        .lines()
        .find_map(|line| line.strip_prefix("punctual_audit_lag_seconds_bucket{le=\"60.0\"} "));
    assert!(on_time.unwrap().parse::<u64>().unwrap() > 0, "{said}");
    let (status, page) = answer(http.get(format!("{api}/v1/audit?limit=3")).bearer_auth(token)).await;
    assert_eq!(
        (status, page["items"].as_array().map(Vec::is_empty)),
        (StatusCode::OK, Some(false))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_published_before_sync_was_given_its_partitions_reaches_its_socket() {
    let environment = up().await;
    let (api, sync) = (
        environment.url(Role::Api).unwrap(),
        environment.url(Role::Sync).unwrap(),
    );
    let http = crate::actors::http();
    let token = &sign_up(&http, &api).await;
    let mut socket = connect(&environment, token).await;
    let is_ready = async || http.get(format!("{sync}/readyz")).send().await.unwrap().status() == StatusCode::OK;
    assert!(is_ready().await);
    // A sidecar that starts anew is a consumer of a name nobody knows, and hears what comes after it was given its partitions.
    environment.kill("sync-sidecar").unwrap();
    eventually("sync says that it hears nothing", async || {
        (!is_ready().await).then_some(())
    })
    .await;
    create(&http, &api, token, json!({"title": "unheard"})).await;
    eventually("it is published", async || {
        let (_, page) = answer(http.get(format!("{api}/v1/audit")).bearer_auth(token)).await;
        page.to_string().contains("unheard").then_some(())
    })
    .await;
    environment.launch("sync-sidecar").unwrap();
    shown(&mut socket, "unheard", "open").await;
    eventually("sync is ready again", async || is_ready().await.then_some(())).await;
    create(&http, &api, token, json!({"title": "heard"})).await;
    shown(&mut socket, "heard", "open").await;
}

async fn create(http: &Client, api: &str, token: &str, task: Value) -> Value {
    let request = http.post(format!("{api}/v1/tasks")).bearer_auth(token).json(&task);
    let (status, task) = answer(request).await;
    assert_eq!(status, StatusCode::CREATED, "{task}");
    task
}
