//! The process dies between any two writes.

use punctual_actors::ports::{EncodedCommit, Failure};
use punctual_events::Timestamp;

use super::*;

async fn append(store: &DaprStore<TestKeys>, log: &mut LogWriter, text: &str) -> Result<u64, Failure> {
    let commit = log.draft(text);
    log.try_append(store, commit.clone()).await?;
    log.take_in(&commit);
    Ok(log.seq().0)
}

/// Writes of everything there is, one after the other; ends where the process dies.
async fn live(process: &Process, log: &mut LogWriter) -> Result<(), Failure> {
    let (store, actor, large) = (&process.store, log.actor(), "x".repeat(RECENT_BYTES));
    append(store, log, "small").await?;
    append(store, log, &large).await?;
    let at = append(store, log, "small again").await?;
    assert!(store.save(actor, save_of(at, None, &["a", "b"], "old")).await?);
    let last = append(store, log, &large).await?;
    assert!(store.save(actor, save_of(last, Some(at), &["b", "c"], "new")).await?);
    store.confirm_audited(actor, Seq(at)).await?;
    store.compact(actor, Timestamp::MAX).await?;
    store.erase(actor, Seq(at)).await
}

/// The writer of a log as the next process finds it.
async fn found(process: &Process, log: &LogWriter) -> LogWriter {
    let mut found = LogWriter::user(1);
    let loaded = process.store.load(log.actor()).await.unwrap();
    if let Some(commit) = loaded.tail.last() {
        let bytes = commit.encode().unwrap().into();
        found.take_in(&EncodedCommit {
            commit: Arc::clone(commit),
            bytes,
        });
    }
    found
}

async fn writes_of_a_life() -> usize {
    let process = Process::new();
    live(&process, &mut LogWriter::user(1)).await.unwrap();
    process.keys.writes()
}

#[tokio::test]
async fn whatever_a_lost_process_left_over_is_deleted_later_and_nothing_else() {
    for dies_after in 0..writes_of_a_life().await {
        let process = Process::new();
        let mut log = LogWriter::user(1);
        process.keys.die_after(Some(dies_after));
        live(&process, &mut log).await.unwrap_err();
        let acknowledged = log.seq();

        process.keys.die_after(None);
        let next = Process::on(&process.keys, 99);
        let mut log = found(&next, &log).await;
        let (actor, before) = (log.actor(), next.log(log.actor()).await);
        assert!(log.seq() >= acknowledged && log.seq().0 <= acknowledged.0 + 1);
        // Twice the grace: what the first round no longer wants, the second deletes.
        for _ in 0..3 {
            log.append(&next.store, &"y".repeat(RECENT_BYTES)).await;
            assert!(
                next.store
                    .save(actor, save_of(log.seq().0, None, &["z"], "whole"))
                    .await
                    .unwrap()
            );
            next.clock.advance_ms(GRACE_MS.unsigned_abs());
        }
        let after = next.log(actor).await;
        assert_eq!(
            seqs(&after)[..before.len()],
            seqs(&before),
            "died after {dies_after} writes"
        );
        let reader = &next.store.shared.reader;
        let (stored, _) = reader.stored(actor).await.unwrap().unwrap();
        let manifest = reader.manifest(actor, stored.manifest).await.unwrap();
        let known: Vec<String> = manifest.superseded.iter().map(|entry| entry.key.to_string()).collect();
        for key in next.left_over(actor).await {
            assert!(
                known.contains(&key),
                "{key} is left over for ever; died after {dies_after} writes"
            );
            assert!(!key.contains("/a@") && !key.contains("/c@"), "{key} is kept too long");
        }
    }
}

#[tokio::test]
async fn what_was_superseded_stays_for_the_grace_and_is_deleted_after_it() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append_many(&process.store, 9).await;
    let save = async |at, since, content| {
        assert!(
            process
                .store
                .save(log.actor(), save_of(at, since, &["a"], content))
                .await
                .unwrap()
        );
        process.left_over(log.actor()).await.len()
    };
    assert_eq!(save(1, None, "one").await, 0);
    assert_eq!(save(2, Some(1), "two").await, 2, "a page and a manifest");
    process.clock.advance_ms(GRACE_MS.unsigned_abs() - 1);
    assert_eq!(save(3, Some(2), "three").await, 4);
    process.clock.advance_ms(1);
    assert_eq!(save(4, Some(3), "four").await, 4, "two deleted, two more");
}

#[tokio::test]
async fn an_append_whose_reply_is_lost_is_unknown_and_there() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append_many(&process.store, 2).await;
    for text in ["small", &"x".repeat(RECENT_BYTES)] {
        // The head is the last write of an append, the segment the one before.
        for loses in [usize::from(text.len() > 5), 0] {
            let commit = log.draft(text);
            process.keys.lose_reply_after(loses);
            log.try_append(&process.store, commit.clone()).await.unwrap_err();
            let is_there = process.store.head(log.actor()).await.unwrap().unwrap().seq > log.seq();
            if is_there {
                log.take_in(&commit);
            }
            log.append(&process.store, "after it").await;
        }
    }
    let log_now = process.log(log.actor()).await;
    assert_eq!(seqs(&log_now), (1..=log.seq().0).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_save_whose_reply_is_lost_is_there_whole_or_not_at_all() {
    for loses in 0..6 {
        let process = Process::new();
        let mut log = LogWriter::user(1);
        log.append_many(&process.store, 9).await;
        assert!(
            process
                .store
                .save(log.actor(), save_of(1, None, &["a", "b"], "1"))
                .await
                .unwrap()
        );
        process.keys.lose_reply_after(loses);
        let outcome = process
            .store
            .save(log.actor(), save_of(2, Some(1), &["a", "b"], "2"))
            .await;
        process.keys.lose_reply_after(usize::MAX);
        let loaded = process.store.load(log.actor()).await.unwrap();
        let snapshot = loaded.head.unwrap().snapshot;
        assert!(loaded.pages.iter().all(|page| page.bytes == snapshot.to_string()));
        assert!(outcome.is_err() || snapshot == Seq(2));
        assert!(
            process
                .store
                .save(log.actor(), save_of(3, None, &["a"], "3"))
                .await
                .unwrap()
        );
    }
}
