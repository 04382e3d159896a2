//! What reminded of an occurrence when another takes over, and of a task that is closed.

use punctual_events::{Handover, HandoverMessage, Moment, SeriesId};

use super::{nagging::snooze_for_an_hour as snooze, *};
use crate::user::quiet::Quiet;

/// A task that nags from ten past nine in Paris on, every minute, under a late policy; another of it comes every two minutes.
fn nagging(policy: &str, reminders: serde_json::Value) -> (Life, Arc<Task>) {
    let mut life = Life::new();
    let task = life.create(json!({
        "title": "a",
        "due": {"at": "2026-11-23T09:10:00"},
        "recurrence": {"rrule": "FREQ=MINUTELY;INTERVAL=2", "late_policy": policy},
        "reminders": reminders,
    }));
    (life, task.unwrap())
}

fn each_minute() -> serde_json::Value {
    json!([{"before": "PT0S", "repeat": {"every": "PT1M", "times": 3}}])
}

fn at(wall: &str) -> Moment {
    let at: punctual_events::WallTime = format!("2026-11-23T{wall}").parse().unwrap();
    Moment::Time {
        at,
        floating: false,
        instant: BundledZones.resolve("Europe/Paris", at.get()).unwrap(),
        time_zone: "Europe/Paris".into(),
    }
}

/// A hand-over of the series arrives.
fn receive(life: &mut Life, from: SeriesId, message: impl FnOnce(u64) -> HandoverMessage) -> Vec<UserEvent> {
    let cause = life.actor.series.get(&from).unwrap().cause;
    let handover = Handover {
        message: message(cause),
        number: 1,
        previous: 0,
        to: ActorId::User(USER),
    };
    life.run(UserCommand::Receive { from, handover }).unwrap().0
}

/// Another occurrence takes over the instance.
fn take_over(life: &mut Life, task: &Task, occurrence: u32, wall: &str) -> Vec<UserEvent> {
    receive(life, task.series.unwrap(), |cause| HandoverMessage::MoveInstance {
        at: None,
        cause,
        due: Some(at(wall)),
        occurrence,
        start: None,
        task: task.id,
    })
}

fn fired(events: &[UserEvent]) -> Vec<Notification> {
    let fired = events.iter().filter_map(|event| match event {
        UserEvent::ReminderFired(fired) => Some(fired.clone()),
        _ => None,
    });
    fired.collect()
}

fn clock(fired: &[Notification]) -> Vec<String> {
    let clock = |fired: &Notification| fired.fired_at.to_string()[11..19].to_owned();
    fired.iter().map(clock).collect()
}

#[test]
fn what_nags_of_the_occurrence_before_ends_and_makes_room_for_what_nags_of_the_next() {
    let (mut life, task) = nagging("keep_one_open", each_minute());
    let mut before = life.until("2026-11-23T08:12:00Z");
    assert_eq!(
        clock(&before),
        ["08:10:00", "08:11:00"],
        "no third at the instant of the next"
    );
    for (occurrence, minute) in [(1, 12), (2, 14)] {
        let moved = take_over(&mut life, &task, occurrence, &format!("09:{minute}:00"));
        let [first] = &fired(&moved)[..] else {
            panic!("{moved:?}")
        };
        assert_eq!((first.replaces, first.repetition), (Some(before[1].id), 0));
        assert_eq!(life.inbox(NotificationFilter::Open).len(), 1);
        let next = life.until(&format!("2026-11-23T08:{}:00Z", minute + 2));
        assert_eq!(clock(&next), [format!("08:{}:00", minute + 1)]);
        assert_eq!((next[0].replaces, next[0].repetition), (Some(first.id), 1));
        before = vec![first.clone(), next[0].clone()];
    }
}

#[test]
fn what_gave_way_to_another_occurrence_that_does_not_take_over_comes_and_keeps_to_its_grid() {
    let (mut life, task) = nagging("keep_one_open", each_minute());
    let fired = life.until("2026-11-23T09:00:00Z");
    assert_eq!(clock(&fired), ["08:10:00", "08:11:00", "08:12:05", "08:13:00"]);
    assert!(fired.iter().all(|fired| !fired.late));
    life.delete(task.id).unwrap();
    let (mut life, _) = nagging("roll_to_future", each_minute());
    let fired = life.until("2026-11-23T09:00:00Z");
    assert_eq!(
        clock(&fired),
        ["08:10:00", "08:11:00", "08:12:00", "08:13:00"],
        "nothing takes over"
    );
}

#[test]
fn each_reminder_rings_once_where_the_next_occurrence_takes_over_late() {
    let (mut life, task) = nagging("keep_one_open", each_minute());
    life.until("2026-11-23T08:11:00Z");
    // Nobody was there; the hand-over is first.
    life.now = "2026-11-23T08:40:00Z".parse().unwrap();
    let moved = take_over(&mut life, &task, 15, "09:40:00");
    assert_eq!(fired(&moved).len(), 1);
    assert_eq!(life.inbox(NotificationFilter::Open).len(), 1);

    let (mut life, task) = nagging("keep_one_open", each_minute());
    life.now = "2026-11-23T08:40:00Z".parse().unwrap();
    let moved = take_over(&mut life, &task, 15, "09:40:00");
    assert_eq!(
        fired(&moved).len(),
        1,
        "nor does the first of the one before, which has not come"
    );
}

#[test]
fn what_waits_of_an_occurrence_that_passes_is_closed_everywhere_where_nothing_takes_its_place() {
    let (mut life, task) = nagging(
        "keep_one_open",
        json!([{"before": "-PT1M", "repeat": {"every": "PT1H", "times": 3}}]),
    );
    let first = life.until("2026-11-23T08:12:00Z").remove(0);
    let moved = take_over(&mut life, &task, 1, "09:12:00");
    let dismissed = moved.iter().find_map(|event| match event {
        UserEvent::ReminderDismissed(dismissed) => Some((dismissed.id, dismissed.again)),
        _ => None,
    });
    assert_eq!(dismissed, Some((first.id, None)));
    assert!(life.inbox(NotificationFilter::Open).is_empty());
    assert_eq!(code(snooze(&mut life, &first)), Code::TaskClosed);
    // On its next, which is another's place, it is one that nags.
    let next = life.until("2026-11-23T08:14:00Z");
    assert_eq!(clock(&next), ["08:13:00"]);
    assert!(snooze(&mut life, &next[0]).is_ok());
}

#[test]
fn a_snooze_of_what_another_occurrence_took_the_place_of_is_one_of_that() {
    let (mut life, task) = nagging("keep_one_open", each_minute());
    let stale = life.until("2026-11-23T08:12:00Z").remove(0);
    let first = fired(&take_over(&mut life, &task, 1, "09:12:00")).remove(0);
    assert_eq!(snooze(&mut life, &stale).unwrap().id, first.id);
    assert_eq!(
        clock(&life.until("2026-11-23T09:12:30Z")),
        ["09:12:00"],
        "no other nags beside"
    );
}

#[test]
fn what_a_snooze_put_off_ends_when_another_occurrence_takes_over() {
    let (mut life, task) = nagging("keep_one_open", each_minute());
    let first = life.until("2026-11-23T08:10:00Z").remove(0);
    snooze(&mut life, &first).unwrap();
    life.until("2026-11-23T08:12:00Z");
    take_over(&mut life, &task, 1, "09:12:00");
    assert!(life.inbox(NotificationFilter::Snoozed).is_empty());
    assert_eq!(
        clock(&life.until("2026-11-23T10:00:00Z")),
        ["08:13:00", "08:14:05", "08:15:00"]
    );
}

#[test]
fn a_reminder_at_an_instant_is_of_the_instance_and_outlives_its_occurrence() {
    let reminder = json!([{"at": "2026-11-23T08:10:00Z", "repeat": {"every": "PT10M", "times": 2}}]);
    let (mut life, task) = nagging("keep_one_open", reminder);
    life.until("2026-11-23T08:12:00Z");
    take_over(&mut life, &task, 1, "09:12:00");
    assert_eq!(life.inbox(NotificationFilter::Open).len(), 1);
    assert_eq!(clock(&life.until("2026-11-23T09:00:00Z")), ["08:20:05", "08:30:05"]);
}

#[test]
fn what_passes_to_another_occurrence_without_moving_goes_on() {
    let (mut life, task) = nagging("keep_one_open", each_minute());
    life.until("2026-11-23T08:10:00Z");
    life.patch(task.id, json!({"due": {"at": "2026-11-23T09:09:30"}}))
        .unwrap();
    life.patch(task.id, json!({"due": {"at": "2026-11-23T12:00:00"}}))
        .unwrap();
    let first = life.until("2026-11-23T11:00:30Z").remove(0);
    take_over(&mut life, &task, 1, "09:12:00");
    assert_eq!(
        life.inbox(NotificationFilter::Open)[0].id,
        first.id,
        "it was put off further"
    );
    assert_eq!(clock(&life.until("2026-11-23T11:01:30Z")), ["11:01:00"]);
}

#[test]
fn what_is_given_up_does_not_nag_again_and_what_reminds_of_the_next_takes_its_place() {
    let (mut life, task) = nagging("skip", each_minute());
    let open = life.until("2026-11-23T08:12:00Z");
    assert_eq!(clock(&open), ["08:10:00", "08:11:00"]);
    life.now = "2026-11-23T08:12:30Z".parse().unwrap();
    let series = task.series.unwrap();
    let skipped = receive(&mut life, series, |cause| HandoverMessage::SkipInstance {
        cause,
        task: task.id,
    });
    assert_eq!(fired(&skipped), []);
    assert!(life.inbox(NotificationFilter::Open).is_empty());
    let next = Task {
        due: Some(at("09:12:00")),
        id: TaskId(Uuid::from_u128(77)),
        occurrence: Some(1),
        updated: life.now,
        ..Task::clone(&task)
    };
    let task = Box::new(next);
    let came = receive(&mut life, series, |cause| HandoverMessage::OpenInstance { cause, task });
    let [first] = &fired(&came)[..] else { panic!("{came:?}") };
    assert_eq!(first.replaces, Some(open[1].id));
    assert_eq!(
        snooze(&mut life, &open[0]).unwrap().id,
        first.id,
        "on a device that has not heard"
    );
}

#[test]
fn nothing_waits_of_a_task_that_is_completed_or_deleted() {
    for snoozes in [false, true] {
        let mut life = Life::new();
        let reminders = json!([{"at": "2026-11-23T09:00:00Z"}]);
        let task = life.create(json!({"title": "a", "reminders": reminders})).unwrap();
        let fired = life.until("2026-11-23T09:00:00Z").remove(0);
        let filter = if snoozes {
            snooze(&mut life, &fired).unwrap();
            NotificationFilter::Snoozed
        } else {
            NotificationFilter::Open
        };
        assert_eq!(life.inbox(filter).len(), 1);
        life.complete(task.id).unwrap();
        assert!(life.inbox(filter).is_empty());
        life.reopen(task.id).unwrap();
        assert_eq!(life.inbox(filter).len(), 1, "as it was");
        life.delete(task.id).unwrap();
        assert!(life.inbox(filter).is_empty());
        assert_eq!(life.inbox(NotificationFilter::All).len(), 1);
    }
}

#[test]
fn what_nags_across_its_own_instant_keeps_to_it() {
    let a_minute_before = json!([{"before": "PT1M", "repeat": {"every": "PT1M", "times": 3}}]);
    for policy in ["keep_one_open", "skip", "roll_to_future"] {
        let (mut life, _) = nagging(policy, a_minute_before.clone());
        let fired = life.until("2026-11-23T08:11:30Z");
        assert_eq!(clock(&fired), ["08:09:00", "08:10:00", "08:11:00"], "{policy}");
    }
}

#[test]
fn the_log_of_a_release_that_ended_nothing_keeps_what_was_snoozed() {
    let (mut life, task) = nagging("keep_one_open", json!([{"before": "PT5M"}]));
    let first = life.until("2026-11-23T08:05:00Z").remove(0);
    let snoozed = snooze(&mut life, &first).unwrap();
    let mut replayed = life.actor.clone();
    life.now = "2026-11-23T08:12:00Z".parse().unwrap();
    let moved = take_over(&mut life, &task, 2, "09:14:00");
    for event in moved.iter().filter(|event| matches!(event, UserEvent::TaskUpdated(_))) {
        replayed.evolve(event, &BundledZones);
    }
    let next = |actor: &UserActor| {
        let quiet = Quiet::of(actor.profile(), &BundledZones);
        actor.tasks().get(&task.id).unwrap().next_reminder(quiet)
    };
    assert_eq!(next(&replayed), snoozed.snoozed);
    assert_eq!(next(&life.actor), None, "this release ends it by an event");
}
