//! What is stored, as it was written once and has to be read for ever; and what must not be read.

use punctual_actors::ports::Head;
use punctual_events::{DecodeError, Digest, Timestamp};

use super::{
    super::{
        head::{Loose, LooseKind, StoredHead},
        manifest::{Manifest, ManifestRef, PageRef, Seal, SegmentRef, Superseded},
        page, segment,
    },
    *,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn seal() -> Seal {
    Seal {
        hash: Digest([171; 32]),
        len: 9,
    }
}

fn segment_ref() -> SegmentRef {
    SegmentRef {
        from: Seq(1),
        to: Seq(2),
        nonce: Nonce(1),
        seal: seal(),
        latest: NOW,
        erased: Seq::ZERO,
    }
}

fn head() -> StoredHead {
    StoredHead {
        head: Head {
            seq: Seq(4),
            hash: Digest([1; 32]),
            snapshot: Seq(2),
            zone_version: "2026a".into(),
            published: Seq(3),
            audited: Seq(1),
            wake_at: Some(NOW),
        },
        recent: vec!["{3}".into(), "{4}".into()],
        segments: vec![segment_ref()],
        manifest: Some(ManifestRef {
            at: Seq(2),
            nonce: Nonce(2),
            seal: seal(),
        }),
        loose: vec![Loose {
            kind: LooseKind::Segment,
            at: Seq(3),
            nonce: Nonce(3),
            since: NOW,
        }],
    }
}

fn manifest() -> Manifest {
    let page = PageRef {
        at: Seq(2),
        nonce: Nonce(2),
        seal: seal(),
    };
    Manifest {
        pages: [("tasks/17".into(), page)].into(),
        segments: vec![segment_ref()],
        superseded: vec![Superseded {
            key: "page/user/x/tasks/17@1.0".into(),
            since: NOW,
        }],
    }
}

#[test]
fn a_head_of_format_1_is_read_for_ever() {
    let golden = Bytes::from_static(include_bytes!("golden/head_v1"));
    assert_eq!(StoredHead::decode(&golden).unwrap(), head());
    assert_eq!(head().encode().unwrap(), golden);
}

#[test]
fn a_head_that_knows_of_no_commit_is_damaged() {
    let mut none = head();
    none.head.seq = Seq::ZERO;
    none.recent.clear();
    let said = StoredHead::decode(&none.encode().unwrap());
    assert!(matches!(said, Err(DecodeError::Malformed(_))), "{said:?}");
}

#[test]
fn a_manifest_of_format_1_is_read_for_ever() {
    let golden = Bytes::from_static(include_bytes!("golden/manifest_v1"));
    assert_eq!(Manifest::decode(&golden).unwrap(), manifest());
    assert_eq!(manifest().encode().unwrap(), golden);
}

#[test]
fn a_segment_of_format_1_is_read_for_ever() {
    let golden = Bytes::from_static(include_bytes!("golden/segment_v1"));
    let commit = Bytes::from_static(br#"{"header":{"time":"2027-01-15T08:00:00.000Z"}}"#);
    let (named, value) = segment::encode(Seq(3), &[commit.clone(), commit.clone()], Nonce(1)).unwrap();
    assert_eq!(value, golden);
    assert_eq!((named.from, named.to, named.latest), (Seq(3), Seq(4), NOW));
    assert_eq!(segment::decode(&named, &golden).unwrap(), [commit.clone(), commit]);
}

#[test]
fn a_page_of_format_1_is_read_for_ever() {
    let golden = Bytes::from_static(b"{\"format\":1,\"parts\":[2]}\n{}");
    assert_eq!(page::encode(&"{}".into()).unwrap(), golden);
    assert_eq!(page::decode(&golden).unwrap(), "{}");
}

#[test]
fn everything_of_a_newer_format_is_refused() {
    let newer = Bytes::from_static(b"{\"format\":2}\n");
    let outcomes = [
        StoredHead::decode(&newer).map(drop),
        Manifest::decode(&newer).map(drop),
        page::decode(&newer).map(drop),
        segment::decode(&segment_ref(), &newer).map(drop),
    ];
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Err(DecodeError::Newer { found: 2, .. })))
    );
}

#[tokio::test]
async fn a_head_of_a_newer_format_is_refused_and_not_written_over() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append(&process.store, "of today").await;
    let key = names::head(log.actor());
    process.keys.tamper(&key, "{\"format\":2}\n".into());
    let next = Process::on(&process.keys, 2);
    let draft = log.draft("goes on");
    let failures = [
        next.store.load(log.actor()).await.unwrap_err(),
        next.store.head(log.actor()).await.unwrap_err(),
        log.try_append(&next.store, draft).await.unwrap_err(),
    ];
    for failure in failures {
        assert!(failure.to_string().contains("newer"), "unclear: {failure}");
        assert!(!failure.is_damage(), "a newer release can read it");
    }
}

#[tokio::test]
async fn what_does_not_match_its_hash_is_an_error_and_never_an_empty_page() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append(&process.store, "small").await;
    log.append(&process.store, &"x".repeat(RECENT_BYTES)).await;
    assert!(
        process
            .store
            .save(log.actor(), save_of(1, None, &["a"], "content"))
            .await
            .unwrap()
    );
    let whole = process.keys.all();
    for prefix in ["page/", "log/", "manifest/"] {
        let (key, value) = whole.iter().find(|(key, _)| key.starts_with(prefix)).unwrap();
        for damage in [
            Bytes::new(),
            value.slice(1..),
            Bytes::from([value, b"x".as_slice()].concat()),
        ] {
            process.keys.tamper(key, damage);
            let failure = process.store.load(log.actor()).await.unwrap_err();
            assert!(failure.to_string().contains(key), "unclear: {failure}");
            assert!(failure.is_damage(), "{failure}");
        }
        process.keys.tamper(key, value.clone());
    }
    process.store.load(log.actor()).await.unwrap();
    process.keys.tamper(&names::head(log.actor()), "{}".into());
    let failure = process.store.load(log.actor()).await.unwrap_err();
    assert!(failure.is_damage(), "{failure}");
}

#[tokio::test]
async fn a_key_that_is_lost_is_an_error() {
    let process = Process::new();
    let mut log = LogWriter::user(1);
    log.append(&process.store, "small").await;
    assert!(
        process
            .store
            .save(log.actor(), save_of(1, None, &["a"], "content"))
            .await
            .unwrap()
    );
    let page = process
        .keys
        .names()
        .into_iter()
        .find(|key| key.starts_with("page/"))
        .unwrap();
    crate::dapr::keys::Keys::delete(&process.keys, std::slice::from_ref(&page))
        .await
        .unwrap();
    let failure = process.store.load(log.actor()).await.unwrap_err();
    assert!(failure.to_string().contains(&page), "unclear: {failure}");
    assert!(failure.is_damage(), "{failure}");
}
