//! Notifications: shown once, dismissed once, the oldest leave first.

use super::*;
use crate::user::MAX_NOTIFICATIONS;

fn one_fired() -> (Life, Notification) {
    let mut life = Life::new();
    life.create(json!({"title": "a", "reminders": [{"at": "2026-11-23T09:00:00Z"}]}))
        .unwrap();
    let fired = life.until("2026-11-23T09:00:00Z").remove(0);
    (life, fired)
}

#[test]
fn a_dismissed_notification_leaves_the_open_inbox_and_stays_in_the_whole_one() {
    let (mut life, fired) = one_fired();
    assert_eq!(*life.inbox(NotificationFilter::Open)[0], fired);
    let dismiss = UserCommand::Dismiss { notification: fired.id };
    let (events, first) = life.run(dismiss.clone()).unwrap();
    assert_eq!(events.len(), 1);
    life.now = life.now.plus_millis(1_000);
    let (events, again) = life.run(dismiss).unwrap();
    assert_eq!((events.len(), again), (0, first), "the first dismissal counts");
    assert!(life.inbox(NotificationFilter::Open).is_empty());
    assert_eq!(life.inbox(NotificationFilter::All).len(), 1);
}

#[test]
fn a_notification_that_is_not_there_cannot_be_dismissed() {
    let (mut life, _) = one_fired();
    let notification = Uuid::from_u128(99).into();
    assert_eq!(code(life.run(UserCommand::Dismiss { notification })), Code::NotFound);
}

#[test]
fn the_inbox_keeps_the_latest_and_shows_them_first() {
    let mut life = Life::new();
    life.checks = false;
    let count = MAX_NOTIFICATIONS + 5;
    let task = life.create(json!({"title": "a"})).unwrap();
    for _ in 0..count {
        life.now = life.now.plus_millis(1_000);
        let at = life.now.plus_millis(500);
        life.patch(task.id, json!({"reminders": [{"at": at}]})).unwrap();
        life.now = at;
        assert_eq!(life.wake().len(), 1);
    }
    life.check_restored();
    let shown = life.inbox(NotificationFilter::All);
    assert_eq!(shown.len(), MAX_NOTIFICATIONS);
    assert_eq!(shown[0].fired_at, life.now);
    assert!(shown.windows(2).all(|pair| pair[0].fired_at > pair[1].fired_at));
}

#[test]
fn what_fires_again_after_the_clock_was_set_back_is_shown_once() {
    let (mut life, fired) = one_fired();
    life.now = life.now.plus_millis(-3_600_000);
    let reminders = json!([{"id": fired.reminder, "at": "2026-11-23T09:00:00Z"}, {"at": "2026-11-24T00:00:00Z"}]);
    life.patch(fired.task, json!({"reminders": reminders})).unwrap();
    let again = life.until("2026-11-23T09:00:01Z");
    assert_eq!(again[0].id, fired.id);
    assert_eq!(life.inbox(NotificationFilter::All).len(), 1);
}

/// It has no pages, so the whole of it has to be one answer: less than the 4 MiB of a message between processes.
#[test]
fn the_largest_inbox_fits_one_answer() {
    let mut life = Life::new();
    let widest = "\u{1d7d8}".repeat(500);
    life.create(json!({"title": widest, "reminders": [{"at": "2026-11-23T09:00:00Z"}]}))
        .unwrap();
    let fired = life.until("2026-11-23T09:00:00Z").remove(0);
    assert!(serde_json::to_vec(&fired).unwrap().len() * MAX_NOTIFICATIONS < 3 << 20);
}
