//! Whether the sidecar is there, for whoever decides where requests are sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use dapr::dapr::proto::runtime::v1::GetMetadataRequest;
use punctual_actors::ports::Clock;
use tokio::{sync::Notify, time::timeout};

use super::sidecar::Sidecar;

/// How often the sidecar is asked, in milliseconds.
const INTERVAL_MS: u64 = 500;
/// A sidecar that takes longer to answer is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the sidecar was like when it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Condition {
    /// It does not answer.
    Away = 0,
    /// It answers, and placement does not send actors here yet, or no longer.
    WithoutActors = 1,
    /// It answers, and placement sends actors here.
    WithActors = 2,
}

/// Watches the sidecar.
pub struct Watch {
    sidecar: Sidecar,
    clock: Arc<dyn Clock>,
    condition: AtomicU8,
    changed: Notify,
}

impl Watch {
    /// A watch over this sidecar, which is away until it answered.
    #[must_use]
    pub fn new(sidecar: Sidecar, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            sidecar,
            clock,
            condition: AtomicU8::new(Condition::Away as u8),
            changed: Notify::new(),
        })
    }

    /// What the sidecar was like when it was last asked.
    #[must_use]
    pub fn condition(&self) -> Condition {
        match self.condition.load(Ordering::Relaxed) {
            0 => Condition::Away,
            1 => Condition::WithoutActors,
            _ => Condition::WithActors,
        }
    }

    /// Asks the sidecar again and again, until the process ends.
    pub async fn watch_for_ever(&self) {
        loop {
            let condition = self.look().await;
            if self.condition.swap(condition as u8, Ordering::Relaxed) != condition as u8 {
                tracing::info!(?condition, "the sidecar");
                self.changed.notify_waiters();
            }
            self.clock.sleep_ms(INTERVAL_MS).await;
        }
    }

    /// Waits until the sidecar is as `wanted` says.
    pub async fn until(&self, wanted: impl Fn(Condition) -> bool) {
        loop {
            let changed = self.changed.notified();
            if wanted(self.condition()) {
                return;
            }
            changed.await;
        }
    }

    async fn look(&self) -> Condition {
        let mut client = self.sidecar.client();
        let answer = timeout(PATIENCE, client.get_metadata(GetMetadataRequest {})).await;
        match answer {
            Ok(Ok(metadata)) => match metadata.into_inner().actor_runtime {
                Some(actors) if actors.host_ready => Condition::WithActors,
                _ => Condition::WithoutActors,
            },
            Ok(Err(_)) | Err(_) => Condition::Away,
        }
    }
}
