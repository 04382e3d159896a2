//! What clients are told while something is away that the server needs: what cannot be done now is to be repeated, and everything else is done.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use daprenv::Environment;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Answer, Client, PATIENCE},
    faults::store,
    server::{Data, Server},
    socket::Socket,
};

/// Does something to the environment that takes a while.
async fn with(server: &Server, work: impl FnOnce(&Environment) + Send + 'static) {
    let environment = Arc::clone(&server.environment);
    tokio::task::spawn_blocking(move || work(&environment)).await.unwrap();
}

async fn create_with_key(client: &Client, key: &str, task: &Value) -> Answer {
    let headers = [("idempotency-key", key)];
    client.send(Method::POST, "/v1/tasks", &headers, Some(task)).await
}

/// Repeats a command under its key until it succeeds, as its first answer asked for.
async fn repeat(client: &Client, key: &str, task: &Value) -> Value {
    let succeeded = async {
        loop {
            let answer = create_with_key(client, key, task).await;
            if answer.status != 503 {
                return answer.expect(201);
            }
        }
    };
    tokio::time::timeout(PATIENCE, succeeded).await.unwrap()
}

/// It says that it may be repeated, and when.
#[track_caller]
fn is_to_be_repeated(answer: Answer) {
    let retry_after = answer.headers.get("retry-after").cloned();
    assert_eq!(answer.problem(503), "unavailable");
    let seconds: Option<u32> = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0), "{seconds:?}");
}

fn in_an_hour() -> Value {
    json!((Utc::now() + TimeDelta::hours(1)).to_rfc3339())
}

/// A task with a reminder at this instant.
fn reminding(title: &str, at: DateTime<Utc>) -> Value {
    json!({"title": title, "reminders": [{"at": at.to_rfc3339_opts(SecondsFormat::Millis, true)}]})
}

/// The titles of all tasks, in order.
async fn titles(client: &Client) -> Vec<Value> {
    let tasks = client.all_tasks("all").await;
    let mut titles: Vec<Value> = tasks.iter().map(|task| task["title"].clone()).collect();
    titles.sort_by_key(ToString::to_string);
    titles
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_away_writes_are_to_be_repeated_and_then_happen_once() {
    let server = Server::start(&Data::new());
    let client = server.user(&format!("store-away-{}", Uuid::now_v7())).await;
    let task = json!({"title": "once"});
    with(&server, |environment| {
        environment.stop(store(environment)).unwrap();
    })
    .await;
    is_to_be_repeated(create_with_key(&client, "k-1", &task).await);
    with(&server, |environment| environment.start(store(environment)).unwrap()).await;
    let made = repeat(&client, "k-1", &task).await;
    assert_eq!(client.all_tasks("all").await, [made]);
}

/// Longer than a call of the store may take and, together, than a request: whoever waits behind another is told in time too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_does_not_answer_writes_are_to_be_repeated_and_then_happen_once() {
    let server = Server::start(&Data::new());
    let client = server.user(&format!("store-frozen-{}", Uuid::now_v7())).await;
    with(&server, |environment| environment.pause(store(environment)).unwrap()).await;
    let wait = |key: u64| {
        let client = client.clone();
        tokio::spawn(async move {
            // Not all in one call: those that come later have less of it to wait for.
            tokio::time::sleep(Duration::from_secs(4 * key)).await;
            create_with_key(&client, &key.to_string(), &json!({"title": key.to_string()})).await
        })
    };
    let waiting: Vec<_> = (0..4).map(wait).collect();
    for answer in waiting {
        is_to_be_repeated(answer.await.unwrap());
    }
    with(&server, |environment| environment.resume(store(environment)).unwrap()).await;
    let mut made = Vec::new();
    for key in 0..4 {
        let key = key.to_string();
        made.push(repeat(&client, &key, &json!({"title": key})).await["title"].clone());
    }
    assert_eq!(titles(&client).await, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_scheduler_is_away_only_what_moves_a_wake_up_earlier_is_to_be_repeated() {
    let server = Server::start(&Data::new());
    let client = server.user(&format!("scheduler-away-{}", Uuid::now_v7())).await;
    let plain = client.create(json!({"title": "before"})).await;
    with(&server, |environment| environment.kill("scheduler").unwrap()).await;
    let reminded = json!({"title": "reminded", "reminders": [{"at": in_an_hour()}]});
    is_to_be_repeated(create_with_key(&client, "k-1", &reminded).await);
    let meanwhile = client.create(json!({"title": "meanwhile"})).await;
    client.complete(&plain).await.expect(200);
    with(&server, |environment| environment.start("scheduler").unwrap()).await;
    let made = repeat(&client, "k-1", &reminded).await;
    assert_eq!(titles(&client).await, ["before", "meanwhile", "reminded"]);
    assert_eq!(
        (&meanwhile["title"], &made["title"]),
        (&json!("meanwhile"), &json!("reminded"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_scheduler_is_away_a_reminder_after_an_armed_one_is_set_and_one_before_it_is_to_be_repeated() {
    let server = Server::start(&Data::new());
    let client = server.user(&format!("scheduler-armed-{}", Uuid::now_v7())).await;
    let reminded = |minutes: i64| {
        let at = Utc::now() + TimeDelta::minutes(minutes);
        json!({"title": minutes.to_string(), "reminders": [{"at": at.to_rfc3339()}]})
    };
    // What was just away may take a moment.
    repeat(&client, "first", &reminded(60)).await;
    with(&server, |environment| environment.kill("scheduler").unwrap()).await;
    let later = create_with_key(&client, "later", &reminded(120)).await;
    let sooner = reminded(30);
    is_to_be_repeated(create_with_key(&client, "sooner", &sooner).await);
    with(&server, |environment| environment.start("scheduler").unwrap()).await;
    later.expect(201);
    repeat(&client, "sooner", &sooner).await;
    assert_eq!(titles(&client).await, ["120", "30", "60"]);
}

/// Half of how long a call of the sidecar may take.
const WITHOUT_WAITING: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_scheduler_does_not_answer_what_needs_no_wake_up_does_not_wait_for_it() {
    let server = Server::start(&Data::new());
    with(&server, |environment| environment.pause("scheduler").unwrap()).await;
    // Each is an actor that has no guard yet.
    for number in 0..4 {
        let began = Instant::now();
        let client = server
            .user(&format!("scheduler-frozen-{number}-{}", Uuid::now_v7()))
            .await;
        client.create(json!({"title": "plain"})).await;
        let took = began.elapsed();
        assert!(took < WITHOUT_WAITING, "user {number} waited {took:?}");
    }
    with(&server, |environment| environment.resume("scheduler").unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_scheduler_is_away_commands_are_done_beside_those_that_need_it() {
    let server = Server::start(&Data::new());
    let client = server.user(&format!("scheduler-beside-{}", Uuid::now_v7())).await;
    with(&server, |environment| environment.kill("scheduler").unwrap()).await;
    let create = |number: usize| {
        let client = client.clone();
        let reminders = if number.is_multiple_of(2) {
            json!([])
        } else {
            json!([{"at": in_an_hour()}])
        };
        tokio::spawn(async move {
            let task = json!({"title": number.to_string(), "reminders": reminders});
            create_with_key(&client, &number.to_string(), &task)
                .await
                .status
                .as_u16()
        })
    };
    let creating: Vec<_> = (0..20).map(create).collect();
    for (number, created) in creating.into_iter().enumerate() {
        let expected = if number.is_multiple_of(2) { 201 } else { 503 };
        assert_eq!(created.await.unwrap(), expected, "{number}");
    }
    with(&server, |environment| environment.start("scheduler").unwrap()).await;
}

/// How long after an instant a reminder is late for certain.
const LATE: TimeDelta = TimeDelta::seconds(3);

/// The instant of a reminder passes while `process` is down: it comes once that is back, is marked late, and comes once.
async fn a_reminder_outlasts(process: &'static str) {
    let server = Server::start(&Data::new());
    let client = server.user(&format!("outlasts-{process}-{}", Uuid::now_v7())).await;
    let mut socket = Socket::open(&client, None).await;
    let due = Utc::now() + TimeDelta::seconds(4);
    repeat(&client, "missed", &reminding("missed", due)).await;
    with(&server, move |environment| environment.kill(process).unwrap()).await;
    // The outage itself: the instant passes while nothing runs.
    tokio::time::sleep((due + LATE - Utc::now()).to_std().unwrap()).await;
    with(&server, move |environment| environment.start(process).unwrap()).await;
    let fired = socket.event_of("reminder.fired").await["data"].clone();
    assert_eq!(
        (&fired["title"], &fired["late"]),
        (&json!("missed"), &json!(true)),
        "{fired}"
    );
    // Had it come twice, it would have come again before this one.
    let after = Utc::now() + TimeDelta::seconds(4);
    repeat(&client, "after", &reminding("after", after)).await;
    let next = socket.event_of("reminder.fired").await["data"].clone();
    assert_eq!(next["title"], "after", "{next}");
    let inbox = client.get("/v1/notifications").await.expect(200);
    assert_eq!(inbox["items"].as_array().unwrap().len(), 2, "{inbox}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_due_while_the_sidecar_of_the_api_was_down_fires_once_it_is_back_marked_late() {
    a_reminder_outlasts("api-sidecar").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_due_while_the_scheduler_was_down_fires_once_it_is_back_marked_late() {
    a_reminder_outlasts("scheduler").await;
}
