//! How long a year of a thousand tasks takes: `cargo bench -p punctual --bench simulate`. Without reading the copy and without printing, which are a small part.

#![expect(clippy::print_stdout, reason = "a bench prints what it found")]
#![expect(clippy::expect_used, reason = "a bench that cannot begin ends")]

use std::{sync::Arc, time::Instant};

use chrono::{Days, NaiveDate};
use punctual::simulate::{Happening, Household, What};
use punctual_actors::{reference::MemoryStore, user::UserCommand, zone::BundledZones};
use punctual_events::{SessionId, Timestamp, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

/// 2027-01-01T00:00:00Z.
const BEGIN: Timestamp = Timestamp::from_millis(1_798_761_600_000);
const YEAR_MS: i64 = 365 * 86_400_000;
/// Tasks that are due once, over the year.
const SINGLE: u64 = 700;
/// Series, and how many of each.
const SERIES: [(&str, u64); 5] = [
    ("FREQ=DAILY", 30),
    ("FREQ=WEEKLY;BYDAY=MO,TH", 60),
    ("FREQ=WEEKLY", 90),
    ("FREQ=MONTHLY;BYDAY=-1FR", 90),
    ("FREQ=YEARLY", 30),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("a year of 1,000 tasks, 300 of them series:");
    for is_completed in [false, true] {
        let mut household = list().await;
        if is_completed {
            household.complete_on_time().await.expect("a list");
        }
        let begun = Instant::now();
        let (mut reminders, mut instances) = (0, 0);
        while let Some(step) = household.step(BEGIN.plus_millis(YEAR_MS)).await {
            for happening in step.events.iter().filter_map(|event| Happening::of(step.at, event)) {
                match happening.what {
                    What::Reminder { .. } => reminders += 1,
                    What::Instance { .. } => instances += 1,
                }
            }
        }
        let complete = if is_completed { "on time" } else { "never" };
        let took_s = begun.elapsed().as_secs_f64();
        println!("  completed {complete:<8} {took_s:>6.2} s  {reminders:>6} reminders  {instances:>6} instances");
    }
}

/// The list, at the beginning of the year.
async fn list() -> Household<MemoryStore> {
    let user = UserId(Uuid::from_u128(1));
    let mut household = Household::new(user, MemoryStore::default(), BEGIN, Arc::new(BundledZones));
    let sign_in = UserCommand::SignIn {
        account: "account".into(),
        expires: Timestamp::MAX,
        session: SessionId(Uuid::from_u128(2)),
        time_zone: "Europe/Paris".into(),
    };
    household.command(sign_in).await.expect("a user");
    for number in 0..SINGLE {
        create(&household, task(number, 1 + number * 364 / SINGLE)).await;
    }
    let rules = SERIES.iter().flat_map(|(rule, count)| (0..*count).map(move |_| rule));
    for (number, rule) in (SINGLE..).zip(rules) {
        let mut task = task(number, 1 + number % 28);
        task["recurrence"] = json!({"rrule": rule});
        create(&household, task).await;
    }
    // The series begin.
    while household.step(BEGIN).await.is_some() {}
    household
}

fn task(number: u64, day: u64) -> Value {
    let date = NaiveDate::from_ymd_opt(2027, 1, 1).expect("a day") + Days::new(day);
    let (hour, minute) = (8 + number % 12, number * 7 % 60);
    json!({
        "title": format!("Task {number} of a long list"),
        "due": {"at": format!("{date}T{hour:02}:{minute:02}:00"), "time_zone": "Europe/Paris"},
        "reminders": [{"before": "PT15M"}],
    })
}

async fn create(household: &Household<MemoryStore>, task: Value) {
    let create = UserCommand::CreateTask {
        draft: Box::new(serde_json::from_value(task).expect("a draft")),
        imported: None,
    };
    household.command(create).await.expect("a task");
}
