//! Reminders of the real Scheduler, with what can happen on the way there and back.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use punctual::ports::{Actors as _, system_command};
use punctual_actors::{
    faults::Fault,
    turn::{Outcome, Pending, TurnError},
    user::{UserActor, UserCommand},
};
use punctual_events::{EventType, Timestamp, UserId};
use serde_json::json;

use super::{
    check::{count, log_of},
    hosts::Hosts,
};
use crate::asking::{eventually, inbox};

/// How far ahead a reminder is, so that also a busy machine has set it by then, and one that comes after it.
const AHEAD_MS: i64 = 3_000;
const FURTHER_MS: i64 = 7_000;
/// Longer than it takes until the Scheduler delivers again what was not taken.
const AGAIN: Duration = Duration::from_secs(3);

/// A user who signed up through placement, which may take a while to know the host.
pub(crate) async fn somebody(hosts: &Hosts) -> UserId {
    let user = UserId(hosts.environment.new_uuid());
    eventually("the actor answers", async || {
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: hosts.environment.new_uuid().into(),
            time_zone: "Etc/UTC".into(),
        };
        let command = system_command(&hosts.environment, sign_in, None);
        hosts.placed.command_user(user, command).await.ok()
    })
    .await;
    user
}

/// A task with reminders so far ahead.
fn task_with_reminders(hosts: &Hosts, ahead_ms: &[i64]) -> Pending<UserCommand> {
    let now = hosts.environment.clock.now();
    let reminders: Vec<_> = ahead_ms.iter().map(|ms| json!({"at": now.plus_millis(*ms)})).collect();
    create(hosts, &json!({"title": "in a moment", "reminders": reminders}))
}

/// A command that creates a task.
pub(crate) fn create(hosts: &Hosts, draft: &serde_json::Value) -> Pending<UserCommand> {
    let draft = serde_json::from_value(draft.clone()).unwrap();
    let command = UserCommand::CreateTask { draft, imported: None };
    system_command(&hosts.environment, command, None)
}

/// Waits until so many reminders of a user's one task have fired, after so many deliveries since there were `before`, and for whatever else may
/// still be delivered.
async fn fire_once_each(hosts: &Hosts, user: UserId, reminders: usize, before: usize, deliveries: usize) {
    eventually("the reminders fire", async || {
        let delivered = hosts.deliveries.count.load(Relaxed) - before;
        let fired = inbox(&*hosts.known.actors, user).await.len();
        (fired >= reminders && delivered >= deliveries).then_some(())
    })
    .await;
    tokio::time::sleep(AGAIN).await;
    let log = log_of(hosts, user).await;
    assert_eq!(count(&log, EventType::ReminderFired), reminders);
    assert_eq!(count(&log, EventType::TaskCreated), 1);
    assert_eq!(inbox(&*hosts.known.actors, user).await.len(), reminders);
}

pub(crate) fn a_reminder_whose_delivery_is_repeated_fires_once(hosts: &Hosts) {
    hosts.runtime.block_on(async {
        let user = somebody(hosts).await;
        let before = hosts.deliveries.count.load(Relaxed);
        hosts.deliveries.replies_to_lose.store(2, Relaxed);
        hosts
            .known
            .actors
            .command_user(user, task_with_reminders(hosts, &[AHEAD_MS]))
            .await
            .unwrap();
        fire_once_each(hosts, user, 1, before, 3).await;
        assert_eq!(hosts.deliveries.replies_to_lose.load(Relaxed), 0);
    });
}

pub(crate) fn a_reminder_registered_by_a_command_that_was_given_up_is_harmless(hosts: &Hosts) {
    hosts.runtime.block_on(async {
        let user = somebody(hosts).await;
        let before = hosts.deliveries.count.load(Relaxed);
        hosts.known.lane.doom("RegisterActorReminder", Fault::ReplyLost);
        let command = task_with_reminders(hosts, &[AHEAD_MS]);
        let given_up = hosts.known.actors.command_user(user, command.clone()).await;
        assert!(matches!(given_up, Err(TurnError::Unknown(_))), "{given_up:?}");
        assert_eq!(count(&log_of(hosts, user).await, EventType::TaskCreated), 0);
        hosts.known.actors.command_user(user, command).await.unwrap();
        fire_once_each(hosts, user, 1, before, 2).await;
    });
}

/// The write of a commit stands still until the reminder that the commit counts on was delivered, to the other host. It is then let go on. If it
/// landed, nothing would be armed for what comes next.
pub(crate) fn a_writer_stalled_across_its_own_reminder_loses_and_arms_again(hosts: &Hosts) {
    hosts.runtime.block_on(async {
        let user = somebody(hosts).await;
        let other = &hosts.other;
        // It has the actor in memory, and no reason to doubt that it owns it.
        assert!(inbox(&*other.actors, user).await.is_empty());
        let before = hosts.deliveries.count.load(Relaxed);
        other.lane.pick("SaveState");
        let command = task_with_reminders(hosts, &[AHEAD_MS, FURTHER_MS]);
        let actors = Arc::clone(&other.actors);
        let commanded = command.id;
        let stalled = tokio::spawn(async move { actors.command_user(user, command).await });
        other.lane.held().await;
        eventually("the reminder is delivered", async || {
            (hosts.deliveries.count.load(Relaxed) > before).then_some(())
        })
        .await;
        assert_eq!(count(&log_of(hosts, user).await, EventType::TaskCreated), 0);
        other.lane.let_on();
        let outcome: Outcome<UserActor> = stalled.await.unwrap();
        let seq = outcome.unwrap().seq;
        fire_once_each(hosts, user, 2, before, 1).await;
        let log = log_of(hosts, user).await;
        let at = log.iter().position(|commit| commit.header.seq == seq).unwrap();
        assert!(log[at].commands.iter().any(|command| command.id == commanded));
        assert!(log[at - 1].events.is_empty(), "what shut the stalled write out");
    });
}
