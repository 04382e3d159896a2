//! What every implementation of these ports must do, for the tests of both runtimes.

use punctual_events::{ActorId, Digest, Seq, UserId};
use uuid::Uuid;

use super::{AuditAppend, AuditBatch, AuditPlace, AuditStore, Records};

/// Whose batches [`batch_of`] are.
pub(crate) const OWNER: UserId = UserId(Uuid::from_u128(1));

/// Commits `from` to `to` of an actor of [`OWNER`]'s.
pub(crate) fn batch_of(actor: ActorId, from: u64, to: u64) -> AuditBatch {
    AuditBatch {
        actor,
        owner: OWNER,
        from: Seq(from),
        to: Seq(to),
        head: Digest([u8::try_from(to % 256).unwrap(); 32]),
        entries: format!("{from} to {to}").into(),
        contents: Some("secret".into()),
    }
}

/// Commits of the owner's own log.
pub(crate) fn batch(from: u64, to: u64) -> AuditBatch {
    batch_of(ActorId::User(OWNER), from, to)
}

/// Only a batch that joins is appended, and the answer says where the record ends.
pub(crate) async fn batches_join(audit: &dyn AuditStore) {
    let own = ActorId::User(OWNER);
    assert_eq!(audit.head(own).await.unwrap(), None);
    assert_eq!(audit.append(batch(2, 3)).await.unwrap(), AuditAppend::Elsewhere(Seq(0)));
    assert_eq!(audit.append(batch(1, 3)).await.unwrap(), AuditAppend::Done);
    for other in [batch(1, 3), batch(2, 9), batch(5, 6)] {
        assert_eq!(audit.append(other).await.unwrap(), AuditAppend::Elsewhere(Seq(3)));
    }
    assert_eq!(audit.append(batch(4, 4)).await.unwrap(), AuditAppend::Done);
    assert_eq!(audit.head(own).await.unwrap(), Some((Seq(4), Digest([4; 32]))));
    let other = ActorId::User(UserId(Uuid::from_u128(2)));
    assert_eq!(audit.head(other).await.unwrap(), None);
    let end = audit.end(OWNER).await.unwrap();
    assert_eq!(end, AuditPlace(4), "a refused batch takes no place");
    assert!(audit.append(batch(5, 4)).await.is_err());
}

/// Only the version that was read is replaced.
pub(crate) async fn versions_are_compared(records: &dyn Records) {
    records.create("a", "1".into()).await.unwrap();
    let (_, first) = records.get("a").await.unwrap().unwrap();
    let second = records.replace("a", first.clone(), "2".into()).await.unwrap().unwrap();
    assert_eq!(records.replace("a", first, "3".into()).await.unwrap(), None);
    assert_eq!(records.get("a").await.unwrap(), Some(("2".into(), second.clone())));
    assert_eq!(records.replace("b", second, "3".into()).await.unwrap(), None);
}

/// A record that was deleted, twice for that matter, and created anew is another version.
pub(crate) async fn versions_do_not_come_again(records: &dyn Records) {
    records.create("a", "1".into()).await.unwrap();
    let (_, before) = records.get("a").await.unwrap().unwrap();
    records.delete("a").await.unwrap();
    records.delete("a").await.unwrap();
    assert_eq!(records.get("a").await.unwrap(), None);
    assert!(records.create("a", "1".into()).await.unwrap());
    assert_eq!(records.replace("a", before, "2".into()).await.unwrap(), None);
}
