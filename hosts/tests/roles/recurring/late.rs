//! What becomes of an instance that is not completed in time, by late policy.

use std::sync::Arc;

use punctual_actors::user::UserCommand;
use punctual_events::{
    OccurrenceOutcome::{Done, Missed, Skipped},
    Task,
};
use serde_json::{Value, json};

use super::world::{World, due_at};

/// A world in Paris with a task that is due on Monday, 23 November 2026, at nine, and repeats with this recurrence.
async fn due_on_monday(recurrence: Value) -> (World, Arc<Task>) {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let due = json!({"at": "2026-11-23T09:00:00"});
    let task = world
        .create(json!({"title": "a", "due": due, "recurrence": recurrence}))
        .await;
    world.settle().await;
    (world, task)
}

pub(super) fn daily(policy: &str) -> Value {
    json!({"rrule": "FREQ=DAILY", "late_policy": policy})
}

/// What happens until then arrives at once.
pub(super) async fn live_until(world: &mut World, instant: &str) {
    let instant = instant.parse().unwrap();
    world.settle().await;
    while let Some(next) = world.next_wakeup().await.filter(|next| *next <= instant) {
        world.until(&next.max(world.now()).to_string()).await;
        world.settle().await;
    }
    world.until(&instant.to_string()).await;
}

/// The instants at which what reminded was meant to, in order.
async fn reminded_at(world: &World) -> Vec<String> {
    let notifications = world.notifications().await;
    let mut due: Vec<_> = notifications.iter().map(|fired| fired.due_at.to_string()).collect();
    due.sort();
    due
}

pub(super) async fn is_quiet_at_night(world: &World) {
    let hours = serde_json::from_value(json!({"from": "22:00", "until": "07:00"})).unwrap();
    let quiet = UserCommand::ChangeQuiet { hours: Some(hours) };
    world.command(quiet).await.unwrap();
}

#[tokio::test]
async fn catching_up_makes_every_occurrence_that_passed_one_after_the_other() {
    let (mut world, first) = due_on_monday(daily("catch_up")).await;
    live_until(&mut world, "2026-11-25T10:00:00Z").await;
    for due in [
        "2026-11-24T09:00:00",
        "2026-11-25T09:00:00",
        "2026-11-26T09:00:00",
        "2026-11-27T09:00:00",
    ] {
        world.complete(world.only_open().await.id).await.unwrap();
        world.settle().await;
        let next = world.only_open().await;
        assert_eq!((due_at(&next), next.overdue), (due.to_owned(), due < "2026-11-25T10"));
    }
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert_eq!(outcomes, [Some(Done), Some(Done), Some(Done), Some(Done), None]);
    assert_eq!(world.next_wakeup().await, None, "no instant does anything by itself");
}

#[tokio::test]
async fn the_one_that_is_kept_open_moves_to_each_instant_that_comes() {
    let (mut world, first) = due_on_monday(daily("keep_one_open")).await;
    world.patch(first.id, json!({"title": "touched"})).await.unwrap();
    world.settle().await;
    live_until(&mut world, "2026-11-24T07:59:59.999Z").await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-23T09:00:00");
    for (day, occurrence) in [(24, 1), (25, 2), (26, 3)] {
        live_until(&mut world, &format!("2026-11-{day}T08:00:00Z")).await;
        let open = world.only_open().await;
        assert_eq!(due_at(&open), format!("2026-11-{day}T09:00:00"));
        assert_eq!(
            (open.id, open.occurrence, &*open.title),
            (first.id, Some(occurrence), "touched")
        );
    }
    world.complete(first.id).await.unwrap();
    world.settle().await;
    let next = world.only_open().await;
    assert_eq!(
        (due_at(&next), next.occurrence),
        ("2026-11-27T09:00:00".to_owned(), Some(4))
    );
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert_eq!(outcomes, [Some(Missed), Some(Missed), Some(Missed), Some(Done), None]);
}

#[tokio::test]
async fn the_one_that_is_kept_open_moves_to_the_newest_instant_after_a_long_absence() {
    let rule = json!({"rrule": "FREQ=HOURLY", "late_policy": "keep_one_open"});
    let (mut world, first) = due_on_monday(rule).await;
    // More than are recorded.
    world.until("2027-01-22T08:30:00Z").await;
    world.settle().await;
    live_until(&mut world, "2027-01-22T08:31:00Z").await;
    let open = world.only_open().await;
    assert_eq!((open.id, due_at(&open)), (first.id, "2027-01-22T09:00:00".to_owned()));
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert!(outcomes.len() > 1_000 && outcomes.len() < 1_010, "{}", outcomes.len());
    live_until(&mut world, "2027-01-22T09:00:00Z").await;
    assert_eq!(due_at(&*world.only_open().await), "2027-01-22T10:00:00");
}

#[tokio::test]
async fn one_that_is_skipped_gives_way_to_a_new_one_at_the_next_instant() {
    let (mut world, first) = due_on_monday(daily("skip")).await;
    live_until(&mut world, "2026-11-24T07:59:59.999Z").await;
    assert_eq!(world.only_open().await.id, first.id);
    live_until(&mut world, "2026-11-25T08:00:00Z").await;
    let third = world.only_open().await;
    assert_eq!(
        (due_at(&third), third.occurrence),
        ("2026-11-25T09:00:00".to_owned(), Some(2))
    );
    // Early or not: what comes next is what is next.
    world.complete(third.id).await.unwrap();
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-26T09:00:00");
    live_until(&mut world, "2026-11-26T12:00:00Z").await;
    assert_eq!(
        due_at(&*world.only_open().await),
        "2026-11-26T09:00:00",
        "it is its own instant that came"
    );
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert_eq!(outcomes, [Some(Skipped), Some(Skipped), Some(Done), None]);
}

#[tokio::test]
async fn what_is_skipped_during_an_absence_has_no_instances() {
    let (mut world, first) = due_on_monday(daily("skip")).await;
    world.until("2026-11-26T08:30:00Z").await;
    live_until(&mut world, "2026-11-26T08:31:00Z").await;
    let open = world.only_open().await;
    assert_eq!(
        (due_at(&open), open.occurrence),
        ("2026-11-26T09:00:00".to_owned(), Some(3))
    );
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert_eq!(outcomes, [Some(Skipped), Some(Skipped), Some(Skipped), None]);
}

#[tokio::test]
async fn a_completion_that_crosses_with_the_next_instant_counts_and_the_series_goes_on() {
    for (policy, outcomes) in [
        ("keep_one_open", [Some(Done), Some(Missed), None]),
        ("skip", [Some(Done), None, None]),
    ] {
        let (mut world, first) = due_on_monday(daily(policy)).await;
        world.until("2026-11-24T08:00:00Z").await;
        // The series asks for the instance that is completed before the question arrives.
        world.complete(first.id).await.unwrap();
        world.settle().await;
        let there = world.outcomes(first.series.unwrap()).await;
        assert_eq!(there, outcomes[..there.len()], "{policy}");
        assert_eq!(there.last(), Some(&None));
        live_until(&mut world, "2026-11-27T08:00:00Z").await;
        assert_eq!(due_at(&*world.only_open().await), "2026-11-27T09:00:00", "{policy}");
    }
}

#[tokio::test]
async fn one_that_is_reopened_gives_way_at_the_next_instant_and_not_at_one_that_has_come() {
    let (mut world, first) = due_on_monday(daily("skip")).await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    world.until("2026-11-24T12:00:00Z").await;
    world.reopen(first.id).await.unwrap();
    world.settle().await;
    world.forget(true).await;
    live_until(&mut world, "2026-11-25T07:59:59Z").await;
    assert_eq!(world.only_open().await.id, first.id);
    live_until(&mut world, "2026-11-25T08:00:00Z").await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-25T09:00:00");
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert_eq!(outcomes, [Some(Skipped), Some(Skipped), None]);
}

#[tokio::test]
async fn one_that_was_reopened_under_skip_moves_to_what_has_come_once_its_series_keeps_one_open() {
    let (mut world, first) = due_on_monday(daily("skip")).await;
    world.complete(first.id).await.unwrap();
    world.settle().await;
    world.until("2026-11-24T12:00:00Z").await;
    world.reopen(first.id).await.unwrap();
    world.settle().await;
    let keeps = json!({"recurrence": {"late_policy": "keep_one_open"}});
    world.patch(first.id, keeps).await.unwrap();
    live_until(&mut world, "2026-11-24T12:00:01Z").await;
    let open = world.only_open().await;
    assert_eq!((open.id, due_at(&open)), (first.id, "2026-11-24T09:00:00".to_owned()));
}

#[tokio::test]
async fn one_that_is_completed_twice_and_reopened_after_it_was_moved_is_where_it_was() {
    let (mut world, first) = due_on_monday(daily("keep_one_open")).await;
    live_until(&mut world, "2026-11-25T08:00:00Z").await;
    world.complete(first.id).await.unwrap();
    world.complete(first.id).await.unwrap();
    world.settle().await;
    world.reopen(first.id).await.unwrap();
    world.settle().await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-25T09:00:00");
    live_until(&mut world, "2026-11-26T08:00:00Z").await;
    let open = world.only_open().await;
    assert_eq!((open.id, due_at(&open)), (first.id, "2026-11-26T09:00:00".to_owned()));
    let outcomes = world.outcomes(first.series.unwrap()).await;
    assert_eq!(outcomes, [Some(Missed), Some(Missed), Some(Missed), None]);
}

#[tokio::test]
async fn a_task_created_with_a_due_long_past_is_where_its_policy_puts_it() {
    for (policy, due) in [
        ("keep_one_open", "2026-11-22T09:00:00"),
        ("skip", "2026-11-22T09:00:00"),
        ("catch_up", "2026-11-01T09:00:00"),
    ] {
        let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
        let task = json!({"title": "a", "due": {"at": "2026-11-01T09:00:00"}, "recurrence": daily(policy)});
        world.create(task).await;
        world.settle().await;
        live_until(&mut world, "2026-11-22T12:00:01Z").await;
        assert_eq!(due_at(&*world.only_open().await), due, "{policy}");
    }
}

#[tokio::test]
async fn a_due_that_a_person_moved_beyond_the_next_instant_stays() {
    let (mut world, first) = due_on_monday(daily("keep_one_open")).await;
    world
        .patch(first.id, json!({"due": {"at": "2026-11-24T18:00:00"}}))
        .await
        .unwrap();
    live_until(&mut world, "2026-11-24T12:00:00Z").await;
    let open = world.only_open().await;
    assert_eq!(
        (due_at(&open), open.occurrence),
        ("2026-11-24T18:00:00".to_owned(), Some(1))
    );
    live_until(&mut world, "2026-11-25T08:00:00Z").await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-25T09:00:00");
}

#[tokio::test]
async fn the_start_moves_with_the_due_and_reminders_remind_of_it() {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let task = world
        .create(json!({
            "title": "a", "due": {"at": "2026-11-23T09:00:00"}, "start": {"at": "2026-11-22T18:00:00"},
            "reminders": [{"before": "PT15M"}], "recurrence": daily("keep_one_open"),
        }))
        .await;
    world.settle().await;
    live_until(&mut world, "2026-11-24T08:00:00Z").await;
    let open = world.only_open().await;
    let start = open.start.as_deref().map(|start| start.instant().to_string());
    assert_eq!((open.id, start.as_deref()), (task.id, Some("2026-11-23T17:00:00.000Z")));
    let fired: Vec<String> = world
        .notifications()
        .await
        .iter()
        .map(|fired| fired.due_at.to_string())
        .collect();
    assert_eq!(fired, ["2026-11-24T07:45:00.000Z", "2026-11-23T07:45:00.000Z"]);
}

#[tokio::test]
async fn what_nags_about_the_instance_that_is_kept_begins_anew_with_each_instant() {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    world
        .create(json!({
            "title": "a", "due": {"at": "2026-11-23T09:00:00"}, "recurrence": daily("keep_one_open"),
            "reminders": [{"before": "PT15M", "repeat": {"every": "PT8H", "times": 100}}],
        }))
        .await;
    live_until(&mut world, "2026-11-24T18:00:00Z").await;
    let notifications = world.notifications().await;
    let mut fired: Vec<_> = notifications
        .iter()
        .map(|fired| (fired.due_at.to_string(), fired.repetition))
        .collect();
    fired.sort();
    let expected = [
        ("2026-11-23T07:45:00.000Z", 0),
        ("2026-11-23T15:45:00.000Z", 1),
        ("2026-11-23T23:45:00.000Z", 2),
        ("2026-11-24T07:45:00.000Z", 0),
        ("2026-11-24T07:45:00.000Z", 3),
        ("2026-11-24T15:45:00.000Z", 1),
    ];
    assert_eq!(fired, expected.map(|(at, repetition)| (at.to_owned(), repetition)));
}

#[tokio::test]
async fn a_reminder_before_the_due_reminds_of_each_instance_also_where_the_one_before_is_given_up() {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    world
        .create(json!({
            "title": "a", "due": {"at": "2026-11-23T09:00:00"}, "recurrence": daily("skip"),
            "reminders": [{"before": "PT15M"}],
        }))
        .await;
    live_until(&mut world, "2026-11-25T12:00:00Z").await;
    assert_eq!(
        reminded_at(&world).await,
        [23, 24, 25].map(|day| format!("2026-11-{day}T07:45:00.000Z"))
    );
}

#[tokio::test]
async fn a_reminder_longer_before_the_due_than_the_interval_reminds_of_each_instance() {
    for policy in ["keep_one_open", "skip"] {
        for (before, hour) in [("P1D", 8), ("PT25H", 7)] {
            let mut world = World::new("2026-11-20T12:00:00Z", "Europe/Paris").await;
            world
                .create(json!({
                    "title": "a", "due": {"at": "2026-11-23T09:00:00"}, "recurrence": daily(policy),
                    "reminders": [{"before": before}],
                }))
                .await;
            live_until(&mut world, "2026-11-25T12:00:00Z").await;
            let expected = [22, 23, 24].map(|day| format!("2026-11-{day}T0{hour}:00:00.000Z"));
            assert_eq!(reminded_at(&world).await, expected, "{policy}, {before}");
        }
    }
}

#[tokio::test]
async fn a_reminder_that_passed_at_the_instant_of_another_of_the_one_before_fires_when_it_takes_over() {
    for policy in ["keep_one_open", "skip"] {
        let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
        world
            .create(json!({
                "title": "a", "due": {"at": "2026-11-23T09:00:00"}, "recurrence": daily(policy),
                "reminders": [{"before": "P1D"}, {"before": "PT0S"}],
            }))
            .await;
        live_until(&mut world, "2026-11-25T12:00:00Z").await;
        // At the due of each, and of the second and third a day before.
        let expected = [23, 23, 24, 24, 25].map(|day| format!("2026-11-{day}T08:00:00.000Z"));
        assert_eq!(reminded_at(&world).await, expected, "{policy}");
    }
}

#[tokio::test]
async fn what_an_instance_that_takes_over_brings_late_waits_for_the_end_of_quiet_hours() {
    for policy in ["keep_one_open", "skip"] {
        let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
        is_quiet_at_night(&world).await;
        world
            .create(json!({
                "title": "a", "due": {"at": "2026-11-23T06:30:00"}, "recurrence": daily(policy),
                "reminders": [{"before": "PT30M"}],
            }))
            .await;
        live_until(&mut world, "2026-11-25T12:00:00Z").await;
        let mut fired: Vec<_> = world
            .notifications()
            .await
            .iter()
            .map(|fired| fired.fired_at.to_string())
            .collect();
        fired.sort();
        let end_of_quiet_hours = [23, 24, 25].map(|day| format!("2026-11-{day}T06:00:00.000Z"));
        assert_eq!(fired, end_of_quiet_hours, "{policy}");
    }
}

#[tokio::test]
async fn an_instance_that_has_a_start_only_reminds_before_it_when_it_takes_over() {
    for policy in ["keep_one_open", "skip"] {
        let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
        world
            .create(json!({
                "title": "a", "start": {"at": "2026-11-23T09:00:00"}, "recurrence": daily(policy),
                "reminders": [{"before": "PT1H", "related": "start"}],
            }))
            .await;
        live_until(&mut world, "2026-11-25T12:00:00Z").await;
        let expected = [23, 24, 25].map(|day| format!("2026-11-{day}T07:00:00.000Z"));
        assert_eq!(reminded_at(&world).await, expected, "{policy}");
    }
}

#[tokio::test]
async fn what_a_person_makes_recur_in_quiet_hours_does_not_remind_of_what_has_passed() {
    let mut world = World::new("2026-11-22T22:30:00Z", "Europe/Paris").await;
    is_quiet_at_night(&world).await;
    let task = world.create(json!({"title": "a"})).await;
    let patch = json!({
        "due": {"at": "2026-11-22T23:15:00"}, "recurrence": {"rrule": "FREQ=DAILY"},
        "reminders": [{"before": "PT30M"}],
    });
    world.patch(task.id, patch).await.unwrap();
    live_until(&mut world, "2026-11-23T12:00:00Z").await;
    assert_eq!(reminded_at(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn days_begin_in_the_zone_the_user_lives_in() {
    for policy in ["keep_one_open", "skip"] {
        let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
        let task = json!({"title": "a", "due": {"date": "2026-11-22"}, "recurrence": daily(policy)});
        world.create(task).await;
        world.settle().await;
        world.live_in("America/New_York").await;
        world.settle().await;
        live_until(&mut world, "2026-11-23T04:59:59Z").await;
        assert_eq!(due_at(&*world.only_open().await), "2026-11-22", "{policy}");
        live_until(&mut world, "2026-11-23T05:00:00Z").await;
        assert_eq!(due_at(&*world.only_open().await), "2026-11-23", "{policy}");
    }
}

#[tokio::test]
async fn nothing_passes_after_the_last_occurrence_nor_where_completions_count() {
    for recurrence in [
        json!({"rrule": "FREQ=DAILY;COUNT=2", "late_policy": "keep_one_open"}),
        json!({"rrule": "FREQ=DAILY;COUNT=2", "late_policy": "skip"}),
        json!({"rrule": "FREQ=DAILY", "late_policy": "skip", "anchor": "completion"}),
    ] {
        let (mut world, _) = due_on_monday(recurrence.clone()).await;
        live_until(&mut world, "2026-12-24T00:00:00Z").await;
        let due = if recurrence["anchor"].is_null() {
            "2026-11-24T09:00:00"
        } else {
            "2026-11-23T09:00:00"
        };
        assert_eq!(due_at(&*world.only_open().await), due, "{recurrence}");
        assert_eq!(world.next_wakeup().await, None);
    }
}

#[tokio::test]
async fn a_series_that_a_person_ended_lets_its_last_instance_be() {
    let (mut world, first) = due_on_monday(daily("skip")).await;
    world.patch(first.id, json!({"recurrence": null})).await.unwrap();
    world.settle().await;
    live_until(&mut world, "2026-12-24T00:00:00Z").await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-23T09:00:00");
}

#[tokio::test]
async fn a_policy_that_is_changed_acts_from_then_on() {
    let (mut world, first) = due_on_monday(daily("roll_to_future")).await;
    live_until(&mut world, "2026-11-25T12:00:00Z").await;
    world
        .patch(first.id, json!({"recurrence": {"late_policy": "keep_one_open"}}))
        .await
        .unwrap();
    world.settle().await;
    live_until(&mut world, "2026-11-25T12:00:01Z").await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-25T09:00:00");
    world
        .patch(first.id, json!({"recurrence": {"late_policy": null}}))
        .await
        .unwrap();
    world.settle().await;
    live_until(&mut world, "2026-11-28T12:00:00Z").await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-25T09:00:00");
}

#[tokio::test]
async fn an_actor_that_left_memory_moves_its_instance_all_the_same() {
    for saved in [true, false] {
        let (mut world, _) = due_on_monday(daily("keep_one_open")).await;
        world.forget(saved).await;
        live_until(&mut world, "2026-11-24T08:00:00Z").await;
        // Asked, and not yet answered.
        world.until("2026-11-25T08:00:00Z").await;
        world.forget(saved).await;
        live_until(&mut world, "2026-11-25T08:00:01Z").await;
        assert_eq!(due_at(&*world.only_open().await), "2026-11-25T09:00:00");
        live_until(&mut world, "2026-11-26T08:00:00Z").await;
        assert_eq!(due_at(&*world.only_open().await), "2026-11-26T09:00:00");
    }
}
