//! Wake-ups that go wrong.

use punctual_events::ActorId;

use super::Faulty;
use crate::ports::{Failure, WakeUp, WakeUps};

impl<W: WakeUps + Clone> WakeUps for Faulty<W> {
    fn guard_interval_ms(&self) -> Option<u64> {
        self.inner.guard_interval_ms()
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        let arm = || {
            let wake_ups = self.inner.clone();
            async move { wake_ups.arm(actor, wake_up).await }
        };
        self.faults.write(arm).await
    }

    async fn cancel(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        let cancel = || {
            let wake_ups = self.inner.clone();
            async move { wake_ups.cancel(actor, wake_up).await }
        };
        self.faults.write(cancel).await
    }
}
