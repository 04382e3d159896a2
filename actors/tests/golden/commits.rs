//! A life in which every event comes up that is stored, as the commits of its logs.

use std::sync::Arc;

use punctual_actors::{ports::Clock as _, series::SeriesCommand, user::UserCommand, zone::BundledZones};
use punctual_events::{ActorId, NotificationId, OccurrenceOutcome, RecurrenceDate, SessionId, TaskId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::{Life, OWNER};

/// A sign-in that ends.
const OTHER_SESSION: SessionId = SessionId(Uuid::from_u128(3));

/// Lives, and gives every commit, the user's first, a line each.
pub(crate) fn live() -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut life = Life::begin_in(Arc::new(BundledZones));
        life.sign_in().await;
        settings(&mut life).await;
        tasks(&mut life).await;
        reminders(&mut life).await;
        dates(&mut life).await;
        ends(&mut life).await;
        life.as_person(UserCommand::DeleteUser, None).await;
        life.hand_over().await;
        let mut commits = String::new();
        for actor in std::iter::once(ActorId::User(OWNER)).chain(life.series()) {
            commits += &life.commits(actor).await;
        }
        commits
    })
}

async fn settings(life: &mut Life) {
    let sign_in = UserCommand::SignIn {
        account: "account/golden".into(),
        expires: "2027-03-01T00:00:00Z".parse().expect("an instant"),
        session: OTHER_SESSION,
        time_zone: "UTC".into(),
    };
    life.as_system(sign_in).await;
    let end = UserCommand::EndSession { session: OTHER_SESSION };
    let mail = read(json!({"digest": {"at": "07:30"}, "reminders": true}));
    let hours = read(json!({"at_once": ["urgent", "high"], "from": "22:00", "until": "07:00"}));
    let time_zone = "Europe/Paris".into();
    for command in [
        end,
        UserCommand::ChangeUser { time_zone },
        UserCommand::ChangeMail { change: mail },
        UserCommand::ChangeQuiet { hours: Some(hours) },
    ] {
        life.as_person(command, None).await;
    }
}

async fn tasks(life: &mut Life) {
    let full = json!({
        "title": "Water the plants", "description": "Twice.\nThe ferns too.", "priority": "urgent", "tags": ["garden"],
        "start": {"date": "2027-03-01"}, "due": {"at": "2027-03-01T09:00:00", "time_zone": "Europe/Paris"},
        "reminders": [{"before": "PT15M"}, {"at": "2027-02-28T18:00:00Z"}], "external_uid": "plants@example.org",
    });
    let task = life.create(full, Some(21)).await.id;
    patch(life, task, json!({"priority": null, "title": "Water the ferns"})).await;
    life.complete(task).await;
    let reopen = UserCommand::ReopenTask { if_match: None, task };
    life.as_person(reopen, None).await;
    delete(life, task).await;
}

/// One fires and is dismissed, and one is put off.
async fn reminders(life: &mut Life) {
    for (title, is_snoozed) in [("Tea", false), ("Coffee", true)] {
        let soon = life.clock.now().plus_millis(5_000);
        life.create(json!({"title": title, "reminders": [{"at": soon}]}), None)
            .await;
        life.clock.advance_ms(10_000);
        life.as_system(UserCommand::Wake).await;
        let notification = fired(life, title);
        let command = if is_snoozed {
            let until = read(json!({"for": "PT30M"}));
            UserCommand::Snooze { notification, until }
        } else {
            UserCommand::Dismiss { notification }
        };
        life.as_person(command, None).await;
    }
}

/// A series with dates of its own, whose instance is completed, reopened and, for all that follow, called otherwise.
async fn dates(life: &mut Life) {
    let (task, series) = daily(life, "Daily", "FREQ=DAILY").await;
    let date = |day: u8| -> RecurrenceDate { read(json!(format!("2027-01-{day}T09:00:00"))) };
    let change = SeriesCommand::ChangeOccurrence {
        date: date(18),
        external_uid: None,
        patch: Box::new(read(
            json!({"title": "Called otherwise", "due": {"at": "2027-01-18T12:00:00"}}),
        )),
    };
    let skip = SeriesCommand::SettleOccurrence {
        closed: None,
        date: date(19),
        imported: false,
        outcome: OccurrenceOutcome::Skipped,
    };
    let restore = SeriesCommand::RestoreOccurrence { date: date(19) };
    let time_zone = "Europe/Paris".into();
    for command in [
        change,
        skip,
        restore,
        SeriesCommand::Pause,
        SeriesCommand::Resume { time_zone },
    ] {
        life.ask_series(series, command).await;
    }
    life.complete(task).await;
    life.hand_over().await;
    life.as_person(UserCommand::ReopenTask { if_match: None, task }, None)
        .await;
    life.hand_over().await;
    let later = UserCommand::PatchLater {
        if_match: None,
        patch: Box::new(read(json!({"title": "Every day", "tags": ["home"]}))),
        task,
    };
    life.as_person(later, None).await;
    life.hand_over().await;
    patch(life, task, json!({"recurrence": {"rrule": "FREQ=DAILY;INTERVAL=2"}})).await;
    life.hand_over().await;
}

/// One series comes to its end, and one is ended.
async fn ends(life: &mut Life) {
    let (last, _) = daily(life, "Once", "FREQ=DAILY;COUNT=1").await;
    life.complete(last).await;
    let (_, ActorId::Series(series)) = daily(life, "Ended", "FREQ=WEEKLY").await else {
        panic!("it is a series");
    };
    life.as_person(UserCommand::EndSeries { series }, None).await;
    life.hand_over().await;
}

async fn daily(life: &mut Life, title: &str, rule: &str) -> (TaskId, ActorId) {
    let draft = json!({
        "title": title, "due": {"at": "2027-01-16T09:00:00", "time_zone": "Europe/Paris"},
        "recurrence": {"rrule": rule}, "reminders": [{"before": "PT10M"}],
    });
    let task = life.create(draft, None).await;
    life.hand_over().await;
    (task.id, ActorId::Series(task.series.expect("a series")))
}

async fn patch(life: &mut Life, task: TaskId, patch: Value) {
    let patch = UserCommand::PatchTask {
        if_match: None,
        patch: Box::new(read(patch)),
        task,
    };
    life.as_person(patch, None).await;
}

async fn delete(life: &mut Life, task: TaskId) {
    let delete = UserCommand::DeleteTask {
        if_match: None,
        series: false,
        task,
    };
    life.as_person(delete, None).await;
}

fn fired(life: &mut Life, title: &str) -> NotificationId {
    let user = crate::readable::user(&life.user());
    let all = user["notifications"].as_array().expect("a list");
    let found = all.iter().find(|notification| notification["title"] == title);
    read(found.expect("it fired")["id"].clone())
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it is read")
}
