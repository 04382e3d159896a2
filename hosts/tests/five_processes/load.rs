//! A steady load of one user, and what it was told: tasks with reminders, completions, and a series that is completed again and again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, futures::Notified},
    task::JoinHandle,
};

use crate::client::{Answer, Client, PATIENCE, id};

const CALLERS: usize = 3;
/// So soon that most come due while the fault lasts.
const REMIND_AFTER_MS: i64 = 1_500;
/// How long a caller waits between two calls, and before one is made again.
const REST: Duration = Duration::from_millis(100);

/// What was acknowledged, and what else happened.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Titles of tasks, with their ids.
    created: BTreeMap<String, String>,
    completed: BTreeSet<String>,
    /// How often an occurrence of the series was completed.
    occurrences: u64,
    /// Calls that had to be made again, with what was said to the first of them.
    failures: Vec<String>,
    /// When the commands that succeeded were sent, and how long their answers took.
    took: Vec<(Instant, Duration)>,
}

/// The callers of a user.
pub(crate) struct Load {
    client: Client,
    rest: Duration,
    ledger: Mutex<Ledger>,
    numbers: AtomicU64,
    stopped: AtomicBool,
    progress: Notify,
}

impl Load {
    /// Begins to call.
    pub(crate) async fn begin(client: Client) -> (Arc<Self>, Vec<JoinHandle<()>>) {
        Self::resting(client, REST).await
    }

    /// Begins to call, with rests of this length.
    pub(crate) async fn resting(client: Client, rest: Duration) -> (Arc<Self>, Vec<JoinHandle<()>>) {
        let load = Arc::new(Self {
            client,
            rest,
            ledger: Mutex::default(),
            numbers: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            progress: Notify::new(),
        });
        let series = json!({"title": "series", "due": {"date": "2031-06-01"}, "recurrence": {"rrule": "FREQ=DAILY"}});
        let first = load.insist("/v1/tasks", &series).await;
        let mut callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let load = Arc::clone(&load);
                tokio::spawn(async move { load.create_and_complete().await })
            })
            .collect();
        let completing = Arc::clone(&load);
        callers.push(tokio::spawn(async move { completing.complete_the_series(first).await }));
        (load, callers)
    }

    /// Waits until so many more tasks were acknowledged.
    pub(crate) async fn acknowledges(&self, more: usize) {
        let wanted = self.ledger.lock().unwrap().created.len() + more;
        let enough = async {
            loop {
                let progress: Notified<'_> = self.progress.notified();
                if self.ledger.lock().unwrap().created.len() >= wanted {
                    return;
                }
                progress.await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, enough).await;
        assert!(
            waited.is_ok(),
            "nothing is acknowledged any more: {:?}",
            self.failures()
        );
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Has the callers end, and holds everything acknowledged to be there.
    pub(crate) async fn ends_well(&self, callers: Vec<JoinHandle<()>>) {
        self.stop();
        for caller in callers {
            caller.await.unwrap();
        }
        self.holds().await;
    }

    /// What went wrong with calls that were made again.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.ledger.lock().unwrap().failures.clone()
    }

    /// How long the commands took that were sent between two instants and succeeded, the shortest first.
    pub(crate) fn took_between(&self, from: Instant, to: Instant) -> Vec<Duration> {
        let ledger = self.ledger.lock().unwrap();
        let sent = ledger.took.iter().filter(|(sent, _)| (from..to).contains(sent));
        let mut took: Vec<Duration> = sent.map(|(_, took)| *took).collect();
        took.sort_unstable();
        took
    }

    /// Whose load it is.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    async fn create_and_complete(&self) {
        while !self.stopped.load(Ordering::Relaxed) {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let title = format!("task-{number}");
            let task = self.insist("/v1/tasks", &reminded(&title)).await;
            self.ledger.lock().unwrap().created.insert(title, id(&task).to_owned());
            self.progress.notify_waiters();
            tokio::time::sleep(self.rest).await;
            if number.is_multiple_of(3) {
                self.insist(&format!("/v1/tasks/{}/complete", id(&task)), &json!({}))
                    .await;
                self.ledger.lock().unwrap().completed.insert(id(&task).to_owned());
            }
        }
    }

    async fn complete_the_series(&self, mut open: Value) {
        while !self.stopped.load(Ordering::Relaxed) {
            self.insist(&format!("/v1/tasks/{}/complete", id(&open)), &json!({}))
                .await;
            self.ledger.lock().unwrap().occurrences += 1;
            tokio::time::sleep(self.rest).await;
            open = self.next_of_the_series(id(&open).to_owned()).await;
        }
    }

    async fn next_of_the_series(&self, before: String) -> Value {
        let began = Instant::now();
        loop {
            let found = self.send(Method::GET, "/v1/tasks?q=series", "", None).await;
            if let Err(failure) = &found {
                self.fail("/v1/tasks?q=series", failure);
            }
            let open = found.map(|found| found.body["items"][0].clone()).unwrap_or_default();
            if open["id"].as_str().is_some_and(|next| next != before) {
                return open;
            }
            assert!(began.elapsed() < 2 * PATIENCE, "no occurrence follows {before}");
            tokio::time::sleep(self.rest).await;
        }
    }

    /// A command until it succeeds, with one key: what had an effect already has no second one.
    async fn insist(&self, path: &str, body: &Value) -> Value {
        let (key, began) = (uuid::Uuid::now_v7().to_string(), Instant::now());
        loop {
            let sent = Instant::now();
            match self.send(Method::POST, path, &key, Some(body)).await {
                Ok(answer) => {
                    self.ledger.lock().unwrap().took.push((sent, sent.elapsed()));
                    return answer.body;
                }
                Err(failure) => self.fail(path, &failure),
            }
            assert!(began.elapsed() < PATIENCE, "{path}: {:?}", self.failures().last());
            tokio::time::sleep(self.rest).await;
        }
    }

    fn fail(&self, path: &str, failure: &str) {
        let at = chrono::Utc::now().format("%T%.3f");
        self.ledger
            .lock()
            .unwrap()
            .failures
            .push(format!("{at} {path}: {failure}"));
    }

    /// A call; what the server could not do now, or did not answer, is a failure, and anything else but success a wrong answer.
    async fn send(&self, method: Method, path: &str, key: &str, body: Option<&Value>) -> Result<Answer, String> {
        let headers = [("idempotency-key", key)];
        let headers = if key.is_empty() { &headers[..0] } else { &headers[..] };
        let answer = self.client.try_send(method, path, headers, body).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status == 503 {
            return Err(answer.body.to_string());
        }
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
        Ok(answer)
    }

    /// Everything acknowledged is there, once, and had its effects once.
    pub(crate) async fn holds(&self) {
        let tasks = self.client.all_tasks("all").await;
        let (created, completed, occurrences) = {
            let ledger = self.ledger.lock().unwrap();
            (ledger.created.clone(), ledger.completed.clone(), ledger.occurrences)
        };
        let singles = tasks.iter().filter(|task| task["series"].is_null());
        let there: BTreeMap<String, String> = singles
            .clone()
            .map(|task| (task["title"].as_str().unwrap().to_owned(), id(task).to_owned()))
            .collect();
        assert_eq!(there, created);
        assert_eq!(singles.clone().count(), created.len(), "a task is there twice");
        let done: BTreeSet<String> = singles
            .filter(|task| task["status"] == "done")
            .map(|task| id(task).to_owned())
            .collect();
        assert_eq!(done, completed);
        let mut numbers: Vec<u64> = tasks
            .iter()
            .filter_map(|task| task["series"].as_str().and(task["occurrence"].as_u64()))
            .collect();
        numbers.sort_unstable();
        assert_eq!(
            numbers,
            (0..=occurrences).collect::<Vec<_>>(),
            "each occurrence once, one of them open"
        );
        // Those too whose instant passed while the server that was to take the task was away.
        let singles = tasks.iter().filter(|task| task["series"].is_null());
        let reminded = singles.map(|task| id(task).to_owned());
        self.reminded_of(reminded.filter(|task| !completed.contains(task)).collect())
            .await;
        let commands = (created.len() + completed.len()) as u64 + occurrences;
        let has_all = |verified: &Value| verified["entries"].as_u64() >= Some(commands);
        self.client.audit_verifies_with(has_all).await;
    }

    /// Each reminder of a task that was not completed comes, and comes once.
    async fn reminded_of(&self, mut wanted: BTreeSet<String>) {
        self.inbox_with(&wanted).await;
        // Once this one is there as well, those before it have had their chance to come twice.
        let after_all = self.insist("/v1/tasks", &reminded("after all")).await;
        wanted.insert(id(&after_all).to_owned());
        let tasks = self.inbox_with(&wanted).await;
        let distinct: BTreeSet<&String> = tasks.iter().collect();
        assert_eq!(distinct.len(), tasks.len(), "a reminder is there twice");
    }

    /// Waits until an inbox has notifications of all these tasks, and gives the task of each it has.
    async fn inbox_with(&self, wanted: &BTreeSet<String>) -> Vec<String> {
        let began = Instant::now();
        loop {
            let inbox = self.client.get("/v1/notifications?limit=1000").await.expect(200);
            let tasks = inbox["items"].as_array().unwrap().iter();
            let tasks: Vec<String> = tasks.map(|item| item["task"].as_str().unwrap().to_owned()).collect();
            let missing: Vec<_> = wanted.iter().filter(|task| !tasks.contains(task)).collect();
            if missing.is_empty() {
                return tasks;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "not reminded of {missing:?}, in an inbox of {}",
                tasks.len()
            );
            tokio::time::sleep(self.rest).await;
        }
    }
}

/// A task of this title with a reminder that comes soon.
fn reminded(title: &str) -> Value {
    let at = chrono::Utc::now() + chrono::TimeDelta::milliseconds(REMIND_AFTER_MS);
    json!({"title": title, "reminders": [{"at": at.to_rfc3339()}]})
}
