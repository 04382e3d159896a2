//! The tour of `docs/tour.md`: the main job on real input, from an import to a restart.

use std::{fs, path::Path};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::{Client, id},
    server::{Data, Server},
    socket::Socket,
    webhooks::{receiver, verify},
};

/// Imports every real-world file; how many to-dos were taken, were there already, and were refused.
async fn import_all(client: &Client) -> (u64, u64, u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ics");
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ics") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 40, "the real-world files are missing");
    let (mut taken, mut existing, mut refused) = (0, 0, 0);
    for file in files {
        let report = import(client, fs::read(&file).unwrap()).await;
        let count = |field: &str| {
            report[field]
                .as_u64()
                .unwrap_or_else(|| panic!("{}: {report}", file.display()))
        };
        taken += count("taken");
        existing += count("existing");
        refused += count("refused");
    }
    (taken, existing, refused)
}

async fn import(client: &Client, calendar: Vec<u8>) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http
        .request(Method::POST, format!("{}/v1/import", client.url))
        .bearer_auth(&client.token);
    let response = request
        .header("content-type", "text/calendar")
        .body(calendar)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

const RECURRING: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tour//EN\r\nBEGIN:VTODO\r\nUID:tour-1\r\nSUMMARY:Water the plants\r\n\
    DTSTART;TZID=Europe/Paris:20310303T080000\r\nDUE;TZID=Europe/Paris:20310303T090000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\n\
    BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT15M\r\nEND:VALARM\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_works_as_written() {
    let data = Data::new();
    let server = Server::start_with(&data, &["--webhook-allow", "127.0.0.0/8"]);
    let client = server.user("tour").await;

    let (taken, existing, refused) = import_all(&client).await;
    assert!(taken >= 50, "taken {taken}, existing {existing}, refused {refused}");
    let report = import(&client, RECURRING.into()).await;
    assert_eq!(report["taken"], 1, "{report}");
    assert_eq!(import(&client, RECURRING.into()).await["existing"], 1);

    // A recurring task is completed on one device; the next arrives on another.
    let mut second_device = Socket::open(&client, None).await;
    let found = client.get("/v1/tasks?q=water%20plants").await.expect(200);
    let task = &found["items"][0];
    assert_eq!(task["external_uid"], "tour-1");
    client.complete(task).await.expect(200);
    let next = second_device.task(|update| update["occurrence"] == 1).await;
    assert_eq!(
        (&next["due"]["at"], &next["start"]["at"]),
        (&json!("2031-03-10T09:00:00"), &json!("2031-03-10T08:00:00"))
    );

    // A reminder at its second: in the inbox, on the socket, by webhook.
    let (url, mut deliveries) = receiver(0).await;
    let hook = client.post("/v1/webhooks", &json!({"url": url})).await.expect(201);
    let at = (chrono::Utc::now() + chrono::TimeDelta::milliseconds(400)).to_rfc3339();
    let reminded = client.create(json!({"title": "tea", "reminders": [{"at": at}]})).await;
    let fired = second_device.event_of("reminder.fired").await;
    assert_eq!(fired["data"]["task"], reminded["id"]);
    let delivery = deliveries.recv().await.unwrap();
    let body = verify(hook["secret"].as_str().unwrap(), &delivery);
    assert!(body.to_string().contains(id(&fired["data"])), "{body}");
    let inbox = client.get("/v1/notifications").await.expect(200);
    assert_eq!(inbox["items"][0], fired["data"]);

    // kill -9, restart: nothing lost, the audit verifies.
    let before = client.all_tasks("all").await;
    server.kill();
    let server = Server::start_with(&data, &["--webhook-allow", "127.0.0.0/8"]);
    let client = client.at(&server.url);
    let ids = |tasks: &[Value]| tasks.iter().map(|task| id(task).to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&client.all_tasks("all").await), ids(&before));
    assert_eq!(client.get("/v1/notifications").await.expect(200), inbox);
    let has_what_was_taken = |verified: &Value| verified["entries"].as_u64() >= Some(taken);
    client.audit_verifies_with(has_what_was_taken).await;
}
