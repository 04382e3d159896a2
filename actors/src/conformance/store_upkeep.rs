//! What is done to a log besides appending: confirmed, compacted, erased.

use std::sync::Arc;

use bytes::Bytes;
use punctual_events::{Commit, Digest, Seq, Timestamp};

use super::{
    LogWriter, StoreMaker,
    log::{FIRST_COMMIT, assert_same},
};
use crate::ports::{PageSave, PageWrite, Store};

pub(super) async fn run<K: StoreMaker>(maker: &K) {
    what_audit_confirmed_never_moves_back(&maker.make().await).await;
    an_append_keeps_what_audit_confirmed_and_what_was_saved(&maker.make().await).await;
    compacting_keeps_what_is_not_confirmed_by_audit(&maker.make().await).await;
    compacting_keeps_what_is_not_in_saved_pages(&maker.make().await).await;
    compacting_keeps_what_is_not_old(&maker.make().await).await;
    compacting_leaves_no_gap_when_the_clock_was_set_back(&maker.make().await).await;
    compacting_drops_something_and_keeps_the_last_commit(&maker.make().await).await;
    erasing_keeps_digests_and_the_chain(&maker.make().await).await;
    erasing_removes_the_pages_and_shuts_out_earlier_saves(&maker.make().await).await;
    erasing_keeps_the_pages_of_a_later_commit(&maker.make().await).await;
    upkeep_survives_the_process(maker).await;
}

async fn save(store: &impl Store, log: &LogWriter, at: u64, since: Option<u64>) -> bool {
    let page = PageWrite {
        name: "state".into(),
        bytes: Some(Bytes::from_static(b"the state")),
    };
    let save = PageSave {
        at: Seq(at),
        pages: vec![page],
        since: since.map(Seq),
    };
    store.save(log.actor(), save).await.expect("save")
}

async fn confirm(store: &impl Store, log: &LogWriter, seq: u64) {
    store.confirm_audited(log.actor(), Seq(seq)).await.expect("confirm");
}

async fn compact(store: &impl Store, log: &LogWriter, before: Timestamp) {
    store.compact(log.actor(), before).await.expect("compact");
    store
        .compact(log.actor(), before)
        .await
        .expect("compacting again is harmless");
}

async fn whole_log(store: &impl Store, log: &LogWriter) -> Vec<Arc<Commit>> {
    store.read_log(log.actor(), Seq::ZERO, 10_000).await.expect("read")
}

/// Panics unless the log begins at `first` at the latest, goes on without a gap and ends as `commits`.
#[track_caller]
fn assert_kept(found: &[Arc<Commit>], commits: &[Arc<Commit>], first: u64) {
    let begins = found.first().map_or(u64::MAX, |commit| commit.header.seq.0);
    assert!(begins <= first, "commit {first} is gone, the log begins at {begins}");
    let dropped = usize::try_from(begins - 1).unwrap_or(usize::MAX);
    assert_same(found, &commits[dropped..]);
}

async fn what_audit_confirmed_never_moves_back(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 5).await;
    for (confirmed, audited) in [(2, 2), (4, 4), (1, 4), (4, 4), (5, 5), (0, 5)] {
        confirm(store, &log, confirmed).await;
        let head = store.head(log.actor()).await.expect("head").expect("a head");
        assert_eq!(head.audited, Seq(audited));
    }
}

async fn an_append_keeps_what_audit_confirmed_and_what_was_saved(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 3).await;
    confirm(store, &log, 2).await;
    assert!(save(store, &log, 3, None).await);
    log.append(store, "after").await;
    let head = store.head(log.actor()).await.expect("head").expect("a head");
    assert_eq!((head.seq, head.audited, head.snapshot), (Seq(4), Seq(2), Seq(3)));
}

async fn compacting_keeps_what_is_not_confirmed_by_audit(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commits = log.append_many(store, 10).await;
    assert!(save(store, &log, 10, None).await);
    compact(store, &log, Timestamp::MAX).await;
    assert_kept(&whole_log(store, &log).await, &commits, 1);
    confirm(store, &log, 4).await;
    compact(store, &log, Timestamp::MAX).await;
    assert_kept(&whole_log(store, &log).await, &commits, 5);
}

async fn compacting_keeps_what_is_not_in_saved_pages(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commits = log.append_many(store, 10).await;
    confirm(store, &log, 10).await;
    compact(store, &log, Timestamp::MAX).await;
    assert_kept(&whole_log(store, &log).await, &commits, 1);
    assert!(save(store, &log, 6, None).await);
    compact(store, &log, Timestamp::MAX).await;
    assert_kept(&whole_log(store, &log).await, &commits, 7);
    let loaded = store.load(log.actor()).await.expect("load");
    assert_same(&loaded.tail, &commits[6..]);
}

async fn compacting_keeps_what_is_not_old(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commits = log.append_many(store, 10).await;
    assert!(save(store, &log, 10, None).await);
    confirm(store, &log, 10).await;
    compact(store, &log, FIRST_COMMIT).await;
    assert_kept(&whole_log(store, &log).await, &commits, 1);
    compact(store, &log, commits[3].header.time).await;
    assert_kept(&whole_log(store, &log).await, &commits, 4);
}

async fn compacting_leaves_no_gap_when_the_clock_was_set_back(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let mut commits = Vec::new();
    for minute in [0, 60, 30, 31, 32, 90] {
        let commit = log.draft_at(FIRST_COMMIT.plus_millis(minute * 60_000), "by a clock that jumps");
        commits.push(log.append_this(store, commit).await);
    }
    assert!(save(store, &log, 6, None).await);
    confirm(store, &log, 6).await;
    compact(store, &log, FIRST_COMMIT.plus_millis(40 * 60_000)).await;
    assert_kept(&whole_log(store, &log).await, &commits, 2);
}

async fn compacting_drops_something_and_keeps_the_last_commit(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let mut commits = log.append_many(store, 300).await;
    assert!(save(store, &log, 300, None).await);
    confirm(store, &log, 300).await;
    compact(store, &log, Timestamp::MAX).await;
    let left = whole_log(store, &log).await;
    assert!(left.len() < 300, "nothing was dropped");
    assert_kept(&left, &commits, 300);
    let loaded = store.load(log.actor()).await.expect("load");
    assert_same(&loaded.tail, &commits[299..]);
    commits.push(log.append(store, "after compacting").await);
    assert_same(&store.load(log.actor()).await.expect("load").tail, &commits[300..]);
}

async fn erasing_keeps_digests_and_the_chain(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commits = log.append_many(store, 5).await;
    for _ in 0..2 {
        store.erase(log.actor(), Seq(3)).await.expect("erase");
        let found = whole_log(store, &log).await;
        assert_same(&found[3..], &commits[3..]);
        let mut previous = Digest::ZERO;
        for (found, before) in found.iter().zip(&commits) {
            assert!(found.is_genuine() && found.header == before.header && found.commands == before.commands);
            assert_eq!(
                std::mem::replace(&mut previous, found.header.hash),
                found.header.previous
            );
        }
        for (found, before) in found[..3].iter().zip(&commits) {
            let [found, before] = [found, before].map(|commit| &commit.events[0]);
            assert!(found.is_erased());
            assert_eq!(
                (found.by, found.digest, found.event_type),
                (before.by, before.digest, before.event_type)
            );
        }
    }
    log.append(store, "after erasing").await;
    assert_eq!(whole_log(store, &log).await.len(), 6);
}

async fn erasing_removes_the_pages_and_shuts_out_earlier_saves(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commits = log.append_many(store, 6).await;
    assert!(save(store, &log, 2, None).await);
    store.erase(log.actor(), Seq(4)).await.expect("erase");
    for (at, since) in [(3, None), (4, None), (5, Some(2))] {
        assert!(
            !save(store, &log, at, since).await,
            "a save of {at} since {since:?} brings content back"
        );
        let loaded = store.load(log.actor()).await.expect("load");
        assert!(loaded.pages.is_empty());
        assert_eq!(loaded.head.map(|head| head.snapshot), Some(Seq(4)));
        assert_same(&loaded.tail, &commits[4..]);
    }
    assert!(save(store, &log, 5, None).await);
}

async fn erasing_keeps_the_pages_of_a_later_commit(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 6).await;
    assert!(save(store, &log, 5, None).await);
    store.erase(log.actor(), Seq(4)).await.expect("erase");
    let loaded = store.load(log.actor()).await.expect("load");
    assert_eq!(
        (loaded.pages.len(), loaded.head.map(|head| head.snapshot)),
        (1, Some(Seq(5)))
    );
    store.erase(log.actor(), Seq(5)).await.expect("erase");
    assert!(store.load(log.actor()).await.expect("load").pages.is_empty());
}

async fn upkeep_survives_the_process<K: StoreMaker>(maker: &K) {
    let store = maker.make().await;
    let mut log = LogWriter::user(1);
    let commits = log.append_many(&store, 8).await;
    assert!(save(&store, &log, 6, None).await);
    confirm(&store, &log, 7).await;
    compact(&store, &log, commits[2].header.time).await;
    let before = whole_log(&store, &log).await;
    let store = maker.reopen(store).await;
    assert_same(&whole_log(&store, &log).await, &before);
    let head = store.head(log.actor()).await.expect("head").expect("a head");
    assert_eq!((head.audited, head.snapshot), (Seq(7), Seq(6)));
    store.erase(log.actor(), Seq(8)).await.expect("erase");
    let store = maker.reopen(store).await;
    let erased = whole_log(&store, &log).await;
    assert!(!erased.is_empty() && erased.iter().all(|commit| commit.events[0].is_erased()));
}
