//! The life of a series: each test a thing that people rely on.

use punctual_actors::Code;
use punctual_events::OccurrenceOutcome::{Done, Missed, Skipped};
use serde_json::json;

use super::{
    faults::Fault,
    world::{World, due_at, is_open},
};

const MONDAY: &str = "2026-11-23T08:00:00Z";

/// A world in Paris with a task that is due on Monday at nine and recurs by `rrule`.
pub(super) async fn weekly(rrule: &str) -> (World, std::sync::Arc<punctual_events::Task>) {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let task = world
        .create(json!({
            "title": "water the plants",
            "due": {"at": "2026-11-23T09:00:00"},
            "recurrence": {"rrule": rrule},
            "reminders": [{"before": "PT15M"}, {"at": "2026-11-23T07:00:00Z"}],
            "tags": ["home"],
            "priority": "high",
        }))
        .await;
    world.settle().await;
    (world, task)
}

#[tokio::test]
async fn completing_an_instance_makes_the_next_one_once() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let second = world.only_open().await;
    assert_eq!(due_at(&second), "2026-11-30T09:00:00");
    assert_eq!((second.series, second.occurrence), (first.series, Some(1)));
    assert_eq!(
        (&second.title, &second.tags, second.priority),
        (&first.title, &first.tags, first.priority)
    );
    assert_eq!(second.version, 1);
    assert_eq!(
        *second.reminders,
        first.reminders[..1],
        "only the relative reminder is everybody's"
    );
    assert_eq!(world.outcomes(first.series.unwrap()).await, [Some(Done), None]);
    assert_eq!(
        world.next_wakeup().await,
        Some("2026-11-30T07:45:00Z".parse().unwrap()),
        "no hand-over is owed"
    );
}

#[tokio::test]
async fn two_series_of_one_user_go_on_independently() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    let other = world
        .create(json!({"title": "b", "due": {"date": "2026-11-23"}, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    world.settle().await;
    world.complete(other.id).await.unwrap();
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let dues: Vec<String> = world.open().await.iter().map(|task| due_at(task)).collect();
    assert_eq!(dues.len(), 2, "{dues:?}");
    assert!(dues.contains(&"2026-11-30T09:00:00".to_owned()) && dues.contains(&"2026-11-24".to_owned()));
}

#[tokio::test]
async fn completing_late_rolls_to_the_next_future_date() {
    let (mut world, first) = weekly("FREQ=DAILY").await;
    world.until("2026-11-26T10:30:00Z").await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let next = world.only_open().await;
    assert_eq!(
        (due_at(&next), next.occurrence, next.overdue),
        ("2026-11-27T09:00:00".to_owned(), Some(4), false)
    );
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert_eq!(outcomes, [Some(Done), Some(Missed), Some(Missed), Some(Missed), None]);
}

#[tokio::test]
async fn what_counts_as_late_is_the_moment_of_completion_not_of_delivery() {
    let (mut world, first) = weekly("FREQ=DAILY").await;
    world.complete(first.id).await.unwrap();
    world.until("2026-11-29T00:00:00Z").await;
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-24T09:00:00");
}

#[tokio::test]
async fn completing_early_goes_on_from_the_instance_and_not_from_today() {
    let (mut world, first) = weekly("FREQ=DAILY").await;
    for due in ["2026-11-24T09:00:00", "2026-11-25T09:00:00", "2026-11-26T09:00:00"] {
        world.complete(world.only_open().await.id).await.unwrap();
        world.settle().await;
        assert_eq!(due_at(&*world.only_open().await), due);
    }
    assert_eq!(world.outcomes(first.series.unwrap()).await.len(), 4);
}

#[tokio::test]
async fn after_completion_counts_from_the_day_of_completion() {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let recurrence = json!({"rrule": "FREQ=DAILY;INTERVAL=3", "anchor": "completion"});
    let task = world
        .create(json!({"title": "a", "due": {"at": "2026-11-23T09:00:00"}, "recurrence": recurrence}))
        .await;
    // Already the 27th in Paris.
    world.until("2026-11-26T23:30:00Z").await;
    world.complete(task.id).await.unwrap();
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-30T09:00:00");
    assert_eq!(world.outcomes(task.series.unwrap()).await, [Some(Done), None]);
}

#[tokio::test]
async fn the_hour_stays_through_both_changes_of_the_clock() {
    let mut world = World::new("2026-03-28T00:00:00Z", "Europe/Paris").await;
    let task = world
        .create(json!({"title": "a", "due": {"at": "2026-03-28T02:30:00"}, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    let mut dues = Vec::new();
    let mut open = task;
    for _ in 0..3 {
        dues.push((due_at(&open), open.due.as_ref().unwrap().instant().to_string()));
        world.complete(open.id).await.unwrap();
        world.settle().await;
        open = world.only_open().await;
    }
    let expected = [
        ("2026-03-28T02:30:00", "2026-03-28T01:30:00.000Z"),
        // 02:30 does not exist that day: it moves forward by the gap. The wall time is kept, and so is the next day's.
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00.000Z"),
        ("2026-03-30T02:30:00", "2026-03-30T00:30:00.000Z"),
    ];
    assert_eq!(dues, expected.map(|(at, instant)| (at.to_owned(), instant.to_owned())));
}

#[tokio::test]
async fn an_hour_that_comes_twice_is_one_occurrence_at_the_first() {
    let mut world = World::new("2026-10-24T12:00:00Z", "Europe/Paris").await;
    let task = world
        .create(json!({"title": "a", "due": {"at": "2026-10-24T02:30:00"}, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    world.complete(task.id).await.unwrap();
    world.settle().await;
    let twice = world.only_open().await;
    assert_eq!(
        twice.due.as_ref().unwrap().instant(),
        "2026-10-25T00:30:00Z".parse().unwrap()
    );
    world.until("2026-10-25T01:45:00Z").await;
    world.complete(twice.id).await.unwrap();
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-10-26T02:30:00");
}

#[tokio::test]
async fn an_all_day_series_follows_the_user_to_another_zone() {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let task = world
        .create(json!({"title": "a", "due": {"date": "2026-11-22"}, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    world.settle().await;
    let time_zone = "Pacific/Auckland".into();
    world
        .command(punctual_actors::user::UserCommand::ChangeUser { time_zone })
        .await
        .unwrap();
    // The 22nd is over in Auckland, not in Paris, and the 23rd lasts there.
    world.complete(task.id).await.unwrap();
    world.settle().await;
    let next = world.only_open().await;
    assert_eq!(due_at(&next), "2026-11-23");
    assert_eq!(
        next.due.as_ref().unwrap().instant(),
        "2026-11-22T11:00:00Z".parse().unwrap()
    );
}

#[tokio::test]
async fn deleting_the_open_instance_skips_it() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.delete(first.id, false).await.unwrap();
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-30T09:00:00");
    assert_eq!(world.outcomes(first.series.unwrap()).await, [Some(Skipped), None]);
}

#[tokio::test]
async fn a_changed_rule_holds_from_the_open_instance_on() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let second = world.only_open().await;
    world
        .patch(
            second.id,
            json!({"recurrence": {"rrule": "FREQ=MONTHLY"}, "title": "b"}),
        )
        .await
        .unwrap();
    world.complete(second.id).await.unwrap();
    world.settle().await;
    let third = world.only_open().await;
    assert_eq!((due_at(&third), &*third.title), ("2026-12-30T09:00:00".to_owned(), "b"));
}

#[tokio::test]
async fn a_rule_changed_together_with_the_due_goes_on_after_the_new_due() {
    let (mut world, first) = weekly("FREQ=WEEKLY;BYDAY=MO").await;
    let patch = json!({"due": {"at": "2026-11-25T09:00:00"}, "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=WE"}});
    world.patch(first.id, patch).await.unwrap();
    world.complete(first.id).await.unwrap();
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-12-02T09:00:00");
}

#[tokio::test]
async fn an_instance_that_was_moved_leaves_the_series_where_it_is() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world
        .patch(
            first.id,
            json!({"due": {"at": "2026-11-26T18:00:00"}, "title": "just this once"}),
        )
        .await
        .unwrap();
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let next = world.only_open().await;
    assert_eq!(
        (due_at(&next), &*next.title),
        ("2026-11-30T09:00:00".to_owned(), "water the plants")
    );
}

#[tokio::test]
async fn reopening_withdraws_the_untouched_successor() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let successor = world.only_open().await;
    let reopened = world.reopen(first.id).await.unwrap();
    assert!(is_open(&reopened) && reopened.completed.is_none());
    assert_eq!(
        world.only_open().await.id,
        first.id,
        "at once, without waiting for anybody"
    );
    world.settle().await;
    assert_eq!(world.outcomes(first.series.unwrap()).await, [None]);
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let again = world.only_open().await;
    assert_eq!(due_at(&again), due_at(&successor));
    assert_ne!(again.id, successor.id, "what was deleted stays deleted");
}

#[tokio::test]
async fn reopening_before_the_successor_came_keeps_it_away() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    world.reopen(first.id).await.unwrap();
    world.settle().await;
    assert_eq!(world.only_open().await.id, first.id);
    assert_eq!(world.outcomes(first.series.unwrap()).await, [None]);
}

#[tokio::test]
async fn reopening_is_refused_once_the_successor_was_touched_or_closed() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let second = world.only_open().await;
    world.patch(second.id, json!({"title": "touched"})).await.unwrap();
    assert_eq!(
        world.reopen(first.id).await.unwrap_err().code,
        Code::OccurrenceSuperseded
    );
    world.complete(second.id).await.unwrap();
    assert_eq!(
        world.reopen(first.id).await.unwrap_err().code,
        Code::OccurrenceSuperseded
    );
    world.settle().await;
    assert_eq!(
        world.reopen(first.id).await.unwrap_err().code,
        Code::OccurrenceSuperseded
    );
    world.reopen(second.id).await.unwrap();
    world.settle().await;
    assert_eq!(world.only_open().await.id, second.id);
}

#[tokio::test]
async fn an_instance_can_be_reopened_each_time_it_was_completed_late() {
    let (mut world, first) = weekly("FREQ=DAILY").await;
    for day in ["2026-11-26T10:00:00Z", "2026-11-29T10:00:00Z", "2026-12-03T10:00:00Z"] {
        world.until(day).await;
        world.complete(first.id).await.unwrap();
        world.settle().await;
        assert!(world.only_open().await.id != first.id);
        world.reopen(first.id).await.unwrap();
        world.settle().await;
        assert_eq!(world.only_open().await.id, first.id);
    }
}

#[tokio::test]
async fn a_series_with_a_count_ends_and_its_last_instance_can_be_reopened() {
    let (mut world, first) = weekly("FREQ=WEEKLY;COUNT=2").await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let last = world.only_open().await;
    world.complete(last.id).await.unwrap();
    world.settle().await;
    let series = first.series.unwrap();
    assert!(world.open().await.is_empty() && world.series(series).await.unwrap().ended);
    world.reopen(last.id).await.unwrap();
    world.settle().await;
    assert_eq!(world.only_open().await.id, last.id);
    assert!(!world.series(series).await.unwrap().ended);
    world.complete(last.id).await.unwrap();
    world.settle().await;
    assert!(world.open().await.is_empty() && world.series(series).await.unwrap().ended);
    assert_eq!(world.outcomes(series).await, [Some(Done), Some(Done)]);
}

#[tokio::test]
async fn a_deleted_user_owes_nobody_anything_and_their_series_are_deleted_too() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    let unstarted = world
        .create(json!({"title": "secret", "due": {"date": "2026-11-23"}, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    world.complete(first.id).await.unwrap();
    let before = world.published();
    world
        .command(punctual_actors::user::UserCommand::DeleteUser)
        .await
        .unwrap();
    world.settle().await;
    // What was published before arrives late.
    for commit in before {
        world.deliver(&commit).await.unwrap();
    }
    world.settle().await;
    assert_eq!(world.next_wakeup().await, None);
    for series in [first.series.unwrap(), unstarted.series.unwrap()] {
        assert!(world.series(series).await.is_err());
    }
    assert!(world.open().await.is_empty());
}

#[tokio::test]
async fn what_failed_is_offered_again_by_the_sender_itself() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    // The events are lost altogether.
    drop(world.published());
    world.until("2026-11-22T12:00:11Z").await;
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-30T09:00:00");
}

#[tokio::test]
async fn an_offer_that_overtakes_another_waits_for_it() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    let close = world.published();
    world.reopen(first.id).await.unwrap();
    let reopen = world.published();
    for commit in reopen.iter().chain(&close).chain(&reopen) {
        world.deliver(commit).await.unwrap();
    }
    world.settle().await;
    assert_eq!(world.outcomes(first.series.unwrap()).await, [None]);
    assert_eq!(world.only_open().await.id, first.id);
    assert_eq!(
        world.next_wakeup().await,
        Some("2026-11-23T07:00:00Z".parse().unwrap()),
        "only the reminder is left"
    );
}

#[tokio::test]
async fn every_call_may_fail_before_or_after_and_one_instance_results() {
    for calls in 0..6 {
        for fault in [Fault::Before, Fault::After] {
            let (mut world, first) = weekly("FREQ=WEEKLY").await;
            world.complete(first.id).await.unwrap();
            let mut faults = vec![Some(fault)];
            faults.extend(std::iter::repeat_n(None, calls));
            world.stage.faults.plan(faults);
            world.settle().await;
            let next = world.only_open().await;
            assert_eq!(
                (due_at(&next), next.occurrence),
                ("2026-11-30T09:00:00".to_owned(), Some(1)),
                "{calls} {fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn reminders_of_the_next_instance_fire_by_their_own_due() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.until(MONDAY).await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    world.until("2026-11-30T08:00:00Z").await;
    let fired: Vec<String> = world
        .published()
        .iter()
        .flat_map(|commit| commit.cloud_events(punctual_events::Topic::Reminders).unwrap())
        .map(|event| event.commit.time.to_string())
        .collect();
    assert_eq!(fired, ["2026-11-30T07:45:00.000Z"]);
}
