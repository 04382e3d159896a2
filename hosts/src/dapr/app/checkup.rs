//! What the sidecar hears when it asks whether this process is well. One that hears no takes its actors and events elsewhere; hearing yes again,
//! it subscribes anew.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

/// More often than a sidecar has to hear no until it acts on it; its default is three times.
const REFUSALS: u32 = 4;
/// Everybody hears no for so long at least, in which a sidecar that asks every second has asked often enough: anyone may ask, so that their number alone
/// says nothing.
const REFUSING: Duration = Duration::from_secs(4);
/// A sidecar that has not asked so often by then does not ask at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answers to the sidecar's health checks.
#[derive(Debug, Default)]
pub struct Checkup {
    /// Where the answer is to be no.
    refusing: Mutex<Option<Refusing>>,
    over: Notify,
}

/// Until when it is: until both are over.
#[derive(Clone, Copy, Debug)]
struct Refusing {
    until: Instant,
    checks_left: u32,
}

impl Checkup {
    /// Has the sidecar unsubscribe and, a few checks later, subscribe anew. Returns once it has heard no often enough.
    pub async fn ask_for_new_subscriptions(&self) {
        self.refuse_from(Instant::now());
        if timeout(PATIENCE, self.over.notified()).await.is_err() {
            *self.refusing() = None;
            tracing::error!("the sidecar does not check this process's health, and so never subscribes anew");
        }
    }

    fn refuse_from(&self, now: Instant) {
        *self.refusing() = Some(Refusing {
            until: now + REFUSING,
            checks_left: REFUSALS,
        });
    }

    /// Whether to answer the check that came just now with yes.
    pub(super) fn passes(&self) -> bool {
        self.passes_at(Instant::now())
    }

    fn passes_at(&self, now: Instant) -> bool {
        let mut refusing = self.refusing();
        let Some(Refusing { until, checks_left }) = &mut *refusing else {
            return true;
        };
        *checks_left = checks_left.saturating_sub(1);
        if *checks_left == 0 && now >= *until {
            *refusing = None;
            self.over.notify_one();
        }
        false
    }

    fn refusing(&self) -> MutexGuard<'_, Option<Refusing>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// What a sidecar hears that checks every so many milliseconds, with a flood of others in between or without.
    fn heard(checkup: &Checkup, from: Instant, every_ms: u64, flood: bool) -> Vec<bool> {
        let mut heard = Vec::new();
        for number in 0..6 {
            let now = from + Duration::from_millis(500 + number * every_ms);
            heard.push(checkup.passes_at(now));
            for _ in 0..(if flood { 100 } else { 0 }) {
                checkup.passes_at(now + Duration::from_millis(1));
            }
        }
        heard
    }

    #[test]
    fn the_sidecar_hears_no_often_enough_to_act_on_it_whoever_else_asks_and_then_yes() {
        let from = Instant::now();
        for (every_ms, flood, expected) in [
            (1_000, false, [false, false, false, false, false, true]),
            (1_000, true, [false, false, false, false, false, true]),
            // One that asks less often is waited for, where nobody else asks.
            (5_000, false, [false, false, false, false, true, true]),
        ] {
            let checkup = Checkup::default();
            assert!(checkup.passes_at(from));
            checkup.refuse_from(from);
            assert_eq!(
                heard(&checkup, from, every_ms, flood),
                expected,
                "every {every_ms} ms, flood: {flood}"
            );
        }
    }

    #[test]
    fn a_flood_of_checks_makes_no_healthy_process_look_ill() {
        let checkup = Checkup::default();
        let from = Instant::now();
        assert_eq!(heard(&checkup, from, 1_000, true), [true; 6]);
    }

    #[tokio::test]
    async fn who_asks_for_new_subscriptions_waits_until_the_sidecar_has_heard_no() {
        let checkup = Arc::new(Checkup::default());
        let asking = tokio::spawn({
            let checkup = Arc::clone(&checkup);
            async move { checkup.ask_for_new_subscriptions().await }
        });
        while checkup.passes() {
            tokio::task::yield_now().await;
        }
        let later = Instant::now() + REFUSING;
        let more: Vec<bool> = (1..=REFUSALS).map(|_| checkup.passes_at(later)).collect();
        assert_eq!(more, [false, false, false, true]);
        asking.await.unwrap();
    }
}
