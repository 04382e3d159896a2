//! Promises 5 and 7: reminders at their second, once, also across an outage; a dismissal on one device is one on all.

use std::time::Duration;

use chrono::Utc;
use serde_json::{Value, json};

use crate::{
    client::id,
    server::{Data, Server},
    socket::Socket,
};

fn in_ms(ms: i64) -> String {
    (Utc::now() + chrono::TimeDelta::milliseconds(ms)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn millis(value: &Value) -> i64 {
    chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap())
        .unwrap()
        .timestamp_millis()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_is_in_the_inbox_and_on_every_socket_once_and_never_early() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("remind").await;
    let (mut phone, mut laptop) = (Socket::open(&client, None).await, Socket::open(&client, None).await);
    let task = client
        .create(json!({"title": "tea", "reminders": [{"at": in_ms(700)}]}))
        .await;
    let fired = phone.event_of("reminder.fired").await;
    assert_eq!(fired["data"]["task"], task["id"]);
    assert!(
        millis(&fired["data"]["fired_at"]) >= millis(&fired["data"]["due_at"]),
        "early: {fired}"
    );
    assert_eq!(fired["data"]["late"], false);
    assert_eq!(laptop.event_of("reminder.fired").await, fired);
    let inbox = client.get("/v1/notifications").await.expect(200);
    assert_eq!(inbox["items"], json!([fired["data"]]));

    // Dismissed on the phone, gone from the laptop.
    let notification = id(&fired["data"]).to_owned();
    client
        .post(&format!("/v1/notifications/{notification}/dismiss"), &json!({}))
        .await
        .expect(200);
    assert_eq!(
        laptop.event_of("reminder.dismissed").await["data"]["id"],
        fired["data"]["id"]
    );
    assert_eq!(client.get("/v1/notifications").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_due_while_the_server_was_down_fires_at_start_once_and_marked_late() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("outage").await;
    let cursor = Socket::open(&client, None).await.cursor;
    let at = in_ms(900);
    client
        .create(json!({"title": "missed it", "reminders": [{"at": at}]}))
        .await;
    server.kill();
    // The outage itself: the instant passes while nothing runs.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let server = Server::start(&data);
    let client = client.at(&server.url);
    let mut socket = Socket::open(&client, Some(&cursor)).await;
    let fired = socket.event_of("reminder.fired").await;
    let inbox = client.get("/v1/notifications").await.expect(200);
    assert_eq!(inbox["items"], json!([fired["data"]]));
    let items = inbox["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(
        (items[0]["late"].clone(), millis(&items[0]["due_at"])),
        (json!(true), millis(&json!(at)))
    );
    server.kill();
    let server = Server::start(&data);
    assert_eq!(client.at(&server.url).get("/v1/notifications").await.expect(200), inbox);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_the_due_moves_a_relative_reminder_and_completing_silences_it() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("moved").await;
    let mut socket = Socket::open(&client, None).await;
    let task = client
        .create(
            json!({"title": "meeting", "due": {"at": "2031-01-01T10:00:00", "time_zone": "Etc/UTC"},
            "reminders": [{"before": "PT0S"}]}),
        )
        .await;
    let silent = client
        .create(json!({"title": "silent", "reminders": [{"at": in_ms(1_500)}]}))
        .await;
    client.complete(&silent).await.expect(200);
    let soon = (Utc::now() + chrono::TimeDelta::seconds(2))
        .format("%Y-%m-%dT%H:%M:%S")
        .to_string();
    client
        .patch(&format!("/v1/tasks/{}", id(&task)), &json!({"due": {"at": soon}}))
        .await
        .expect(200);
    let fired = socket.event_of("reminder.fired").await;
    assert_eq!(fired["data"]["task"], task["id"]);
    assert_eq!(
        client.get("/v1/notifications?filter=all").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snooze_on_one_device_is_one_on_all_and_it_comes_again_on_all_across_a_restart() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("snooze").await;
    let (mut phone, mut laptop) = (Socket::open(&client, None).await, Socket::open(&client, None).await);
    let nags = json!({"at": in_ms(500), "repeat": {"every": "PT1H", "times": 3}});
    client.create(json!({"title": "tea", "reminders": [nags]})).await;
    let fired = phone.event_of("reminder.fired").await;
    assert_eq!(laptop.event_of("reminder.fired").await, fired);
    assert_eq!(
        millis(&fired["data"]["again"]) - millis(&fired["data"]["due_at"]),
        3_600_000
    );

    let path = format!("/v1/notifications/{}/snooze", id(&fired["data"]));
    let snoozed = client.post(&path, &json!({"for": "PT2S"})).await.expect(200);
    assert_eq!(laptop.event_of("reminder.snoozed").await["data"], snoozed);
    assert_eq!(phone.event_of("reminder.snoozed").await["data"], snoozed);
    assert_eq!(client.get("/v1/notifications").await.expect(200)["items"], json!([]));

    let cursor = phone.cursor.clone();
    server.kill();
    let server = Server::start(&data);
    let client = client.at(&server.url);
    let again = Socket::open(&client, Some(&cursor))
        .await
        .event_of("reminder.fired")
        .await;
    assert_eq!(again["data"]["replaces"], fired["data"]["id"]);
    assert!(
        millis(&again["data"]["fired_at"]) >= millis(&snoozed["snoozed"]),
        "early: {again}"
    );
    let inbox = client.get("/v1/notifications").await.expect(200);
    assert_eq!(inbox["items"], json!([again["data"]]));
    let dismiss = format!("/v1/notifications/{}/dismiss", id(&fired["data"]));
    let dismissed = client.post(&dismiss, &json!({})).await.expect(200);
    assert_eq!(dismissed["id"], again["data"]["id"], "the one that took its place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quiet_hours_hold_a_reminder_back_until_they_end_but_not_an_urgent_one() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("quiet").await;
    let zone: chrono_tz::Tz = client.get("/v1/me").await.expect(200)["time_zone"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let wall = |hours: i64| {
        (Utc::now() + chrono::TimeDelta::hours(hours))
            .with_timezone(&zone)
            .format("%H:%M")
            .to_string()
    };
    let settings = "/v1/me/reminders";
    assert_eq!(client.get(settings).await.expect(200), json!({"quiet_hours": null}));
    let hours = json!({"quiet_hours": {"at_once": ["urgent"], "from": wall(-2), "until": wall(2)}});
    assert_eq!(client.patch(settings, &hours).await.expect(200), hours);
    assert_eq!(
        client.patch(settings, &json!({})).await.expect(200),
        hours,
        "what is absent stays"
    );

    let mut socket = Socket::open(&client, None).await;
    let reminders = json!([{"at": in_ms(500)}]);
    let urgent = client
        .create(json!({"title": "now", "priority": "urgent", "reminders": reminders}))
        .await;
    let held = client.create(json!({"title": "later", "reminders": reminders})).await;
    assert_eq!(socket.event_of("reminder.fired").await["data"]["task"], urgent["id"]);
    assert_eq!(
        client.get("/v1/notifications").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    client.patch(settings, &json!({"quiet_hours": null})).await.expect(200);
    let fired = socket.event_of("reminder.fired").await;
    assert_eq!(fired["data"]["task"], held["id"]);
    for wrong in [
        json!({"quiet_hours": {"from": "07:00", "until": "07:00"}}),
        json!({"quiet_hours": {"from": "7:00", "until": "22:00"}}),
        json!({"quiet_hours": {"from": "07:00"}}),
        json!({"quiet_hours": {"from": "07:00", "until": "22:00", "at_once": ["now"]}}),
        json!({"quiet": null}),
    ] {
        assert_eq!(client.patch(settings, &wrong).await.status.as_u16(), 422, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_floating_reminder_comes_by_the_clocks_where_its_user_has_travelled_to_and_no_other_does() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("travel").await;
    client
        .patch("/v1/me", &json!({"time_zone": "Etc/UTC"}))
        .await
        .expect(200);
    // Nine hours ahead of UTC all year: what is soon there is nine hours away at home.
    let in_tokyo =
        (Utc::now() + chrono::TimeDelta::hours(9) + chrono::TimeDelta::seconds(3)).format("%Y-%m-%dT%H:%M:%S");
    let at = in_tokyo.to_string();
    let draft = |floating| json!({"title": "pills", "due": {"at": at, "floating": floating}, "reminders": [{"before": "PT0S"}]});
    client.create(draft(false)).await;
    let travels = client.create(draft(true)).await;
    client
        .patch("/v1/me", &json!({"time_zone": "Asia/Tokyo"}))
        .await
        .expect(200);
    let mut socket = Socket::open(&client, None).await;
    let fired = socket.event_of("reminder.fired").await;
    assert_eq!(
        (&fired["data"]["task"], &fired["data"]["late"]),
        (&travels["id"], &json!(false))
    );
    let inbox = client.get("/v1/notifications?filter=all").await.expect(200);
    assert_eq!(inbox["items"], json!([fired["data"]]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentence_that_nags_fires_when_due_and_says_when_it_comes_again() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("nag").await;
    let mut socket = Socket::open(&client, None).await;
    let sentence = json!({"text": "tea in 2 seconds nag every 10 min, at most 5"});
    let task = client.post("/v1/tasks/quick", &sentence).await.expect(201)["task"].clone();
    assert_eq!(task["reminders"][0]["repeat"], json!({"every": "PT10M", "times": 5}));
    let fired = socket.event_of("reminder.fired").await;
    assert_eq!(
        (&fired["data"]["task"], &fired["data"]["title"]),
        (&task["id"], &json!("tea"))
    );
    assert_eq!(
        millis(&fired["data"]["again"]) - millis(&fired["data"]["due_at"]),
        600_000
    );
}
