use futures_util::future::join_all;
use punctual_actors::ports::{Directory as _, Store as _};
use punctual_events::SeriesId;

use super::*;
use crate::embedded::sqlite::{SqliteDirectory, session::Session, writer::Operation};

#[tokio::test]
async fn what_was_appended_is_read_back_after_a_restart() {
    let opened = open();
    fill(&opened.store, user(1), 3).await;
    let with_wake_up = HeadUpdate {
        wake_at: Some(Timestamp::from_millis(77)),
        published: Seq(2),
        ..update()
    };
    opened
        .store
        .append(Seq(3), commit(user(1), 4), with_wake_up)
        .await
        .unwrap();
    let opened = opened.reopened().await;
    let loaded = opened.store.load(user(1)).await.unwrap();
    let head = loaded.head.unwrap();
    assert_eq!((head.seq, head.hash), (Seq(4), commit(user(1), 4).commit.header.hash));
    assert_eq!(
        (head.published, head.wake_at),
        (Seq(2), Some(Timestamp::from_millis(77)))
    );
    assert_eq!((&*head.zone_version, head.snapshot), ("2026a", Seq::ZERO));
    assert_eq!(seqs(&loaded.tail), [1, 2, 3, 4]);
    assert!(
        loaded
            .tail
            .iter()
            .all(|commit| commit.is_genuine() && commit.events[0].is_genuine())
    );
    assert_eq!(opened.store.load(user(2)).await.unwrap().head, None);
}

#[tokio::test]
async fn an_append_at_another_sequence_fails_and_its_neighbours_in_the_batch_do_not() {
    let opened = open();
    let appends = (0..64).map(|id| {
        let store = opened.store.clone();
        // Every second one believes that there are two commits already.
        let expected = if id % 2 == 0 { 0 } else { 2 };
        async move {
            store
                .append(Seq(expected), commit(user(id), expected + 1), update())
                .await
                .is_ok()
        }
    });
    let outcomes = join_all(appends).await;
    assert!(outcomes.iter().enumerate().all(|(id, ok)| *ok == (id % 2 == 0)));
    assert_eq!(opened.store.head(user(1)).await.unwrap(), None);
    assert!(opened.store.append(Seq(0), commit(user(0), 1), update()).await.is_err());
    assert_eq!(seqs(&opened.store.load(user(0)).await.unwrap().tail), [1]);
}

#[tokio::test]
async fn a_commit_that_is_not_the_next_one_is_not_taken() {
    let opened = open();
    assert!(opened.store.append(Seq(0), commit(user(1), 2), update()).await.is_err());
}

#[tokio::test]
async fn of_appends_on_the_same_sequence_exactly_one_succeeds() {
    let opened = open();
    let appends = (0..16).map(|_| opened.store.append(Seq(0), commit(user(1), 1), update()));
    let outcomes = join_all(appends).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn published_never_moves_back() {
    let opened = open();
    let published = |seq| HeadUpdate {
        published: Seq(seq),
        ..update()
    };
    opened
        .store
        .append(Seq(0), commit(user(1), 1), published(0))
        .await
        .unwrap();
    opened
        .store
        .append(Seq(1), commit(user(1), 2), published(1))
        .await
        .unwrap();
    opened
        .store
        .append(Seq(2), commit(user(1), 3), published(0))
        .await
        .unwrap();
    assert_eq!(opened.store.head(user(1)).await.unwrap().unwrap().published, Seq(1));
}

#[tokio::test]
async fn the_log_is_read_in_parts() {
    let opened = open();
    fill(&opened.store, user(1), 5).await;
    fill(&opened.store, user(2), 1).await;
    let read = async |after, limit| seqs(&opened.store.read_log(user(1), Seq(after), limit).await.unwrap());
    assert_eq!(read(0, 2).await, [1, 2]);
    assert_eq!(read(2, 10).await, [3, 4, 5]);
    assert_eq!(read(5, 10).await, [] as [u64; 0]);
    assert_eq!(opened.store.read_log(user(3), Seq(0), 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn any_part_of_a_long_log_is_read_also_after_its_front_was_dropped() {
    let opened = open();
    let store = &opened.store;
    for first in (0..300).step_by(50) {
        // Two logs side by side.
        for seq in first + 1..=first + 50 {
            store
                .append(Seq(seq - 1), commit(user(1), seq), update())
                .await
                .unwrap();
            store
                .append(Seq(seq - 1), commit(user(2), seq), update())
                .await
                .unwrap();
        }
    }
    let read = async |after, limit| seqs(&store.read_log(user(1), Seq(after), limit).await.unwrap());
    let places = [0, 1, 62, 63, 64, 65, 127, 128, 200, 256, 299, 300, 301];
    for after in places {
        for limit in [0, 1, 2, 63, 64, 65, 300, usize::MAX] {
            let expected: Vec<u64> = (after + 1..=300).take(limit).collect();
            assert_eq!(read(after, limit).await, expected, "after {after}, at most {limit}");
        }
    }
    store.save(user(1), save(300, None, &[])).await.unwrap();
    store.confirm_audited(user(1), Seq(300)).await.unwrap();
    store.compact(user(1), Timestamp::from_millis(131_000)).await.unwrap();
    for after in places {
        let expected: Vec<u64> = (after.max(130) + 1..=300).take(10).collect();
        assert_eq!(read(after, 10).await, expected, "after {after}");
    }
    assert_eq!(read(0, usize::MAX).await, (131..=300).collect::<Vec<_>>());
    assert_eq!(store.read_log(user(2), Seq(0), 1_000).await.unwrap().len(), 300);
}

#[tokio::test]
async fn a_save_replaces_only_the_pages_it_names() {
    let opened = open();
    fill(&opened.store, user(1), 3).await;
    let store = &opened.store;
    assert!(
        store
            .save(
                user(1),
                save(1, None, &[("a", Some("1")), ("b", Some("1")), ("c", Some("1"))])
            )
            .await
            .unwrap()
    );
    assert!(
        store
            .save(user(1), save(2, Some(1), &[("b", Some("2")), ("c", None)]))
            .await
            .unwrap()
    );
    let loaded = store.load(user(1)).await.unwrap();
    assert_eq!(
        sorted(&loaded.pages),
        [("a".into(), "1".into()), ("b".into(), "2".into())]
    );
    assert_eq!(loaded.head.unwrap().snapshot, Seq(2));
    assert_eq!(seqs(&loaded.tail), [3]);
    assert!(store.save(user(1), save(3, None, &[("d", Some("3"))])).await.unwrap());
    let loaded = store.load(user(1)).await.unwrap();
    assert_eq!(sorted(&loaded.pages), [("d".into(), "3".into())]);
    assert_eq!(seqs(&loaded.tail), [3], "the last commit is always there");
}

#[tokio::test]
async fn a_save_on_another_base_or_of_an_earlier_state_changes_nothing() {
    let opened = open();
    fill(&opened.store, user(1), 3).await;
    let store = &opened.store;
    assert!(store.save(user(1), save(2, None, &[("a", Some("2"))])).await.unwrap());
    assert!(
        !store
            .save(user(1), save(3, Some(1), &[("a", Some("wrong"))]))
            .await
            .unwrap()
    );
    assert!(
        !store
            .save(user(1), save(2, None, &[("a", Some("wrong"))]))
            .await
            .unwrap()
    );
    assert!(
        !store
            .save(user(1), save(1, None, &[("a", Some("wrong"))]))
            .await
            .unwrap()
    );
    assert!(
        store
            .save(user(1), save(4, None, &[("a", Some("wrong"))]))
            .await
            .is_err()
    );
    let loaded = store.load(user(1)).await.unwrap();
    assert_eq!(sorted(&loaded.pages), [("a".into(), "2".into())]);
}

#[tokio::test]
async fn compaction_drops_what_is_old_saved_and_audited_and_nothing_else() {
    let opened = open();
    fill(&opened.store, user(1), 6).await;
    let store = &opened.store;
    let left = async || seqs(&store.read_log(user(1), Seq(0), 10).await.unwrap());
    let compact = async |before_s: i64| {
        store
            .compact(user(1), Timestamp::from_millis(before_s * 1_000))
            .await
            .unwrap()
    };
    compact(100).await;
    assert_eq!(left().await, [1, 2, 3, 4, 5, 6]);
    store.save(user(1), save(4, None, &[])).await.unwrap();
    compact(100).await;
    assert_eq!(left().await, [1, 2, 3, 4, 5, 6], "audit has confirmed nothing");
    store.confirm_audited(user(1), Seq(5)).await.unwrap();
    compact(3).await;
    assert_eq!(left().await, [3, 4, 5, 6], "the others are not old");
    compact(100).await;
    assert_eq!(left().await, [5, 6], "the others are not in the pages");
    store.save(user(1), save(6, None, &[])).await.unwrap();
    store.confirm_audited(user(1), Seq(6)).await.unwrap();
    compact(100).await;
    assert_eq!(left().await, [6], "the last one stays");
    assert_eq!(seqs(&store.load(user(1)).await.unwrap().tail), [6]);
}

#[tokio::test]
async fn compaction_makes_no_hole_when_the_clock_was_set_back() {
    let opened = open();
    let store = &opened.store;
    for (seq, time_ms) in [(1, 1_000), (2, 9_000), (3, 2_000), (4, 10_000)] {
        let EncodedCommit { commit, .. } = commit(user(1), seq);
        let mut commit = Commit::clone(&commit);
        commit.header.time = Timestamp::from_millis(time_ms);
        let bytes = commit.encode().unwrap().into();
        let encoded = EncodedCommit {
            commit: Arc::new(commit),
            bytes,
        };
        store.append(Seq(seq - 1), encoded, update()).await.unwrap();
    }
    store.save(user(1), save(4, None, &[])).await.unwrap();
    store.confirm_audited(user(1), Seq(4)).await.unwrap();
    store.compact(user(1), Timestamp::from_millis(5_000)).await.unwrap();
    assert_eq!(seqs(&store.read_log(user(1), Seq(0), 10).await.unwrap()), [2, 3, 4]);
}

#[tokio::test]
async fn erasing_leaves_digests_and_hashes_and_no_content() {
    let opened = open();
    fill(&opened.store, user(1), 200).await;
    let store = &opened.store;
    store
        .save(user(1), save(100, None, &[("a", Some("secret"))]))
        .await
        .unwrap();
    store.erase(user(1), Seq(199)).await.unwrap();
    let log = store.read_log(user(1), Seq(0), 1_000).await.unwrap();
    assert_eq!(log.len(), 200);
    assert!(log.iter().all(|commit| commit.is_genuine()));
    assert!(
        log.iter()
            .all(|commit| commit.events[0].is_erased() == (commit.header.seq <= Seq(199)))
    );
    let loaded = store.load(user(1)).await.unwrap();
    assert_eq!((loaded.pages.len(), loaded.head.unwrap().snapshot), (0, Seq(199)));
    assert!(
        !store
            .save(user(1), save(150, None, &[("a", Some("secret"))]))
            .await
            .unwrap()
    );
    assert!(
        store
            .save(user(1), save(200, Some(199), &[("a", Some("empty"))]))
            .await
            .unwrap()
    );
    store.erase(user(1), Seq(199)).await.unwrap();
    assert_eq!(
        sorted(&store.load(user(1)).await.unwrap().pages),
        [("a".into(), "empty".into())]
    );
    store.erase(user(2), Seq(1)).await.unwrap();
}

#[tokio::test]
async fn a_confirmation_by_audit_shows_at_once_and_survives_a_restart() {
    let opened = open();
    fill(&opened.store, user(1), 5).await;
    opened.store.confirm_audited(user(1), Seq(4)).await.unwrap();
    opened.store.confirm_audited(user(1), Seq(3)).await.unwrap();
    assert_eq!(opened.store.head(user(1)).await.unwrap().unwrap().audited, Seq(4));
    assert_eq!(opened.store.load(user(1)).await.unwrap().head.unwrap().audited, Seq(4));
    let opened = opened.reopened().await;
    assert_eq!(opened.store.head(user(1)).await.unwrap().unwrap().audited, Seq(4));
}

#[tokio::test]
async fn a_commit_of_a_newer_format_is_refused_and_says_so() {
    let opened = open();
    let encoded = commit(user(1), 1);
    let text = String::from_utf8(encoded.bytes.to_vec())
        .unwrap()
        .replace("\"format\":1", "\"format\":2");
    let newer = EncodedCommit {
        bytes: text.into(),
        ..encoded
    };
    opened.store.append(Seq(0), newer, update()).await.unwrap();
    let failure = opened.store.load(user(1)).await.unwrap_err();
    assert!(failure.to_string().contains("newer"), "{failure}");
    assert!(!failure.is_damage(), "a newer release can read it");
}

/// Runs a statement as it is.
struct Statement(&'static str);

impl Operation for Statement {
    type Answer = usize;

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<usize> {
        session.connection.execute(self.0, [])
    }
}

#[tokio::test]
async fn what_nobody_can_read_any_more_is_damage() {
    for damage in [
        "UPDATE commits SET body = x'7b' WHERE seq = 2",
        "DELETE FROM commits WHERE seq = 1",
        "UPDATE actors SET hash = x'00'",
        "UPDATE actors SET seq = -1",
    ] {
        let opened = open();
        fill(&opened.store, user(1), 2).await;
        opened.store.load(user(1)).await.unwrap();
        assert_eq!(opened.database.write(Statement(damage)).await.unwrap(), 1);
        let failure = opened.store.load(user(1)).await.unwrap_err();
        assert!(failure.is_damage(), "{damage}: {failure}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_any_more_is_damage() {
    let opened = open();
    fill(&opened.store, user(1), 1).await;
    let Opened {
        database, directory, ..
    } = opened;
    database.close().await;
    let file = directory.path().join("punctual.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // The pages after the first, which has what is needed to open the file at all.
    bytes[4096..].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    let database = Database::open(directory.path(), Options::default()).unwrap();
    let failure = SqliteStore::new(database).load(user(1)).await.unwrap_err();
    assert!(failure.is_damage(), "{failure}");
}

#[tokio::test]
async fn the_directory_lists_registered_and_committed_actors_in_order() {
    let opened = open();
    let directory = SqliteDirectory::new(opened.database.clone());
    let series = ActorId::Series(SeriesId(Uuid::from_u128(1)));
    directory.register(series).await.unwrap();
    directory.register(series).await.unwrap();
    fill(&opened.store, user(2), 1).await;
    directory.register(user(1)).await.unwrap();
    assert_eq!(directory.list(None, 2).await.unwrap(), [user(1), user(2)]);
    assert_eq!(directory.list(Some(user(2)), 2).await.unwrap(), [series]);
    assert_eq!(
        opened.store.head(user(1)).await.unwrap(),
        None,
        "registered is not committed"
    );
    fill(&opened.store, user(1), 1).await;
    assert_eq!(directory.list(None, 9).await.unwrap().len(), 3);
}
