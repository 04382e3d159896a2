//! Promise: nothing acknowledged is lost. `kill -9` under load, again and again, and what was acknowledged compared with what is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::json;
use tokio::sync::mpsc::{self, UnboundedSender};

use crate::{
    client::{Answer, Client, id},
    server::{Data, Server, crashes},
};

const USERS: usize = 4;
const CALLERS_PER_USER: usize = 4;
/// Fewer would prove little.
const ACKNOWLEDGED_BEFORE_A_KILL: usize = 30;

/// What a user's callers were told, and what they do not know.
#[derive(Default)]
struct Ledger {
    /// Titles of tasks whose creation was acknowledged, with their ids.
    created: BTreeMap<String, String>,
    /// Ids of tasks whose completion was acknowledged.
    completed: BTreeSet<String>,
    /// Titles of tasks whose creation was sent, acknowledged or not.
    sent: BTreeSet<String>,
}

impl Ledger {
    /// Titles of tasks whose creation was sent, and of which nobody knows whether it took effect.
    fn unknown(&self) -> Vec<String> {
        let unknown = self.sent.iter().filter(|title| !self.created.contains_key(*title));
        unknown.cloned().collect()
    }
}

/// Sends the creation of a task under its own key.
async fn create(client: &Client, title: &str) -> Result<Answer, reqwest::Error> {
    let headers = [("idempotency-key", title)];
    let body = json!({"title": title});
    client.try_send(Method::POST, "/v1/tasks", &headers, Some(&body)).await
}

/// Repeats what may have taken effect; how many there were.
async fn repeat_the_unknown(client: &Client, ledger: &Mutex<Ledger>) -> usize {
    let unknown = ledger.lock().unwrap().unknown();
    for title in &unknown {
        let task = create(client, title).await.unwrap().expect(201);
        ledger
            .lock()
            .unwrap()
            .created
            .insert(title.clone(), id(&task).to_owned());
    }
    unknown.len()
}

/// Creates and completes tasks until told to stop or the server is gone.
async fn load(
    client: Client,
    ledger: Arc<Mutex<Ledger>>,
    numbers: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    acknowledged: UnboundedSender<()>,
) {
    while !stop.load(Ordering::Relaxed) {
        let title = format!("task-{}", numbers.fetch_add(1, Ordering::Relaxed));
        ledger.lock().unwrap().sent.insert(title.clone());
        let Ok(answer) = create(&client, &title).await else {
            return;
        };
        if answer.status == 503 {
            continue;
        }
        let task = answer.expect(201);
        ledger.lock().unwrap().created.insert(title, id(&task).to_owned());
        // Nobody counts any more once the server is to be killed.
        let _ = acknowledged.send(());
        let path = format!("/v1/tasks/{}/complete", id(&task));
        let Ok(answer) = client.try_send(Method::POST, &path, &[], Some(&json!({}))).await else {
            return;
        };
        if answer.status == 200 {
            ledger.lock().unwrap().completed.insert(id(&task).to_owned());
        }
    }
}

/// Everything acknowledged is there, once, and nothing that nobody sent.
async fn compare(client: &Client, ledger: &Mutex<Ledger>) {
    let tasks = client.all_tasks("all").await;
    let by_title: BTreeMap<&str, &serde_json::Value> = tasks
        .iter()
        .map(|task| (task["title"].as_str().unwrap(), task))
        .collect();
    assert_eq!(by_title.len(), tasks.len(), "a task is there twice");
    let ledger = ledger.lock().unwrap();
    for (title, task_id) in &ledger.created {
        let task = by_title
            .get(title.as_str())
            .unwrap_or_else(|| panic!("{title} was acknowledged and is gone"));
        assert_eq!(id(task), task_id);
    }
    for task_id in &ledger.completed {
        let task = tasks.iter().find(|task| id(task) == task_id).unwrap();
        assert_eq!(task["status"], "done", "{task_id} was completed and is open");
    }
    for title in by_title.keys() {
        assert!(ledger.sent.contains(*title), "{title} was never sent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_repeated_is_doubled_when_the_server_is_killed_under_load() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let mut repeated = 0;
    let mut users = Vec::new();
    for user in 0..USERS {
        let client = server.user(&format!("crash{user}")).await;
        users.push((
            client,
            Arc::new(Mutex::new(Ledger::default())),
            Arc::new(AtomicU64::new(0)),
        ));
    }
    for round in 0..crashes() {
        let stop = Arc::new(AtomicBool::new(false));
        let (acknowledged, mut acknowledgements) = mpsc::unbounded_channel();
        let callers: Vec<_> = users
            .iter()
            .flat_map(|(client, ledger, numbers)| {
                std::iter::repeat_n((client.at(&server.url), ledger, numbers), CALLERS_PER_USER)
            })
            .map(|(client, ledger, numbers)| {
                let (ledger, numbers, stop) = (Arc::clone(ledger), Arc::clone(numbers), Arc::clone(&stop));
                tokio::spawn(load(client, ledger, numbers, stop, acknowledged.clone()))
            })
            .collect();
        // In the middle of the load, at a different moment each round.
        for _ in 0..ACKNOWLEDGED_BEFORE_A_KILL {
            acknowledgements.recv().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(37 * (round as u64 % 11))).await;
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.await.unwrap();
        }
        server = Server::start(&data);
        for (client, ledger, _) in &users {
            let client = client.at(&server.url);
            repeated += repeat_the_unknown(&client, ledger).await;
            compare(&client, ledger).await;
            client.audit_verifies().await;
        }
    }
    println!(
        "{repeated} answers were lost in {} crashes, and their requests repeated",
        crashes()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_repeated_after_a_crash_with_its_key_has_one_effect() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("repeat").await;
    let body = json!({"title": "once"});
    let headers = [("idempotency-key", "k-1")];
    let first = client
        .send(Method::POST, "/v1/tasks", &headers, Some(&body))
        .await
        .expect(201);
    server.kill();
    let server = Server::start(&data);
    let client = client.at(&server.url);
    let again = client
        .send(Method::POST, "/v1/tasks", &headers, Some(&body))
        .await
        .expect(201);
    assert_eq!(first, again);
    assert_eq!(client.all_tasks("all").await.len(), 1);
    let other = client
        .send(Method::POST, "/v1/tasks", &headers, Some(&json!({"title": "other"})))
        .await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_terminated_drains_and_exits_cleanly() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("drain").await;
    let task = client.create(json!({"title": "kept"})).await;
    assert!(server.terminate().success());
    let server = Server::start(&data);
    let client = client.at(&server.url);
    assert_eq!(client.task(&task).await.expect(200), task);
}
