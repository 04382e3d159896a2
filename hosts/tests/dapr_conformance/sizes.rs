//! Large states and large commits.

use std::time::{Duration, Instant};

use punctual::dapr::state::State;
use punctual_actors::{
    conformance::LogWriter,
    ports::{PageSave, PageWrite, Store as _},
};
use punctual_events::Seq;

use crate::sidecar::process;

/// Pages of 10,000 tasks, 64 to a page, and what such a page weighs.
const PAGES: usize = 157;
const PAGE_BYTES: usize = 40 * 1024;

pub(crate) async fn many_tasks(state: State) {
    let mut log = LogWriter::user(1);
    let owner = process(&state);
    log.append_many(&owner, 3).await;
    let pages = (0..PAGES).map(|number| PageWrite {
        name: format!("tasks/{number}").into(),
        bytes: Some(format!("{number:0PAGE_BYTES$}").into()),
    });
    let save = PageSave {
        at: Seq(3),
        pages: pages.collect(),
        since: None,
    };
    let started = Instant::now();
    assert!(owner.save(log.actor(), save).await.unwrap());
    let saved = started.elapsed();
    // The best of a few: what it takes, not what else the machine does.
    let mut took = Duration::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let loaded = process(&state).load(log.actor()).await.unwrap();
        took = took.min(started.elapsed());
        assert_eq!(loaded.pages.len(), PAGES);
    }
    println!("10,000 tasks in {PAGES} pages saved in {saved:?}, loaded in {took:?}");
    assert!(took < Duration::from_millis(500), "loaded in {took:?}");
}

pub(crate) async fn large_commits(state: State) {
    let mut log = LogWriter::user(1);
    let owner = process(&state);
    let text = "x".repeat(1_000_000);
    for text in [&text, "small", &text] {
        log.append(&owner, text).await;
    }
    let loaded = process(&state).load(log.actor()).await.unwrap();
    assert!(loaded.tail[2].events[0].data.get().len() > 1_000_000);
}
