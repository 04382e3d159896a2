//! How many tries are under way at once: bounded altogether and per receiver, so that one that takes its time keeps no other waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{Either, select};
use punctual_actors::ports::Clock;
use reqwest::Url;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tries at once.
const ALTOGETHER: usize = 512;
/// Tries at once to one receiver.
const PER_RECEIVER: usize = 4;
/// How long a try waits for its turn, in milliseconds. Fast receivers work off hundreds meanwhile; where it passes, waiting longer would only
/// keep others from having theirs.
const PATIENCE_MS: u64 = 1_000;

/// The bounds.
pub(super) struct Gate {
    clock: Arc<dyn Clock>,
    all: Arc<Semaphore>,
    receivers: Mutex<HashMap<Box<str>, Arc<Semaphore>>>,
}

/// A turn. It ends when it is dropped.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    receiver: Box<str>,
    permits: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Gate {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            all: Arc::new(Semaphore::new(ALTOGETHER)),
            receivers: Mutex::default(),
        }
    }

    /// Waits for a turn to try `url`. `None` when its receiver is too busy with what is under way.
    pub(super) async fn enter(&self, url: &Url) -> Option<Pass<'_>> {
        // Made first, so that whoever gives up waiting leaves nothing behind either.
        let mut pass = Pass {
            gate: self,
            receiver: receiver(url),
            permits: None,
        };
        let own = Arc::clone(
            self.receivers()
                .entry(pass.receiver.clone())
                .or_insert_with(|| Arc::new(Semaphore::new(PER_RECEIVER))),
        );
        let turn = Box::pin(async {
            let own = own.acquire_owned().await.ok()?;
            let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
            Some((own, all))
        });
        match select(turn, self.clock.sleep_ms(PATIENCE_MS)).await {
            Either::Left((permits, _)) => pass.permits = Some(permits?),
            Either::Right(_) => return None,
        }
        Some(pass)
    }

    fn receivers(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Semaphore>>> {
        self.receivers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Receivers that somebody has a turn with or waits for.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.receivers().len()
    }
}

/// Host and port.
fn receiver(url: &Url) -> Box<str> {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default()).into()
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut receivers = self.gate.receivers();
        self.permits = None;
        // Whoever waits holds a pointer too, taken under this lock.
        if receivers
            .get(&self.receiver)
            .is_some_and(|own| Arc::strong_count(own) == 1)
        {
            receivers.remove(&self.receiver);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use punctual_actors::reference::VirtualClock;
    use punctual_events::Timestamp;

    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_busy_receiver_lets_others_pass_and_is_forgotten_when_it_rests() {
        let clock = VirtualClock::new(Timestamp::from_millis(0));
        let gate = Gate::new(Arc::clone(&clock) as _);
        let slow = url("https://slow.example/a?b");
        let mut passes = Vec::new();
        for _ in 0..PER_RECEIVER {
            passes.push(gate.enter(&slow).now_or_never().unwrap().unwrap());
        }
        let same = url("https://SLOW.example:443/other");
        let mut waiting = Box::pin(gate.enter(&same));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(
            gate.enter(&url("http://slow.example/"))
                .now_or_never()
                .unwrap()
                .is_some(),
            "another port"
        );
        passes.pop();
        assert!(waiting.now_or_never().unwrap().is_some());
        drop(passes);
        assert_eq!(gate.len(), 0);
    }

    #[tokio::test]
    async fn who_waited_a_second_is_sent_away() {
        let clock = VirtualClock::new(Timestamp::from_millis(0));
        let gate = Gate::new(Arc::clone(&clock) as _);
        let slow = url("https://slow.example/");
        let mut passes = Vec::new();
        for _ in 0..PER_RECEIVER {
            passes.push(gate.enter(&slow).now_or_never().unwrap().unwrap());
        }
        let mut waiting = Box::pin(gate.enter(&slow));
        assert!((&mut waiting).now_or_never().is_none());
        clock.advance_ms(PATIENCE_MS);
        assert!(waiting.now_or_never().unwrap().is_none());
        drop(passes);
        assert_eq!(gate.len(), 0);
    }
}
