//! Two processes that both believe that they own an actor.

use punctual_events::Timestamp;

use super::*;

fn two() -> (Process, Process) {
    let one = Process::new();
    let two = Process::on(&one.keys, 2);
    (one, two)
}

#[tokio::test]
async fn of_two_writers_on_one_head_one_is_told_that_it_does_not_know() {
    let (one, two) = two();
    let mut log = LogWriter::user(1);
    log.append_many(&one.store, 3).await;
    two.store.load(log.actor()).await.unwrap();
    one.store.load(log.actor()).await.unwrap();
    let (mine, theirs) = (log.draft("mine"), log.draft("theirs"));
    log.try_append(&two.store, theirs.clone()).await.unwrap();
    log.try_append(&one.store, mine).await.unwrap_err();
    let loaded = one.store.load(log.actor()).await.unwrap();
    assert_eq!(loaded.head.unwrap().hash, theirs.commit.header.hash);
    log.take_in(&theirs);
    log.append(&one.store, "goes on").await;
    assert_eq!(seqs(&two.log(log.actor()).await), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn two_writers_of_segments_never_write_into_each_others() {
    let (one, two) = two();
    let mut log = LogWriter::user(1);
    log.append(&one.store, "first").await;
    for round in 0..20 {
        let store = if round % 3 == 0 { &two.store } else { &one.store };
        let drafts = [
            log.draft(&"x".repeat(RECENT_BYTES)),
            log.draft(&"y".repeat(RECENT_BYTES + round)),
        ];
        let other = if round % 3 == 0 { &one.store } else { &two.store };
        for store in [store, other] {
            store.load(log.actor()).await.unwrap();
        }
        let (first, second) = tokio::join!(
            log.try_append(store, drafts[0].clone()),
            log.try_append(other, drafts[1].clone())
        );
        assert!(first.is_err() || second.is_err(), "both were acknowledged");
        let head = one.store.head(log.actor()).await.unwrap().unwrap();
        let won = drafts.iter().find(|draft| draft.commit.header.hash == head.hash);
        if let Some(won) = won {
            log.take_in(won);
        }
    }
    assert!(log.seq() > Seq(10), "hardly anything was written");
    assert_eq!(seqs(&one.log(log.actor()).await), (1..=log.seq().0).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_save_goes_on_when_another_process_has_compacted_meanwhile() {
    let (one, two) = two();
    let mut log = LogWriter::user(1);
    log.append_many(&one.store, 300).await;
    assert!(
        one.store
            .save(log.actor(), save_of(200, None, &["a"], "200"))
            .await
            .unwrap()
    );
    two.store.confirm_audited(log.actor(), Seq(200)).await.unwrap();
    let save = save_of(300, Some(200), &["b"], "300");
    let (saved, compacted) = tokio::join!(
        one.store.save(log.actor(), save),
        two.store.compact(log.actor(), Timestamp::MAX)
    );
    assert!(saved.unwrap());
    compacted.unwrap();
    let loaded = one.store.load(log.actor()).await.unwrap();
    let pages: Vec<_> = loaded.pages.iter().map(|page| (&*page.name, &*page.bytes)).collect();
    assert_eq!(pages, [("a", b"200".as_slice()), ("b", b"300")]);
    assert_eq!(*seqs(&one.log(log.actor()).await).last().unwrap(), 300);
}

#[tokio::test]
async fn upkeep_does_not_trust_what_it_remembers_of_an_actor() {
    let (one, two) = two();
    let mut log = LogWriter::user(1);
    one.store.load(log.actor()).await.unwrap();
    log.append(&two.store, "after the other looked").await;
    one.store.erase(log.actor(), Seq(1)).await.unwrap();
    assert!(two.log(log.actor()).await[0].events[0].is_erased());

    for process in [&one, &two] {
        process.store.load(log.actor()).await.unwrap();
    }
    log.append_many(&two.store, 5).await;
    let save = save_of(6, None, &["a"], "of what the other wrote");
    assert!(one.store.save(log.actor(), save).await.unwrap());
}

#[tokio::test]
async fn what_audit_confirmed_is_written_after_a_while_when_nothing_else_is() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append(&process.store, "the only one").await;
    process.store.confirm_audited(log.actor(), Seq(1)).await.unwrap();
    let (store, writes) = (process.store.clone(), process.keys.writes());
    let flushing = tokio::spawn(async move { store.flush_for_ever().await });
    while process.keys.writes() == writes {
        tokio::task::yield_now().await;
        if process.clock.next_sleeper_ms().is_some() {
            process.clock.advance_ms(10_000);
        }
    }
    flushing.abort();
    let head = Process::on(&process.keys, 2).store.head(log.actor()).await.unwrap();
    assert_eq!(head.unwrap().audited, Seq(1));
}

#[tokio::test]
async fn confirmations_that_no_append_took_along_are_written_side_by_side_and_not_all_at_once() {
    let process = Process::new();
    let mut actors = Vec::new();
    for number in 1..=50 {
        let mut log = LogWriter::user(number);
        log.append(&process.store, "the only one").await;
        process.store.confirm_audited(log.actor(), Seq(1)).await.unwrap();
        actors.push(log.actor());
    }
    assert_eq!(process.keys.most_replacing(), 0);
    process.store.flush().await.unwrap();
    let most = process.keys.most_replacing();
    assert!((9..=16).contains(&most), "{most}");
    let another = Process::on(&process.keys, 2);
    for actor in actors {
        assert_eq!(another.store.head(actor).await.unwrap().unwrap().audited, Seq(1));
    }
}

#[tokio::test]
async fn a_load_begins_anew_when_the_keys_it_reads_are_deleted_under_it() {
    let (one, two) = two();
    let mut log = LogWriter::user(1);
    log.append_many(&one.store, 40).await;
    assert!(
        one.store
            .save(log.actor(), save_of(20, None, &["a"], "secret"))
            .await
            .unwrap()
    );
    let stored = two.store.shared.reader.stored(log.actor()).await.unwrap();
    one.store.erase(log.actor(), Seq(30)).await.unwrap();
    let loaded = two.store.shared.reader.load(log.actor(), stored).await.unwrap();
    assert!(loaded.pages.is_empty());
    assert_eq!(loaded.head.unwrap().snapshot, Seq(30));
}
