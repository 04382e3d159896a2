//! What was to remind of an instance before it was there, because the one before it was closed late, or whatever hands it over was away.

use serde_json::{Value, json};

use super::{
    late::{daily, is_quiet_at_night, live_until},
    life::weekly,
    world::{World, due_at},
};

/// The instants of what reminded of the only open task, in order, each with whether it came late.
async fn of_the_open_one(world: &World) -> Vec<(String, bool)> {
    let open = world.only_open().await;
    let notifications = world.notifications().await;
    let fired = notifications.iter().filter(|fired| fired.task == open.id);
    let mut fired: Vec<_> = fired.map(|fired| (fired.due_at.to_string(), fired.late)).collect();
    fired.sort();
    fired
}

/// A world in Paris with a task that is due on Monday, 23 November 2026, at nine, every day, and has these reminders.
async fn with_reminders(recurrence: Value, reminders: Value) -> World {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let due = json!({"at": "2026-11-23T09:00:00"});
    world
        .create(json!({"title": "a", "due": due, "recurrence": recurrence, "reminders": reminders}))
        .await;
    world.settle().await;
    world
}

/// The open one is completed then, and what that leads to arrives at `delivered`.
async fn complete_at(world: &mut World, closed: &str, delivered: &str) {
    world.until(closed).await;
    world.complete(world.only_open().await.id).await.unwrap();
    world.until(delivered).await;
    world.settle().await;
}

#[tokio::test]
async fn a_reminder_that_passed_before_the_next_instance_was_there_fires_late_and_once() {
    let (mut world, first) = weekly("FREQ=DAILY").await;
    world.complete(first.id).await.unwrap();
    // Whatever was to hand the next one over was away until long after its reminder.
    world.until("2026-11-24T08:30:00Z").await;
    world.settle().await;
    let next = world.only_open().await;
    let fired: Vec<_> = world.notifications().await;
    let of_next: Vec<_> = fired.iter().filter(|fired| fired.task == next.id).collect();
    let [fired] = of_next[..] else { panic!("{fired:?}") };
    assert_eq!(
        (fired.due_at.to_string(), fired.late),
        ("2026-11-24T07:45:00.000Z".to_owned(), true)
    );
    world.wake().await;
    assert_eq!(world.next_wakeup().await, None);
}

#[tokio::test]
async fn a_reminder_that_passed_before_the_one_before_was_closed_comes_late_while_its_instance_is_not_overdue() {
    for closed in ["2026-11-24T07:45:44Z", "2026-11-24T07:59:59Z"] {
        // Also where what hands it over was away until it was overdue.
        for delivered in [closed, "2026-11-24T12:00:00Z"] {
            let mut world = with_reminders(daily("roll_to_future"), json!([{"before": "PT15M"}])).await;
            complete_at(&mut world, closed, delivered).await;
            assert_eq!(due_at(&*world.only_open().await), "2026-11-24T09:00:00");
            let expected = [("2026-11-24T07:45:00.000Z".to_owned(), true)];
            assert_eq!(of_the_open_one(&world).await, expected, "{closed}, {delivered}");
            world.wake().await;
            assert_eq!(world.next_wakeup().await, None, "once");
        }
    }
}

#[tokio::test]
async fn a_day_reminds_late_until_it_has_ended() {
    let mut world = World::new("2026-11-22T12:00:00Z", "Europe/Paris").await;
    let due = json!({"date": "2026-11-23"});
    let recurrence = daily("roll_to_future");
    world
        .create(json!({"title": "a", "due": due, "recurrence": recurrence, "reminders": [{"time": "08:00"}]}))
        .await;
    world.settle().await;
    // 23:59 in Paris.
    let closed = "2026-11-24T22:59:00Z";
    complete_at(&mut world, closed, closed).await;
    assert_eq!(due_at(&*world.only_open().await), "2026-11-24");
    let expected = [("2026-11-24T07:00:00.000Z".to_owned(), true)];
    assert_eq!(of_the_open_one(&world).await, expected);
}

#[tokio::test]
async fn an_instance_that_is_overdue_when_it_comes_is_silent_about_all_but_the_last_minute() {
    let reminders = json!([{"before": "PT15M"}, {"before": "PT0S"}]);
    for (closed, expected) in [
        ("2026-11-24T08:00:59Z", &["2026-11-24T08:00:00.000Z"][..]),
        ("2026-11-24T08:01:00Z", &[]),
    ] {
        let mut world = with_reminders(daily("catch_up"), reminders.clone()).await;
        // Whatever was away meanwhile makes no difference.
        complete_at(&mut world, closed, "2026-11-24T20:00:00Z").await;
        assert_eq!(due_at(&*world.only_open().await), "2026-11-24T09:00:00");
        let expected: Vec<_> = expected.iter().map(|at| ((*at).to_owned(), true)).collect();
        assert_eq!(of_the_open_one(&world).await, expected, "{closed}");
    }
}

#[tokio::test]
async fn what_reminded_of_an_instance_that_was_withdrawn_does_not_remind_of_it_again() {
    let mut world = with_reminders(daily("roll_to_future"), json!([{"before": "P1D"}])).await;
    let first = world.only_open().await.id;
    world.until("2026-11-23T09:00:00Z").await;
    let mut counts = Vec::new();
    for _ in 0..2 {
        world.complete(first).await.unwrap();
        world.settle().await;
        counts.push(world.notifications().await.len());
        world.reopen(first).await.unwrap();
        world.settle().await;
    }
    // That of the second: the first one's own had passed before it was made.
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn what_comes_with_an_instance_in_quiet_hours_is_held_until_they_end() {
    let mut world = with_reminders(daily("roll_to_future"), json!([{"before": "PT12H"}])).await;
    is_quiet_at_night(&world).await;
    // 22:30 in Paris, and 21:00 has passed.
    let closed = "2026-11-23T21:30:00Z";
    complete_at(&mut world, closed, closed).await;
    assert_eq!(of_the_open_one(&world).await, []);
    world.until("2026-11-24T06:00:00Z").await;
    let expected = [("2026-11-23T20:00:00.000Z".to_owned(), false)];
    assert_eq!(of_the_open_one(&world).await, expected);
}

#[tokio::test]
async fn what_passed_while_a_hand_over_was_away_comes_at_once_also_in_quiet_hours() {
    let mut world = with_reminders(daily("roll_to_future"), json!([{"before": "PT12H"}])).await;
    is_quiet_at_night(&world).await;
    // From 20:30 to 22:30 in Paris.
    complete_at(&mut world, "2026-11-23T19:30:00Z", "2026-11-23T21:30:00Z").await;
    let expected = [("2026-11-23T20:00:00.000Z".to_owned(), true)];
    assert_eq!(of_the_open_one(&world).await, expected);
}

/// What rang of what nags every minute, under a policy by which another occurrence takes over every two: when, and how much waits.
async fn rings_of_what_nags(policy: &str) -> (Vec<String>, usize) {
    let mut world = World::new("2026-11-23T07:30:00Z", "Europe/Paris").await;
    world
        .create(json!({
            "title": "a",
            "due": {"at": "2026-11-23T09:00:00"},
            "recurrence": {"rrule": "FREQ=MINUTELY;INTERVAL=2", "late_policy": policy},
            "reminders": [{"before": "PT0S", "repeat": {"every": "PT1M", "times": 3}}],
        }))
        .await;
    live_until(&mut world, "2026-11-23T08:05:30Z").await;
    let notifications = world.notifications().await;
    let mut rang: Vec<_> = notifications.iter().map(|fired| fired.fired_at.to_string()).collect();
    rang.sort();
    let waiting = notifications.iter().filter(|fired| fired.dismissed.is_none());
    (rang, waiting.count())
}

#[tokio::test]
async fn what_nags_rings_once_at_each_instant_also_where_another_occurrence_takes_over() {
    let expected: Vec<String> = (0..=5)
        .map(|minute| format!("2026-11-23T08:0{minute}:00.000Z"))
        .collect();
    for policy in ["keep_one_open", "skip"] {
        assert_eq!(rings_of_what_nags(policy).await, (expected.clone(), 1), "{policy}");
    }
}
