//! Two processes that both believe that they own an actor.

use std::collections::BTreeMap;

use punctual::dapr::{state::State, store::DaprStore};
use punctual_actors::{
    conformance::LogWriter,
    ports::{EncodedCommit, Failure, PageSave, PageWrite, Store as _},
};
use punctual_events::{Digest, Seq, Timestamp};

use crate::sidecar::process;

/// Appends of one process.
const APPENDS: usize = 150;

/// Brings a writer to where the log is.
async fn catch_up(log: &mut LogWriter, store: &DaprStore) {
    let loaded = store.load(log.actor()).await.unwrap();
    if let Some(commit) = loaded.tail.last() {
        let bytes = commit.encode().unwrap().into();
        let commit = commit.clone();
        log.take_in(&EncodedCommit { commit, bytes });
    }
}

/// Tries until it is done: the other process may get ahead of every attempt of one call, which leaves nothing half done.
async fn in_the_end<T, F: Future<Output = Result<T, Failure>>>(call: impl Fn() -> F) -> T {
    for _ in 0..100 {
        if let Ok(value) = call().await {
            return value;
        }
    }
    call().await.unwrap()
}

/// Appends as fast as it can, saving and dropping now and then, and gives what was acknowledged.
async fn hammer(store: DaprStore, name: &str) -> BTreeMap<Seq, Digest> {
    let (mut log, mut acknowledged) = (LogWriter::user(1), BTreeMap::new());
    while acknowledged.len() < APPENDS {
        let length = if acknowledged.len() % 25 == 7 { 20_000 } else { 200 };
        let draft = log.draft(&format!("{name} {}", "x".repeat(length)));
        if log.try_append(&store, draft.clone()).await.is_err() {
            catch_up(&mut log, &store).await;
            continue;
        }
        log.take_in(&draft);
        acknowledged.insert(log.seq(), draft.commit.header.hash);
        if acknowledged.len() % 30 == 0 {
            let page = PageWrite {
                name: "state".into(),
                bytes: Some(log.seq().to_string().into()),
            };
            let save = PageSave {
                at: log.seq(),
                pages: vec![page],
                since: None,
            };
            in_the_end(|| store.save(log.actor(), save.clone())).await;
            store.confirm_audited(log.actor(), Seq(20)).await.unwrap();
            in_the_end(|| store.compact(log.actor(), Timestamp::MAX)).await;
        }
    }
    acknowledged
}

pub(crate) async fn two_owners(state: State) {
    let one = tokio::spawn(hammer(process(&state), "one"));
    let two = tokio::spawn(hammer(process(&state), "two"));
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let log = process(&state)
        .read_log(LogWriter::user(1).actor(), Seq::ZERO, usize::MAX)
        .await
        .unwrap();
    let first = log[0].header.seq.0;
    assert!(first <= 21, "what audit had not confirmed was dropped");
    let found: BTreeMap<Seq, Digest> = log
        .iter()
        .map(|commit| (commit.header.seq, commit.header.hash))
        .collect();
    for (seq, hash) in one.iter().chain(&two).filter(|(seq, _)| seq.0 >= first) {
        assert_eq!(found.get(seq), Some(hash), "{seq} was acknowledged");
    }
    assert!(one.keys().all(|seq| !two.contains_key(seq)), "acknowledged twice");
    assert!(log.iter().all(|commit| commit.is_genuine()));
    assert!(
        log.windows(2)
            .all(|pair| pair[0].header.hash == pair[1].header.previous),
        "the chain is broken"
    );
    let loaded = process(&state).load(LogWriter::user(1).actor()).await.unwrap();
    assert_eq!(loaded.pages[0].bytes, loaded.head.unwrap().snapshot.to_string());
}
