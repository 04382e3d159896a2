//! In the place of roles that are not there yet.

use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{Seq, UserId};

use crate::ports::{AuditPage, AuditQueries, AuditVerification};

/// Audit is away.
pub(super) struct NoAudit;

impl AuditQueries for NoAudit {
    fn page(&self, _: UserId, _: Seq, _: usize) -> BoxFuture<'_, Result<AuditPage, Failure>> {
        Box::pin(async { Err(Failure::new("no audit yet")) })
    }

    fn verify(&self, _: UserId) -> BoxFuture<'_, Result<AuditVerification, Failure>> {
        Box::pin(async { Err(Failure::new("no audit yet")) })
    }
}
