//! Actors of whom something stored cannot be read, each counted once, however often and wherever it is met.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::metrics::gauge::Gauge;
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Commit, Seq};

use crate::{actor_host::Observer, ports::Logs};

/// Those that were met since the process began.
#[derive(Debug, Default)]
pub(super) struct DamagedActors {
    met: Mutex<BTreeSet<String>>,
    pub(super) count: Gauge,
}

impl DamagedActors {
    pub(super) fn note(&self, actor: &str) {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.insert(actor.to_owned()) {
            self.count.inc();
        }
    }
}

/// Logs of which somebody hears what cannot be read: a process that hosts none of their actors meets damage here.
pub struct WatchedLogs {
    logs: Arc<dyn Logs>,
    observer: Arc<dyn Observer>,
}

impl WatchedLogs {
    /// Has `observer` hear of `logs`.
    #[must_use]
    pub fn new(logs: Arc<dyn Logs>, observer: Arc<dyn Observer>) -> Self {
        Self { logs, observer }
    }

    async fn heard<T>(&self, actor: ActorId, read: BoxFuture<'_, Result<T, Failure>>) -> Result<T, Failure> {
        let read = read.await;
        if read.as_ref().is_err_and(Failure::is_damage) {
            self.observer.damaged(&actor.to_string());
        }
        read
    }
}

impl Logs for WatchedLogs {
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(self.heard(actor, self.logs.head(actor)))
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        Box::pin(self.heard(actor, self.logs.read(actor, after, limit)))
    }

    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        self.logs.confirm_audited(actor, seq)
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.heard(actor, self.logs.erase(actor, through)))
    }
}
