//! The log: appending and reading.

use std::sync::Arc;

use punctual_events::{COMMIT_FORMAT, Commit, Seq, Timestamp};

use super::{
    LogWriter, StoreMaker, all,
    log::{FIRST_COMMIT, assert_same, encode, update},
};
use crate::ports::{Head, HeadUpdate, Store};

pub(super) async fn run<K: StoreMaker>(maker: &K) {
    an_actor_without_a_log_has_nothing(&maker.make().await).await;
    an_append_is_read_back_with_its_head(&maker.make().await).await;
    each_append_replaces_the_update_of_the_one_before(&maker.make().await).await;
    an_append_on_another_sequence_is_not_done(&maker.make().await).await;
    the_same_append_again_changes_nothing(&maker.make().await).await;
    of_appends_that_race_exactly_one_is_done(&maker.make().await).await;
    actors_do_not_disturb_each_other(&maker.make().await).await;
    a_user_and_a_series_of_the_same_number_are_two(&maker.make().await).await;
    the_log_is_read_in_portions(&maker.make().await).await;
    large_commits_are_kept(&maker.make().await).await;
    a_commit_of_a_newer_format_is_refused(&maker.make().await).await;
    what_was_acknowledged_survives_the_process(maker).await;
}

async fn an_actor_without_a_log_has_nothing(store: &impl Store) {
    let (actor, other) = (LogWriter::user(1).actor(), &mut LogWriter::user(2));
    other.append(store, "somebody else").await;
    let loaded = store.load(actor).await.expect("load");
    assert!(loaded.head.is_none() && loaded.pages.is_empty() && loaded.tail.is_empty());
    assert_eq!(store.head(actor).await.expect("head"), None);
    assert!(store.read_log(actor, Seq::ZERO, 10).await.expect("read").is_empty());
    store.confirm_audited(actor, Seq::ZERO).await.expect("confirm");
    store.compact(actor, Timestamp::MAX).await.expect("compact");
    store.erase(actor, Seq::ZERO).await.expect("erase");
    assert_eq!(store.head(actor).await.expect("head"), None, "upkeep makes no actor");
}

async fn an_append_is_read_back_with_its_head(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commit = log.append(store, "first").await;
    let expected = Head {
        seq: Seq(1),
        hash: commit.header.hash,
        snapshot: Seq::ZERO,
        zone_version: "2026a".into(),
        published: Seq::ZERO,
        audited: Seq::ZERO,
        wake_at: None,
    };
    let loaded = store.load(log.actor()).await.expect("load");
    assert_eq!(loaded.head.as_ref(), Some(&expected));
    assert!(loaded.pages.is_empty());
    assert_same(&loaded.tail, &[commit]);
    assert_eq!(store.head(log.actor()).await.expect("head"), Some(expected));
}

async fn each_append_replaces_the_update_of_the_one_before(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let last = Timestamp::MAX;
    for (wake_at, zone_version, published) in [
        (Some(FIRST_COMMIT), "2026a", 0),
        (Some(last), "2026b", 1),
        (None, "2026b", 1),
    ] {
        let update = HeadUpdate {
            wake_at,
            zone_version: zone_version.into(),
            published: Seq(published),
        };
        let commit = log.draft("moves the wake-up");
        store.append(log.seq(), commit.clone(), update).await.expect("append");
        log.take_in(&commit);
        let head = store.head(log.actor()).await.expect("head").expect("a head");
        assert_eq!((head.seq, head.hash), (log.seq(), commit.commit.header.hash));
        assert_eq!(head.wake_at, wake_at);
        assert_eq!((&*head.zone_version, head.published), (zone_version, Seq(published)));
    }
}

async fn an_append_on_another_sequence_is_not_done(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let mut ahead = log.clone();
    let first = ahead.draft("first");
    ahead.take_in(&first);
    let second = ahead.draft("without a first");
    assert!(ahead.try_append(store, second).await.is_err(), "there is no log yet");
    assert_eq!(store.head(log.actor()).await.expect("head"), None);

    let stale = log.draft("too late");
    let before = log.clone();
    let mut commits = log.append_many(store, 3).await;
    assert!(before.try_append(store, stale).await.is_err(), "the log has moved on");
    assert_same(
        &store.read_log(log.actor(), Seq::ZERO, 10).await.expect("read"),
        &commits,
    );
    commits.push(log.append(store, "after a conflict").await);
    assert_same(&store.load(log.actor()).await.expect("load").tail, &commits);
}

async fn the_same_append_again_changes_nothing(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let first = log.append(store, "first").await;
    let before = log.clone();
    let commit = log.draft("sent twice");
    let second = log.append_this(store, commit.clone()).await;
    // Whether it is acknowledged again is the store's affair.
    let _ = before.try_append(store, commit).await;
    assert_same(&store.load(log.actor()).await.expect("load").tail, &[first, second]);
}

async fn of_appends_that_race_exactly_one_is_done(store: &impl Store) {
    let mut log = LogWriter::user(1);
    for round in 0..10 {
        let drafts: Vec<_> = (0..8)
            .map(|writer| log.draft(&format!("{round} by {writer}")))
            .collect();
        let outcomes = all(drafts.iter().map(|draft| log.try_append(store, draft.clone()))).await;
        let done: Vec<_> = drafts
            .iter()
            .zip(outcomes)
            .filter(|(_, outcome)| outcome.is_ok())
            .collect();
        assert_eq!(done.len(), 1, "one append on a sequence succeeds");
        let before = log.seq();
        log.take_in(done[0].0);
        let found = store.read_log(log.actor(), before, 10).await.expect("read");
        assert_same(&found, &[Arc::clone(&done[0].0.commit)]);
    }
}

async fn actors_do_not_disturb_each_other(store: &impl Store) {
    let write = async |number| {
        let mut log = LogWriter::user(number);
        let commits = log.append_many(store, 10).await;
        (log.actor(), commits)
    };
    for (actor, commits) in all((0..30).map(write)).await {
        assert_same(&store.load(actor).await.expect("load").tail, &commits);
    }
}

async fn a_user_and_a_series_of_the_same_number_are_two(store: &impl Store) {
    let (mut user, mut series) = (LogWriter::user(7), LogWriter::series(7));
    let of_user = user.append(store, "of the user").await;
    let of_series = series.append_many(store, 2).await;
    assert_same(&store.load(user.actor()).await.expect("load").tail, &[of_user]);
    assert_same(&store.load(series.actor()).await.expect("load").tail, &of_series);
}

async fn the_log_is_read_in_portions(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commits = log.append_many(store, 10).await;
    let read = async |after, limit| store.read_log(log.actor(), Seq(after), limit).await.expect("read");
    assert_same(&read(0, 4).await, &commits[..4]);
    assert_same(&read(4, 4).await, &commits[4..8]);
    assert_same(&read(8, 4).await, &commits[8..]);
    assert_same(&read(0, 1000).await, &commits);
    assert!(read(10, 4).await.is_empty());
    assert!(read(99, 4).await.is_empty());
}

async fn large_commits_are_kept(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let text = "\"\u{e9}\u{1f4c5}\n".repeat(65_000);
    assert!(text.len() > 500_000);
    let mut commits = vec![log.append(store, "small").await];
    commits.push(log.append(store, &text).await);
    commits.push(log.append(store, "small again").await);
    commits.push(log.append(store, &text).await);
    assert_same(&store.load(log.actor()).await.expect("load").tail, &commits);
    assert_same(
        &store.read_log(log.actor(), Seq(1), 2).await.expect("read"),
        &commits[1..3],
    );
}

async fn a_commit_of_a_newer_format_is_refused(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append(store, "of today").await;
    let newer = encode(Commit {
        format: COMMIT_FORMAT + 1,
        ..Commit::clone(&log.draft("of tomorrow").commit)
    });
    if log.try_append(store, newer).await.is_err() {
        return;
    }
    let says_so =
        |failure: &dyn std::fmt::Display| assert!(failure.to_string().contains("newer"), "unclear: {failure}");
    says_so(&store.load(log.actor()).await.expect_err("a newer format is refused"));
    says_so(
        &store
            .read_log(log.actor(), Seq::ZERO, 10)
            .await
            .expect_err("a newer format is refused"),
    );
}

async fn what_was_acknowledged_survives_the_process<K: StoreMaker>(maker: &K) {
    let mut store = maker.make().await;
    let mut log = LogWriter::user(1);
    let mut commits = Vec::new();
    for round in 0..3_u64 {
        commits.extend(log.append_many(&store, 5).await);
        let wake_at = FIRST_COMMIT.plus_millis(i64::try_from(round).unwrap_or_default());
        let commit = log.draft("the last before the loss");
        let appended = store.append(log.seq(), commit.clone(), update(Some(wake_at))).await;
        appended.expect("append");
        log.take_in(&commit);
        commits.push(commit.commit);
        store = maker.reopen(store).await;
        let loaded = store.load(log.actor()).await.expect("load");
        assert_eq!(loaded.head.and_then(|head| head.wake_at), Some(wake_at));
        assert_same(&loaded.tail, &commits);
    }
}
