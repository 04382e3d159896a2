//! Messages that a role cannot handle: they are put aside, hold up nobody, and are replayed once whatever was wrong is mended.

use std::time::Duration;

use bytes::Bytes;
use punctual::dapr::keys::Keys as _;
use punctual_events::{ActorId, Seq, Topic};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    asking::eventually,
    installation::{Account, Installation, edit, text},
    webhooks::{Arrived, receiver},
    whole::{Socket, connect, shown},
};

/// What no release of ours can read.
const DAMAGED: Bytes = Bytes::from_static(b"{\"format\":9999}\n");

/// One partition for each topic, so that everything is behind everything else, and fewer retries than one would sit out.
async fn up() -> Installation {
    let variables = [("PUNCTUAL_PARTITIONS", "1"), ("PUNCTUAL_WEBHOOK_ALLOW", "127.0.0.0/8")];
    Installation::up(&variables, |environment| {
        let kafka = environment.process("kafka").unwrap().folder.join("server.properties");
        edit(&kafka, "num.partitions=12", "num.partitions=1");
        let policies = environment.state().join("resources/resiliency.yaml");
        edit(
            &policies,
            "maxInterval: 15s, maxRetries: 12",
            "maxInterval: 1s, maxRetries: 3",
        );
    })
    .await
}

/// The letters there are, by the name of their role.
async fn letters(installation: &Installation) -> Vec<Value> {
    let output = installation.punctual(&["dead-letters", "list", "--json"]).await;
    assert!(output.status.success());
    let lines = text(&output.stdout).lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a letter is called on the command line.
fn name(letter: &Value) -> String {
    format!(
        "{}-{}",
        letter["role"].as_str().unwrap(),
        letter["id"].as_str().unwrap()
    )
}

fn roles(letters: &[Value]) -> Vec<&str> {
    letters.iter().map(|letter| letter["role"].as_str().unwrap()).collect()
}

/// The letters of sync. Recurring may have one too: what it had not yet taken when a log was damaged.
async fn of_sync(installation: &Installation) -> Vec<Value> {
    let mut letters = letters(installation).await;
    letters.retain(|letter| letter["role"] == "sync");
    letters
}

/// Waits until those roles have a letter each, and the others none.
async fn letters_of(installation: &Installation, expected: &[&str]) -> Vec<Value> {
    eventually("the letters are there", async || {
        let letters = letters(installation).await;
        (roles(&letters) == expected).then_some(letters)
    })
    .await
}

async fn inbox(installation: &Installation, account: &Account) -> usize {
    let inbox = installation.get("/v1/notifications", account).await;
    inbox["items"].as_array().unwrap().len()
}

/// Waits until audit has a task of that title.
async fn audited(installation: &Installation, account: &Account, title: &str) {
    eventually("audit has it", async || {
        let trail = installation.get("/v1/audit", account).await;
        trail.to_string().contains(title).then_some(())
    })
    .await;
}

/// The first commit of somebody that has something on a topic.
async fn commit_on(installation: &Installation, account: &Account, topic: Topic) -> Seq {
    let log = installation
        .logs()
        .read(ActorId::User(account.user), Seq::ZERO, 100)
        .await;
    let log = log.unwrap();
    let commit = log.iter().find(|commit| commit.is_on(topic));
    commit.unwrap().header.seq
}

/// Waits until each of the four that hear has done what is theirs: audit and sync have a task, notification has sent a webhook, and what recurring handed
/// over has led to the next instance.
async fn each_role_hears(
    installation: &Installation,
    account: &Account,
    mut socket: Socket,
    mut webhooks: UnboundedReceiver<Arrived>,
) {
    let reminded = json!({"title": "behind it", "reminders": [{"at": jiffy()}]});
    installation.create(account, reminded).await;
    audited(installation, account, "behind it").await;
    shown(&mut socket, "behind it", "open").await;
    let webhook = tokio::time::timeout(Duration::from_secs(60), webhooks.recv()).await;
    let (_, _, body) = webhook.expect("no webhook came").unwrap();
    assert!(text(&body).contains("behind it"), "{body:?}");
    let daily = json!({"title": "daily", "due": {"date": "2031-06-01"}, "recurrence": {"rrule": "FREQ=DAILY"}});
    let first = installation.create(account, daily).await;
    let complete = format!("/v1/tasks/{}/complete", first["id"].as_str().unwrap());
    let nothing = Some(json!({}));
    installation.ask(Method::POST, &complete, Some(account), nothing).await;
    shown(&mut socket, "daily", "done").await;
    shown(&mut socket, "daily", "open").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_nobody_can_read_is_put_aside_on_each_topic_and_replayed_from_the_log() {
    let installation = up().await;
    let ada = installation.sign_up("ada@example.org").await;
    let soon = jiffy();
    let task = json!({"title": "first", "reminders": [{"at": soon}]});
    installation.create(&ada, task).await;
    eventually("it fires", async || {
        (inbox(&installation, &ada).await == 1).then_some(())
    })
    .await;

    let bob = installation.sign_up("bob@example.org").await;
    let (url, webhooks) = receiver().await;
    let hook = Some(json!({"url": url}));
    installation.ask(Method::POST, "/v1/webhooks", Some(&bob), hook).await;
    let socket = connect(&installation.environment, &bob.token).await;

    for topic in Topic::ALL {
        let seq = commit_on(&installation, &ada, topic).await;
        // An event of a commit there is, as a later release might write it.
        let event = json!({"specversion": "1.0", "id": format!("user/{}/{seq}/0", ada.user), "partitionkey": ada.user,
            "source": format!("/punctual/{}", topic.as_str()), "type": "dev.punctual.of.tomorrow.v9",
            "data": {"title": "content"}});
        installation.publish(topic.as_str(), ada.user, &event).await;
    }
    // What is behind it in its partition comes through.
    each_role_hears(&installation, &bob, socket, webhooks).await;

    let letters = letters_of(&installation, &["audit", "notification", "recurring", "sync", "sync"]).await;
    for letter in &letters {
        assert_eq!(letter["type"], "dev.punctual.of.tomorrow.v9", "{letter}");
        assert_eq!(letter["user"], ada.user.to_string());
        assert_eq!(letter["origin"]["partition"], 0);
        assert!(
            letter["reason"].as_str().unwrap().contains("not an event of Punctual"),
            "{letter}"
        );
        assert!(!letter.to_string().contains("content"));
    }
    let topics: Vec<&str> = letters
        .iter()
        .map(|letter| letter["origin"]["topic"].as_str().unwrap())
        .collect();
    assert_eq!(topics[..3], ["task-events", "reminders", "task-events"]);

    let output = installation.punctual(&["dead-letters", "replay", "--all"]).await;
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().last()),
        (Some(0), Some("5 taken, 0 not"))
    );
    assert!(self::letters(&installation).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_not_even_json_is_put_aside_and_discarded() {
    let installation = up().await;
    let ada = installation.sign_up("ada@example.org").await;
    installation.publish_raw("task-events", "nonsense").await;
    installation.create(&ada, json!({"title": "behind it"})).await;
    audited(&installation, &ada, "behind it").await;
    let letters = letters_of(&installation, &["audit", "recurring"]).await;
    let names: Vec<String> = letters.iter().map(name).collect();
    let output = installation
        .punctual(&["dead-letters", "replay", "--all", "--role", "audit"])
        .await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("discard it"));
    let output = installation
        .punctual(&["dead-letters", "discard", &names[0], &names[1]])
        .await;
    assert_eq!(output.status.code(), Some(0));
    assert!(self::letters(&installation).await.is_empty());
    let output = installation.punctual(&["dead-letters", "discard", &names[0]]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_meets_damaged_data_is_put_aside_and_replayed_once_the_record_is_mended() {
    let installation = up().await;
    let (ada, bob) = (
        installation.sign_up("ada@example.org").await,
        installation.sign_up("bob@example.org").await,
    );
    audited_whole(&installation, &ada).await;
    let state = installation.state();
    // Ada's webhooks, and where her audit record ends: audit knows that by heart, until it starts anew.
    let (webhooks, hint) = (
        format!("record/webhooks/{}", ada.user),
        format!("audit/user/{}", ada.user),
    );
    installation
        .with(|environment| environment.stop("audit"))
        .await
        .unwrap();
    let damage = vec![(webhooks.clone(), DAMAGED), (hint.clone(), DAMAGED)];
    state.put(damage).await.unwrap();
    installation
        .with(|environment| environment.start("audit"))
        .await
        .unwrap();

    installation
        .create(&ada, json!({"title": "poison", "reminders": [{"at": jiffy()}]}))
        .await;
    eventually("it fires", async || {
        (inbox(&installation, &ada).await == 1).then_some(())
    })
    .await;
    installation.create(&bob, json!({"title": "behind it"})).await;
    audited(&installation, &bob, "behind it").await;
    // Ada's task and its reminder for audit, besides what audit had not acknowledged when it ended; and the reminder for the webhooks.
    let letters = eventually("the letters are there", async || {
        let letters = letters(&installation).await;
        let has = |role: &str, event: &str| {
            letters
                .iter()
                .any(|letter| letter["role"] == role && letter["type"] == event)
        };
        let (created, fired) = ("dev.punctual.task.created.v1", "dev.punctual.reminder.fired.v1");
        (has("audit", created) && has("audit", fired) && has("notification", fired)).then_some(letters)
    })
    .await;
    for letter in &letters {
        assert_eq!(letter["user"], ada.user.to_string());
        assert!(letter["reason"].as_str().unwrap().contains("format"), "{letter}");
    }

    let output = installation
        .punctual(&["dead-letters", "replay", &name(&letters[0])])
        .await;
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().last()),
        (Some(2), Some("0 taken, 1 not"))
    );
    let letters = self::letters(&installation).await;
    assert_eq!((&letters[0]["replays"], &letters[1]["replays"]), (&json!(1), &json!(0)));

    state.delete(&[webhooks, hint]).await.unwrap();
    let output = installation.punctual(&["dead-letters", "replay", "--all"]).await;
    let all = format!("{} taken, 0 not", letters.len());
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().last()),
        (Some(0), Some(&*all))
    );
    audited(&installation, &ada, "poison").await;
    audited_whole(&installation, &ada).await;
    let output = installation.punctual(&["dead-letters", "list"]).await;
    assert_eq!(text(&output.stdout), "no dead letters\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_role_cannot_take_now_is_tried_some_times_put_aside_and_replayed_once_it_can_be_taken() {
    let installation = up().await;
    let (ada, bob) = (
        installation.sign_up("ada@example.org").await,
        installation.sign_up("bob@example.org").await,
    );
    installation.create(&ada, json!({"title": "first"})).await;
    // An event that is ahead of its log: audit waits for a commit that there is not.
    let log = installation
        .logs()
        .read(ActorId::User(ada.user), Seq::ZERO, 100)
        .await
        .unwrap();
    let last = log.last().unwrap();
    let ahead = last.header.seq.next().to_string();
    let mut event = serde_json::to_value(&last.cloud_events(Topic::TaskEvents).unwrap()[0]).unwrap();
    event["id"] = json!(format!("user/{}/{ahead}/0", ada.user));
    event["sequence"] = json!(ahead);
    installation.publish("task-events", ada.user, &event).await;
    installation.create(&bob, json!({"title": "behind it"})).await;
    audited(&installation, &bob, "behind it").await;

    let letters = letters_of(&installation, &["audit"]).await;
    assert!(
        letters[0]["reason"].as_str().unwrap().contains("ends before"),
        "{}",
        letters[0]
    );
    let said = std::fs::read_to_string(installation.environment.log("audit")).unwrap();
    let tries = said.matches("an event was not taken and comes again").count();
    assert_eq!(tries, 1 + 3, "the first and as many again as the policy says");

    // There it is.
    installation.create(&ada, json!({"title": "second"})).await;
    audited(&installation, &ada, "second").await;
    let output = installation
        .punctual(&["dead-letters", "replay", &name(&letters[0])])
        .await;
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().last()),
        (Some(0), Some("1 taken, 0 not"))
    );
    assert!(self::letters(&installation).await.is_empty());
    audited_whole(&installation, &ada).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_whose_log_is_damaged_is_put_aside_by_sync_and_replayed_once_the_log_is_mended() {
    let installation = up().await;
    let (ada, bob) = (
        installation.sign_up("ada@example.org").await,
        installation.sign_up("bob@example.org").await,
    );
    installation.create(&ada, json!({"title": "first"})).await;
    audited_whole(&installation, &ada).await;
    let seq = commit_on(&installation, &ada, Topic::TaskUpdates).await;
    let actor = ActorId::User(ada.user);
    let log = installation.logs().read(actor, Seq(seq.0 - 1), 1).await.unwrap();
    let mut event = serde_json::to_value(&log[0].cloud_events(Topic::TaskUpdates).unwrap()[0]).unwrap();
    // What comes as one of several is looked up in the log.
    event["parts"] = json!(2);
    let (state, head) = (installation.state(), format!("head/user/{}", ada.user));
    let (sound, version) = state.get(&head).await.unwrap().unwrap();
    state.replace(&head, &version, DAMAGED).await.unwrap();
    installation.publish("task-updates", ada.user, &event).await;

    let letters = eventually("the letter is there", async || {
        let letters = of_sync(&installation).await;
        (!letters.is_empty()).then_some(letters)
    })
    .await;
    assert_eq!(letters[0]["origin"]["topic"], "task-updates");
    assert_eq!(letters[0]["type"], "dev.punctual.task.state.v1");
    assert_eq!(letters[0]["user"], ada.user.to_string());
    // What is behind it in its partition comes through.
    let mut socket = connect(&installation.environment, &bob.token).await;
    installation.create(&bob, json!({"title": "behind it"})).await;
    shown(&mut socket, "behind it", "open").await;
    let output = installation
        .punctual(&["dead-letters", "replay", "--all", "--role", "sync"])
        .await;
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().last()),
        (Some(2), Some("0 taken, 1 not"))
    );

    let (_, version) = state.get(&head).await.unwrap().unwrap();
    state.replace(&head, &version, sound).await.unwrap();
    let output = installation
        .punctual(&["dead-letters", "replay", "--all", "--role", "sync"])
        .await;
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().last()),
        (Some(0), Some("1 taken, 0 not"))
    );
    assert!(of_sync(&installation).await.is_empty());
    // Ada goes on as if nothing had been.
    let mut socket = connect(&installation.environment, &ada.token).await;
    installation.create(&ada, json!({"title": "second"})).await;
    shown(&mut socket, "second", "open").await;
    audited_whole(&installation, &ada).await;
}

/// Waits until audit has everything of somebody, and checks it.
async fn audited_whole(installation: &Installation, account: &Account) {
    let head = installation.logs().head(ActorId::User(account.user)).await.unwrap();
    let verified = eventually("audit has everything", async || {
        // Between processes that have just started, audit may be away for a moment.
        let verified = installation.look("/v1/audit/verify", account).await?;
        (verified["entries"].as_u64() >= Some(head.0)).then_some(verified)
    })
    .await;
    assert_eq!(verified["valid"], true, "{verified}");
}

/// An instant that is almost there.
fn jiffy() -> punctual_events::Timestamp {
    use punctual_actors::ports::Clock as _;
    punctual::environment::SystemClock.now().plus_millis(1_500)
}
