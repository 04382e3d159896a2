//! What a state says, for people to read and for later releases to say the same.

use punctual_actors::{
    activation::Snapshot,
    machine::Machine,
    memory::Recalled,
    series::{SeriesActor, SeriesAnswer, SeriesQuestion},
    user::{NotificationFilter, UserActor, UserAnswer, UserQuestion},
};
use punctual_events::Principal;
use serde_json::{Value, json};

use crate::life::{LATER, OWNER, SESSION};

/// A whole state. `keys` are those it may remember answers for.
pub(crate) fn state<M: Machine>(snapshot: &Snapshot<M>, machine: Value, keys: &[u128]) -> Value {
    let remembered = keys.iter().filter_map(|key| {
        let found = match snapshot.memory.recall(*key, LATER)? {
            Recalled::Answered(found) => {
                json!({"key": key.to_string(), "body": found.body.to_string(), "reply": found.reply})
            }
            Recalled::Spent { body } => json!({"key": key.to_string(), "body": body.to_string()}),
        };
        Some(found)
    });
    json!({
        "seq": snapshot.seq,
        "next_wakeup": snapshot.machine.next_wakeup(),
        "remembered": remembered.collect::<Vec<_>>(),
        "state": machine,
    })
}

pub(crate) fn user(user: &UserActor) -> Value {
    let tasks: Vec<Value> = user.tasks().iter().map(|(_, record)| json!(record)).collect();
    let of_series = user.tasks().iter().filter_map(|(_, record)| record.task.series);
    let mut series: Vec<_> = of_series.collect();
    series.sort_unstable();
    series.dedup();
    let series = series.into_iter().map(|series| {
        let question = UserQuestion::Series { series };
        let summary = match user.ask(Principal::System, &question, LATER) {
            Ok(UserAnswer::Series(summary)) => summary,
            other => panic!("{other:?}"),
        };
        json!({"series": series, "reference": summary.reference})
    });
    let inbox = UserQuestion::Notifications {
        filter: NotificationFilter::All,
        limit: u16::MAX,
    };
    let inbox = match user.ask(Principal::System, &inbox, LATER) {
        Ok(UserAnswer::Notifications { items }) => items,
        other => panic!("{other:?}"),
    };
    json!({
        "notifications": inbox,
        "profile": user.profile(),
        "series": series.collect::<Vec<_>>(),
        "tasks": tasks,
    })
}

pub(crate) fn series(series: &SeriesActor) -> Value {
    let question = SeriesQuestion::Occurrences {
        after: None,
        limit: u16::MAX,
        upcoming: 5,
        time_zone: None,
    };
    let SeriesAnswer {
        changes,
        definition,
        ended,
        occurrences,
        paused,
        upcoming,
    } = series
        .ask(
            Principal::User(OWNER, SESSION),
            &question,
            crate::life::LATER,
            &punctual_actors::reference::UtcOnly,
        )
        .expect("the owner may ask");
    json!({
        "changes": changes,
        "definition": definition,
        "ended": ended,
        "occurrences": occurrences,
        "paused": paused,
        "upcoming": upcoming,
    })
}
