//! Series that are paused, resumed and ended, and single dates to come that are skipped, moved and made different.

use serde_json::{Value, json};

use crate::{
    client::{Client, id},
    recurrence::complete_and_wait,
    server::{Data, Server},
    socket::Socket,
};

async fn daily(client: &Client, title: &str) -> Value {
    let due = json!({"at": "2031-03-03T08:00:00", "time_zone": "Europe/Paris"});
    client
        .create(json!({"title": title, "due": due, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await
}

fn series_of(task: &Value) -> String {
    format!("/v1/series/{}", task["series"].as_str().unwrap())
}

fn date(task: &Value, day: u8) -> String {
    format!("{}/occurrences/2031-03-{day:02}T08:00:00", series_of(task))
}

/// Date and outcome of each occurrence, so many to come included.
async fn story(client: &Client, task: &Value, upcoming: u8) -> Vec<(String, Value)> {
    let path = format!("{}/occurrences?upcoming={upcoming}", series_of(task));
    let page = client.get(&path).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    let told = items.map(|item| {
        (
            item["recurrence_id"].as_str().unwrap()[8..10].to_owned(),
            item["outcome"].clone(),
        )
    });
    told.collect()
}

fn told(days: &[(&str, &str)]) -> Vec<(String, Value)> {
    let told = days.iter().map(|(day, outcome)| {
        let outcome = if outcome.is_empty() {
            Value::Null
        } else {
            json!(outcome)
        };
        ((*day).to_owned(), outcome)
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_series_goes_on_where_it_is_resumed_also_after_kill_9() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let client = server.user("paused").await;
    let task = daily(&client, "paused").await;
    let series = series_of(&task);
    let paused = client.post(&format!("{series}/pause"), &json!({})).await.expect(200);
    assert!(paused["paused"].is_string(), "{paused}");
    let cursor = Socket::open(&client, None).await.cursor;
    client.complete(&task).await.expect(200);
    server.kill();
    server = Server::start(&data);
    let client = client.at(&server.url);
    let resumed = client.post(&format!("{series}/resume"), &json!({})).await.expect(200);
    assert_eq!((&resumed["paused"], &resumed["ended"]), (&Value::Null, &json!(false)));
    // However far the completion had come when the series was resumed: there is one next instance.
    let mut socket = Socket::open(&client, Some(&cursor)).await;
    let next = socket.task(|update| update["occurrence"] == 1).await;
    assert_eq!(next["due"]["at"], "2031-03-04T08:00:00");
    assert_eq!(
        story(&client, &task, 1).await,
        told(&[("03", "done"), ("04", ""), ("05", "")])
    );
    client.audit_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_skipped_moved_or_renamed_ahead_comes_so_and_is_told_so() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("ahead").await;
    let task = daily(&client, "as ever").await;
    assert_eq!(client.delete(&date(&task, 4)).await.status, 204);
    let patch = json!({"title": "special", "due": {"at": "2031-03-05T20:00:00"}});
    let changed = client.patch(&date(&task, 5), &patch).await.expect(200);
    assert_eq!(changed["changes"]["title"], "special");
    let ahead = [("03", ""), ("04", "skipped"), ("05", ""), ("06", "")];
    assert_eq!(story(&client, &task, 3).await, told(&ahead));
    let special = complete_and_wait(&client, &task).await;
    assert_eq!(
        (&special["title"], &special["due"]["at"]),
        (&json!("special"), &json!("2031-03-05T20:00:00"))
    );
    let refused = client.delete(&date(&task, 5)).await;
    assert_eq!(refused.problem(409), "occurrence_open");
    let next = complete_and_wait(&client, &special).await;
    assert_eq!(
        (&next["title"], &next["due"]["at"]),
        (&json!("as ever"), &json!("2031-03-06T08:00:00"))
    );
    let behind = [("03", "done"), ("04", "skipped"), ("05", "done"), ("06", "")];
    assert_eq!(story(&client, &task, 0).await, told(&behind));
    client.audit_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_reopened_and_completed_anew_is_followed_by_the_same_dates() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("anew").await;
    let task = daily(&client, "as ever").await;
    client.delete(&date(&task, 4)).await;
    client
        .patch(&date(&task, 5), &json!({"title": "special"}))
        .await
        .expect(200);
    let first = complete_and_wait(&client, &task).await;
    client
        .post(&format!("/v1/tasks/{}/reopen", id(&task)), &json!({}))
        .await
        .expect(200);
    let second = complete_and_wait(&client, &task).await;
    assert_eq!(
        (&second["title"], &second["occurrence"]),
        (&json!("special"), &json!(2))
    );
    assert_ne!(id(&second), id(&first));
    assert_eq!(
        story(&client, &task, 0).await,
        told(&[("03", "done"), ("04", "skipped"), ("05", "")])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_that_was_ended_keeps_its_instance_and_makes_no_other() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("ended").await;
    let task = daily(&client, "last").await;
    let series = series_of(&task);
    for _ in 0..2 {
        let ended = client.post(&format!("{series}/end"), &json!({})).await.expect(200);
        assert_eq!((&ended["ended"], &ended["open"]), (&json!(true), &task["id"]));
    }
    client.complete(&task).await.expect(200);
    assert!(client.all_tasks("open").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_all_moves_every_date_to_come_and_leaves_what_was() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("all").await;
    let task = daily(&client, "as ever").await;
    let second = complete_and_wait(&client, &task).await;
    client.delete(&date(&task, 5)).await;
    let patch = json!({"title": "all", "due": {"at": "2031-03-04T09:30:00"}});
    let path = format!("/v1/tasks/{}?edit=all", id(&second));
    assert_eq!(client.patch(&path, &patch).await.expect(200)["title"], "all");
    let third = complete_and_wait(&client, &second).await;
    assert_eq!(
        (&third["title"], &third["due"]["at"]),
        (&json!("all"), &json!("2031-03-06T09:30:00"))
    );
    assert_eq!(client.task(&task).await.expect(200)["title"], "as ever");
    let behind = [("03", "done"), ("04", "done"), ("05", "skipped"), ("06", "")];
    assert_eq!(story(&client, &task, 0).await, told(&behind));
    let series = client.get(&series_of(&task)).await.expect(200);
    assert_eq!(
        (&series["first_occurrence"], &series["due"]["at"]),
        (&json!(0), &json!("2031-03-03T09:30:00"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_this_and_later_begins_the_rule_anew_there_and_leaves_what_was() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("later").await;
    let task = daily(&client, "as ever").await;
    let second = complete_and_wait(&client, &task).await;
    let patch = json!({"title": "from here on", "due": {"at": "2031-03-04T09:30:00"}});
    let path = format!("/v1/tasks/{}?edit=this_and_later", id(&second));
    assert_eq!(client.patch(&path, &patch).await.expect(200)["title"], "from here on");
    let third = complete_and_wait(&client, &second).await;
    assert_eq!(
        (&third["title"], &third["due"]["at"]),
        (&json!("from here on"), &json!("2031-03-05T09:30:00"))
    );
    assert_eq!(client.task(&task).await.expect(200)["title"], "as ever");
    assert_eq!(
        story(&client, &task, 0).await,
        told(&[("03", "done"), ("04", "done"), ("05", "")])
    );
    let series = client.get(&series_of(&task)).await.expect(200);
    assert_eq!(
        (&series["first_occurrence"], &series["due"]["at"]),
        (&json!(1), &json!("2031-03-04T09:30:00"))
    );
    client.audit_verifies().await;
}

const CALENDAR: &str = "BEGIN:VCALENDAR\r
BEGIN:VTODO\r
UID:plants\r
RECURRENCE-ID;TZID=Europe/Paris:20310305T080000\r
SUMMARY:Water them well\r
DUE;TZID=Europe/Paris:20310305T200000\r
END:VTODO\r
BEGIN:VTODO\r
UID:plants\r
SUMMARY:Water the plants\r
DUE;TZID=Europe/Paris:20310303T080000\r
RRULE:FREQ=DAILY\r
END:VTODO\r
BEGIN:VTODO\r
UID:plants\r
RECURRENCE-ID;TZID=Europe/Paris:20310304T080000\r
SUMMARY:Water the plants\r
STATUS:CANCELLED\r
END:VTODO\r
END:VCALENDAR\r
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_occurrence_in_a_calendar_is_a_date_of_its_series_however_often_the_file_comes() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("imported").await;
    for taken in [3, 0] {
        let report = client.import(CALENDAR).await;
        assert_eq!(
            (&report["taken"], &report["refused"]),
            (&json!(taken), &json!(0)),
            "{report}"
        );
    }
    let [task] = &client.all_tasks("all").await[..] else {
        panic!("one task, and two of its dates")
    };
    let next = complete_and_wait(&client, task).await;
    assert_eq!(
        (&next["title"], &next["due"]["at"]),
        (&json!("Water them well"), &json!("2031-03-05T20:00:00"))
    );
    assert_eq!(
        story(&client, task, 0).await,
        told(&[("03", "done"), ("04", "skipped"), ("05", "")])
    );
}
