//! Whether the sidecar is there, for whoever decides where requests are sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use dapr::dapr::proto::runtime::v1::{GetMetadataRequest, GetMetadataResponse, SetMetadataRequest};
use punctual_actors::ports::Clock;
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use super::sidecar::Sidecar;

/// How often the sidecar is asked, in milliseconds.
const INTERVAL_MS: u64 = 500;
/// A sidecar that takes longer to answer is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a sidecar that we have seen keeps of us in its memory, by this name: one that took its place has not.
const MARK: &str = "punctual";

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

/// Which sidecar it is: another one after every absence, and where one took the place of another between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which(u64);

/// Watches the sidecar.
pub struct Watch {
    sidecar: Sidecar,
    clock: Arc<dyn Clock>,
    mark: Uuid,
    condition: AtomicU8,
    which: AtomicU64,
    changed: Notify,
}

impl Watch {
    /// A watch over this sidecar, which is away until it answered. No other process and no other watch has this `mark`.
    #[must_use]
    pub fn new(sidecar: Sidecar, clock: Arc<dyn Clock>, mark: Uuid) -> Arc<Self> {
        Arc::new(Self {
            sidecar,
            clock,
            mark,
            which: AtomicU64::default(),
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

    /// Which sidecar it was that was asked last.
    #[must_use]
    pub fn which(&self) -> Which {
        Which(self.which.load(Ordering::Relaxed))
    }

    /// Asks the sidecar again and again, until the process ends.
    pub async fn watch_for_ever(&self) {
        loop {
            let (condition, is_another) = self.look().await;
            self.note(condition, is_another);
            self.clock.sleep_ms(INTERVAL_MS).await;
        }
    }

    /// Notes what the sidecar is like, and whether it is another one than the last time.
    pub(crate) fn note(&self, condition: Condition, is_another: bool) {
        let has_changed = self.condition() != condition;
        if is_another || (has_changed && condition == Condition::Away) {
            self.which.fetch_add(1, Ordering::Relaxed);
        }
        self.condition.store(condition as u8, Ordering::Relaxed);
        if has_changed || is_another {
            tracing::info!(?condition, is_another, "the sidecar");
            self.changed.notify_waiters();
        }
    }

    /// Waits until the sidecar is as `wanted` says.
    pub async fn until(&self, wanted: impl Fn(Condition) -> bool) {
        self.until_true(|| wanted(self.condition())).await;
    }

    /// Waits until this sidecar is away, or was.
    pub async fn until_gone(&self, which: Which) {
        self.until_true(|| self.which() != which).await;
    }

    async fn until_true(&self, is_so: impl Fn() -> bool) {
        loop {
            let changed = self.changed.notified();
            if is_so() {
                return;
            }
            changed.await;
        }
    }

    /// What the sidecar is like, and whether it is one that has not been seen yet.
    async fn look(&self) -> (Condition, bool) {
        let mut client = self.sidecar.client();
        let answer = timeout(PATIENCE, client.get_metadata(GetMetadataRequest {})).await;
        let Ok(Ok(metadata)) = answer else {
            return (Condition::Away, false);
        };
        let metadata = metadata.into_inner();
        let is_another = !self.is_marked(&metadata) && self.leave_mark().await;
        match metadata.actor_runtime {
            Some(actors) if actors.host_ready => (Condition::WithActors, is_another),
            _ => (Condition::WithoutActors, is_another),
        }
    }

    fn is_marked(&self, metadata: &GetMetadataResponse) -> bool {
        let mark = metadata.extended_metadata.get(MARK);
        mark.is_some_and(|mark| *mark == self.mark.to_string())
    }

    /// Leaves the mark. Where that fails, one that is gone is found away the next time, and one that does not let us is known by its absences alone.
    async fn leave_mark(&self) -> bool {
        let request = SetMetadataRequest {
            key: MARK.to_owned(),
            value: self.mark.to_string(),
        };
        let mut client = self.sidecar.client();
        match timeout(PATIENCE, client.set_metadata(request)).await {
            Ok(Ok(_)) => true,
            Ok(Err(status)) => {
                tracing::debug!(%status, "the sidecar takes no mark");
                false
            }
            Err(_) => false,
        }
    }
}
