//! A user who travels: series whose times stay in their zone, and series that travel along.

use punctual_events::Moment;
use serde_json::json;

use super::world::World;

/// Wall time, zone and instant of the due of the only open instance.
async fn due(world: &World) -> (String, String, String) {
    let task = world.only_open().await;
    match task.due.as_ref().unwrap() {
        Moment::Time {
            at, instant, time_zone, ..
        } => (at.to_string(), time_zone.to_string(), instant.to_string()),
        Moment::Day { .. } => panic!("{task:?}"),
    }
}

fn is(at: &str, zone: &str, instant: &str) -> (String, String, String) {
    (at.into(), zone.into(), instant.into())
}

async fn daily(floating: bool, recurrence: serde_json::Value) -> World {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let due = json!({"at": "2026-11-23T09:00:00", "floating": floating});
    let start = json!({"at": "2026-11-23T08:00:00", "floating": floating});
    let task = json!({"title": "a", "due": due, "start": start, "recurrence": recurrence});
    world.create(task).await;
    world.settle().await;
    world
}

#[tokio::test]
async fn the_instances_of_a_floating_series_travel_along_the_open_one_and_the_next() {
    for policy in ["roll_to_future", "catch_up", "keep_one_open", "skip"] {
        let mut world = daily(true, json!({"rrule": "FREQ=DAILY", "late_policy": policy})).await;
        world.live_in("Asia/Tokyo").await;
        world.settle().await;
        assert_eq!(
            due(&world).await,
            is("2026-11-23T09:00:00", "Asia/Tokyo", "2026-11-23T00:00:00.000Z"),
            "{policy}"
        );
        let first = world.only_open().await;
        world.complete(first.id).await.unwrap();
        world.settle().await;
        assert_eq!(
            due(&world).await,
            is("2026-11-24T09:00:00", "Asia/Tokyo", "2026-11-24T00:00:00.000Z"),
            "{policy}"
        );
        let next = world.only_open().await;
        let start = next.start.as_deref().map(|start| start.instant().to_string());
        assert_eq!(start.as_deref(), Some("2026-11-23T23:00:00.000Z"), "{policy}");
    }
}

#[tokio::test]
async fn the_instances_of_a_series_with_a_zone_stay_there() {
    let mut world = daily(false, json!({"rrule": "FREQ=DAILY"})).await;
    world.live_in("Asia/Tokyo").await;
    world.settle().await;
    let first = world.only_open().await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    assert_eq!(
        due(&world).await,
        is("2026-11-24T09:00:00", "Europe/Paris", "2026-11-24T08:00:00.000Z")
    );
}

#[tokio::test]
async fn a_floating_instance_that_is_kept_open_moves_when_the_instant_comes_where_the_user_is() {
    let mut world = daily(true, json!({"rrule": "FREQ=DAILY", "late_policy": "keep_one_open"})).await;
    world.live_in("America/New_York").await;
    world.settle().await;
    for (now, expected) in [
        // Nine in Paris, when it would have moved there.
        ("2026-11-24T08:00:00Z", "2026-11-23T14:00:00.000Z"),
        ("2026-11-24T13:59:59Z", "2026-11-23T14:00:00.000Z"),
        ("2026-11-24T14:00:00Z", "2026-11-24T14:00:00.000Z"),
    ] {
        super::late::live_until(&mut world, now).await;
        assert_eq!(due(&world).await.2, expected, "{now}");
    }
}

#[tokio::test]
async fn a_floating_series_that_counts_from_completion_counts_from_the_day_where_the_user_is() {
    let mut world = daily(true, json!({"rrule": "FREQ=DAILY;INTERVAL=2", "anchor": "completion"})).await;
    world.live_in("Asia/Tokyo").await;
    world.settle().await;
    // It is the 24th in Tokyo already.
    world.until("2026-11-23T16:00:00Z").await;
    let first = world.only_open().await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    assert_eq!(
        due(&world).await,
        is("2026-11-26T09:00:00", "Asia/Tokyo", "2026-11-26T00:00:00.000Z")
    );
}

#[tokio::test]
async fn a_reminder_at_a_time_of_day_reminds_of_every_instance() {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let due = json!({"at": "2026-11-23T09:00:00"});
    let reminders = json!([{"time": "20:00", "before": "P1D"}, {"time": "08:30"}, {"at": "2026-11-23T06:00:00Z"}]);
    let task = json!({"title": "a", "due": due, "reminders": reminders, "recurrence": {"rrule": "FREQ=DAILY"}});
    world.create(task).await;
    world.settle().await;
    super::late::live_until(&mut world, "2026-11-23T09:00:00Z").await;
    let first = world.only_open().await;
    world.complete(first.id).await.unwrap();
    super::late::live_until(&mut world, "2026-11-24T09:00:00Z").await;
    let mut fired: Vec<String> = world
        .notifications()
        .await
        .iter()
        .map(|fired| fired.due_at.to_string())
        .collect();
    fired.sort();
    assert_eq!(
        fired,
        [
            "2026-11-22T19:00:00.000Z",
            "2026-11-23T06:00:00.000Z",
            "2026-11-23T07:30:00.000Z",
            "2026-11-23T19:00:00.000Z",
            "2026-11-24T07:30:00.000Z",
        ]
    );
}

/// The hand-over of an instance may be under way while its user travels.
#[tokio::test]
async fn an_instance_that_was_made_before_a_flight_and_arrives_after_it_is_where_the_user_is() {
    let mut world = daily(true, json!({"rrule": "FREQ=DAILY"})).await;
    let first = world.only_open().await;
    world.complete(first.id).await.unwrap();
    world.live_in("Asia/Tokyo").await;
    world.settle().await;
    assert_eq!(
        due(&world).await,
        is("2026-11-24T09:00:00", "Asia/Tokyo", "2026-11-24T00:00:00.000Z")
    );
    let mut created = world
        .history
        .iter()
        .flat_map(|commit| &commit.events)
        .filter_map(|event| {
            let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap();
            (event.event_type == punctual_events::EventType::TaskCreated).then_some(data)
        });
    let last = created.next_back().unwrap();
    assert_eq!(last["task"]["due"]["time_zone"], "Asia/Tokyo", "also in its event");
    let series = world.series(world.only_open().await.series.unwrap()).await.unwrap();
    assert_eq!(&*series.definition.time_zone, "Asia/Tokyo", "and the series knows");
}
