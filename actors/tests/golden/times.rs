//! A life in which everything comes up that is stored of times: late policies and what became of their occurrences, reminders that nag, were snoozed, are
//! held back, count from a start or are at a time of day, times that travel along, workdays, quiet hours, a digest.

use punctual_actors::{
    ports::Clock as _,
    series::SeriesCommand,
    user::{MailPatch, SnoozeUntil, UserCommand},
};
use punctual_events::{ActorId, NotificationId, TaskId};
use serde_json::{Value, json};

use crate::life::{KEYS, Life, OWNER};

/// Lives, and gives what is stored of the user and of the series, by kind.
pub(crate) fn live() -> Vec<(&'static str, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut life = Life::begin();
        life.sign_in().await;
        settings(&mut life).await;
        let kept = a_series(&mut life, "Kept open", "keep_one_open", "08:10:00").await;
        let skipped = a_series(&mut life, "Skipped", "skip", "08:20:00").await;
        let caught_up = a_series(&mut life, "Caught up", "catch_up", "08:30:00").await;
        let workdays = workdays(&mut life).await;
        reminders(&mut life).await;
        late(&mut life, [kept, skipped, caught_up]).await;
        owed(&mut life, kept).await;
        life.save().await;
        in_the_log_only(&mut life, skipped).await;
        let mut stored = vec![("user", life.stored(ActorId::User(OWNER)).await)];
        for (kind, series) in [
            ("series-kept-open", kept),
            ("series-skipped", skipped),
            ("series-caught-up", caught_up),
            ("series-workdays", workdays),
        ] {
            stored.push((kind, life.stored(series).await));
        }
        stored
    })
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it is read")
}

/// It is eight in the morning, so quiet hours have begun.
async fn settings(life: &mut Life) {
    quiet(
        life,
        json!({"at_once": ["urgent", "high"], "from": "07:30", "until": "09:00"}),
    )
    .await;
    let change: MailPatch = read(json!({"digest": {"at": "07:00"}, "reminders": true}));
    life.as_person(UserCommand::ChangeMail { change }, None).await;
}

async fn quiet(life: &mut Life, hours: Value) {
    let hours = Some(read(hours));
    life.as_person(UserCommand::ChangeQuiet { hours }, None).await;
}

/// One that comes every hour, with a date added and one taken away.
async fn a_series(life: &mut Life, title: &str, policy: &str, time: &str) -> ActorId {
    let recurrence = json!({
        "rrule": "FREQ=HOURLY", "late_policy": policy,
        "rdate": [format!("2027-01-16T{}", time.replace("08:", "00:"))], "exdate": [format!("2027-01-15T{}", time.replace("08:", "11:"))],
    });
    let draft = json!({
        "title": title, "priority": "high", "recurrence": recurrence,
        "start": {"at": "2027-01-15T08:05:00", "time_zone": "UTC"}, "due": {"at": format!("2027-01-15T{time}"), "time_zone": "UTC"},
        "reminders": [{"before": "PT1M"}, {"before": "PT2M", "related": "start", "repeat": {"every": "PT1H", "times": 2}}],
    });
    let task = life.create(draft, None).await;
    life.hand_over().await;
    ActorId::Series(task.series.expect("a series"))
}

/// One that counts workdays from completions, completed once.
async fn workdays(life: &mut Life) -> ActorId {
    let draft = json!({
        "title": "Workdays", "due": {"at": "2027-01-15T17:00:00", "floating": true},
        "recurrence": {"rrule": "FREQ=DAILY;INTERVAL=3", "anchor": "completion", "workdays": true},
        "reminders": [{"time": "09:00"}],
    });
    let task = life.create(draft, None).await;
    life.hand_over().await;
    life.complete(task.id).await;
    life.hand_over().await;
    ActorId::Series(task.series.expect("a series"))
}

async fn reminders(life: &mut Life) {
    let from_start = json!({
        "title": "Set out", "start": {"date": "2027-03-02"}, "due": {"at": "2027-03-05T12:00:00", "time_zone": "UTC"},
        "reminders": [{"before": "P1DT2H", "related": "start"}, {"before": "P2D"}, {"before": "-PT10M", "repeat": {"every": "PT10M", "times": 5}}],
    });
    life.create(from_start, None).await;
    let floating = json!({
        "title": "Travels along", "start": {"at": "2027-03-04T10:00:00", "floating": true}, "due": {"at": "2027-03-05T12:00:00", "floating": true},
        "reminders": [{"time": "08:00", "before": "P1D"}, {"time": "07:30", "related": "start"}],
    });
    life.create(floating, None).await;
    for (title, priority) in [
        ("Nagging", "urgent"),
        ("Snoozed", "urgent"),
        ("Dismissed", "high"),
        ("Held", "low"),
    ] {
        let soon = life.clock.now().plus_millis(60_000);
        let repeat = json!({"every": "PT20M", "times": 9});
        let draft = json!({"title": title, "priority": priority, "reminders": [{"at": soon, "repeat": repeat}]});
        life.create(draft, None).await;
    }
    minutes(life, 2).await;
    let snooze = UserCommand::Snooze {
        notification: fired(life, "Snoozed"),
        until: SnoozeUntil::At("2027-01-18T09:00:00Z".parse().expect("an instant")),
    };
    life.as_person(snooze, Some(KEYS[1])).await;
    let notification = fired(life, "Dismissed");
    life.as_person(UserCommand::Dismiss { notification }, None).await;
}

/// Past nine: quiet hours are over, and the next occurrence of each series has come while the one before is open.
async fn late(life: &mut Life, series: [ActorId; 3]) {
    minutes(life, 90).await;
    for series in series {
        life.tell_series(series, SeriesCommand::Wake).await;
    }
    life.hand_over().await;
    // One that was given up at the next instant, had it not been reopened.
    let open = open_instance(life, "Skipped");
    life.complete(open).await;
    life.hand_over().await;
    let task = open;
    life.as_person(UserCommand::ReopenTask { if_match: None, task }, None)
        .await;
    life.hand_over().await;
    let caught_up = open_instance(life, "Caught up");
    life.complete(caught_up).await;
    life.hand_over().await;
}

/// A reminder that passed in quiet hours, and a question that a series has asked and nobody has heard.
async fn owed(life: &mut Life, kept: ActorId) {
    quiet(life, json!({"from": "10:00", "until": "09:30"})).await;
    life.clock.advance_ms(40 * 60_000);
    let passed = life.clock.now().plus_millis(-30_000);
    let draft = json!({"title": "Owed", "reminders": [{"at": passed}]});
    life.create(draft, Some(KEYS[0])).await;
    life.tell_series(kept, SeriesCommand::Wake).await;
}

/// Another occurrence of each series has come, and something will be held.
async fn in_the_log_only(life: &mut Life, skipped: ActorId) {
    minutes(life, 60).await;
    life.tell_series(skipped, SeriesCommand::Wake).await;
    life.hand_over().await;
    let tonight =
        json!({"title": "Held until the morning", "priority": "low", "reminders": [{"at": "2027-01-16T08:00:00Z"}]});
    life.create(tonight, None).await;
}

/// Time passes, and the user is woken.
async fn minutes(life: &mut Life, minutes: u64) {
    life.clock.advance_ms(minutes * 60_000);
    life.as_system(UserCommand::Wake).await;
}

fn open_instance(life: &mut Life, title: &str) -> TaskId {
    let user = life.user();
    let mut records = user.tasks().iter().map(|(_, record)| record);
    let open = records.find(|record| record.is_open() && *record.task.title == *title);
    open.expect("an open instance").task.id
}

/// The last notification of a task.
fn fired(life: &mut Life, title: &str) -> NotificationId {
    let user = crate::readable::user(&life.user());
    let all = user["notifications"].as_array().expect("a list");
    let found = all.iter().find(|notification| notification["title"] == title);
    read(found.expect("it fired")["id"].clone())
}
