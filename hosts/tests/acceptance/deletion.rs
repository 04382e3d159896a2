//! Promise: a deleted account leaves nothing a person wrote, wherever the process is killed on the way; and the audit still verifies.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use punctual::{
    actor_host::{HostConfig, Unobserved},
    embedded::runtime::Embedded,
    ports::AuditQueries as _,
    roles::audit::AuditRole,
};
use reqwest::Method;
use serde_json::json;

use crate::{
    client::{Client, id},
    server::{Data, Server},
};

/// In everything the deleted users write, and nowhere else.
const MARKER: &str = "heliotrope";
/// Milliseconds after the request to delete at which the process is killed.
const KILLED_AFTER_MS: [u64; 6] = [0, 3, 8, 20, 60, 250];
/// Longer than all reactions take together, the emptying of the log included.
const PATIENCE: Duration = Duration::from_secs(60);

fn holds_the_marker(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let holding = files.filter(|path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(MARKER.len())
            .any(|window| window.eq_ignore_ascii_case(MARKER.as_bytes()))
    });
    holding.map(|path| path.display().to_string()).collect()
}

/// Tasks, series in every state, notifications, remembered answers, deliveries that fail: hand-overs are on their way when this returns.
async fn write_everywhere(client: &Client) {
    let url = format!("http://127.0.0.1:9/{MARKER}");
    client.post("/v1/webhooks", &json!({"url": url})).await.expect(201);
    for number in 0..12 {
        // Far enough ahead that a busy machine has taken the request before: what is past by then would never fire.
        let soon = (chrono::Utc::now() + chrono::TimeDelta::milliseconds(700)).to_rfc3339();
        let task = json!({
            "title": format!("{MARKER} {number}"),
            "description": format!("{MARKER} ").repeat(300 * (number % 3)),
            "tags": [format!("{MARKER}{number}")],
            "due": {"at": "2026-12-07T09:00:00", "time_zone": "Europe/Paris"},
            "reminders": [{"at": soon}],
            "recurrence": {"rrule": "FREQ=WEEKLY", "anchor": "schedule", "late_policy": "roll_to_future"},
        });
        let key = format!("{MARKER}-{number}");
        let headers = [("idempotency-key", key.as_str())];
        let created = client.send(Method::POST, "/v1/tasks", &headers, Some(&task)).await;
        let created = created.expect(201);
        match number % 4 {
            0 => drop(client.complete(&created).await.expect(200)),
            1 => drop(client.delete(&format!("/v1/tasks/{}?series=true", id(&created))).await),
            2 => {
                let title = json!({"title": format!("{MARKER} renamed"), "recurrence": {"rrule": "FREQ=DAILY"}});
                client
                    .patch(&format!("/v1/tasks/{}", id(&created)), &title)
                    .await
                    .expect(200);
            }
            _ => {}
        }
    }
    while client.get("/v1/notifications").await.expect(200)["items"]
        .as_array()
        .unwrap()
        .is_empty()
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_leaves_nothing_a_person_wrote_wherever_the_server_is_killed() {
    let data = Data::new();
    let mut users = Vec::new();
    for after_ms in KILLED_AFTER_MS {
        let server = Server::start_with(&data, &["--webhook-allow", "127.0.0.0/8"]);
        let client = server.user(&format!("gone{after_ms}")).await;
        write_everywhere(&client).await;
        // Up to the moment of the deletion others of the user's devices go on.
        let (busy, deleting) = (client.clone(), client.clone());
        let busy = tokio::spawn(async move {
            let task = json!({"title": MARKER, "due": {"date": "2026-12-07"}, "recurrence": {"rrule": "FREQ=DAILY"}});
            while busy
                .try_send(Method::POST, "/v1/tasks", &[], Some(&task))
                .await
                .is_ok_and(|answer| answer.status == 201)
            {}
        });
        let deleting = tokio::spawn(async move { deleting.try_send(Method::DELETE, "/v1/me", &[], None).await });
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        server.kill();
        let (_, _) = tokio::join!(busy, deleting);

        let server = Server::start_with(&data, &["--webhook-allow", "127.0.0.0/8"]);
        let client = client.at(&server.url);
        // Where the request had not got through it is made again; else its sign-in has ended.
        let answer = client.delete("/v1/me").await;
        assert!([204, 401].contains(&answer.status.as_u16()), "{answer:?}");
        let began = Instant::now();
        while !holds_the_marker(data.path()).is_empty() {
            assert!(
                began.elapsed() < PATIENCE,
                "{after_ms}: {:?}",
                holds_the_marker(data.path())
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        users.push(client.user);
        assert!(server.terminate().success());
        assert_eq!(holds_the_marker(data.path()), Vec::<String>::new());
    }
    let runtime = Embedded::open(data.path(), HostConfig::default(), Arc::new(Unobserved)).unwrap();
    let audit = AuditRole::new(runtime.services());
    for user in users {
        let verified = audit.verify(user.parse().unwrap()).await.unwrap();
        assert!(verified.valid && verified.entries > 20, "{verified:?}");
    }
}
