//! Reminders that nag and notifications that are put off: until when, how often, and what ends it.

use super::*;
use crate::user::SnoozeUntil;

const TEN_MINUTES: &str = "PT10M";

/// A task that nags at nine (in UTC), up to `times` times.
fn nagging(times: u16) -> (Life, TaskId) {
    let mut life = Life::new();
    let reminder = json!({"at": "2026-11-23T09:00:00Z", "repeat": {"every": TEN_MINUTES, "times": times}});
    let task = life.create(json!({"title": "a", "reminders": [reminder]})).unwrap();
    (life, task.id)
}

fn times(fired: &[Notification]) -> Vec<String> {
    let clock = |notification: &Notification| notification.fired_at.to_string()[5..16].to_owned();
    fired.iter().map(clock).collect()
}

fn put_off(life: &mut Life, command: UserCommand) -> Result<Notification, Refusal> {
    match life.run(command)?.1 {
        UserReply::Notification { notification } => Ok(notification),
        other => panic!("{other:?}"),
    }
}

fn dismiss(life: &mut Life, fired: &Notification) -> Notification {
    put_off(life, UserCommand::Dismiss { notification: fired.id }).unwrap()
}

fn snooze(life: &mut Life, fired: &Notification, until: SnoozeUntil) -> Result<Notification, Refusal> {
    let notification = fired.id;
    put_off(life, UserCommand::Snooze { notification, until })
}

fn hours(text: &str) -> SnoozeUntil {
    SnoozeUntil::For(text.parse().unwrap())
}

pub(super) fn snooze_for_an_hour(life: &mut Life, fired: &Notification) -> Result<Notification, Refusal> {
    snooze(life, fired, hours("PT1H"))
}

fn phrase(text: &str) -> SnoozeUntil {
    SnoozeUntil::Phrase(text.into())
}

#[test]
fn it_nags_until_it_is_dismissed_and_each_takes_the_place_of_the_one_before() {
    let (mut life, _) = nagging(5);
    let fired = life.until("2026-11-23T09:25:00Z");
    assert_eq!(times(&fired), ["11-23T09:00", "11-23T09:10", "11-23T09:20"]);
    let told: Vec<_> = fired.iter().map(|fired| (fired.repetition, fired.replaces)).collect();
    assert_eq!(told, [(0, None), (1, Some(fired[0].id)), (2, Some(fired[1].id))]);
    assert_eq!(fired[1].again, Some(fired[2].due_at));
    let open = life.inbox(NotificationFilter::Open);
    assert_eq!((open.len(), open[0].id), (1, fired[2].id));
    assert_eq!(life.inbox(NotificationFilter::All).len(), 3);

    // On a device that has not heard of the other two yet.
    let dismissed = dismiss(&mut life, &fired[0]);
    assert_eq!((dismissed.id, dismissed.again), (fired[2].id, None));
    assert!(life.inbox(NotificationFilter::Open).is_empty());
    assert_eq!(life.actor.next_wakeup(), None);
    assert_eq!(dismiss(&mut life, &fired[2]), dismissed, "twice is once");
}

#[test]
fn it_nags_no_more_often_than_was_said() {
    let (mut life, _) = nagging(2);
    let fired = life.until("2026-11-24T09:00:00Z");
    assert_eq!(times(&fired), ["11-23T09:00", "11-23T09:10", "11-23T09:20"]);
    assert_eq!(fired[2].again, None);
    assert_eq!(life.inbox(NotificationFilter::Open).len(), 1, "it waits for a person");
}

#[test]
fn after_an_outage_it_comes_once_and_goes_on_on_its_grid_as_often_as_was_said() {
    let (mut life, _) = nagging(2);
    life.now = "2026-11-23T09:34:00Z".parse().unwrap();
    let fired = life.wake();
    assert_eq!((times(&fired), fired[0].late), (vec!["11-23T09:34".to_owned()], true));
    assert_eq!(
        times(&life.until("2026-11-24T00:00:00Z")),
        ["11-23T09:40", "11-23T09:50"]
    );
}

#[test]
fn a_task_that_is_done_is_silent_and_one_that_is_reopened_nags_on() {
    let (mut life, task) = nagging(3);
    life.until("2026-11-23T09:05:00Z");
    life.complete(task).unwrap();
    assert!(life.until("2026-11-23T09:12:00Z").is_empty());
    life.reopen(task).unwrap();
    let fired = life.until("2026-11-23T10:00:00Z");
    assert_eq!(times(&fired), ["11-23T09:20", "11-23T09:30", "11-23T09:40"]);
    life.delete(task).unwrap();
    assert_eq!(life.actor.next_wakeup(), None);
}

#[test]
fn what_is_snoozed_leaves_the_inbox_and_comes_again_as_another_that_nags_anew() {
    let (mut life, _) = nagging(2);
    let fired = life.until("2026-11-23T09:15:00Z");
    let snoozed = snooze(&mut life, &fired[1], hours("PT1H")).unwrap();
    assert_eq!(snoozed.snoozed, Some("2026-11-23T10:15:00Z".parse().unwrap()));
    assert!(life.inbox(NotificationFilter::Open).is_empty());
    assert_eq!(life.inbox(NotificationFilter::Snoozed).len(), 1);
    let again = life.until("2026-11-24T00:00:00Z");
    assert_eq!(times(&again), ["11-23T10:15", "11-23T10:25", "11-23T10:35"]);
    assert_eq!((again[0].replaces, again[0].repetition), (Some(fired[1].id), 0));
    assert!(life.inbox(NotificationFilter::Snoozed).is_empty());
    assert_eq!(life.inbox(NotificationFilter::Open).len(), 1);
}

#[test]
fn a_snooze_is_a_duration_an_instant_or_a_phrase() {
    for (until, instant) in [
        (hours("PT90M"), "2026-11-23T10:30:00.000Z"),
        (hours("P1DT1H"), "2026-11-24T10:00:00.000Z"),
        (
            SnoozeUntil::At("2026-12-24T18:00:00Z".parse().unwrap()),
            "2026-12-24T18:00:00.000Z",
        ),
        (phrase("1 h"), "2026-11-23T10:00:00.000Z"),
        (phrase("for 20 min"), "2026-11-23T09:20:00.000Z"),
        (phrase("in 2 days"), "2026-11-25T09:00:00.000Z"),
        (phrase("tomorrow morning"), "2026-11-24T08:00:00.000Z"),
        (phrase("Tonight"), "2026-11-23T19:00:00.000Z"),
        (phrase("friday"), "2026-11-27T08:00:00.000Z"),
        (phrase("next monday at 17:30"), "2026-11-30T16:30:00.000Z"),
    ] {
        let (mut life, _) = nagging(1);
        let fired = life.until("2026-11-23T09:00:00Z");
        let snoozed = snooze(&mut life, &fired[0], until.clone()).unwrap();
        assert_eq!(snoozed.snoozed.unwrap().to_string(), instant, "{until:?}");
    }
}

#[test]
fn days_of_a_snooze_are_of_the_calendar() {
    let mut life = Life::new();
    // Clocks in Paris go forward in the night.
    life.create(json!({"title": "a", "reminders": [{"at": "2027-03-27T08:00:00Z"}]}))
        .unwrap();
    let fired = life.until("2027-03-27T08:00:00Z");
    let snoozed = snooze(&mut life, &fired[0], hours("P1D")).unwrap();
    assert_eq!(snoozed.snoozed.unwrap().to_string(), "2027-03-28T07:00:00.000Z");
}

#[test]
fn what_says_no_instant_ahead_is_no_snooze() {
    let (mut life, task) = nagging(1);
    let fired = life.until("2026-11-23T09:00:00Z");
    for until in [
        hours("PT0S"),
        hours("-PT1H"),
        SnoozeUntil::At(life.now),
        SnoozeUntil::At("2037-11-24T00:00:00Z".parse().unwrap()),
        phrase(""),
        phrase("call Ann tomorrow"),
        phrase("every day"),
        phrase("today"),
        phrase(&"tomorrow ".repeat(300)),
    ] {
        assert_eq!(
            code(snooze(&mut life, &fired[0], until.clone())),
            Code::Invalid,
            "{until:?}"
        );
    }
    for length in ["PT0S", "-PT1H", "-P1D"] {
        let refusal = snooze(&mut life, &fired[0], hours(length)).unwrap_err();
        assert!(refusal.to_string().contains("must be positive, as PT1H"), "{refusal}");
    }
    let unknown = UserCommand::Snooze {
        notification: Uuid::from_u128(99).into(),
        until: hours("PT1H"),
    };
    assert_eq!(code(life.run(unknown)), Code::NotFound);
    life.complete(task).unwrap();
    assert_eq!(code(snooze(&mut life, &fired[0], hours("PT1H"))), Code::TaskClosed);
    life.delete(task).unwrap();
    assert_eq!(code(snooze(&mut life, &fired[0], hours("PT1H"))), Code::NotFound);
}

#[test]
fn the_last_word_on_any_device_counts() {
    let (mut life, _) = nagging(1);
    let fired = life.until("2026-11-23T09:00:00Z").remove(0);
    snooze(&mut life, &fired, hours("PT1H")).unwrap();
    snooze(&mut life, &fired, hours("PT2H")).unwrap();
    assert_eq!(life.actor.next_wakeup(), Some("2026-11-23T11:00:00Z".parse().unwrap()));
    let again = UserCommand::Snooze {
        notification: fired.id,
        until: hours("PT2H"),
    };
    assert_eq!(life.run(again).unwrap().0.len(), 0, "the same once more");
    dismiss(&mut life, &fired);
    assert_eq!(life.actor.next_wakeup(), None);
    let snoozed = snooze(&mut life, &fired, hours("PT3H")).unwrap();
    assert_eq!(snoozed.dismissed, None);
    assert_eq!(times(&life.until("2026-11-23T12:00:00Z")), ["11-23T12:00"]);
}

/// A task whose reminder has fired at eleven and was snoozed until noon.
fn snoozed_at_eleven(reminder: serde_json::Value) -> (Life, TaskId) {
    let mut life = Life::new();
    let draft = json!({"title": "a", "due": {"at": "2026-11-23T13:00:00"}, "reminders": [reminder]});
    let task = life.create(draft).unwrap();
    let fired = life.until("2026-11-23T11:00:00Z");
    snooze(&mut life, &fired[0], hours("PT1H")).unwrap();
    (life, task.id)
}

fn move_due(life: &mut Life, task: TaskId, at: &str) {
    life.patch(task, json!({"due": {"at": at}})).unwrap();
}

#[test]
fn moving_the_due_ahead_begins_a_relative_reminder_anew_and_ends_its_snooze() {
    let (mut life, task) = snoozed_at_eleven(json!({"before": "PT1H"}));
    move_due(&mut life, task, "2026-11-24T13:00:00");
    assert_eq!(times(&life.until("2026-11-30T00:00:00Z")), ["11-24T11:00"]);
}

#[test]
fn a_snooze_outlives_a_move_of_the_due_that_leaves_its_reminder_in_the_past() {
    let (mut life, task) = snoozed_at_eleven(json!({"before": "PT1H"}));
    move_due(&mut life, task, "2026-11-23T10:00:00");
    assert_eq!(times(&life.until("2026-11-30T00:00:00Z")), ["11-23T12:00"]);
}

#[test]
fn a_snooze_of_a_reminder_at_an_instant_outlives_every_move_of_the_due() {
    let (mut life, task) = snoozed_at_eleven(json!({"at": "2026-11-23T11:00:00Z"}));
    move_due(&mut life, task, "2026-11-24T13:00:00");
    assert_eq!(times(&life.until("2026-11-30T00:00:00Z")), ["11-23T12:00"]);
}

#[test]
fn taking_a_reminder_away_ends_what_was_to_come_of_it() {
    let (mut life, task) = snoozed_at_eleven(json!({"before": "PT1H"}));
    life.patch(task, json!({"reminders": []})).unwrap();
    assert_eq!(life.actor.next_wakeup(), None);
}

#[test]
fn taking_the_nagging_away_leaves_a_snooze() {
    let (mut life, task) = nagging(3);
    let fired = life.until("2026-11-23T09:00:00Z").remove(0);
    let once = json!([{"id": fired.reminder, "at": "2026-11-23T09:00:00Z"}]);
    snooze(&mut life, &fired, hours("PT1H")).unwrap();
    life.patch(task, json!({"reminders": once})).unwrap();
    assert_eq!(times(&life.until("2026-11-24T00:00:00Z")), ["11-23T10:00"]);

    let (mut life, task) = nagging(3);
    life.until("2026-11-23T09:00:00Z");
    life.patch(task, json!({"reminders": once})).unwrap();
    assert_eq!(life.actor.next_wakeup(), None);
}

#[test]
fn an_edit_that_leaves_the_reminders_alone_leaves_nagging_alone() {
    let (mut life, task) = nagging(2);
    life.until("2026-11-23T09:05:00Z");
    life.patch(task, json!({"title": "b", "priority": "high"})).unwrap();
    life.patch(task, json!({"due": {"date": "2026-11-30"}})).unwrap();
    let fired = life.until("2026-11-24T00:00:00Z");
    assert_eq!(times(&fired), ["11-23T09:10", "11-23T09:20"]);
    assert_eq!(&*fired[0].title, "b");
}

#[test]
fn nagging_a_person_could_not_live_with_is_refused() {
    for repeat in [
        json!({"every": "PT59S", "times": 5}),
        json!({"every": "PT25H", "times": 5}),
        json!({"every": "P1D", "times": 5}),
        json!({"every": "-PT10M", "times": 5}),
        json!({"every": "PT10M", "times": 0}),
        json!({"every": "PT10M", "times": 101}),
    ] {
        let reminder = json!({"at": "2026-11-23T09:00:00Z", "repeat": repeat});
        let refused = Life::new().create(json!({"title": "a", "reminders": [reminder]}));
        assert_eq!(code(refused), Code::Invalid, "{repeat}");
    }
}

#[test]
fn a_reminder_counts_from_the_start_where_it_says_so() {
    let mut life = Life::new();
    let reminders =
        json!([{"before": "PT1H", "related": "start"}, {"before": "P1D", "related": "start"}, {"before": "PT30M"}]);
    let task = life
        .create(json!({
            "title": "a", "start": {"date": "2026-11-25"}, "due": {"at": "2026-11-26T12:00:00"}, "reminders": reminders,
        }))
        .unwrap();
    let fired = life.until("2026-11-25T00:00:00Z");
    assert_eq!(times(&fired), ["11-24T08:00"]);
    life.patch(task.id, json!({"start": {"at": "2026-11-25T15:00:00"}}))
        .unwrap();
    assert_eq!(
        times(&life.until("2026-11-30T00:00:00Z")),
        ["11-25T13:00", "11-26T10:30"]
    );

    let silent = life
        .create(json!({"title": "b", "due": {"date": "2026-12-24"}, "reminders": reminders}))
        .unwrap();
    assert_eq!(
        times(&life.until("2026-12-30T00:00:00Z")),
        ["12-24T07:30"],
        "without a start, two are silent"
    );
    assert_eq!(silent.reminders[0].time, task.reminders[0].time);
}

#[test]
fn who_flies_west_is_not_reminded_again_and_who_flies_east_is_reminded_late() {
    let fly = |zone: &str| UserCommand::ChangeUser { time_zone: zone.into() };
    let all_day =
        json!({"title": "a", "due": {"date": "2026-11-25"}, "reminders": [{"before": "PT0S"}, {"before": "-PT6H"}]});
    let mut life = Life::new();
    life.create(all_day.clone()).unwrap();
    assert_eq!(times(&life.until("2026-11-25T09:00:00Z")), ["11-25T08:00"]);
    life.run(fly("America/New_York")).unwrap();
    assert_eq!(
        times(&life.until("2026-11-30T00:00:00Z")),
        ["11-25T20:00"],
        "the other alone"
    );

    let mut life = Life::new();
    life.create(all_day).unwrap();
    life.until("2026-11-25T08:30:00Z");
    life.run(fly("Asia/Tokyo")).unwrap();
    let fired = life.until("2026-11-30T00:00:00Z");
    assert_eq!((times(&fired), fired[0].late), (vec!["11-25T08:30".to_owned()], true));
    life.run(fly("Europe/Paris")).unwrap();
    assert_eq!(life.actor.next_wakeup(), None, "nor when they are back");
}
