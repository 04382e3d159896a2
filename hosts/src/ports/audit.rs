//! The audit record: what a runtime keeps of it, and what the API asks of the role that keeps it.
//!
//! A record belongs to a user and holds the logs of all their actors: their own and those of their series. Each actor's chain is contiguous in it;
//! the actors' batches lie one after another as they came, and a commit's [`AuditPlace`] counts them all.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use punctual_actors::{
    Code, Refusal,
    ports::{BoxFuture, Failure},
    turn::TurnError,
};
use punctual_events::{ActorId, Digest, EventType, Principal, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::timeout;
use utoipa::ToSchema;

/// The number of a commit in a user's record, over all their actors. The first is 1; 0 means "nothing yet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuditPlace(pub u64);

impl AuditPlace {
    /// Before the first commit.
    pub const ZERO: Self = Self(0);

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Consecutive commits of one actor as audit keeps them: the chain without content, and the content apart, which can be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditBatch {
    /// Whose.
    pub actor: ActorId,
    /// The user the actor belongs to.
    pub owner: UserId,
    /// The first commit.
    pub from: Seq,
    /// The last commit.
    pub to: Seq,
    /// Hash of the last commit.
    pub head: Digest,
    /// The chain: headers, types, principals and digests.
    pub entries: Bytes,
    /// The data of the events; `None` once erased.
    pub contents: Option<Bytes>,
}

/// Where a batch is in its owner's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditStretch {
    /// The place of the first commit; the others follow.
    pub place: AuditPlace,
    /// Whose commits.
    pub actor: ActorId,
    /// The first commit.
    pub from: Seq,
    /// The last commit.
    pub to: Seq,
    /// The batch; `None` when it was lost.
    pub batch: Option<AuditBatch>,
}

impl AuditStretch {
    /// The place of the last commit.
    #[must_use]
    pub fn end(&self) -> AuditPlace {
        AuditPlace(self.place.0.saturating_add(self.to.0.saturating_sub(self.from.0)))
    }
}

/// What became of an [`AuditStore::append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAppend {
    /// It is there, durably.
    Done,
    /// It does not join what is there, which ends with this commit.
    Elsewhere(Seq),
}

/// The audit record: append-only, contiguous per actor, and contiguous per owner by place.
///
/// Two things are kept: the batches, by actor, and for each owner which batch is at which place. Where they cannot be written together, the batch
/// comes first and its place after it, at the latest before [`append`](Self::append) or [`head`](Self::head) answers for that actor again. Places
/// are given in the order in which they become visible: whoever has read up to a place has missed nothing before it.
pub trait AuditStore: Send + Sync + 'static {
    /// Appends if `batch.from` follows what is there of the actor; its commits have the next places of the owner.
    fn append(&self, batch: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>>;

    /// The last commit that is there and its hash.
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>>;

    /// The last place of an owner's record.
    fn end(&self, owner: UserId) -> BoxFuture<'_, Result<AuditPlace, Failure>>;

    /// Batches of all the owner's actors that hold places after `after`, in the order of their places, at most `limit`.
    fn read(&self, owner: UserId, after: AuditPlace, limit: usize)
    -> BoxFuture<'_, Result<Vec<AuditStretch>, Failure>>;

    /// Erases the contents of every batch of the actor up to and including the one that holds `through`.
    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>>;
}

/// An event in a user's audit trail.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Whose log it is in: the user's, or that of one of their series.
    #[schema(value_type = String, examples("user/018f2a6e-0000-7000-8000-000000000000"))]
    pub actor: ActorId,
    /// What it says; null once erased.
    #[schema(value_type = Option<Object>)]
    pub data: Option<Arc<RawValue>>,
    /// SHA-256 of type, principal and data; it stays when the data is erased.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub digest: Digest,
    /// The hash of its commit.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub hash: Digest,
    /// The number of its commit in the trail, whatever the log; events committed together share it.
    #[schema(value_type = u64)]
    pub place: AuditPlace,
    /// The hash of the commit before, in the same log.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub previous: Digest,
    /// Who did it.
    #[schema(value_type = String, examples("system"))]
    pub principal: Principal,
    /// The number of its commit in its log; events committed together share it.
    pub sequence: Seq,
    /// When it was committed.
    pub time: Timestamp,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(value_type = String, examples("dev.punctual.task.created.v1"))]
    pub event_type: EventType,
}

/// A page of an audit trail: whole commits, in the order in which audit took them. Those of one log are in the order of their numbers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// The events.
    pub items: Vec<AuditEntry>,
    /// The `after` of the next page; null on the last.
    #[schema(value_type = Option<u64>)]
    pub next: Option<AuditPlace>,
}

/// Where the verified chain of a user's own log ends. Who keeps it can check later that nothing before it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditHead {
    /// SHA-256 of the last commit, which all before it went into.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub hash: Digest,
    /// The number of the last commit.
    pub sequence: Seq,
}

/// A log in which something is not what it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditFlaw {
    /// Whose log it is.
    #[schema(value_type = String, examples("series/018f2a6e-0000-7000-8000-000000000000"))]
    pub actor: ActorId,
    /// The first commit that does not verify.
    pub sequence: Seq,
}

/// Commits that are missing from an audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditGap {
    /// Whose log they are from.
    #[schema(value_type = String, examples("user/018f2a6e-0000-7000-8000-000000000000"))]
    pub actor: ActorId,
    /// The first that is missing.
    pub from: Seq,
    /// The last that is missing.
    pub to: Seq,
}

/// What verifying an audit trail found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditVerification {
    /// How many events were looked at, in all logs. Events committed together are an entry each.
    pub entries: u64,
    /// Logs in which something does not verify, by actor; the first 1,000.
    pub flaws: Vec<AuditFlaw>,
    /// Commits that are missing, by actor; the first 1,000 stretches.
    pub gaps: Vec<AuditGap>,
    /// The last commit of the user's own log; null when there is none.
    pub head: Option<AuditHead>,
    /// True when nothing is missing and every hash and digest is what it has to be.
    pub valid: bool,
}

/// What the API asks of the audit role.
pub trait AuditQueries: Send + Sync + 'static {
    /// The commits of a user's record after `after`, about `limit` events; fewer where they are large.
    fn page(&self, user: UserId, after: AuditPlace, limit: usize) -> BoxFuture<'_, Result<AuditPage, Failure>>;

    /// Computes the chains of all logs of a user anew. Refused where there is no time for all of it: what was looked at says nothing of the rest.
    fn verify(&self, user: UserId) -> BoxFuture<'_, Result<AuditVerification, TurnError>>;
}

/// What comes of verifying a user's record. Refused where that takes longer than `limit`.
///
/// # Errors
/// As [`AuditQueries::verify`].
pub async fn verify_within(
    limit: Duration,
    queries: &dyn AuditQueries,
    user: UserId,
) -> Result<AuditVerification, TurnError> {
    let too_long = |_| {
        let limit_s = limit.as_secs();
        let detail = format!(
            "it is not verified within {limit_s} s, for it is long or the store slow just now; `GET /v1/audit` shows all that its hashes are made of"
        );
        Refusal::new(Code::RecordTooLong, detail)
    };
    timeout(limit, queries.verify(user)).await.map_err(too_long)?
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use uuid::Uuid;

    use super::*;

    /// A role that answers at once, or never.
    struct Role(Option<AuditVerification>);

    impl AuditQueries for Role {
        fn page(&self, _: UserId, _: AuditPlace, _: usize) -> BoxFuture<'_, Result<AuditPage, Failure>> {
            Box::pin(pending())
        }

        fn verify(&self, _: UserId) -> BoxFuture<'_, Result<AuditVerification, TurnError>> {
            match self.0.clone() {
                Some(verification) => Box::pin(async { Ok(verification) }),
                None => Box::pin(pending()),
            }
        }
    }

    #[tokio::test]
    async fn a_record_that_takes_too_long_is_refused_and_not_half_verified() {
        let verification = AuditVerification {
            entries: 7,
            flaws: Vec::new(),
            gaps: Vec::new(),
            head: None,
            valid: true,
        };
        let user = UserId(Uuid::from_u128(7));
        let cut = verify_within(Duration::ZERO, &Role(None), user).await;
        assert!(matches!(cut, Err(TurnError::Refused(refusal)) if refusal.code == Code::RecordTooLong));
        let done = verify_within(Duration::MAX, &Role(Some(verification.clone())), user).await;
        assert!(matches!(done, Ok(answered) if answered == verification));
    }
}
