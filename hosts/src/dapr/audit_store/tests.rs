//! The audit record on keys in memory.

use punctual_actors::conformance::LogWriter;

use super::{
    batch::{decode, encode},
    *,
};
use crate::dapr::test_keys::{self, TestKeys};

fn audit(keys: &TestKeys, seed: u64) -> DaprAudit<TestKeys> {
    DaprAudit::new(keys.clone(), test_keys::environment(seed).0.entropy)
}

fn user(number: u128) -> ActorId {
    LogWriter::user(number).actor()
}

fn batch(from: u64, to: u64) -> AuditBatch {
    AuditBatch {
        actor: user(1),
        from: Seq(from),
        to: Seq(to),
        head: Digest([u8::try_from(to % 256).unwrap(); 32]),
        entries: format!("{from} to {to}").into(),
        contents: Some("secret".into()),
    }
}

fn ranges(batches: &[AuditBatch]) -> Vec<(u64, u64)> {
    batches.iter().map(|batch| (batch.from.0, batch.to.0)).collect()
}

#[tokio::test]
async fn only_a_batch_that_joins_is_appended_and_the_answer_says_where_the_record_ends() {
    let audit = audit(&TestKeys::default(), 1);
    assert_eq!(audit.head(user(1)).await.unwrap(), None);
    assert_eq!(audit.append(batch(2, 3)).await.unwrap(), AuditAppend::Elsewhere(Seq(0)));
    assert_eq!(audit.append(batch(1, 3)).await.unwrap(), AuditAppend::Done);
    for other in [batch(1, 3), batch(2, 9), batch(5, 6)] {
        assert_eq!(audit.append(other).await.unwrap(), AuditAppend::Elsewhere(Seq(3)));
    }
    assert_eq!(audit.append(batch(4, 4)).await.unwrap(), AuditAppend::Done);
    assert_eq!(audit.head(user(1)).await.unwrap(), Some((Seq(4), Digest([4; 32]))));
    assert_eq!(audit.head(user(2)).await.unwrap(), None);
    assert!(audit.append(batch(5, 4)).await.is_err());
}

#[tokio::test]
async fn reading_begins_with_the_batch_that_holds_the_next_commit() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    for appended in [batch(1, 3), batch(4, 4), batch(5, 9)] {
        assert_eq!(audit.append(appended).await.unwrap(), AuditAppend::Done);
    }
    for audit in [audit, self::audit(&keys, 2)] {
        let read = async |after, limit| ranges(&audit.read(user(1), Seq(after), limit).await.unwrap());
        assert_eq!(read(0, 10).await, [(1, 3), (4, 4), (5, 9)]);
        assert_eq!(read(2, 10).await, [(1, 3), (4, 4), (5, 9)]);
        assert_eq!(read(3, 1).await, [(4, 4)]);
        assert_eq!(read(4, 1).await, [(5, 9)]);
        assert_eq!(read(6, 10).await, [(5, 9)]);
        assert_eq!(read(9, 10).await, []);
        assert_eq!(read(u64::MAX, 10).await, []);
        assert_eq!(audit.read(user(1), Seq(4), 10).await.unwrap(), [batch(5, 9)]);
    }
}

#[tokio::test]
async fn erasing_takes_the_contents_and_leaves_the_chain() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    for seq in 1..=150 {
        audit.append(batch(seq * 2 - 1, seq * 2)).await.unwrap();
    }
    audit.erase(user(1), Seq(281)).await.unwrap();
    let batches = audit.read(user(1), Seq(0), 1_000).await.unwrap();
    assert_eq!(batches.len(), 150);
    assert!(
        batches
            .iter()
            .all(|batch| batch.contents.is_none() == (batch.from <= Seq(281)))
    );
    assert_eq!(batches[0].entries, "1 to 2");
    assert_eq!(
        ranges(&self::audit(&keys, 2).read(user(1), Seq(200), 1).await.unwrap()),
        [(201, 202)]
    );
    audit.erase(user(2), Seq(1)).await.unwrap();
}

#[tokio::test]
async fn of_two_processes_one_appends_and_the_other_hears_where_the_record_ends() {
    let keys = TestKeys::default();
    let (one, two) = (audit(&keys, 1), audit(&keys, 2));
    for seq in 1..40 {
        let (first, second) = tokio::join!(one.append(batch(seq, seq)), two.append(batch(seq, seq)));
        let outcomes = [first.unwrap(), second.unwrap()];
        assert!(outcomes.contains(&AuditAppend::Done) && outcomes.contains(&AuditAppend::Elsewhere(Seq(seq))));
    }
    let read = audit(&keys, 3).read(user(1), Seq::ZERO, 100).await.unwrap();
    assert_eq!(ranges(&read), (1..40).map(|seq| (seq, seq)).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_append_whose_reply_is_lost_is_done() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    keys.lose_reply_after(0);
    assert_eq!(audit.append(batch(1, 1)).await.unwrap(), AuditAppend::Done);
    keys.die_after(Some(0));
    audit.append(batch(2, 2)).await.unwrap_err();
    keys.die_after(None);
    assert_eq!(audit.append(batch(2, 2)).await.unwrap(), AuditAppend::Done);
}

#[tokio::test]
async fn an_append_after_another_is_one_write_and_no_read() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    audit.append(batch(1, 1)).await.unwrap();
    let before = (keys.writes(), keys.reads());
    audit.append(batch(2, 2)).await.unwrap();
    assert_eq!((keys.writes(), keys.reads()), (before.0 + 1, before.1));
}

#[test]
fn a_batch_of_format_1_is_read_for_ever() {
    let golden = format!(
        "{{\"format\":1,\"from\":1,\"to\":2,\"head\":\"{}\",\"nonce\":\"00000000000000ff\",\"parts\":[6,6]}}\n1 to 2secret",
        "02".repeat(32)
    );
    assert_eq!(encode(&batch(1, 2), Nonce(255)).unwrap(), golden);
    assert_eq!(decode(user(1), &golden.into()).unwrap(), (batch(1, 2), Nonce(255)));
    assert!(decode(user(1), &"{\"format\":2}\n".into()).is_err());
}
