//! Promise: a deleted account leaves nothing a person wrote, wherever the process is killed on the way; and the audit still verifies.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::{
    client::{Client, PASSWORD, id},
    server::{Data, ERASED_WITHIN, Server, killed_after_ms},
    socket::Socket,
};

/// In everything the deleted users write, and nowhere else.
const MARKER: &str = "heliotrope";
/// Deliveries to a receiver that is not there are tried again and again.
const FLAGS: [&str; 2] = ["--webhook-allow", "127.0.0.0/8"];

/// Waits until nothing is kept that has the marker in it.
async fn is_erased(data: &Data, what: &str) {
    let began = Instant::now();
    loop {
        let holding = data.holding(MARKER).await;
        if holding.is_empty() {
            return;
        }
        assert!(began.elapsed() < ERASED_WITHIN, "{what}: {holding:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
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
    for after_ms in killed_after_ms() {
        let server = Server::start_with(&data, &FLAGS);
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

        let server = Server::start_with(&data, &FLAGS);
        let client = client.at(&server.url);
        // Where the request had not got through it is made again; else its sign-in has ended.
        let answer = client.delete("/v1/me").await;
        assert!([204, 401].contains(&answer.status.as_u16()), "{answer:?}");
        is_erased(&data, &format!("killed after {after_ms} ms")).await;
        users.push(client.user);
        assert!(server.terminate().success());
        assert_eq!(data.holding(MARKER).await, Vec::<String>::new());
    }
    for verified in data.verified(&users).await {
        assert!(verified.valid && verified.entries > 20, "{verified:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_is_off_its_sockets_and_leaves_its_address_to_whoever_comes_next() {
    let data = Data::new();
    let server = Server::start_with(&data, &FLAGS);
    let email = format!("{MARKER}@example.com");
    let mut client = server.client();
    client.register(&email, "Europe/Paris").await;
    write_everywhere(&client).await;
    let socket = Socket::open(&client, None).await;
    assert!(
        !data.holding(MARKER).await.is_empty(),
        "else its absence proves nothing"
    );
    client.delete("/v1/me").await.expect(204);
    assert_eq!(socket.close_code().await, Some(4401));
    assert_eq!(client.get("/v1/tasks").await.problem(401), "session_ended");
    let sign_in = json!({"email": email, "password": PASSWORD});
    server.client().post("/v1/sessions", &sign_in).await.expect(401);
    // Deliveries, webhooks and the account included.
    is_erased(&data, "deleted").await;

    let mut next = server.client();
    next.register(&email, "Europe/Paris").await;
    assert_ne!(next.user, client.user);
    assert!(next.all_tasks("all").await.is_empty());
    assert_eq!(next.get("/v1/webhooks").await.expect(200)["items"], json!([]));
    assert_eq!(client.get("/v1/tasks").await.problem(401), "session_ended");
    let verified = next.audit_verifies().await;
    assert!(verified["entries"].as_u64() < Some(20), "{verified}");
    next.delete("/v1/me").await.expect(204);
    is_erased(&data, "the next").await;
}
