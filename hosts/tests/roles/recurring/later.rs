//! Changes of one instance and of those after it, and what is to come.

use std::sync::Arc;

use punctual_actors::Code;
use punctual_events::{Moment, Task};
use serde_json::{Value, json};

use super::{
    life::weekly,
    world::{World, due_at},
};

async fn change_later(world: &mut World, task: &Task, patch: Value) -> Arc<Task> {
    let changed = world.patch_later(task.id, patch).await.unwrap();
    world.settle().await;
    changed
}

async fn complete(world: &mut World) -> Arc<Task> {
    let open = world.only_open().await;
    world.complete(open.id).await.unwrap();
    world.settle().await;
    world.only_open().await
}

async fn to_come(world: &World, task: &Task) -> Vec<(u32, String)> {
    let upcoming = world.series(task.series.unwrap()).await.unwrap().upcoming;
    let shown = upcoming.into_iter().map(|(number, at)| match at {
        Moment::Time { at, .. } => (number, at.to_string()),
        Moment::Day { date, .. } => (number, date.to_string()),
    });
    shown.collect()
}

#[tokio::test]
async fn a_change_of_one_instance_is_of_that_alone() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    let patch = json!({"title": "only today", "due": {"at": "2026-11-24T09:00:00"}, "reminders": []});
    world.patch(first.id, patch).await.unwrap();
    let next = complete(&mut world).await;
    assert_eq!((&next.title, next.reminders.len()), (&first.title, 1));
    assert_eq!(due_at(&next), "2026-11-30T09:00:00");
}

#[tokio::test]
async fn a_change_of_this_and_later_is_of_the_later_ones_too_and_of_nothing_else() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    // Of this one alone.
    let moved = json!({"due": {"at": "2026-11-24T09:00:00"}, "priority": "low"});
    world.patch(first.id, moved).await.unwrap();
    let patch = json!({"title": "feed the cat", "tags": [], "reminders": [{"before": "PT1H"}], "description": "twice"});
    let changed = change_later(&mut world, &first, patch).await;
    assert_eq!(
        (&*changed.title, due_at(&changed)),
        ("feed the cat", "2026-11-24T09:00:00".to_owned())
    );
    let next = complete(&mut world).await;
    assert_eq!(
        (&*next.title, next.tags.len(), next.description.as_deref()),
        ("feed the cat", 0, Some("twice"))
    );
    assert_eq!((&next.reminders, next.priority), (&changed.reminders, first.priority));
    assert_eq!(due_at(&next), "2026-11-30T09:00:00");
}

#[tokio::test]
async fn moving_this_and_later_moves_the_series_and_count_goes_on() {
    let (mut world, first) = weekly("FREQ=WEEKLY;COUNT=4").await;
    let second = complete(&mut world).await;
    change_later(&mut world, &second, json!({"due": {"at": "2026-12-01T18:00:00"}})).await;
    assert_eq!(
        to_come(&world, &first).await,
        [
            (2, "2026-12-08T18:00:00".to_owned()),
            (3, "2026-12-15T18:00:00".to_owned())
        ]
    );
    let third = complete(&mut world).await;
    assert_eq!(
        (due_at(&third), third.occurrence),
        ("2026-12-08T18:00:00".to_owned(), Some(2))
    );
    let fourth = complete(&mut world).await;
    assert_eq!(due_at(&fourth), "2026-12-15T18:00:00");
    world.complete(fourth.id).await.unwrap();
    world.settle().await;
    assert!(world.open().await.is_empty(), "four in all");
}

#[tokio::test]
async fn later_ones_are_changed_on_the_open_instance_of_a_series_that_goes_on_and_only_there() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    let second = complete(&mut world).await;
    let alone = world
        .create(json!({"title": "alone", "due": {"date": "2026-11-23"}}))
        .await;
    let title = json!({"title": "new"});
    for task in [alone.id, first.id] {
        let refused = world.patch_later(task, title.clone()).await.unwrap_err();
        assert_eq!((refused.code, refused.field.as_deref()), (Code::Invalid, Some("edit")));
    }
    let gone = json!({"due": null});
    assert_eq!(
        world.patch_later(second.id, gone).await.unwrap_err().code,
        Code::RecurrenceWithoutDate
    );
    world.patch(second.id, json!({"recurrence": null})).await.unwrap();
    assert_eq!(
        world.patch_later(second.id, title).await.unwrap_err().code,
        Code::Invalid
    );
}

#[tokio::test]
async fn a_completion_right_after_a_change_of_later_ones_knows_it() {
    let (mut world, first) = weekly("FREQ=WEEKLY").await;
    world.patch_later(first.id, json!({"title": "new"})).await.unwrap();
    world.complete(first.id).await.unwrap();
    let commits = world.published();
    for commit in commits.iter().rev().chain(&commits) {
        world.deliver(commit).await.unwrap();
    }
    world.settle().await;
    world.pass_hours(1).await;
    world.settle().await;
    assert_eq!(&*world.only_open().await.title, "new");
}

#[tokio::test]
async fn what_is_to_come_is_what_will_be_made_if_the_open_one_is_completed_now() {
    for (policy, expected) in [
        (
            "roll_to_future",
            [(4, "2026-11-27T09:00:00"), (5, "2026-11-28T09:00:00")],
        ),
        ("catch_up", [(1, "2026-11-24T09:00:00"), (2, "2026-11-25T09:00:00")]),
    ] {
        let (mut world, first) = weekly("FREQ=DAILY").await;
        world
            .patch(first.id, json!({"recurrence": {"late_policy": policy}}))
            .await
            .unwrap();
        world.settle().await;
        world.until("2026-11-26T10:30:00Z").await;
        let found = to_come(&world, &first).await;
        assert_eq!(found.len(), 5);
        assert_eq!(found[..2], expected.map(|(number, at)| (number, at.to_owned())));
        let next = complete(&mut world).await;
        assert_eq!((next.occurrence.unwrap(), due_at(&next)), found[0]);
        assert_eq!(to_come(&world, &first).await[0], found[1]);
    }
}

#[tokio::test]
async fn one_at_most_is_to_come_where_completions_count_and_none_after_the_end() {
    let (mut world, first) = weekly("FREQ=DAILY;INTERVAL=3").await;
    world
        .patch(first.id, json!({"recurrence": {"anchor": "completion"}}))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(to_come(&world, &first).await, [(1, "2026-11-25T09:00:00".to_owned())]);
    world
        .patch(first.id, json!({"recurrence": {"rrule": "FREQ=DAILY;COUNT=1"}}))
        .await
        .unwrap();
    world.settle().await;
    assert!(to_come(&world, &first).await.is_empty());
}
