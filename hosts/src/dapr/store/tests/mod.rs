//! The store on keys in memory: the contract of the port, and what only this layout has to prove.

mod crashes;
mod erasure;
mod formats;
mod many;
mod writers;

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use punctual_actors::{
    conformance::{self, LogWriter, StoreMaker, save_of},
    ports::Store as _,
    reference::VirtualClock,
};
use punctual_events::{ActorId, Commit, Seq};

use super::*;
use crate::dapr::test_keys::{self, TestKeys};

/// A process: a store of its own on keys it shares with others.
struct Process {
    store: DaprStore<TestKeys>,
    keys: TestKeys,
    clock: Arc<VirtualClock>,
}

impl Process {
    fn on(keys: &TestKeys, seed: u64) -> Self {
        let (environment, clock) = test_keys::environment(seed);
        Self {
            store: DaprStore::new(keys.clone(), &environment),
            keys: keys.clone(),
            clock,
        }
    }

    fn new() -> Self {
        Self::on(&TestKeys::default(), 1)
    }

    /// Keys that a head names, directly or not.
    async fn named(&self, actor: ActorId) -> BTreeSet<String> {
        let reader = &self.store.shared.reader;
        let (stored, _) = reader.stored(actor).await.unwrap().unwrap();
        let manifest = reader.manifest(actor, stored.manifest).await.unwrap();
        let pages = manifest
            .pages
            .iter()
            .map(|(name, page)| names::page(actor, name, page.at, page.nonce));
        let segments = manifest
            .segments
            .iter()
            .chain(&stored.segments)
            .map(|segment| segment.key(actor));
        let manifest = stored.manifest.map(|named| named.key(actor));
        pages
            .chain(segments)
            .chain(manifest)
            .chain([names::head(actor)])
            .collect()
    }

    /// Keys that are there and that no head names.
    async fn left_over(&self, actor: ActorId) -> Vec<String> {
        let named = self.named(actor).await;
        self.keys
            .names()
            .into_iter()
            .filter(|key| !named.contains(key))
            .collect()
    }

    async fn log(&self, actor: ActorId) -> Vec<Arc<Commit>> {
        self.store.read_log(actor, Seq::ZERO, usize::MAX).await.unwrap()
    }
}

fn seqs(commits: &[Arc<Commit>]) -> Vec<u64> {
    commits.iter().map(|commit| commit.header.seq.0).collect()
}

struct Maker;

impl StoreMaker for Maker {
    type Store = DaprStore<TestKeys>;

    async fn make(&self) -> DaprStore<TestKeys> {
        Process::new().store
    }

    async fn reopen(&self, store: DaprStore<TestKeys>) -> DaprStore<TestKeys> {
        store.flush().await.unwrap();
        Process::on(&store.shared.keys, 2).store
    }
}

#[tokio::test]
async fn the_store_keeps_its_contract_on_any_keys() {
    conformance::store(&Maker).await;
}

#[tokio::test]
async fn an_append_to_a_head_in_memory_is_one_write_and_one_read_after_it() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append_many(&process.store, 3).await;
    drop(process.store.shared.live.entry(log.actor()).head.lock().await);
    let (writes, reads) = (process.keys.writes(), process.keys.reads());
    log.append(&process.store, "one more").await;
    drop(process.store.shared.live.entry(log.actor()).head.lock().await);
    assert_eq!((process.keys.writes() - writes, process.keys.reads() - reads), (1, 1));
}

#[tokio::test]
async fn commits_that_no_longer_fit_move_into_segments_and_those_into_a_manifest() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    let mut commits = Vec::new();
    for _ in 0..200 {
        commits.push(log.append(&process.store, &"x".repeat(RECENT_BYTES / 3)).await);
    }
    let (stored, _) = process.store.shared.reader.stored(log.actor()).await.unwrap().unwrap();
    assert!(stored.recent_bytes() <= RECENT_BYTES);
    assert!(
        stored.segments.len() <= 64,
        "{} segments in the head",
        stored.segments.len()
    );
    assert!(stored.manifest.is_some());
    assert_eq!(stored.loose.len(), 1, "the next segment alone is reserved");
    assert_eq!(seqs(&process.log(log.actor()).await), seqs(&commits));
    assert_eq!(process.store.load(log.actor()).await.unwrap().tail.len(), 200);
}

#[tokio::test]
async fn a_large_commit_goes_to_a_key_of_its_own_with_those_before_it() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append(&process.store, "small").await;
    log.append(&process.store, &"x".repeat(RECENT_BYTES)).await;
    let (stored, _) = process.store.shared.reader.stored(log.actor()).await.unwrap().unwrap();
    assert_eq!((stored.recent.len(), stored.segments.len()), (0, 1));
    assert_eq!(seqs(&process.store.load(log.actor()).await.unwrap().tail), [1, 2]);
    log.append(&process.store, "small again").await;
    assert_eq!(seqs(&process.log(log.actor()).await), [1, 2, 3]);
    assert_eq!(process.left_over(log.actor()).await, [""; 0]);
}

#[tokio::test]
async fn what_audit_confirmed_goes_out_with_the_next_append_or_when_flushed() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append_many(&process.store, 2).await;
    let writes = process.keys.writes();
    process.store.confirm_audited(log.actor(), Seq(1)).await.unwrap();
    assert_eq!(process.keys.writes(), writes);
    let audited = async |seed| {
        let head = Process::on(&process.keys, seed).store.head(log.actor()).await.unwrap();
        head.unwrap().audited
    };
    assert_eq!(audited(2).await, Seq::ZERO);
    process.store.flush().await.unwrap();
    process.store.flush().await.unwrap();
    assert_eq!((audited(3).await, process.keys.writes()), (Seq(1), writes + 1));
    process.store.confirm_audited(log.actor(), Seq(2)).await.unwrap();
    let mut next = log.clone();
    next.append(&process.store, "takes it along").await;
    assert_eq!((audited(4).await, process.keys.writes()), (Seq(2), writes + 2));
}
