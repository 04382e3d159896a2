//! The audit record on keys in memory.

use punctual_actors::conformance::LogWriter;

use super::{
    batch::{decode, encode},
    *,
};
use crate::{
    dapr::test_keys::{self, TestKeys},
    ports::contract::{OWNER, batch, batch_of, batches_join},
};

fn audit(keys: &TestKeys, seed: u64) -> DaprAudit<TestKeys> {
    DaprAudit::new(keys.clone(), test_keys::environment(seed).0.entropy)
}

fn user(number: u128) -> ActorId {
    LogWriter::user(number).actor()
}

fn ranges(stretches: &[AuditStretch]) -> Vec<(u64, u64)> {
    let ranges = stretches.iter().map(|stretch| (stretch.from.0, stretch.to.0));
    ranges.collect()
}

/// The whole record: whose, from where to where, and that the places have no gap.
async fn record(audit: &DaprAudit<TestKeys>) -> Vec<(ActorId, u64, u64)> {
    let read = audit.read(OWNER, AuditPlace::ZERO, 1_000).await.unwrap();
    let mut end = AuditPlace::ZERO;
    for stretch in &read {
        assert_eq!(stretch.place, end.next());
        end = stretch.end();
        let batch = stretch.batch.as_ref().unwrap();
        assert_eq!(
            (batch.actor, batch.from, batch.to),
            (stretch.actor, stretch.from, stretch.to)
        );
    }
    assert_eq!(audit.end(OWNER).await.unwrap(), end);
    read.iter()
        .map(|stretch| (stretch.actor, stretch.from.0, stretch.to.0))
        .collect()
}

#[tokio::test]
async fn only_a_batch_that_joins_is_appended_and_the_answer_says_where_the_record_ends() {
    batches_join(&audit(&TestKeys::default(), 1)).await;
}

#[tokio::test]
async fn reading_begins_with_the_batch_that_holds_the_next_commit() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    for appended in [batch(1, 3), batch(4, 4), batch(5, 9)] {
        assert_eq!(audit.append(appended).await.unwrap(), AuditAppend::Done);
    }
    for audit in [audit, self::audit(&keys, 2)] {
        let read = async |after, limit| ranges(&audit.read(OWNER, AuditPlace(after), limit).await.unwrap());
        assert_eq!(read(0, 10).await, [(1, 3), (4, 4), (5, 9)]);
        assert_eq!(read(2, 10).await, [(1, 3), (4, 4), (5, 9)]);
        assert_eq!(read(3, 1).await, [(4, 4)]);
        assert_eq!(read(4, 1).await, [(5, 9)]);
        assert_eq!(read(6, 10).await, [(5, 9)]);
        assert_eq!(read(9, 10).await, []);
        assert_eq!(read(u64::MAX, 10).await, []);
        let read = audit.read(OWNER, AuditPlace(4), 10).await.unwrap();
        assert_eq!((read[0].place, &read[0].batch), (AuditPlace(5), &Some(batch(5, 9))));
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
    let read = audit.read(OWNER, AuditPlace::ZERO, 1_000).await.unwrap();
    let batches: Vec<AuditBatch> = read.into_iter().map(|stretch| stretch.batch.unwrap()).collect();
    assert_eq!(batches.len(), 150);
    assert!(
        batches
            .iter()
            .all(|batch| batch.contents.is_none() == (batch.from <= Seq(281)))
    );
    assert_eq!(batches[0].entries, "1 to 2");
    assert_eq!(
        ranges(&self::audit(&keys, 2).read(OWNER, AuditPlace(200), 1).await.unwrap()),
        [(201, 202)]
    );
    audit.erase(user(2), Seq(1)).await.unwrap();
}

#[tokio::test]
async fn an_erasure_that_was_cut_goes_on_where_it_stopped() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    for seq in 1..=600 {
        audit.append(batch(seq, seq)).await.unwrap();
    }
    keys.die_after(Some(300));
    audit.erase(user(1), Seq(600)).await.unwrap_err();
    keys.die_after(None);
    let before = (keys.reads(), keys.writes());
    audit.erase(user(1), Seq(600)).await.unwrap();
    let (reads, writes) = (keys.reads() - before.0, keys.writes() - before.1);
    assert_eq!(writes, 300);
    // One for each that is left, and a call for every eight of those behind what it had noted.
    assert!(reads <= 300 + 48, "{reads}");
    let read = audit.read(OWNER, AuditPlace::ZERO, 1_000).await.unwrap();
    assert!(
        read.iter()
            .all(|stretch| stretch.batch.as_ref().unwrap().contents.is_none())
    );

    let another = self::audit(&keys, 2);
    for (audit, few) in [(audit, 1), (another, 600 / 8 + 30)] {
        let before = (keys.reads(), keys.writes());
        audit.erase(user(1), Seq(600)).await.unwrap();
        assert!(keys.reads() - before.0 <= few, "{}", keys.reads() - before.0);
        assert_eq!(keys.writes(), before.1);
    }
}

#[tokio::test]
async fn a_batch_that_was_lost_does_not_keep_those_behind_it_from_being_erased() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    for seq in 1..=3 {
        audit.append(batch(seq, seq)).await.unwrap();
    }
    keys.delete(&[name(user(1), 2)]).await.unwrap();
    audit.erase(user(1), Seq(3)).await.unwrap();
    for ordinal in [1, 3] {
        let found = audit.found(user(1), ordinal).await.unwrap().unwrap();
        assert_eq!(found.batch.contents, None);
    }
}

#[tokio::test]
async fn where_the_batch_is_lost_that_the_hint_names_all_others_are_erased_before_that_is_said() {
    let keys = TestKeys::default();
    let writer = audit(&keys, 1);
    let (hinted, last) = (HINT_EVERY, HINT_EVERY + 8);
    for seq in 1..=last {
        writer.append(batch(seq, seq)).await.unwrap();
    }
    keys.delete(&[name(user(1), hinted)]).await.unwrap();
    let another = audit(&keys, 2);
    for _ in 0..2 {
        let failure = another.erase(user(1), Seq(last)).await.unwrap_err();
        assert!(failure.is_damage(), "{failure}");
        for ordinal in (1..=last).filter(|ordinal| *ordinal != hinted) {
            let found = another.found(user(1), ordinal).await.unwrap().unwrap();
            assert_eq!(found.batch.contents, None, "{ordinal}");
        }
    }
}

#[tokio::test]
async fn where_a_batch_or_the_hint_cannot_be_read_all_others_are_erased_before_that_is_said() {
    let last = HINT_EVERY + 8;
    for damaged in [name(user(1), HINT_EVERY + 4), name(user(1), 3), hint_name(user(1))] {
        let keys = TestKeys::default();
        let writer = audit(&keys, 1);
        for seq in 1..=last {
            writer.append(batch(seq, seq)).await.unwrap();
        }
        keys.put(vec![(damaged.clone(), b"nothing".to_vec().into())])
            .await
            .unwrap();
        let another = audit(&keys, 2);
        for _ in 0..2 {
            let failure = another.erase(user(1), Seq(last)).await.unwrap_err();
            assert!(failure.is_damage(), "{failure}");
            for ordinal in (1..=last).filter(|ordinal| name(user(1), *ordinal) != damaged) {
                let found = another.found(user(1), ordinal).await.unwrap().unwrap();
                assert_eq!(found.batch.contents, None, "{damaged} {ordinal}");
            }
        }
    }
}

#[tokio::test]
async fn an_erasure_whose_reply_is_lost_is_done_by_the_next_try() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    audit.append(batch(1, 1)).await.unwrap();
    keys.lose_reply_after(0);
    audit.erase(user(1), Seq(1)).await.unwrap_err();
    audit.erase(user(1), Seq(1)).await.unwrap();
    assert_eq!(audit.found(user(1), 1).await.unwrap().unwrap().batch.contents, None);
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
    let all: Vec<_> = (1..40).map(|seq| (user(1), seq, seq)).collect();
    assert_eq!(record(&audit(&keys, 3)).await, all);
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
    keys.lose_reply_after(1);
    assert_eq!(audit.append(batch(3, 3)).await.unwrap(), AuditAppend::Done);
    assert_eq!(record(&audit).await.len(), 3);
}

#[tokio::test]
async fn a_batch_whose_place_was_not_written_any_more_gets_it_before_anything_is_said_of_its_actor() {
    for appends in [false, true] {
        let keys = TestKeys::default();
        let (one, two) = (audit(&keys, 1), audit(&keys, 2));
        one.append(batch(1, 3)).await.unwrap();
        assert_eq!(two.head(user(1)).await.unwrap().unwrap().0, Seq(3));
        keys.die_after(Some(1));
        one.append(batch(4, 5)).await.unwrap_err();
        keys.die_after(None);
        // Others have gone on meanwhile.
        for seq in 1..=10 {
            two.append(batch_of(user(2), seq, seq)).await.unwrap();
        }
        assert_eq!(record(&two).await.len(), 11);
        for audit in [two, one, audit(&keys, 3)] {
            if appends {
                assert_eq!(audit.append(batch(4, 5)).await.unwrap(), AuditAppend::Elsewhere(Seq(5)));
            } else {
                assert_eq!(audit.head(user(1)).await.unwrap().unwrap().0, Seq(5));
            }
            assert_eq!(record(&audit).await.len(), 12);
            assert_eq!(record(&audit).await[11], (user(1), 4, 5));
        }
    }
}

#[tokio::test]
async fn the_actors_of_an_owner_share_a_record_whoever_appends() {
    let keys = TestKeys::default();
    let (one, two) = (audit(&keys, 1), audit(&keys, 2));
    for seq in 1..40 {
        let (first, second) = (batch_of(user(1), seq * 2 - 1, seq * 2), batch_of(user(2), seq, seq));
        let (first, second) = tokio::join!(one.append(first), two.append(second));
        assert_eq!([first.unwrap(), second.unwrap()], [AuditAppend::Done; 2]);
    }
    let read = record(&audit(&keys, 3)).await;
    for actor in [1, 2] {
        let firsts: Vec<u64> = read
            .iter()
            .filter(|(of, ..)| *of == user(actor))
            .map(|(_, from, _)| *from)
            .collect();
        assert!(firsts.len() == 39 && firsts.is_sorted());
    }
}

#[tokio::test]
async fn a_batch_that_was_lost_leaves_its_place() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    for appended in [batch(1, 3), batch(4, 4)] {
        audit.append(appended).await.unwrap();
    }
    keys.delete(&[name(user(1), 1)]).await.unwrap();
    let read = audit.read(OWNER, AuditPlace::ZERO, 10).await.unwrap();
    assert_eq!(ranges(&read), [(1, 3), (4, 4)]);
    assert_eq!(
        (read[0].batch.as_ref(), read[1].batch.as_ref()),
        (None, Some(&batch(4, 4)))
    );
}

#[tokio::test]
async fn an_append_after_another_is_two_writes_and_no_read() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    audit.append(batch(1, 1)).await.unwrap();
    let before = (keys.writes(), keys.reads());
    audit.append(batch(2, 2)).await.unwrap();
    assert_eq!((keys.writes(), keys.reads()), (before.0 + 2, before.1));
}

#[test]
fn a_batch_of_format_1_is_read_for_ever() {
    let golden = format!(
        "{{\"format\":1,\"owner\":\"{}\",\"from\":1,\"to\":2,\"head\":\"{}\",\"nonce\":\"00000000000000ff\",\"index\":7,\"parts\":[6,6]}}\n\
         1 to 2secret",
        OWNER,
        "02".repeat(32)
    );
    let mark = Mark {
        nonce: Nonce(255),
        index: 7,
    };
    assert_eq!(encode(&batch(1, 2), mark).unwrap(), golden);
    assert_eq!(decode(user(1), &golden.into()).unwrap(), (batch(1, 2), mark));
    assert!(decode(user(1), &"{\"format\":2}\n".into()).is_err());
}

#[tokio::test]
async fn an_entry_of_the_index_of_format_1_is_read_for_ever() {
    let keys = TestKeys::default();
    let audit = audit(&keys, 1);
    audit.append(batch(1, 3)).await.unwrap();
    let golden = format!(
        "{{\"format\":1,\"place\":1,\"actor\":\"{}\",\"ordinal\":1,\"from\":1,\"to\":3}}\n",
        user(1)
    );
    let (key, value) = (format!("audit-index/{}/1", OWNER), golden.into());
    assert!(keys.all().contains(&(key, value)));
}
