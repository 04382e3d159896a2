//! How a series ends, and what it still knows then.

use punctual_actors::Code;
use punctual_events::OccurrenceOutcome::{Done, Skipped};
use serde_json::json;

use super::life::weekly;

#[tokio::test]
async fn deleting_the_series_leaves_nothing_open() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.delete(first.id, true).await.unwrap();
    world.settle().await;
    assert!(world.open().await.is_empty());
    assert!(world.series(first.series.unwrap()).await.unwrap().ended);
    assert_eq!(world.outcomes(first.series.unwrap()).await, [Some(Skipped)]);
    assert_eq!(world.next_wakeup().await, None);
}

#[tokio::test]
async fn an_instance_on_its_way_when_the_series_is_deleted_was_skipped() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    world.delete(first.id, true).await.unwrap();
    world.settle().await;
    assert!(world.open().await.is_empty());
    assert_eq!(world.outcomes(first.series.unwrap()).await, [Some(Done), Some(Skipped)]);
}

#[tokio::test]
async fn an_instance_left_open_by_the_deletion_of_its_series_is_closed_like_any() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    let series = first.series.unwrap();
    world.complete(first.id).await.unwrap();
    world.settle().await;
    world.delete(first.id, true).await.unwrap();
    world.settle().await;
    assert_eq!(world.outcomes(series).await, [Some(Done), None]);
    let second = world.only_open().await;
    world.delete(second.id, true).await.unwrap();
    world.settle().await;
    assert_eq!(world.outcomes(series).await, [Some(Done), Some(Skipped)]);
}

#[tokio::test]
async fn taking_the_recurrence_away_leaves_a_plain_task() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.patch(first.id, json!({"recurrence": null})).await.unwrap();
    world.settle().await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    assert!(world.open().await.is_empty());
    assert_eq!(world.outcomes(first.series.unwrap()).await, [Some(Done)]);
}

#[tokio::test]
async fn a_task_that_begins_another_series_was_skipped_in_the_one_that_ended() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.patch(first.id, json!({"recurrence": null})).await.unwrap();
    let again = json!({"recurrence": {"rrule": "FREQ=DAILY"}});
    let again = world.patch(first.id, again).await.unwrap();
    world.settle().await;
    assert_eq!(world.outcomes(first.series.unwrap()).await, [Some(Skipped)]);
    assert_eq!(world.outcomes(again.series.unwrap()).await, [None]);
}

#[tokio::test]
async fn an_ended_series_never_has_two_open_instances() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let second = world.only_open().await;
    world.patch(second.id, json!({"recurrence": null})).await.unwrap();
    world.settle().await;
    let refused = world.reopen(first.id).await.unwrap_err();
    let detail = "another instance of its series, which has ended, is open, and two never are";
    assert_eq!((refused.code, &*refused.detail), (Code::OccurrenceSuperseded, detail));
    world.complete(second.id).await.unwrap();
    world.reopen(first.id).await.unwrap();
    world.settle().await;
    assert_eq!(world.only_open().await.id, first.id);
}
