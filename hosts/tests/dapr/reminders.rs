//! Wake-ups through the Scheduler.

use std::time::Duration;

use punctual::dapr::wire::USER_ACTOR;
use punctual_actors::ports::Store as _;
use punctual_events::{ActorId, EventType, Notification, Seq, Timestamp, UserId};
use serde_json::json;

use crate::{
    asking::{eventually, inbox},
    host::{Host, SharedStore},
    machinery::{Machinery, Process, Seat},
    users::{create, sign_up, somebody},
};

/// How long something is away, and how long a reminder is late then at least, for it comes due after [`AHEAD_MS`].
const AWAY: Duration = Duration::from_secs(12);
const AHEAD_MS: i64 = 8_000;
/// The Scheduler took 23 s from its start to its first delivery, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(180);

/// What has fired for a user, as the log has it: nobody asks the actor, which the Scheduler alone is to wake.
async fn fired(store: &SharedStore, user: UserId) -> Vec<Notification> {
    let log = store.read_log(ActorId::User(user), Seq::ZERO, 100).await.unwrap();
    let events = log.iter().flat_map(|commit| &commit.events);
    let fired = events.filter(|event| event.event_type == EventType::ReminderFired);
    fired
        .map(|event| serde_json::from_str(event.data.get()).unwrap())
        .collect()
}

/// Waits until so many have fired, and gives the instants they were due and whether they were late, in the order of their firing.
async fn fired_of(store: &SharedStore, user: UserId, count: usize) -> Vec<(Timestamp, bool)> {
    let enough = async {
        loop {
            let fired = fired(store, user).await;
            if fired.len() >= count {
                return fired.iter().map(|fired| (fired.due_at, fired.late)).collect();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, enough).await;
    waited.unwrap_or_else(|_| panic!("fewer than {count} have fired"))
}

/// A reminder comes due while something is away, and fires late once it is back.
async fn fires_late_and_once(absence: impl AsyncFnOnce(&mut Machinery, Process, Seat) -> Process) {
    let (mut machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let sidecar = machinery.sidecar("api", seat);
    let host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    let user = somebody(&host);
    sign_up(&host, user).await;
    let due = host.environment.clock.now().plus_millis(AHEAD_MS);
    create(&host, user, json!({"title": "missed", "reminders": [{"at": due}]}))
        .await
        .unwrap();
    assert_eq!(
        fired(&store, user).await.len(),
        0,
        "this machine is too slow for this test"
    );
    let _sidecar = absence(&mut machinery, sidecar, seat).await;
    assert_eq!(fired_of(&store, user, 1).await, [(due, true)]);

    only_this_has_fired(&host, &store, user, due).await;
}

/// What was due then has fired late, and once: another reminder that comes due after it has fired, so the first had its chance to come twice.
async fn only_this_has_fired(host: &Host, store: &SharedStore, user: UserId, due: Timestamp) {
    let next = host.environment.clock.now().plus_millis(AHEAD_MS);
    let task = json!({"title": "next", "reminders": [{"at": next}]});
    eventually("it can be armed", async || create(host, user, task.clone()).await.ok()).await;
    let fired = fired_of(store, user, 2).await;
    assert_eq!((fired.len(), fired[0], fired[1].0), (2, (due, true), next));
}

#[tokio::test]
async fn a_reminder_due_while_the_sidecar_is_down_fires_once_it_is_back_marked_late() {
    fires_late_and_once(async |machinery, sidecar, seat| {
        drop(sidecar);
        tokio::time::sleep(AWAY).await;
        machinery.sidecar("api", seat)
    })
    .await;
}

#[tokio::test]
async fn a_reminder_due_while_the_scheduler_is_down_fires_once_it_is_back_marked_late() {
    fires_late_and_once(async |machinery, sidecar, _| {
        machinery.kill_scheduler();
        tokio::time::sleep(AWAY).await;
        machinery.start_scheduler();
        sidecar
    })
    .await;
}

#[tokio::test]
async fn reminders_fire_at_their_instants_and_never_early_each_arming_the_next_from_its_own_callback() {
    let (machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let _sidecar = machinery.sidecar("api", seat);
    let host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    let user = somebody(&host);
    sign_up(&host, user).await;
    let now = host.environment.clock.now();
    let instants = [1_500, 2_250, 3_125].map(|ms| now.plus_millis(ms));
    let reminders: Vec<_> = instants.iter().map(|at| json!({"at": at})).collect();
    create(&host, user, json!({"title": "thrice", "reminders": reminders}))
        .await
        .unwrap();
    let mut fired = eventually("three notifications", async || {
        let inbox = inbox(&host.remote, user).await;
        (inbox.len() == 3).then_some(inbox)
    })
    .await;
    fired.sort_by_key(|notification| notification.due_at);
    for (notification, due) in fired.iter().zip(instants) {
        let late_ms = notification.fired_at.as_millis() - due.as_millis();
        println!("{late_ms} ms late");
        assert_eq!(notification.due_at, due);
        assert!((0..1_000).contains(&late_ms), "{late_ms} ms late");
        assert!(!notification.late);
    }
}

#[tokio::test]
async fn a_reminder_due_while_no_host_is_there_fires_once_one_is_back_marked_late() {
    let (machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let _sidecar = machinery.sidecar("api", seat);
    let mut host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    let user = somebody(&host);
    sign_up(&host, user).await;
    let due = host.environment.clock.now().plus_millis(3_000);
    create(&host, user, json!({"title": "missed", "reminders": [{"at": due}]}))
        .await
        .unwrap();
    host.kill();
    tokio::time::sleep(AWAY).await;
    let host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    assert_eq!(fired_of(&store, user, 1).await, [(due, true)]);
    only_this_has_fired(&host, &store, user, due).await;
}
