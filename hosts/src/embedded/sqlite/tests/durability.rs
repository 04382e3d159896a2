use std::io::Read as _;

use futures_util::future::join_all;
use punctual_actors::{ports::Store as _, reference::VirtualClock};

use super::*;
use crate::embedded::{
    sqlite::{OpenError, session::Session, writer::Operation},
    wakeups::MemoryWakeUps,
};

/// Sets the largest size the file may have, which is what a full disk looks like to SQLite.
struct LimitPages(Limit);

#[derive(Clone, Copy)]
enum Limit {
    ToWhatThereIs,
    Off,
}

impl Operation for LimitPages {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let pages = match self.0 {
            // SQLite makes it the present size.
            Limit::ToWhatThereIs => 1,
            Limit::Off => 1_000_000_000,
        };
        session
            .connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    }
}

#[tokio::test]
async fn when_the_disk_is_full_writes_fail_reads_go_on_and_writes_resume_with_space() {
    let opened = open();
    fill(&opened.store, user(1), 3).await;
    opened.database.write(LimitPages(Limit::ToWhatThereIs)).await.unwrap();
    let mut seq = 3;
    let failure = loop {
        match opened.store.append(Seq(seq), commit(user(1), seq + 1), update()).await {
            Ok(()) => seq += 1,
            Err(failure) => break failure,
        }
    };
    assert!(failure.to_string().contains("full"), "{failure}");
    let several = (10..20).map(|id| opened.store.append(Seq(0), commit(user(id), 1), update()));
    let before = join_all(several).await.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(
        seqs(&opened.store.load(user(1)).await.unwrap().tail),
        (1..=seq).collect::<Vec<_>>()
    );

    opened.database.write(LimitPages(Limit::Off)).await.unwrap();
    opened
        .store
        .append(Seq(seq), commit(user(1), seq + 1), update())
        .await
        .unwrap();
    let several = (10..20).map(|id| opened.store.append(Seq(0), commit(user(id), 1), update()));
    let after = join_all(several).await.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(before + after, 10, "each was either written or not");
    let opened = opened.reopened().await;
    assert_eq!(opened.store.head(user(1)).await.unwrap().unwrap().seq, Seq(seq + 1));
}

/// An operation that cannot be run.
struct Broken;

impl Operation for Broken {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        session.connection.execute_batch("INSERT INTO nowhere VALUES (1)")
    }
}

#[tokio::test]
async fn an_operation_that_cannot_be_run_does_not_fail_those_it_shares_a_transaction_with() {
    let opened = open();
    let appends = join_all((0..32).map(|id| opened.store.append(Seq(0), commit(user(id), 1), update())));
    let broken = join_all((0..4).map(|_| opened.database.write(Broken)));
    let more = join_all((32..64).map(|id| opened.store.append(Seq(0), commit(user(id), 1), update())));
    let (appended, broken, more) = tokio::join!(appends, broken, more);
    assert!(appended.iter().chain(&more).all(Result::is_ok));
    assert!(broken.iter().all(Result::is_err));
    assert_eq!(opened.store.head(user(63)).await.unwrap().unwrap().seq, Seq(1));
}

#[tokio::test]
async fn a_second_server_on_the_directory_is_refused_until_the_first_has_closed() {
    let opened = open();
    let path = opened.directory.path();
    let error = Database::open(path, Options::default()).err().unwrap();
    assert!(
        matches!(&error, OpenError::InUse { directory } if directory == path),
        "{error}"
    );
    opened.database.close().await;
    assert!(
        opened.store.append(Seq(0), commit(user(1), 1), update()).await.is_err(),
        "it is closed"
    );
    Database::open(path, Options::default()).unwrap();
}

#[tokio::test]
async fn everything_sent_before_the_close_is_written() {
    let opened = open();
    let appends = join_all((0..100).map(|id| opened.store.append(Seq(0), commit(user(id), 1), update())));
    let (outcomes, ()) = tokio::join!(appends, opened.database.close());
    let acknowledged: Vec<_> = (0..100)
        .zip(&outcomes)
        .filter(|(_, outcome)| outcome.is_ok())
        .map(|(id, _)| id)
        .collect();
    assert_eq!(acknowledged.len(), 100);
    let opened = opened.reopened().await;
    for id in acknowledged {
        assert_eq!(opened.store.head(user(id)).await.unwrap().unwrap().seq, Seq(1));
    }
}

#[tokio::test]
async fn the_wake_ups_of_all_heads_are_there_after_a_restart() {
    let opened = open();
    for id in 0..10 {
        let wake_at = (id % 2 == 0).then_some(Timestamp::MAX);
        opened
            .store
            .append(Seq(0), commit(user(id), 1), HeadUpdate { wake_at, ..update() })
            .await
            .unwrap();
    }
    let opened = opened.reopened().await;
    let wake_ups = MemoryWakeUps::new(Arc::new(crate::environment::SystemClock));
    assert_eq!(wake_ups.load(&opened.database).await.unwrap(), 5);
    assert_eq!(wake_ups.len(), 5);
}

/// The files of the database hold this text.
fn is_on_disk(opened: &Opened, text: &str) -> bool {
    let files = std::fs::read_dir(opened.directory.path()).unwrap();
    let mut files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[tokio::test]
async fn what_was_erased_leaves_the_files_while_the_server_runs() {
    let opened = open();
    let secret = "secret ".repeat(2_000);
    let page = |name: &str| PageWrite {
        name: name.into(),
        bytes: Some(secret.clone().into()),
    };
    fill(&opened.store, user(1), 3).await;
    for (at, name) in [(1, "a"), (2, "b")] {
        let pages = vec![page(name)];
        let save = PageSave {
            at: Seq(at),
            pages,
            since: None,
        };
        assert!(opened.store.save(user(1), save).await.unwrap());
    }
    assert!(is_on_disk(&opened, "secret"));
    opened.store.erase(user(1), Seq(3)).await.unwrap();
    // Erasure is durable at once; the pages and the log that held it follow within seconds.
    let began = std::time::Instant::now();
    while is_on_disk(&opened, "secret") {
        assert!(began.elapsed().as_secs() < 20, "it stays on the disk");
        tokio::task::yield_now().await;
    }
}

/// How often the write-ahead log was begun anew, as its header counts it (<https://www.sqlite.org/fileformat2.html#walformat>).
fn times_begun(opened: &Opened) -> u32 {
    let mut log = std::fs::File::open(opened.directory.path().join("punctual.db-wal")).unwrap();
    let mut header = [0; 16];
    log.read_exact(&mut header).unwrap();
    u32::from_be_bytes(header[12..].try_into().unwrap())
}

#[tokio::test]
async fn the_write_ahead_log_starts_over_while_commits_go_on() {
    let opened = open();
    let append = async |seq: u64, bytes: usize| {
        let commit = EncodedCommit {
            bytes: vec![b' '; bytes].into(),
            ..commit(user(1), seq)
        };
        opened.store.append(Seq(seq - 1), commit, update()).await.unwrap();
    };
    for seq in 1..=16 {
        append(seq, 600_000).await;
    }
    // The checkpoint runs beside the commits; one of them finds it done and begins the log anew.
    let mut seq = 16;
    while times_begun(&opened) == 0 {
        seq += 1;
        append(seq, 100).await;
        assert!(seq < 10_000, "the log only grows");
    }
}

/// Looks, as readiness does, until nothing is wrong with writing any more.
async fn until_writable(opened: &Opened, clock: &VirtualClock) {
    let began = std::time::Instant::now();
    while let Some(failure) = opened.database.write_failure(clock) {
        assert!(began.elapsed().as_secs() < 20, "still said: {failure}");
        clock.advance_ms(60_000);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_full_disk_is_said_until_a_write_works() {
    let (opened, clock) = (open(), VirtualClock::new(Timestamp::from_millis(0)));
    opened.database.write(LimitPages(Limit::ToWhatThereIs)).await.unwrap();
    assert_eq!(opened.database.write_failure(&*clock), None);
    let large = EncodedCommit {
        bytes: vec![b' '; 600_000].into(),
        ..commit(user(1), 1)
    };
    opened.store.append(Seq(0), large, update()).await.unwrap_err();
    for _ in 0..3 {
        let failure = opened.database.write_failure(&*clock).unwrap();
        assert!(failure.contains("full"), "{failure}");
        clock.advance_ms(60_000);
    }
    opened.database.write(LimitPages(Limit::Off)).await.unwrap();
    assert_eq!(opened.database.write_failure(&*clock), None);
}

#[tokio::test]
async fn a_database_nobody_writes_to_is_found_well_again_by_a_trial() {
    let (opened, clock) = (open(), VirtualClock::new(Timestamp::from_millis(0)));
    opened.database.write(Broken).await.unwrap_err();
    assert!(opened.database.write_failure(&*clock).is_some());
    until_writable(&opened, &clock).await;
    assert!(!opened.database.has_accounts().await.unwrap(), "a trial leaves nothing");
}

#[tokio::test]
async fn a_trial_needs_as_much_room_as_a_commit() {
    let (opened, clock) = (open(), VirtualClock::new(Timestamp::from_millis(0)));
    opened.database.write(LimitPages(Limit::ToWhatThereIs)).await.unwrap();
    opened.database.write(Broken).await.unwrap_err();
    assert!(!opened.database.write_failure(&*clock).unwrap().contains("full"));
    let began = std::time::Instant::now();
    while !opened.database.write_failure(&*clock).unwrap().contains("full") {
        assert!(began.elapsed().as_secs() < 20, "no trial was made");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_closed_database_cannot_be_written() {
    let (opened, clock) = (open(), VirtualClock::new(Timestamp::from_millis(0)));
    opened.database.close().await;
    opened.database.write(Broken).await.unwrap_err();
    assert!(opened.database.write_failure(&*clock).is_some());
}
