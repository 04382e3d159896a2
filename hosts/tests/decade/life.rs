//! A user with one series, who does everything when it is due.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use punctual::simulate::{Happening, Household, What};
use punctual_actors::{
    reference::MemoryStore,
    user::{UserCommand, UserReply},
    zone::{BundledZones, ZoneData as _},
};
use punctual_events::{Moment, SessionId, TaskId, Timestamp, UserId};
use serde_json::json;
use uuid::Uuid;

const USER: UserId = UserId(Uuid::from_u128(1));

/// An instance, and when it was reminded of: the instant, and the one that was meant.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) due: NaiveDateTime,
    pub(crate) reminders: Vec<(Timestamp, Timestamp)>,
}

/// What comes of a series, from before its first due to `until`, in the order of its occurrences.
pub(crate) fn live(zone: Tz, rule: &str, first: NaiveDateTime, until: Timestamp) -> Vec<Came> {
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tokio.block_on(async {
        let begin = BundledZones
            .resolve(zone.name(), first)
            .unwrap()
            .plus_millis(-3_600_000);
        let mut household = Household::new(USER, MemoryStore::default(), begin, Arc::new(BundledZones));
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SessionId(Uuid::from_u128(2)),
            time_zone: zone.name().into(),
        };
        household.command(sign_in).await.unwrap();
        let draft = json!({
            "title": rule,
            "due": {"at": first.format("%Y-%m-%dT%H:%M:%S").to_string(), "time_zone": zone.name()},
            "recurrence": {"rrule": rule},
            "reminders": [{"before": "PT0S"}],
        });
        let create = UserCommand::CreateTask {
            draft: Box::new(serde_json::from_value(draft).unwrap()),
            imported: None,
        };
        let UserReply::Task { task: created, .. } = household.command(create).await.unwrap().reply else {
            panic!("no task");
        };
        household.complete_on_time().await.unwrap();
        let mut happenings = Vec::new();
        while let Some(step) = household.step(until).await {
            happenings.extend(step.events.iter().filter_map(|event| Happening::of(step.at, event)));
        }
        assert!(household.failed().is_empty(), "{:?}", household.failed());
        came(rule, created.id, happenings, until)
    })
}

fn came(rule: &str, first: TaskId, happenings: Vec<Happening>, until: Timestamp) -> Vec<Came> {
    let (mut instances, mut order) = (BTreeMap::<TaskId, Came>::new(), Vec::new());
    for happening in happenings {
        match happening.what {
            What::Instance { due, occurrence, .. } => {
                let Some(Moment::Time { at, instant, .. }) = due else {
                    panic!("{rule}: an instance without a time");
                };
                // The one that is open in the end is not due yet.
                if instant > until {
                    continue;
                }
                let is_first = happening.task == first;
                assert_eq!(
                    is_first,
                    occurrence == Some(0),
                    "{happening_at}",
                    happening_at = happening.at
                );
                let came = Came {
                    due: at.get(),
                    reminders: Vec::new(),
                };
                assert!(
                    instances.insert(happening.task, came).is_none(),
                    "{rule}: an instance opened twice"
                );
                order.push(happening.task);
            }
            What::Reminder { due_at, late, .. } => {
                assert!(!late, "{rule}: late at {}", happening.at);
                let instance = instances.get_mut(&happening.task).unwrap();
                instance.reminders.push((happening.at, due_at));
            }
        }
    }
    order.iter().filter_map(|task| instances.remove(task)).collect()
}
