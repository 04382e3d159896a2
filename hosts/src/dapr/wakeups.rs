//! Wake-ups as actor reminders, which the Scheduler keeps.
//!
//! A reminder is delivered without its due time, so its name says everything: instant, sequence and nonce. Each wake-up is a reminder of its
//! own, so that arming is additive.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dapr::dapr::proto::runtime::v1::{RegisterActorReminderRequest, UnregisterActorReminderRequest};
use punctual_actors::ports::{Clock, Failure, WakeUp, WakeUps};
use punctual_events::{ActorId, Seq, Timestamp};
use tokio::time::{Instant, timeout};

use super::{
    pause::Pause,
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
/// While the Scheduler does not answer, one command waits for it every so many milliseconds; others that need a wake-up are refused at once. Short: whatever
/// is refused once the Scheduler is back is refused for nothing, and of those that wait there are never more than five.
const PAUSE_MS: i64 = 1_000;
/// The same for guards, which nobody misses so soon.
const GUARD_PAUSE_MS: i64 = 10_000;

/// Wake-ups of actors, as their reminders.
pub struct Reminders {
    sidecar: Sidecar,
    clock: Arc<dyn Clock>,
    /// Where a wake-up waited in vain, no turn of this process waits as long again: what needs one is to be repeated, and the rest of the turn is done.
    wake_ups: Pause,
    /// When a registration was answered last. Of several Schedulers one may be away: what is theirs waits in vain, and what is the others' does not.
    answered: Mutex<Option<Instant>>,
    /// Where a guard could not be registered. It has less patience, so it says nothing of wake-ups.
    guards: Pause,
}

impl Reminders {
    /// Reminders registered through this sidecar.
    #[must_use]
    pub fn new(sidecar: Sidecar, clock: Arc<dyn Clock>) -> Self {
        Self {
            sidecar,
            clock,
            wake_ups: Pause::of_ms(PAUSE_MS),
            guards: Pause::of_ms(GUARD_PAUSE_MS),
            answered: Mutex::new(None),
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
        let answer = timeout(patience, client.register_actor_reminder(request)).await;
        let registered = match answer {
            Ok(answer) => answer.map(drop).map_err(|status| failure("register reminder", &status)),
            Err(_) => Err(Failure::new("register reminder: no answer in time")),
        };
        if registered.is_ok() {
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            self.wake_ups.end();
            self.guards.end();
        }
        registered
    }

    /// Whether a registration was answered since.
    fn has_answered_since(&self, began: Instant) -> bool {
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.is_some_and(|answered| answered >= began)
    }
}

fn was_away(what: &str) -> Failure {
    Failure::new(format_args!("{what}: the Scheduler was away a moment ago"))
}

impl WakeUps for Reminders {
    fn guard_interval_ms(&self) -> Option<u64> {
        Some(GUARD_INTERVAL_MS)
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        if !self.wake_ups.lets_try(self.clock.now()) {
            return Err(was_away("register reminder"));
        }
        let began = Instant::now();
        let registered = self.register(actor, wake_up, PATIENCE).await;
        // A failure that came at once has kept nobody waiting.
        if registered.is_err() && began.elapsed() >= PATIENCE && !self.has_answered_since(began) {
            self.wake_ups.begin(self.clock.now());
        }
        registered
    }

    async fn arm_guard(&self, actor: ActorId, guard: WakeUp) -> Result<(), Failure> {
        if !self.guards.lets_try(self.clock.now()) {
            return Err(was_away("register reminder"));
        }
        let registered = self.register(actor, guard, GUARD_PATIENCE).await;
        if registered.is_err() {
            self.guards.begin(self.clock.now());
        }
        registered
    }

    /// Tidying up never is who finds out whether the Scheduler answers again: a turn waits for it.
    async fn cancel(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        if self.wake_ups.is_on() || self.guards.is_on() {
            return Err(was_away("unregister reminder"));
        }
        let request = UnregisterActorReminderRequest {
            actor_type: wire::type_of(actor).to_owned(),
            actor_id: actor.uuid().to_string(),
            name: name_of(wake_up),
        };
        let mut client = self.sidecar.client();
        match timeout(GUARD_PATIENCE, client.unregister_actor_reminder(request)).await {
            Ok(answer) => answer
                .map(drop)
                .map_err(|status| failure("unregister reminder", &status)),
            Err(_) => {
                self.guards.begin(self.clock.now());
                Err(Failure::new("unregister reminder: no answer in time"))
            }
        }
    }
}

/// `<at in ms>-<seq>-<nonce>`; before 1970 the instant has a minus of its own. The sequence of a guard begins with a zero: a release that does not know
/// guards by that reads the same number.
fn name_of(wake_up: WakeUp) -> String {
    let mark = if wake_up.is_guard { "0" } else { "" };
    format!("{}-{mark}{}-{}", wake_up.at.as_millis(), wake_up.seq, wake_up.nonce)
}

/// The wake-up of a reminder's name, if it is one of ours.
#[must_use]
pub fn wake_up_of(name: &str) -> Option<WakeUp> {
    let mut from_the_end = name.rsplitn(3, '-');
    let (nonce, seq, at) = (from_the_end.next()?, from_the_end.next()?, from_the_end.next()?);
    Some(WakeUp {
        at: Timestamp::from_millis(at.parse().ok()?),
        seq: Seq(seq.parse().ok()?),
        nonce: nonce.parse().ok()?,
        is_guard: seq.len() > 1 && seq.starts_with('0'),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use punctual_actors::reference::VirtualClock;
    use punctual_events::UserId;
    use uuid::Uuid;

    use super::*;
    use crate::dapr::test_sidecar;

    /// A Scheduler that hangs until it is told to answer.
    #[derive(Clone, Default)]
    struct Scheduler {
        asked: Arc<AtomicU32>,
        answers: Arc<AtomicBool>,
    }

    impl Scheduler {
        fn asked(&self) -> u32 {
            self.asked.load(Ordering::Relaxed)
        }

        fn answers(&self, answers: bool) {
            self.answers.store(answers, Ordering::Relaxed);
        }

        async fn reminders(&self) -> (Reminders, Arc<VirtualClock>) {
            let scheduler = self.clone();
            let sidecar = test_sidecar::answering(move |_| {
                let Self { asked, answers } = scheduler.clone();
                async move {
                    asked.fetch_add(1, Ordering::Relaxed);
                    if !answers.load(Ordering::Relaxed) {
                        std::future::pending::<()>().await;
                    }
                    Ok(Vec::new())
                }
            })
            .await;
            let clock = VirtualClock::new(NOW);
            (Reminders::new(sidecar, Arc::clone(&clock) as _), clock)
        }
    }

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const ACTOR: ActorId = ActorId::User(UserId(Uuid::from_u128(1)));
    const WAKE_UP: WakeUp = WakeUp {
        at: NOW,
        seq: Seq(1),
        nonce: 0,
        is_guard: false,
    };

    #[tokio::test]
    async fn one_turn_waits_for_a_scheduler_that_hangs_and_those_after_it_do_not() {
        let scheduler = Scheduler::default();
        let (reminders, clock) = scheduler.reminders().await;
        let began = Instant::now();
        assert!(reminders.arm(ACTOR, WAKE_UP).await.is_err());
        assert!(began.elapsed() >= PATIENCE, "it may be slow only");
        let began = Instant::now();
        for _ in 0..3 {
            assert!(reminders.arm(ACTOR, WAKE_UP).await.is_err());
            assert!(reminders.cancel(ACTOR, WAKE_UP).await.is_err());
        }
        assert!(began.elapsed() < GUARD_PATIENCE);
        assert_eq!(scheduler.asked(), 1);

        scheduler.answers(true);
        clock.advance_ms(u64::try_from(PAUSE_MS).unwrap());
        for _ in 0..3 {
            assert!(reminders.arm(ACTOR, WAKE_UP).await.is_ok());
            assert!(reminders.cancel(ACTOR, WAKE_UP).await.is_ok());
        }
        assert_eq!(scheduler.asked(), 7);
    }

    #[tokio::test]
    async fn where_others_are_answered_meanwhile_one_that_waits_in_vain_keeps_nobody_away() {
        let scheduler = Scheduler::default();
        let (reminders, _clock) = scheduler.reminders().await;
        let other = async {
            while scheduler.asked() == 0 {
                tokio::task::yield_now().await;
            }
            scheduler.answers(true);
            reminders.arm(ACTOR, WAKE_UP).await
        };
        let (in_vain, other) = tokio::join!(reminders.arm(ACTOR, WAKE_UP), other);
        assert!(in_vain.is_err() && other.is_ok());
        assert!(reminders.arm(ACTOR, WAKE_UP).await.is_ok());
    }

    #[tokio::test]
    async fn one_guard_that_is_armed_ends_the_pause_of_wake_ups_early() {
        let scheduler = Scheduler::default();
        let (reminders, _clock) = scheduler.reminders().await;
        assert!(reminders.arm(ACTOR, WAKE_UP).await.is_err());
        scheduler.answers(true);
        assert!(reminders.arm(ACTOR, WAKE_UP).await.is_err(), "nobody has tried again");
        assert!(reminders.arm_guard(ACTOR, WAKE_UP).await.is_ok());
        assert!(reminders.arm(ACTOR, WAKE_UP).await.is_ok());
    }

    #[tokio::test]
    async fn one_commit_waits_for_a_guard_that_cannot_be_armed_and_those_after_it_do_not() {
        let scheduler = Scheduler::default();
        let (reminders, _clock) = scheduler.reminders().await;
        for _ in 0..3 {
            assert!(reminders.arm_guard(ACTOR, WAKE_UP).await.is_err());
        }
        assert_eq!(scheduler.asked(), 1);
        // What has to be armed is tried all the same.
        scheduler.answers(true);
        assert!(reminders.arm(ACTOR, WAKE_UP).await.is_ok());
        assert!(reminders.arm_guard(ACTOR, WAKE_UP).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_cancelled_is_the_reminder_that_was_armed() {
        let names = Arc::new(std::sync::Mutex::new(Vec::new()));
        let heard = Arc::clone(&names);
        let sidecar = test_sidecar::answering(move |call| {
            let name = match call.method.as_str() {
                "RegisterActorReminder" => call.message::<RegisterActorReminderRequest>().name,
                _ => call.message::<UnregisterActorReminderRequest>().name,
            };
            heard.lock().unwrap().push((call.method, name));
            async { Ok(Vec::new()) }
        })
        .await;
        let reminders = Reminders::new(sidecar, VirtualClock::new(NOW));
        reminders.arm(ACTOR, WAKE_UP).await.unwrap();
        reminders.cancel(ACTOR, WAKE_UP).await.unwrap();
        let name = "1800000000000-1-0".to_owned();
        let expected =
            ["RegisterActorReminder", "UnregisterActorReminder"].map(|method| (method.to_owned(), name.clone()));
        assert_eq!(*names.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn one_waits_for_a_wake_up_to_be_cancelled_by_a_scheduler_that_hangs_and_those_after_it_do_not() {
        let scheduler = Scheduler::default();
        let (reminders, _clock) = scheduler.reminders().await;
        for _ in 0..3 {
            assert!(reminders.cancel(ACTOR, WAKE_UP).await.is_err());
        }
        assert_eq!(scheduler.asked(), 1);
    }

    #[tokio::test]
    async fn what_fails_at_once_is_tried_by_everybody() {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        let sidecar = test_sidecar::answering(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            async { Err("the Scheduler restarts") }
        })
        .await;
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let reminders = Reminders::new(sidecar, Arc::clone(&clock) as _);
        let actor = ActorId::User(UserId(Uuid::from_u128(1)));
        let wake_up = WakeUp {
            at: clock.now(),
            seq: Seq(1),
            nonce: 0,
            is_guard: false,
        };
        for _ in 0..3 {
            assert!(reminders.arm(actor, wake_up).await.is_err());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn a_reminder_is_known_by_its_name_alone() {
        let wake_up = WakeUp {
            at: Timestamp::from_millis(1_800_000_000_123),
            seq: Seq(7),
            nonce: u64::MAX,
            is_guard: false,
        };
        assert_eq!(name_of(wake_up), "1800000000123-7-18446744073709551615");
        assert_eq!(wake_up_of(&name_of(wake_up)), Some(wake_up));
        let guard = WakeUp {
            is_guard: true,
            ..wake_up
        };
        assert_eq!(name_of(guard), "1800000000123-07-18446744073709551615");
        for seq in [0, 7, 100, u64::MAX] {
            for wake_up in [wake_up, guard] {
                let wake_up = WakeUp {
                    seq: Seq(seq),
                    ..wake_up
                };
                assert_eq!(wake_up_of(&name_of(wake_up)), Some(wake_up));
            }
        }
        for other in ["", "7", "1-2", "1-2-x", "-1-2", "--1-2-3", "remind-me-later"] {
            assert_eq!(wake_up_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_reminder_of_an_instant_before_1970_is_known_by_its_name_too() {
        let year_1: Timestamp = "0001-01-01T00:00:00Z".parse().unwrap();
        for at in [
            year_1,
            Timestamp::from_millis(-283_996_800_000),
            Timestamp::from_millis(-1),
        ]
        .into_iter()
        .chain([Timestamp::from_millis(0), Timestamp::MAX])
        {
            let wake_up = WakeUp {
                at,
                seq: Seq(5),
                nonce: 17,
                is_guard: false,
            };
            assert_eq!(wake_up_of(&name_of(wake_up)), Some(wake_up), "{at}");
        }
        assert!(year_1 < Timestamp::from_millis(-283_996_800_000));
    }
}
