//! The pages: saving and loading.

use std::collections::BTreeMap;

use bytes::Bytes;
use punctual_events::Seq;

use super::{LogWriter, StoreMaker, all, log::assert_same};
use crate::ports::{PageSave, PageWrite, Store};

pub(super) async fn run<K: StoreMaker>(maker: &K) {
    a_load_gives_the_pages_and_the_commits_after_them(&maker.make().await).await;
    a_partial_save_leaves_the_pages_it_does_not_name(&maker.make().await).await;
    a_whole_save_removes_the_pages_it_does_not_name(&maker.make().await).await;
    a_save_that_is_not_later_is_ignored(&maker.make().await).await;
    a_partial_save_of_another_save_is_ignored(&maker.make().await).await;
    a_load_never_sees_half_a_save(&maker.make().await).await;
    pages_of_actors_are_apart(&maker.make().await).await;
    pages_keep_any_bytes_and_names_up_to_64(&maker.make().await).await;
    large_saves_are_kept(&maker.make().await).await;
    saved_pages_survive_the_process(maker).await;
}

/// A save of `at` that writes `content` to each of `names`.
pub fn save_of(at: u64, since: Option<u64>, names: &[&str], content: &str) -> PageSave {
    let pages = names.iter().map(|name| PageWrite {
        name: (*name).into(),
        bytes: Some(Bytes::copy_from_slice(content.as_bytes())),
    });
    PageSave {
        at: Seq(at),
        pages: pages.collect(),
        since: since.map(Seq),
    }
}

/// Saves and says whether it was written.
async fn save(store: &impl Store, log: &LogWriter, save: PageSave) -> bool {
    store.save(log.actor(), save).await.expect("save")
}

/// What a load gives: the sequence of the save, and its pages by name.
async fn saved(store: &impl Store, log: &LogWriter) -> (u64, BTreeMap<String, Bytes>) {
    let loaded = store.load(log.actor()).await.expect("load");
    let pages: BTreeMap<_, _> = loaded
        .pages
        .into_iter()
        .map(|page| (page.name.to_string(), page.bytes))
        .collect();
    (loaded.head.map_or(0, |head| head.snapshot.0), pages)
}

/// Panics unless the pages are these, as `name=content`.
#[track_caller]
fn assert_pages(found: &(u64, BTreeMap<String, Bytes>), at: u64, expected: &[&str]) {
    let text: Vec<String> = found
        .1
        .iter()
        .map(|(name, bytes)| format!("{name}={}", String::from_utf8_lossy(bytes)))
        .collect();
    assert_eq!(text, expected, "pages");
    assert_eq!(found.0, at, "the commit the pages are of");
}

async fn a_load_gives_the_pages_and_the_commits_after_them(store: &impl Store) {
    let mut log = LogWriter::user(1);
    let commits = log.append_many(store, 5).await;
    for (at, tail) in [(3, &commits[3..]), (4, &commits[4..]), (5, &commits[4..])] {
        assert!(save(store, &log, save_of(at, None, &["p"], "content")).await);
        let loaded = store.load(log.actor()).await.expect("load");
        assert_eq!(
            loaded.head.map(|head| (head.seq, head.snapshot)),
            Some((Seq(5), Seq(at)))
        );
        assert_eq!(loaded.pages.len(), 1);
        assert_same(&loaded.tail, tail);
    }
    let next = log.append(store, "after the save").await;
    assert_same(&store.load(log.actor()).await.expect("load").tail, &[next]);
    assert_same(
        &store.read_log(log.actor(), Seq::ZERO, 5).await.expect("read"),
        &commits,
    );
}

async fn a_partial_save_leaves_the_pages_it_does_not_name(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 9).await;
    assert!(save(store, &log, save_of(2, None, &["a/1", "a/2", "b"], "old")).await);
    let mut change = save_of(4, Some(2), &["a/2", "c"], "new");
    change.pages.push(PageWrite {
        name: "b".into(),
        bytes: None,
    });
    change.pages.push(PageWrite {
        name: "never was".into(),
        bytes: None,
    });
    assert!(save(store, &log, change).await);
    assert_pages(&saved(store, &log).await, 4, &["a/1=old", "a/2=new", "c=new"]);
    assert!(
        save(store, &log, save_of(5, Some(4), &[], "")).await,
        "a save without changes is one"
    );
    assert_pages(&saved(store, &log).await, 5, &["a/1=old", "a/2=new", "c=new"]);
}

async fn a_whole_save_removes_the_pages_it_does_not_name(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 9).await;
    assert!(save(store, &log, save_of(2, None, &["a", "b", "c"], "old")).await);
    assert!(save(store, &log, save_of(3, None, &["b", "d"], "new")).await);
    assert_pages(&saved(store, &log).await, 3, &["b=new", "d=new"]);
    assert!(save(store, &log, save_of(4, None, &[], "")).await);
    assert_pages(&saved(store, &log).await, 4, &[]);
}

async fn a_save_that_is_not_later_is_ignored(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 9).await;
    assert!(save(store, &log, save_of(5, None, &["a"], "five")).await);
    for (at, since) in [(5, None), (5, Some(5)), (4, None), (4, Some(3)), (4, Some(5))] {
        assert!(!save(store, &log, save_of(at, since, &["a", "b"], "late")).await);
        assert_pages(&saved(store, &log).await, 5, &["a=five"]);
    }
    assert!(save(store, &log, save_of(6, Some(5), &["b"], "six")).await);
    assert_pages(&saved(store, &log).await, 6, &["a=five", "b=six"]);
}

async fn a_partial_save_of_another_save_is_ignored(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 9).await;
    assert!(!save(store, &log, save_of(3, Some(2), &["a"], "of nothing")).await);
    assert_pages(&saved(store, &log).await, 0, &[]);
    assert!(save(store, &log, save_of(3, None, &["a"], "mine")).await);
    assert!(save(store, &log, save_of(5, None, &["x"], "theirs")).await);
    assert!(!save(store, &log, save_of(7, Some(3), &["b"], "mine")).await);
    assert_pages(&saved(store, &log).await, 5, &["x=theirs"]);
}

async fn a_load_never_sees_half_a_save(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append_many(store, 20).await;
    let names: Vec<String> = (0..40).map(|number| format!("tasks/{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let of = |at: u64| save_of(at, (at > 1).then(|| at - 1), &names, &at.to_string());
    assert!(save(store, &log, of(1)).await);
    for at in 2..=20 {
        let save = Box::pin(async { assert!(save(store, &log, of(at)).await) });
        let load = || Box::pin(async { assert_is_of_one_save(store, &log).await });
        all([
            load() as std::pin::Pin<Box<dyn Future<Output = ()>>>,
            save,
            load(),
            load(),
        ])
        .await;
    }
}

async fn assert_is_of_one_save(store: &impl Store, log: &LogWriter) {
    let loaded = store.load(log.actor()).await.expect("load");
    let head = loaded.head.expect("a head");
    assert_eq!(loaded.pages.len(), 40);
    for page in loaded.pages {
        assert_eq!(
            page.bytes,
            head.snapshot.to_string(),
            "{} is of another save",
            page.name
        );
    }
    let first = loaded.tail.first().map(|commit| commit.header.seq);
    assert_eq!(
        first,
        Some(head.snapshot.next().min(head.seq)),
        "the tail begins after the pages"
    );
}

async fn pages_of_actors_are_apart(store: &impl Store) {
    let (mut user, mut series) = (LogWriter::user(7), LogWriter::series(7));
    user.append_many(store, 2).await;
    series.append_many(store, 2).await;
    assert!(save(store, &user, save_of(1, None, &["p"], "of the user")).await);
    assert!(save(store, &series, save_of(2, None, &["p"], "of the series")).await);
    assert_pages(&saved(store, &user).await, 1, &["p=of the user"]);
    assert_pages(&saved(store, &series).await, 2, &["p=of the series"]);
}

async fn pages_keep_any_bytes_and_names_up_to_64(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append(store, "first").await;
    let long = format!("{}/4294967295", "n".repeat(53));
    assert_eq!(long.len(), 64);
    let every_byte: Vec<u8> = (0..=255).collect();
    let pages = vec![
        PageWrite {
            name: long.clone().into(),
            bytes: Some(every_byte.clone().into()),
        },
        PageWrite {
            name: "empty".into(),
            bytes: Some(Bytes::new()),
        },
    ];
    let whole = PageSave {
        at: Seq(1),
        pages,
        since: None,
    };
    assert!(save(store, &log, whole).await);
    let (_, pages) = saved(store, &log).await;
    assert_eq!(pages.get(&long).map(Bytes::as_ref), Some(every_byte.as_slice()));
    assert_eq!(pages.get("empty"), Some(&Bytes::new()), "an empty page is a page");
}

async fn large_saves_are_kept(store: &impl Store) {
    let mut log = LogWriter::user(1);
    log.append(store, "first").await;
    let names: Vec<String> = (0..100).map(|number| format!("tasks/{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let content = "x".repeat(60 * 1024);
    assert!(save(store, &log, save_of(1, None, &names, &content)).await);
    let (_, pages) = saved(store, &log).await;
    assert_eq!(pages.len(), 100);
    assert!(pages.values().all(|bytes| *bytes == content));
}

async fn saved_pages_survive_the_process<K: StoreMaker>(maker: &K) {
    let store = maker.make().await;
    let mut log = LogWriter::user(1);
    log.append_many(&store, 3).await;
    assert!(save(&store, &log, save_of(2, None, &["a", "b"], "saved")).await);
    let store = maker.reopen(store).await;
    assert_pages(&saved(&store, &log).await, 2, &["a=saved", "b=saved"]);
    assert!(save(&store, &log, save_of(3, Some(2), &["b"], "again")).await);
    let store = maker.reopen(store).await;
    assert_pages(&saved(&store, &log).await, 3, &["a=saved", "b=again"]);
}
