//! Wake-ups as actor reminders, which the Scheduler keeps.
//!
//! A reminder is delivered without its due time, so its name says everything: instant, sequence and nonce. Each wake-up is a reminder of its
//! own, so that arming is additive.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use dapr::dapr::proto::runtime::v1::RegisterActorReminderRequest;
use punctual_actors::ports::{Clock, Failure, WakeUp, WakeUps};
use punctual_events::{ActorId, Seq, Timestamp};
use tokio::time::timeout;

use super::{
    schedule::{due_time, without_limit},
    sidecar::{Sidecar, failure},
    wire,
};

/// How far ahead a committing actor keeps its guard, in milliseconds. A shorter one costs registrations, a longer one delays events whose
/// process was lost.
pub const GUARD_INTERVAL_MS: u64 = 5 * 60_000;

/// How long the Scheduler may take for a wake-up. A sidecar that has lost it says nothing until it is given up, and the turn that waits has to end
/// before the call of the actor does.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may take for a guard, which no command needs.
const GUARD_PATIENCE: Duration = Duration::from_secs(1);
/// For so long after a failure no guard is tried, by any actor of this process, in milliseconds.
const GUARD_PAUSE_MS: i64 = 10_000;

/// Wake-ups of actors, as their reminders.
pub struct Reminders {
    sidecar: Sidecar,
    clock: Arc<dyn Clock>,
    /// Until when no guard is tried.
    no_guard_until_ms: AtomicI64,
}

impl Reminders {
    /// Reminders registered through this sidecar.
    #[must_use]
    pub fn new(sidecar: Sidecar, clock: Arc<dyn Clock>) -> Self {
        Self {
            sidecar,
            clock,
            no_guard_until_ms: AtomicI64::new(i64::MIN),
        }
    }

    async fn register(&self, actor: ActorId, wake_up: WakeUp, patience: Duration) -> Result<(), Failure> {
        let name = name_of(wake_up);
        let request = RegisterActorReminderRequest {
            actor_type: wire::type_of(actor).to_owned(),
            actor_id: actor.uuid().to_string(),
            data: serde_json::to_vec(&name).map_err(Failure::new)?,
            name,
            due_time: due_time(wake_up.at, self.clock.now()),
            period: String::new(),
            ttl: String::new(),
            overwrite: None,
            failure_policy: Some(without_limit()),
        };
        let mut client = self.sidecar.client();
        match timeout(patience, client.register_actor_reminder(request)).await {
            Ok(answer) => answer.map(drop).map_err(|status| failure("register reminder", &status)),
            Err(_) => Err(Failure::new("register reminder: no answer in time")),
        }
    }
}

impl WakeUps for Reminders {
    fn guard_interval_ms(&self) -> Option<u64> {
        Some(GUARD_INTERVAL_MS)
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.register(actor, wake_up, PATIENCE).await
    }

    async fn arm_guard(&self, actor: ActorId, guard: WakeUp) -> Result<(), Failure> {
        let now_ms = self.clock.now().as_millis();
        let pause_ms = self.no_guard_until_ms.load(Ordering::Relaxed).saturating_sub(now_ms);
        // A clock that was set back must not keep guards away for longer than a pause.
        if (1..=GUARD_PAUSE_MS).contains(&pause_ms) {
            return Err(Failure::new("register reminder: the Scheduler was away a moment ago"));
        }
        let registered = self.register(actor, guard, GUARD_PATIENCE).await;
        if registered.is_err() {
            let until_ms = self.clock.now().as_millis() + GUARD_PAUSE_MS;
            self.no_guard_until_ms.store(until_ms, Ordering::Relaxed);
        }
        registered
    }
}

/// `<at in ms>-<seq>-<nonce>`.
fn name_of(wake_up: WakeUp) -> String {
    format!("{}-{}-{}", wake_up.at.as_millis(), wake_up.seq, wake_up.nonce)
}

/// The wake-up of a reminder's name, if it is one of ours.
#[must_use]
pub fn wake_up_of(name: &str) -> Option<WakeUp> {
    let mut parts = name.splitn(3, '-');
    Some(WakeUp {
        at: Timestamp::from_millis(parts.next()?.parse().ok()?),
        seq: Seq(parts.next()?.parse().ok()?),
        nonce: parts.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_is_known_by_its_name_alone() {
        let wake_up = WakeUp {
            at: Timestamp::from_millis(1_800_000_000_123),
            seq: Seq(7),
            nonce: u64::MAX,
        };
        assert_eq!(name_of(wake_up), "1800000000123-7-18446744073709551615");
        assert_eq!(wake_up_of(&name_of(wake_up)), Some(wake_up));
        for other in ["", "7", "1-2", "1-2-x", "remind-me-later"] {
            assert_eq!(wake_up_of(other), None, "{other}");
        }
    }
}
