//! Readiness while the data cannot be written. A limit on the size of files stands for the full disk.

use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::json;
use tempfile::tempdir;

use crate::program::{Server, client, punctual, punctual_after};

impl Server {
    /// Files of the server may not grow beyond this; `None`: as they like.
    fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(self.pid()), Resource::Fsize, limit).unwrap();
    }

    async fn readiness(&self, client: &reqwest::Client) -> (u16, String) {
        let answer = client.get(format!("{}/readyz", self.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_server_that_cannot_write_is_not_ready_until_it_can() {
    let (folder, client) = (tempdir().unwrap(), client());
    // Else the system would end the process instead of refusing the write.
    let mut command = punctual_after("trap '' XFSZ");
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path());
    let server = Server::run(command);
    let token = server.sign_up(&client).await;
    let create = || {
        let request = client.post(format!("{}/v1/tasks", server.url)).bearer_auth(&token);
        async {
            request
                .json(&json!({"title": "Buy bread"}))
                .send()
                .await
                .unwrap()
                .status()
        }
    };
    assert_eq!(create().await, 201);
    assert_eq!(server.readiness(&client).await, (200, "ready\n".to_owned()));

    server.limit_files(Some(0));
    assert_eq!(create().await, 503);
    let (status, body) = server.readiness(&client).await;
    assert_eq!(status, 503);
    assert!(body.starts_with("the data cannot be written: "), "{body}");

    server.limit_files(None);
    let began = Instant::now();
    while server.readiness(&client).await.0 != 200 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it never becomes ready again"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(create().await, 201);
}

#[tokio::test]
async fn a_server_whose_data_is_removed_takes_no_more_writes_and_is_not_ready() {
    let (folder, client) = (tempdir().unwrap(), client());
    let data = folder.path().join("data");
    let mut command = punctual();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
    let server = Server::run(command);
    let token = server.sign_up(&client).await;
    std::fs::remove_dir_all(&data).unwrap();

    let request = client.post(format!("{}/v1/tasks", server.url)).bearer_auth(&token);
    let answer = request.json(&json!({"title": "Buy bread"})).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let (status, body) = server.readiness(&client).await;
    assert_eq!(status, 503);
    assert!(body.contains("was removed or replaced"), "{body}");
}
