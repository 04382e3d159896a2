//! Ports these tests do not come to.

use std::sync::Arc;

use bytes::Bytes;
use punctual::ports::{AuditAppend, AuditBatch, AuditPlace, AuditStore, AuditStretch, Etag, Logs, Records};
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Commit, Digest, Seq, UserId};

pub(crate) struct Nothing;

fn away<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, Failure>> {
    Box::pin(async { Err(Failure::new("not here")) })
}

impl Records for Nothing {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<(Bytes, Etag)>, Failure>> {
        away()
    }

    fn create<'a>(&'a self, _: &'a str, _: Bytes) -> BoxFuture<'a, Result<bool, Failure>> {
        away()
    }

    fn replace<'a>(&'a self, _: &'a str, _: Etag, _: Bytes) -> BoxFuture<'a, Result<Option<Etag>, Failure>> {
        away()
    }

    fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        away()
    }
}

impl Logs for Nothing {
    fn head(&self, _: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        away()
    }

    fn read(&self, _: ActorId, _: Seq, _: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        away()
    }

    fn confirm_audited(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        away()
    }

    fn erase(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        away()
    }
}

impl AuditStore for Nothing {
    fn append(&self, _: AuditBatch) -> BoxFuture<'_, Result<AuditAppend, Failure>> {
        away()
    }

    fn head(&self, _: ActorId) -> BoxFuture<'_, Result<Option<(Seq, Digest)>, Failure>> {
        away()
    }

    fn end(&self, _: UserId) -> BoxFuture<'_, Result<AuditPlace, Failure>> {
        away()
    }

    fn read(&self, _: UserId, _: AuditPlace, _: usize) -> BoxFuture<'_, Result<Vec<AuditStretch>, Failure>> {
        away()
    }

    fn erase(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        away()
    }
}
