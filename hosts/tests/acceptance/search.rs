//! Promise 12: lists and search over ten thousand tasks are right; how fast they are is measured elsewhere.

use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::{
    client::id,
    server::{Data, Server},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_are_found_filtered_and_paged_exactly() {
    const TASKS: usize = 10_000;
    let data = Data::new();
    let server = Server::start(&data);
    let client = server.user("library").await;
    stream::iter(0..TASKS)
        .for_each_concurrent(64, |number| {
            let client = client.clone();
            async move {
                let tag = if number % 10 == 0 { "Été" } else { "other" };
                let priority = ["low", "medium", "high", "urgent"][number % 4];
                let title = format!(
                    "Task {number:05} STRASSE{}",
                    if number % 100 == 7 { " Ünïque" } else { "" }
                );
                client
                    .create(json!({"title": title, "tags": [tag], "priority": priority}))
                    .await;
            }
        })
        .await;
    let total = |path: &'static str| {
        let client = client.clone();
        async move { client.get(path).await.expect(200)["total"].as_u64().unwrap() }
    };
    assert_eq!(total("/v1/tasks?q=unique").await, 100);
    assert_eq!(total("/v1/tasks?q=stra%C3%9Fe%20unique").await, 100);
    assert_eq!(total("/v1/tasks?tag=ete").await, 1_000);
    assert_eq!(total("/v1/tasks?priority=low&priority=urgent").await, 5_000);
    assert_eq!(total("/v1/tasks?q=task&tag=other&priority=high").await, 2_000);
    assert_eq!(total("/v1/tasks?status=done").await, 0);
    let mut all: Vec<String> = client
        .all_tasks("open")
        .await
        .iter()
        .map(|task| id(task).to_owned())
        .collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), TASKS);
    let other = client.get("/v1/tasks?limit=1&sort=-title").await.expect(200);
    assert_eq!(other["items"][0]["title"], "Task 09999 STRASSE");
    let cursor = other["next_cursor"].as_str().unwrap();
    let mismatch = client
        .get(&format!("/v1/tasks?limit=1&sort=title&cursor={cursor}"))
        .await;
    assert_eq!(mismatch.problem(400), "cursor_mismatch");

    let next = format!("/v1/tasks?limit=1&sort=-title&cursor={cursor}");
    client.get(&next).await.expect(200);
    let stranger = server.user("stranger").await;
    assert_eq!(stranger.get(&next).await.problem(400), "cursor_mismatch");
    let altered = format!("{next}A");
    assert_eq!(client.get(&altered).await.problem(400), "cursor_mismatch");
}
