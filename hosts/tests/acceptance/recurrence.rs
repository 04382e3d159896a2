//! EC-5, EC-6, promises 2 and 3: what comes after a completion, and when.

use serde_json::{Value, json};

use crate::{
    client::{Client, id},
    server::{Data, Server},
    socket::Socket,
};

async fn open_instances(client: &Client, series: &Value) -> Vec<Value> {
    client
        .all_tasks("open")
        .await
        .into_iter()
        .filter(|task| task["series"] == *series)
        .collect()
}

/// Waits for the instance that comes after `task`, on a socket of its own.
pub(crate) async fn complete_and_wait(client: &Client, task: &Value) -> Value {
    let mut socket = Socket::open(client, None).await;
    client.complete(task).await.expect(200);
    let series = task["series"].clone();
    let done = id(task).to_owned();
    socket
        .task(|update| update["series"] == series && id(update) != done && update["status"] == "open")
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completing_an_instance_makes_exactly_one_next_and_repeating_it_makes_none() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("once").await;
    let task = client
        .create(
            json!({"title": "water", "due": {"at": "2031-03-03T08:00:00", "time_zone": "Europe/Paris"},
            "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO"}, "reminders": [{"before": "PT1H"}]}),
        )
        .await;
    let next = complete_and_wait(&client, &task).await;
    assert_eq!(next["due"]["at"], "2031-03-10T08:00:00");
    assert_eq!(next["occurrence"], 1);
    assert_eq!(next["reminders"].as_array().unwrap().len(), 1);
    let again = client.complete(&task).await.expect(200);
    assert_eq!(again["status"], "done");
    assert_eq!(open_instances(&client, &task["series"]).await, vec![next]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_instance_appears_exactly_once_across_kill_9_right_after_the_completion() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let mut client = server.user("killed").await;
    let mut task = client
        .create(
            json!({"title": "daily", "due": {"at": "2031-01-01T08:00:00", "time_zone": "Europe/Paris"},
            "recurrence": {"rrule": "FREQ=DAILY"}}),
        )
        .await;
    for round in 1..=5 {
        let cursor = Socket::open(&client, None).await.cursor;
        client.complete(&task).await.expect(200);
        server.kill();
        server = Server::start(&data);
        client = client.at(&server.url);
        // The hand-over is offered again by its own wake-up at the latest, some ten seconds after the first offer.
        let mut socket = Socket::open(&client, Some(&cursor)).await;
        task = socket.task(|update| update["occurrence"] == round).await;
        assert_eq!(open_instances(&client, &task["series"]).await, vec![task.clone()]);
    }
    client.audit_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wall_time_is_kept_across_daylight_saving() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("dst").await;
    // Clocks in New York go forward on 2031-03-09 at 02:00.
    let task = client
        .create(
            json!({"title": "gap", "due": {"at": "2031-03-08T02:30:00", "time_zone": "America/New_York"},
            "recurrence": {"rrule": "FREQ=DAILY"}}),
        )
        .await;
    assert_eq!(task["due"]["instant"], "2031-03-08T07:30:00.000Z");
    let next = complete_and_wait(&client, &task).await;
    // 02:30 does not exist that day: it moves forward by the gap, to 03:30 summer time.
    assert_eq!(next["due"]["at"], "2031-03-09T02:30:00");
    assert_eq!(next["due"]["instant"], "2031-03-09T07:30:00.000Z");
    let after = complete_and_wait(&client, &next).await;
    assert_eq!(after["due"]["instant"], "2031-03-10T06:30:00.000Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completing_late_rolls_to_the_next_future_date() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("late").await;
    let task = client
        .create(
            json!({"title": "late", "due": {"at": "2020-01-01T09:00:00", "time_zone": "Europe/Paris"},
            "recurrence": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1"}}),
        )
        .await;
    assert_eq!(task["overdue"], true);
    let next = complete_and_wait(&client, &task).await;
    assert_eq!(next["overdue"], false);
    assert!(next["due"]["instant"].as_str() > next["created"].as_str(), "{next}");
    let path = format!("/v1/series/{}/occurrences?limit=200", task["series"].as_str().unwrap());
    let occurrences = client.get(&path).await.expect(200);
    let items = occurrences["items"].as_array().unwrap();
    let missed = items
        .iter()
        .filter(|occurrence| occurrence["outcome"] == "missed")
        .count();
    assert_eq!(missed as u64 + 1, next["occurrence"].as_u64().unwrap());
    assert_eq!(items[0]["outcome"], "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reopening_withdraws_the_untouched_successor_and_completing_again_makes_a_new_one() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("reopen").await;
    let task = client
        .create(json!({"title": "again", "due": {"date": "2031-06-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    let next = complete_and_wait(&client, &task).await;
    client
        .post(&format!("/v1/tasks/{}/reopen", id(&task)), &json!({}))
        .await
        .expect(200);
    client.task(&next).await.expect(404);
    assert_eq!(open_instances(&client, &task["series"]).await.len(), 1);
    let second = complete_and_wait(&client, &task).await;
    assert_eq!(second["occurrence"], 1);
    assert_ne!(id(&second), id(&next));
    client
        .patch(&format!("/v1/tasks/{}", id(&second)), &json!({"title": "touched"}))
        .await
        .expect(200);
    let refused = client
        .post(&format!("/v1/tasks/{}/reopen", id(&task)), &json!({}))
        .await;
    assert_eq!(refused.problem(409), "occurrence_superseded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_an_instance_skips_it_and_deleting_the_series_ends_it() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("skip").await;
    let task = client
        .create(
            json!({"title": "skipped", "due": {"date": "2031-06-01"}, "recurrence": {"rrule": "FREQ=DAILY;COUNT=5"}}),
        )
        .await;
    let mut socket = Socket::open(&client, None).await;
    assert_eq!(client.delete(&format!("/v1/tasks/{}", id(&task))).await.status, 204);
    let next = socket.task(|update| update["occurrence"] == 1).await;
    client.task(&task).await.expect(404);
    assert_eq!(
        client
            .delete(&format!("/v1/tasks/{}?series=true", id(&next)))
            .await
            .status,
        204
    );
    let series = client
        .get(&format!("/v1/series/{}", task["series"].as_str().unwrap()))
        .await
        .expect(200);
    assert!(open_instances(&client, &task["series"]).await.is_empty(), "{series}");
}

/// A task that was due yesterday, a few seconds later in the day than it is now, and repeats daily.
async fn due_again_soon(client: &Client, policy: &str) -> Value {
    let at =
        (chrono::Utc::now() + chrono::TimeDelta::seconds(3) - chrono::TimeDelta::days(1)).format("%Y-%m-%dT%H:%M:%S");
    let due = json!({"at": at.to_string(), "time_zone": "Etc/UTC"});
    let recurrence = json!({"rrule": "FREQ=DAILY", "late_policy": policy});
    client
        .create(json!({"title": policy, "due": due, "recurrence": recurrence, "reminders": [{"before": "PT0S"}]}))
        .await
}

async fn outcomes(client: &Client, series: &Value) -> Vec<Value> {
    let path = format!("/v1/series/{}/occurrences?upcoming=0", series.as_str().unwrap());
    let page = client.get(&path).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|occurrence| occurrence["outcome"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_instance_that_is_kept_open_moves_to_the_next_instant_when_that_comes_also_after_kill_9() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let client = server.user("kept").await;
    let task = due_again_soon(&client, "keep_one_open").await;
    let cursor = Socket::open(&client, None).await.cursor;
    server.kill();
    server = Server::start(&data);
    let client = client.at(&server.url);
    let mut socket = Socket::open(&client, Some(&cursor)).await;
    let moved = socket.task(|update| update["occurrence"] == 1).await;
    assert_eq!((id(&moved), &moved["status"]), (id(&task), &json!("open")));
    assert!(moved["due"]["instant"].as_str() <= moved["updated"].as_str(), "{moved}");
    assert_eq!(open_instances(&client, &task["series"]).await.len(), 1);
    assert_eq!(complete_and_wait(&client, &moved).await["occurrence"], 2);
    assert_eq!(
        outcomes(&client, &task["series"]).await,
        [json!("missed"), json!("done"), Value::Null]
    );
    client.audit_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_skipped_makes_way_for_a_new_one_when_the_next_instant_comes() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("skipped").await;
    let mut socket = Socket::open(&client, None).await;
    let task = due_again_soon(&client, "skip").await;
    let next = socket.task(|update| update["occurrence"] == 1).await;
    assert_ne!(id(&next), id(&task));
    client.task(&task).await.expect(404);
    assert_eq!(open_instances(&client, &task["series"]).await, vec![next]);
    assert_eq!(
        outcomes(&client, &task["series"]).await,
        [json!("skipped"), Value::Null]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catching_up_goes_through_every_date_that_passed() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("catching").await;
    let recurrence = json!({"rrule": "FREQ=MONTHLY", "late_policy": "catch_up"});
    let due = json!({"at": "2020-01-01T09:00:00", "time_zone": "Europe/Paris"});
    let mut task = client
        .create(json!({"title": "late", "due": due, "recurrence": recurrence}))
        .await;
    for month in ["2020-02", "2020-03", "2020-04"] {
        task = complete_and_wait(&client, &task).await;
        assert_eq!(task["due"]["at"], format!("{month}-01T09:00:00"));
        assert_eq!(task["overdue"], true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentence_that_counts_workdays_from_completion_is_next_due_on_a_workday() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("workdays").await;
    let sentence = json!({"text": "report every! 2 workdays starting 5 jan 2031"});
    let task = client.post("/v1/tasks/quick", &sentence).await.expect(201)["task"].clone();
    assert_eq!(
        (&task["due"]["date"], &task["recurrence"]["workdays"]),
        (&json!("2031-01-06"), &json!(true))
    );
    let next = complete_and_wait(&client, &task).await;
    let due: chrono::NaiveDate = next["due"]["date"].as_str().unwrap().parse().unwrap();
    assert!(chrono::Datelike::weekday(&due).num_days_from_monday() < 5, "{due}");
    // Two workdays from now, not from when it was due.
    assert!(
        due - chrono::Utc::now().date_naive() <= chrono::TimeDelta::days(5),
        "{due}"
    );
}
