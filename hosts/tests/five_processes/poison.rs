//! A message that no release here can read, on each topic and ahead of what a user does, while that user works: each role puts it aside and goes on with
//! what is behind it, it is replayed from the log, and in the end everything acknowledged is there.

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

use daprenv::Environment;
use punctual_events::{ActorId, Seq, Topic};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    audited,
    client::{Client, PATIENCE},
    load::Load,
    server::{Data, Server},
    stored::{log_of, seen_by_the_api},
    witnesses::{self, Witnesses},
};

/// Acknowledged before the messages, behind them, and after they were replayed.
const ACKNOWLEDGED: usize = 15;
/// Of the consumer nobody here wrote, `xtask/consume.py`, too.
const POISON: &str = "dev.punctual.of.tomorrow.v9";
/// Who hears the three topics: sync two of them.
const HEARD_BY: [&str; 5] = ["audit", "notification", "recurring", "sync", "sync"];
/// Between two looks.
const REST: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_read_is_put_aside_on_each_topic_and_replayed_while_users_work_on() {
    let server = Server::start_with(&Data::new(), &witnesses::FLAGS);
    let environment = &server.environment;
    let client = server.user(&format!("poison-{}", Uuid::now_v7())).await;
    let witnesses = Witnesses::of(&client).await;
    let (load, callers) = Load::begin(client.clone()).await;
    load.acknowledges(ACKNOWLEDGED).await;
    for topic in Topic::ALL {
        let seq = commit_on(environment, &client, topic).await;
        publish(environment, &client, topic, seq).await;
    }
    load.acknowledges(ACKNOWLEDGED).await;

    let letters = letters_of_all(environment, &client).await;
    let mut replay = vec!["dead-letters".to_owned(), "replay".to_owned()];
    replay.extend(
        letters
            .iter()
            .map(|letter| format!("{}-{}", word(letter, "role"), word(letter, "id"))),
    );
    let output = punctual(environment, replay).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), said.lines().last()),
        (Some(0), Some("5 taken, 0 not"))
    );
    assert_eq!(letters_of(environment, &client).await, Vec::<Value>::new());

    load.acknowledges(ACKNOWLEDGED).await;
    load.ends_well(callers).await;
    assert_eq!(load.failures(), Vec::<String>::new());
    audited::whole(environment, &client).await;
    witnesses.missed_nothing(environment, &client).await;
}

/// Looks until it is there: logs and letters are in other processes, which tell nobody of them.
async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(REST).await;
    }
}

/// Waits until a commit of the user has something on a topic.
async fn commit_on(environment: &Environment, client: &Client, topic: Topic) -> Seq {
    let logs = seen_by_the_api(environment).logs;
    let actor = ActorId::User(client.user.parse().unwrap());
    eventually(topic.as_str(), async || {
        let log = log_of(&*logs, actor).await;
        let commit = log.iter().find(|commit| commit.is_on(topic))?;
        Some(commit.header.seq)
    })
    .await
}

/// Publishes an event of a commit there is, as a later release might write it, to where the user's own events are.
async fn publish(environment: &Environment, client: &Client, topic: Topic, seq: Seq) {
    let (user, topic) = (&client.user, topic.as_str());
    let event = json!({"specversion": "1.0", "id": format!("user/{user}/{seq}/0"), "partitionkey": user,
        "source": format!("/punctual/{topic}"), "type": POISON, "data": {"title": "content"}});
    let sidecar = environment.process("api-sidecar").unwrap();
    let port = sidecar.port("http");
    let url = format!("http://127.0.0.1:{port}/v1.0/publish/events/{topic}?metadata.partitionKey={user}");
    let request = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/cloudevents+json")
        .header("dapr-api-token", &sidecar.variables["DAPR_API_TOKEN"])
        .body(event.to_string());
    assert_eq!(request.send().await.unwrap().status(), 204);
}

/// Waits until each role that hears the topics has put its message aside.
async fn letters_of_all(environment: &Environment, client: &Client) -> Vec<Value> {
    let letters = eventually("a letter of each role", async || {
        let letters = letters_of(environment, client).await;
        let is_whole = letters.iter().map(|letter| word(letter, "role")).eq(HEARD_BY);
        is_whole.then_some(letters)
    })
    .await;
    for letter in &letters {
        assert_eq!(letter["type"], POISON, "{letter}");
        assert!(!letter.to_string().contains("content"), "{letter}");
    }
    letters
}

/// The dead letters of a user, by role. Others may have some of what tests before this one did.
async fn letters_of(environment: &Environment, client: &Client) -> Vec<Value> {
    let list = ["dead-letters", "list", "--json"].map(str::to_owned);
    let output = punctual(environment, list.to_vec()).await;
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let letters = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut letters: Vec<Value> = letters
        .filter(|letter: &Value| letter["user"] == *client.user)
        .collect();
    letters.sort_by_key(|letter| word(letter, "role").to_owned());
    letters
}

fn word<'a>(letter: &'a Value, name: &str) -> &'a str {
    letter[name].as_str().unwrap()
}

/// Runs `punctual` with the variables of the API's process.
async fn punctual(environment: &Environment, arguments: Vec<String>) -> Output {
    let beside = environment.process("api").unwrap().variables.clone();
    let mut command = Command::new(env!("CARGO_BIN_EXE_punctual"));
    command.args(arguments).env_remove("PUNCTUAL_LOG").envs(beside);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}
