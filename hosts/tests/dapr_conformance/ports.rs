//! Records and the audit record: what only a real store can show.

use bytes::Bytes;
use punctual::{
    dapr::{
        audit_store::DaprAudit,
        keys::{Keys as _, Written},
        logs::LogReader,
        records::DaprRecords,
        state::State,
    },
    ports::{AuditAppend, AuditBatch, AuditPlace, AuditStore as _, Records as _},
};
use punctual_actors::conformance::LogWriter;
use punctual_events::{ActorId, Digest, Seq};

use crate::{beside::environment, sidecar::process};

pub(crate) async fn keys(state: State) {
    let any: Bytes = (0..=255).collect::<Vec<u8>>().into();
    assert_eq!(state.get("a").await.unwrap(), None);
    state.create("a", any.clone()).await.unwrap();
    state.create("a", "again".into()).await.unwrap_err();
    let (value, version) = state.get("a").await.unwrap().unwrap();
    assert_eq!(value, any);
    assert_eq!(state.replace("a", &version, "new".into()).await.unwrap(), Written::Done);
    assert_eq!(
        state.replace("a", &version, "late".into()).await.unwrap(),
        Written::Conflict
    );
    let there = [Some("new".into()), None];
    assert_eq!(state.get_many(&["a".into(), "b".into()]).await.unwrap(), there);
    state.delete(&["a".into(), "b".into()]).await.unwrap();
    assert_eq!(state.get("a").await.unwrap(), None);
}

pub(crate) async fn records(state: State) {
    let records = DaprRecords::new(state, environment().entropy);
    let (one, two) = tokio::join!(records.create("a", "1".into()), records.create("a", "1".into()));
    assert_eq!(u8::from(one.unwrap()) + u8::from(two.unwrap()), 1);
    let (_, first) = records.get("a").await.unwrap().unwrap();
    let (one, two) = tokio::join!(
        records.replace("a", first.clone(), "2".into()),
        records.replace("a", first.clone(), "3".into())
    );
    assert!(one.unwrap().is_some() != two.unwrap().is_some());
    records.delete("a").await.unwrap();
    assert_eq!(records.replace("a", first, "4".into()).await.unwrap(), None);
    assert!(records.create("a", "5".into()).await.unwrap());
}

pub(crate) async fn audit(state: State) {
    let actor = LogWriter::user(1).actor();
    let ActorId::User(owner) = actor else {
        unreachable!("a user's actor")
    };
    let batch = |seq: u64| AuditBatch {
        actor,
        owner,
        from: Seq(seq),
        to: Seq(seq),
        head: Digest([7; 32]),
        entries: "entries".into(),
        contents: Some("contents".into()),
    };
    let audits = [0, 1].map(|_| DaprAudit::new(state.clone(), environment().entropy));
    for seq in 1..=20 {
        let (one, two) = tokio::join!(audits[0].append(batch(seq)), audits[1].append(batch(seq)));
        let outcomes = [one.unwrap(), two.unwrap()];
        assert!(outcomes.contains(&AuditAppend::Done), "{outcomes:?}");
        assert!(outcomes.contains(&AuditAppend::Elsewhere(Seq(seq))), "{outcomes:?}");
    }
    audits[0].erase(actor, Seq(5)).await.unwrap();
    let audit = DaprAudit::new(state, environment().entropy);
    let read = audit.read(owner, AuditPlace(3), 4).await.unwrap();
    let kept: Vec<_> = read
        .iter()
        .map(|stretch| (stretch.place.0, stretch.batch.as_ref().unwrap().contents.is_some()))
        .collect();
    assert_eq!(kept, [(4, false), (5, false), (6, true), (7, true)]);
    assert_eq!(audit.end(owner).await.unwrap(), AuditPlace(20));
}

pub(crate) async fn logs(state: State) {
    let mut log = LogWriter::user(1);
    let reader = LogReader::new(state.clone());
    assert_eq!(reader.head(log.actor()).await.unwrap(), Seq::ZERO);
    log.append_many(&process(&state), 100).await;
    assert_eq!(reader.head(log.actor()).await.unwrap(), Seq(100));
    let read = reader.read(log.actor(), Seq(40), 30).await.unwrap();
    assert_eq!((read.len(), read[0].header.seq), (30, Seq(41)));
}
