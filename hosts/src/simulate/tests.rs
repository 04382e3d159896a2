//! Households in memory.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use punctual_actors::{
    ports::{Clock as _, Environment, Ports, Store as _},
    reference::{MemoryDirectory, MemoryPublisher, MemoryStore, MemoryWakeUps, SeededEntropy, VirtualClock},
    turn::{Pending, Slot},
    user::{UserActor, UserCommand, UserReply},
    zone::{BundledZones, ZoneData},
};
use punctual_events::{ActorId, Seq, SessionId, Task, Timestamp, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Happening, Household, What};
use crate::ports::system_command;

const USER: UserId = UserId(Uuid::from_u128(1));
/// 2027-01-15T08:00:00Z, a Friday.
const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR_MS: i64 = 3_600_000;

fn hours(count: i64) -> Timestamp {
    BEGIN.plus_millis(count * HOUR_MS)
}

fn sign_in(time_zone: &str) -> UserCommand {
    UserCommand::SignIn {
        account: "account".into(),
        expires: Timestamp::MAX,
        session: SessionId(Uuid::from_u128(2)),
        time_zone: time_zone.into(),
    }
}

fn create(draft: Value) -> UserCommand {
    UserCommand::CreateTask {
        draft: Box::new(serde_json::from_value(draft).unwrap()),
        imported: None,
    }
}

/// A user with these tasks, now.
async fn household(drafts: impl IntoIterator<Item = Value>) -> Household<MemoryStore> {
    let household = Household::new(USER, MemoryStore::default(), BEGIN, Arc::new(BundledZones));
    household.command(sign_in("Europe/Paris")).await.unwrap();
    for draft in drafts {
        household.command(create(draft)).await.unwrap();
    }
    household
}

/// What comes: when, what, and of what.
async fn comes(household: &mut Household<MemoryStore>, until: Timestamp) -> Vec<(String, &'static str, String)> {
    let mut come = Vec::new();
    while let Some(step) = household.step(until).await {
        for happening in step.events.iter().filter_map(|event| Happening::of(step.at, event)) {
            let what = match happening.what {
                What::Reminder { late: true, .. } => "late reminder",
                What::Reminder { .. } => "reminder",
                What::Instance { moved: true, .. } => "moved instance",
                What::Instance {
                    occurrence: Some(0), ..
                } => continue,
                What::Instance { .. } => "instance",
            };
            come.push((happening.at.to_string(), what, happening.title.into()));
        }
    }
    assert!(household.failed().is_empty(), "{:?}", household.failed());
    come
}

fn line(at: &str, what: &'static str, title: &str) -> (String, &'static str, String) {
    (format!("2027-01-{at}:00.000Z"), what, title.to_owned())
}

/// Daily, from two hours before the end of the day on.
fn daily(title: &str, recurrence: Value) -> Value {
    let due = json!({"at": "2027-01-15T23:00:00", "time_zone": "Europe/Paris"});
    json!({"title": title, "due": due, "recurrence": recurrence})
}

#[tokio::test]
async fn while_nobody_does_anything_only_policies_that_wait_for_nobody_go_on() {
    let policies = ["roll_to_future", "catch_up", "skip", "keep_one_open"];
    let drafts = policies.map(|policy| daily(policy, json!({"rrule": "FREQ=DAILY", "late_policy": policy})));
    let mut household = household(drafts).await;
    let mut come = comes(&mut household, hours(2 * 24)).await;
    come.sort();
    let expected = [
        line("16T22:00", "instance", "skip"),
        line("16T22:00", "moved instance", "keep_one_open"),
    ];
    assert_eq!(come, expected);
}

#[tokio::test]
async fn what_reminds_at_the_due_comes_before_its_completion_and_the_next_instance_after() {
    let mut draft = daily("Run", json!({"rrule": "FREQ=DAILY"}));
    draft["reminders"] = json!([{"before": "PT0S"}, {"before": "-PT10M"}]);
    let mut household = household([draft]).await;
    household.complete_on_time().await.unwrap();
    let come = comes(&mut household, hours(24 + 14)).await;
    let expected = ["15T22:00", "16T22:00"].map(|at| [line(at, "reminder", "Run"), line(at, "instance", "Run")]);
    assert_eq!(come, expected.concat());
}

#[tokio::test]
async fn more_reminders_at_one_instant_than_a_commit_carries_all_come_before_the_completions() {
    let due = json!({"at": "2027-01-15T12:00:00", "time_zone": "Europe/Paris"});
    let draft = |number| json!({"title": format!("{number}"), "due": due, "reminders": [{"before": "PT0S"}]});
    let mut household = household((0..700).map(draft)).await;
    household.complete_on_time().await.unwrap();
    assert_eq!(comes(&mut household, hours(24)).await.len(), 700);
}

#[tokio::test]
async fn what_is_due_all_day_is_completed_on_its_day_from_which_a_series_of_completions_counts() {
    let recurrence = json!({"rrule": "FREQ=DAILY;INTERVAL=2", "anchor": "completion"});
    let draft = json!({"title": "Dust", "due": {"date": "2027-01-15"}, "recurrence": recurrence, "reminders": [{"before": "PT0S"}]});
    let mut household = household([draft]).await;
    household.complete_on_time().await.unwrap();
    let mut due = Vec::new();
    while let Some(step) = household.step(hours(4 * 24)).await {
        for happening in step.events.iter().filter_map(|event| Happening::of(step.at, event)) {
            if let What::Instance { due: Some(at), .. } = happening.what {
                due.push((
                    happening.at.to_string(),
                    serde_json::to_value(at).unwrap()["date"].clone(),
                ));
            }
        }
    }
    let opened = |at: &str, date: &str| (format!("2027-01-{at}Z"), json!(date));
    let expected = [
        opened("15T08:00:00.000", "2027-01-15"),
        opened("15T22:59:59.999", "2027-01-17"),
        opened("17T22:59:59.999", "2027-01-19"),
    ];
    assert_eq!(due, expected);
}

#[tokio::test]
async fn what_nags_does_so_to_its_end_and_what_is_overdue_is_completed_at_once() {
    let nagging = json!({"title": "Call", "reminders": [{"at": "2027-01-15T09:00:00Z", "repeat": {"every": "PT1H", "times": 2}}]});
    let overdue = json!({
        "title": "Overdue", "due": {"at": "2027-01-10T09:00:00", "time_zone": "Europe/Paris"},
        "recurrence": {"rrule": "FREQ=WEEKLY"},
    });
    let mut household = household([nagging, overdue]).await;
    household.complete_on_time().await.unwrap();
    let come = comes(&mut household, hours(24)).await;
    let expected = [
        line("15T08:00", "instance", "Overdue"),
        line("15T09:00", "reminder", "Call"),
        line("15T10:00", "reminder", "Call"),
        line("15T11:00", "reminder", "Call"),
    ];
    assert_eq!(come, expected);
}

/// A server that stored what a user did, and ended before it delivered anything.
struct Ended {
    clock: Arc<VirtualClock>,
    store: MemoryStore,
    slot: Slot<UserActor>,
    ports: Ports<MemoryStore, MemoryWakeUps, MemoryPublisher, MemoryDirectory>,
}

impl Ended {
    fn new(zones: Arc<dyn ZoneData>) -> Self {
        let (clock, store) = (VirtualClock::new(BEGIN), MemoryStore::default());
        let ports = Ports {
            store: store.clone(),
            wake_ups: MemoryWakeUps::default(),
            publisher: MemoryPublisher::default(),
            directory: MemoryDirectory::default(),
            environment: Environment {
                clock: Arc::clone(&clock) as _,
                entropy: Arc::new(SeededEntropy::new(9)),
                zones,
            },
            recheck_head_after_ms: None,
        };
        let slot = Slot::new(ActorId::User(USER));
        Self {
            clock,
            store,
            slot,
            ports,
        }
    }

    async fn command(&mut self, command: UserCommand) -> Option<Arc<Task>> {
        let command: Pending<UserCommand> = system_command(&self.ports.environment, command, None);
        let outcome = self.slot.take_turn(&[command], &self.ports).await.remove(0);
        match outcome.unwrap().reply {
            UserReply::Task { task, .. } => Some(task),
            _ => None,
        }
    }

    /// What comes when it begins anew after `ms`.
    async fn begin_anew(self, ms: u64, until: Timestamp) -> Vec<(String, &'static str, String)> {
        self.clock.advance_ms(ms);
        let now = self.clock.now();
        let user = ActorId::User(USER);
        let undelivered = self.store.read_log(user, Seq::ZERO, 100).await.unwrap();
        let mut household = Household::new(USER, self.store, now, Arc::new(BundledZones));
        household.take_up(user, &undelivered).await.unwrap();
        comes(&mut household, until).await
    }
}

#[tokio::test]
async fn what_a_server_did_not_deliver_is_taken_up_at_once() {
    let mut ended = Ended::new(Arc::new(BundledZones));
    ended.command(sign_in("Europe/Paris")).await;
    let task = ended
        .command(create(daily("Run", json!({"rrule": "FREQ=DAILY"}))))
        .await
        .unwrap()
        .id;
    ended.command(UserCommand::CompleteTask { if_match: None, task }).await;
    // Sooner than what is not acknowledged is offered again.
    let come = ended.begin_anew(5_000, hours(1)).await;
    let at = "2027-01-15T08:00:05.000Z".to_owned();
    assert_eq!(come, [(at, "instance", "Run".to_owned())]);
}

#[tokio::test]
async fn what_a_server_that_was_away_should_have_done_comes_at_once_and_late() {
    let mut ended = Ended::new(Arc::new(BundledZones));
    ended.command(sign_in("Europe/Paris")).await;
    ended
        .command(create(
            json!({"title": "Call", "reminders": [{"at": hours(1)}, {"at": hours(5)}]}),
        ))
        .await;
    let come = ended.begin_anew(3 * 3_600_000, hours(24)).await;
    let expected = [
        line("15T11:00", "late reminder", "Call"),
        line("15T13:00", "reminder", "Call"),
    ];
    assert_eq!(come, expected);
}

/// Zone data of a release that had clocks an hour behind.
struct AnHourBehind;

impl ZoneData for AnHourBehind {
    fn version(&self) -> &str {
        "earlier"
    }

    fn contains(&self, zone: &str) -> bool {
        BundledZones.contains(zone)
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        Some(BundledZones.resolve(zone, wall)?.plus_millis(HOUR_MS))
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        BundledZones.wall_time(zone, instant.plus_millis(-HOUR_MS))
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        Some(BundledZones.day_start(zone, date)?.plus_millis(HOUR_MS))
    }
}

#[tokio::test]
async fn what_was_reckoned_with_other_zone_data_is_reckoned_anew() {
    let mut ended = Ended::new(Arc::new(AnHourBehind));
    ended.command(sign_in("Europe/Paris")).await;
    let due = json!({"at": "2027-01-15T14:00:00", "time_zone": "Europe/Paris"});
    ended
        .command(create(
            json!({"title": "Call", "due": due, "reminders": [{"before": "PT0S"}]}),
        ))
        .await;
    let come = ended.begin_anew(0, hours(24)).await;
    assert_eq!(come, [line("15T13:00", "reminder", "Call")]);
}
