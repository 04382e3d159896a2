//! A life in which everything comes up that is stored of pauses and of dates to come: a series that is paused, one that was and goes on, dates that were moved, changed, skipped and done
//! before they came, and the same in the log only.

use punctual_actors::series::SeriesCommand;
use punctual_events::{ActorId, OccurrenceOutcome, RecurrenceDate};
use serde_json::{Value, json};

use crate::life::{Life, OWNER};

/// Lives, and gives what is stored of the user and of the series, by kind.
pub(crate) fn live() -> Vec<(&'static str, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut life = Life::begin();
        life.sign_in().await;
        let paused = daily(&mut life, "Paused", "09:00:00").await;
        let resumed = daily(&mut life, "Resumed", "10:00:00").await;
        let logged = daily(&mut life, "Paused in the log", "11:00:00").await;
        for (series, time) in [(paused, "09:00:00"), (resumed, "10:00:00")] {
            changes(&mut life, (series, time)).await;
            life.ask_series(series, SeriesCommand::Pause).await;
        }
        life.clock.advance_ms(3 * 3_600_000);
        resume(&mut life, resumed).await;
        life.hand_over().await;
        life.save().await;
        changes(&mut life, (logged, "11:00:00")).await;
        life.ask_series(logged, SeriesCommand::Pause).await;
        life.clock.advance_ms(3_600_000);
        resume(&mut life, logged).await;
        life.ask_series(logged, SeriesCommand::Pause).await;
        let date = date("2027-01-18T10:00:00");
        life.ask_series(resumed, SeriesCommand::RestoreOccurrence { date })
            .await;
        let mut stored = vec![("user", life.stored(ActorId::User(OWNER)).await)];
        for (kind, series) in [
            ("series-paused", paused),
            ("series-resumed", resumed),
            ("series-paused-in-the-log", logged),
        ] {
            stored.push((kind, life.stored(series).await));
        }
        stored
    })
}

async fn daily(life: &mut Life, title: &str, time: &str) -> ActorId {
    let draft = json!({
        "title": title, "due": {"at": format!("2027-01-15T{time}"), "time_zone": "UTC"},
        "recurrence": {"rrule": "FREQ=DAILY"}, "reminders": [{"before": "PT10M"}],
    });
    let task = life.create(draft, None).await;
    life.hand_over().await;
    ActorId::Series(task.series.expect("a series"))
}

/// One date is moved and has all of its own, one another title, one is skipped and one done.
async fn changes(life: &mut Life, (series, time): (ActorId, &str)) {
    let on = |day: u8| date(&format!("2027-01-{day}T{time}"));
    let moved = json!({
        "title": "Moved", "description": "And different.", "priority": "high", "tags": ["one"],
        "start": {"at": "2027-01-17T08:00:00", "time_zone": "UTC"}, "due": {"at": "2027-01-17T12:00:00", "time_zone": "UTC"},
        "reminders": [{"before": "PT1H", "repeat": {"every": "PT10M", "times": 3}}],
    });
    for (day, patch) in [(17, moved), (18, json!({"title": "Called otherwise"}))] {
        let change = SeriesCommand::ChangeOccurrence {
            date: on(day),
            external_uid: (day == 17).then(|| "moved@example.org".into()),
            patch: Box::new(read(patch)),
        };
        life.ask_series(series, change).await;
    }
    for (day, outcome) in [(19, OccurrenceOutcome::Skipped), (20, OccurrenceOutcome::Done)] {
        let settle = SeriesCommand::SettleOccurrence {
            closed: None,
            date: on(day),
            imported: false,
            outcome,
        };
        life.ask_series(series, settle).await;
    }
}

async fn resume(life: &mut Life, series: ActorId) {
    let time_zone = "UTC".into();
    life.ask_series(series, SeriesCommand::Resume { time_zone }).await;
}

fn date(text: &str) -> RecurrenceDate {
    text.parse().expect("a date")
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it is read")
}
