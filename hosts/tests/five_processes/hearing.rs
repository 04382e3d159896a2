//! What a process that listens finds out by itself.

use std::fs;

use crate::server::{Data, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sync_that_was_told_of_too_few_partitions_is_ready_once_it_hears_all_and_says_so() {
    let server = Server::start_with(&Data::new(), &["--partitions", "5"]);
    let log = fs::read_to_string(server.environment.log("sync")).unwrap();
    assert!(log.contains(r#""told":5,"there_are":12"#), "{log}");
}
