//! EC-2 and promise 9: simultaneous updates, partial updates, retries.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::{
    client::id,
    server::{Data, Server},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_updates_of_one_task_lose_none() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("many").await;
    let task = client.create(json!({"title": "shared"})).await;
    let path = format!("/v1/tasks/{}", id(&task));
    let tags: Vec<String> = (0..40).map(|n| format!("tag{n}")).collect();
    // Each caller adds its tag by read, change, write with If-Match, and tries again when somebody was faster.
    join_all(tags.iter().map(|tag| {
        let (client, path) = (client.clone(), path.clone());
        async move {
            loop {
                let current = client.get(&path).await.expect(200);
                let mut tags = current["tags"].as_array().unwrap().clone();
                tags.push(json!(tag));
                let etag = format!("\"{}\"", current["version"]);
                let answer = client
                    .send(
                        Method::PATCH,
                        &path,
                        &[("if-match", &etag)],
                        Some(&json!({"tags": tags})),
                    )
                    .await;
                if answer.status == 200 {
                    return;
                }
                let shown = answer.expect(412);
                assert_eq!(shown["code"], "version_mismatch");
                assert!(shown["current"]["version"].as_u64() > current["version"].as_u64());
            }
        }
    }))
    .await;
    let after = client.get(&path).await.expect(200);
    assert_eq!(after["tags"].as_array().unwrap().len(), tags.len());
    assert_eq!(after["version"], 1 + tags.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_if_match_gets_412_with_the_current_task() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("stale").await;
    let task = client.create(json!({"title": "one"})).await;
    let path = format!("/v1/tasks/{}", id(&task));
    let current = client.patch(&path, &json!({"title": "two"})).await.expect(200);
    let stale = client
        .send(
            Method::PATCH,
            &path,
            &[("if-match", "\"1\"")],
            Some(&json!({"title": "three"})),
        )
        .await;
    let problem = stale.expect(412);
    assert_eq!(problem["current"], current);
    assert_eq!(client.get(&path).await.expect(200)["title"], "two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partial_update_leaves_what_it_does_not_name() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("partial").await;
    let task = client
        .create(
            json!({"title": "full", "description": "text", "priority": "high", "tags": ["a", "b"],
            "due": {"at": "2030-05-01T09:00:00", "time_zone": "Europe/Paris"}, "reminders": [{"before": "PT15M"}]}),
        )
        .await;
    let path = format!("/v1/tasks/{}", id(&task));
    let after = client.patch(&path, &json!({"priority": null})).await.expect(200);
    let mut expected = task.clone();
    for field in ["priority", "version", "updated"] {
        expected[field] = after[field].clone();
    }
    assert_eq!(after, expected);
    assert_eq!(after["priority"], json!(null));
    // The whole task sent back as it is changes nothing.
    let same = client.patch(&path, &after).await.expect(200);
    assert_eq!(same, after);
    let moved = client
        .patch(&path, &json!({"due": {"time_zone": "America/New_York"}}))
        .await
        .expect(200);
    assert_eq!(moved["due"]["at"], "2030-05-01T09:00:00");
    assert_eq!(moved["due"]["instant"], "2030-05-01T13:00:00.000Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_with_the_same_key_does_not_create_a_second_task() {
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("retry").await;
    let body = json!({"title": "only one"});
    let answers = join_all((0..20).map(|_| {
        let (client, body) = (client.clone(), body.clone());
        async move {
            client
                .send(Method::POST, "/v1/tasks", &[("idempotency-key", "same")], Some(&body))
                .await
                .expect(201)
        }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(client.all_tasks("all").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_task_is_not_found() {
    let data = Data::new();
    let server = Server::start(&data);
    let (mine, theirs) = (server.user("mine").await, server.user("theirs").await);
    let task = mine.create(json!({"title": "private"})).await;
    assert_eq!(theirs.task(&task).await.problem(404), "not_found");
    assert_eq!(theirs.complete(&task).await.problem(404), "not_found");
    let path = format!("/v1/tasks/{}", id(&task));
    assert_eq!(
        theirs.patch(&path, &json!({"title": "x"})).await.problem(404),
        "not_found"
    );
    assert_eq!(theirs.delete(&path).await.problem(404), "not_found");
    assert_eq!(mine.task(&task).await.expect(200), task);
}
