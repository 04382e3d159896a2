//! Erasing: the content is gone from every key, and the chain still verifies.

use punctual_events::{Digest, Timestamp};

use super::*;

const SECRET: &str = "what nobody may know any more";

fn keys_with_secret(process: &Process) -> Vec<String> {
    let holds = |value: &Bytes| value.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    process
        .keys
        .all()
        .into_iter()
        .filter(|(_, value)| holds(value))
        .map(|(key, _)| key)
        .collect()
}

async fn append_secret(process: &Process, log: &mut LogWriter) {
    log.append(&process.store, SECRET).await;
}

#[tokio::test]
async fn content_is_gone_from_heads_segments_pages_and_what_was_superseded() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    for round in 1..=4_u64 {
        append_secret(&process, &mut log).await;
        log.append(&process.store, &format!("{SECRET}{}", "x".repeat(RECENT_BYTES)))
            .await;
        let since = (round > 1).then(|| log.seq().0 - 2);
        assert!(
            process
                .store
                .save(log.actor(), save_of(log.seq().0, since, &["a"], SECRET))
                .await
                .unwrap()
        );
    }
    process.store.confirm_audited(log.actor(), Seq(2)).await.unwrap();
    process.store.compact(log.actor(), Timestamp::MAX).await.unwrap();
    append_secret(&process, &mut log).await;
    assert!(keys_with_secret(&process).len() > 6);

    process.store.erase(log.actor(), log.seq()).await.unwrap();
    assert_eq!(keys_with_secret(&process), [""; 0]);
    let commits = process.log(log.actor()).await;
    let mut previous = commits[0].header.previous;
    for commit in &commits {
        assert!(commit.is_genuine() && commit.events.iter().all(punctual_events::EventRecord::is_erased));
        assert_eq!(
            std::mem::replace(&mut previous, commit.header.hash),
            commit.header.previous
        );
    }
    assert_ne!(previous, Digest::ZERO);
    log.append(&process.store, "life goes on").await;
    process.store.erase(log.actor(), Seq(log.seq().0 - 1)).await.unwrap();
    assert!(!process.log(log.actor()).await.last().unwrap().events[0].is_erased());
}

#[tokio::test]
async fn what_a_lost_process_wrote_is_erased_as_well() {
    for dies_after in 0..12 {
        let process = Process::new();
        let mut log = LogWriter::user(1);
        append_secret(&process, &mut log).await;
        process.keys.die_after(Some(dies_after));
        let large = log.draft(&format!("{SECRET}{}", "x".repeat(RECENT_BYTES)));
        let appended = log.try_append(&process.store, large).await;
        let saved = process
            .store
            .save(log.actor(), save_of(1, None, &["a", "b"], SECRET))
            .await;
        assert!(dies_after > 6 || appended.is_err() || saved.is_err());
        process.keys.die_after(None);
        let next = Process::on(&process.keys, 2);
        let last = next.store.head(log.actor()).await.unwrap().unwrap().seq;
        next.store.erase(log.actor(), last).await.unwrap();
        assert_eq!(keys_with_secret(&process), [""; 0], "died after {dies_after} writes");
    }
}

#[tokio::test]
async fn an_erasure_cut_off_anywhere_is_done_by_the_next() {
    for dies_after in 0..20 {
        let process = Process::new();
        let mut log = LogWriter::user(1);
        append_secret(&process, &mut log).await;
        log.append(&process.store, &format!("{SECRET}{}", "x".repeat(RECENT_BYTES)))
            .await;
        append_secret(&process, &mut log).await;
        assert!(
            process
                .store
                .save(log.actor(), save_of(2, None, &["a", "b"], SECRET))
                .await
                .unwrap()
        );
        process.keys.die_after(Some(dies_after));
        let _ = process.store.erase(log.actor(), Seq(3)).await;
        process.keys.die_after(None);
        let next = Process::on(&process.keys, 2);
        next.store.load(log.actor()).await.unwrap();
        next.store.erase(log.actor(), Seq(3)).await.unwrap();
        assert_eq!(keys_with_secret(&process), [""; 0], "died after {dies_after} writes");
        assert_eq!(seqs(&next.log(log.actor()).await), [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_long_log_is_erased_in_portions() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    for _ in 0..300 {
        log.append(&process.store, &format!("{SECRET}{}", "x".repeat(RECENT_BYTES / 3)))
            .await;
    }
    process.store.erase(log.actor(), Seq(299)).await.unwrap();
    let commits = process.log(log.actor()).await;
    let erased = commits.iter().take_while(|commit| commit.events[0].is_erased()).count();
    assert_eq!((commits.len(), erased), (300, 299));
    assert_eq!(keys_with_secret(&process).len(), 1, "of the last");
}
