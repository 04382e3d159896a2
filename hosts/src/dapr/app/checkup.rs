//! What the sidecar hears when it asks whether this process is well. One that hears no takes its actors and events elsewhere; hearing yes again,
//! it subscribes anew.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// More often than a sidecar has to hear no until it acts on it; its default is three times.
const REFUSALS: u32 = 4;
/// A sidecar that has not asked so often by then does not ask at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answers to the sidecar's health checks.
#[derive(Debug, Default)]
pub struct Checkup {
    /// How often the answer is still to be no.
    refusals: AtomicU32,
    over: Notify,
}

impl Checkup {
    /// Has the sidecar unsubscribe and, a few checks later, subscribe anew. Returns once it has heard no often enough.
    pub async fn ask_for_new_subscriptions(&self) {
        self.refusals.store(REFUSALS, Ordering::Relaxed);
        if timeout(PATIENCE, self.over.notified()).await.is_err() {
            self.refusals.store(0, Ordering::Relaxed);
            tracing::error!("the sidecar does not check this process's health, and so never subscribes anew");
        }
    }

    /// Whether to answer the check that came just now with yes.
    pub(super) fn passes(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        match self
            .refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
        {
            Ok(1) => {
                self.over.notify_one();
                false
            }
            Ok(_) => false,
            Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn the_sidecar_hears_no_often_enough_to_act_on_it_and_then_yes() {
        let checkup = Arc::new(Checkup::default());
        assert!(checkup.passes());
        let asking = tokio::spawn({
            let checkup = Arc::clone(&checkup);
            async move { checkup.ask_for_new_subscriptions().await }
        });
        while checkup.passes() {
            tokio::task::yield_now().await;
        }
        let more: Vec<bool> = (1..REFUSALS).map(|_| checkup.passes()).collect();
        assert_eq!(more, [false; 3]);
        asking.await.unwrap();
        assert!(checkup.passes());
    }
}
