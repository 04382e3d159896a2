//! When reminders fire: at their instant, once, never for what is done, late when nobody was there.

use super::*;

fn fired_at(fired: &[Notification]) -> Vec<String> {
    fired
        .iter()
        .map(|notification| notification.fired_at.to_string())
        .collect()
}

#[test]
fn reminders_fire_at_their_instant_and_once() {
    let mut life = Life::new();
    life.create(json!({
        "title": "a",
        "due": {"at": "2026-11-23T12:00:00"},
        "reminders": [{"before": "PT15M"}, {"before": "-PT5M"}, {"at": "2026-11-23T09:30:00Z"}],
    }))
    .unwrap();
    let fired = life.until("2026-11-25T00:00:00Z");
    assert_eq!(
        fired_at(&fired),
        [
            "2026-11-23T09:30:00.000Z",
            "2026-11-23T10:45:00.000Z",
            "2026-11-23T11:05:00.000Z"
        ]
    );
    assert!(
        fired
            .iter()
            .all(|notification| notification.due_at == notification.fired_at && !notification.late)
    );
    assert_eq!((life.wake().len(), life.actor.next_wakeup()), (0, None));
}

#[test]
fn reminders_of_an_all_day_task_count_from_nine_in_the_users_zone() {
    let mut life = Life::new();
    life.create(
        json!({"title": "a", "due": {"date": "2026-11-25"}, "reminders": [{"before": "PT0S"}, {"before": "P1D"}]}),
    )
    .unwrap();
    let fired = life.until("2026-11-30T00:00:00Z");
    assert_eq!(
        fired_at(&fired),
        ["2026-11-24T08:00:00.000Z", "2026-11-25T08:00:00.000Z"]
    );
}

#[test]
fn days_and_weeks_before_are_of_the_calendar_and_hours_are_exact() {
    // Clocks in Paris go forward on the morning of 28 March 2027, in New York on 14 March.
    for (due, before, instant) in [
        (json!({"date": "2027-03-28"}), "P1D", "2027-03-27T08:00:00.000Z"),
        (json!({"date": "2027-03-28"}), "P1DT9H", "2027-03-26T23:00:00.000Z"),
        (
            json!({"at": "2027-03-28T09:00:00"}),
            "PT24H",
            "2027-03-27T07:00:00.000Z",
        ),
        (json!({"at": "2027-04-01T09:00:00"}), "P1W", "2027-03-25T08:00:00.000Z"),
        (json!({"at": "2027-03-27T09:00:00"}), "-P1D", "2027-03-28T07:00:00.000Z"),
        (json!({"at": "2027-03-29T02:30:00"}), "P1D", "2027-03-28T01:30:00.000Z"),
        (
            json!({"at": "2027-03-15T09:00:00", "time_zone": "America/New_York"}),
            "P2D",
            "2027-03-13T14:00:00.000Z",
        ),
    ] {
        let mut life = Life::new();
        life.create(json!({"title": "a", "due": due, "reminders": [{"before": before}]}))
            .unwrap();
        assert_eq!(
            fired_at(&life.until("2027-05-01T00:00:00Z")),
            [instant],
            "{due} {before}"
        );
    }
}

#[test]
fn reminders_that_passed_a_minute_before_they_are_set_stay_silent() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "reminders": [{"at": "2026-11-23T07:59:00Z"}]}))
        .unwrap();
    assert_eq!(life.actor.next_wakeup(), None);
    life.complete(task.id).unwrap();
    life.reopen(task.id).unwrap();
    assert!(life.until("2026-11-24T00:00:00Z").is_empty());
}

#[test]
fn a_reminder_that_passed_while_its_request_was_on_the_way_fires_with_it_and_once() {
    let mut life = Life::new();
    let passed = |life: &Life| -> Vec<(String, bool)> {
        let shown = life.inbox(NotificationFilter::All);
        shown
            .iter()
            .map(|fired| (fired.due_at.to_string(), fired.late))
            .collect()
    };
    let reminders = json!([{"at": "2026-11-23T07:59:01Z"}, {"at": "2026-11-23T07:58:59Z"}]);
    let task = life.create(json!({"title": "a", "reminders": reminders})).unwrap();
    assert_eq!(passed(&life), [("2026-11-23T07:59:01.000Z".to_owned(), true)]);
    assert_eq!(life.actor.next_wakeup(), None);

    life.now = "2026-11-23T08:00:30Z".parse().unwrap();
    let id = task.reminders[0].id;
    let both = json!([{"id": id, "at": "2026-11-23T07:59:01Z"}, {"at": "2026-11-23T07:59:50Z"}, {"at": "2026-11-23T08:00:29.5Z"}]);
    life.patch(task.id, json!({"reminders": both})).unwrap();
    let mut shown = passed(&life);
    shown.sort();
    let expected = [("07:59:01.000", true), ("07:59:50.000", true), ("08:00:29.500", false)];
    assert_eq!(
        shown,
        expected.map(|(at, late)| (format!("2026-11-23T{at}Z"), late)),
        "nothing again"
    );

    life.patch(task.id, json!({"title": "b"})).unwrap();
    life.complete(task.id).unwrap();
    life.reopen(task.id).unwrap();
    assert_eq!((passed(&life).len(), life.wake().len()), (3, 0));
}

#[test]
fn an_outage_makes_reminders_late_and_loses_none() {
    let mut life = Life::new();
    for minute in [10, 20, 30] {
        let at = format!("2026-11-23T08:{minute}:00Z");
        life.create(json!({"title": "a", "reminders": [{"at": at}]})).unwrap();
    }
    life.now = "2026-11-23T08:30:00.900Z".parse().unwrap();
    let fired = life.wake();
    let late: Vec<bool> = fired.iter().map(|notification| notification.late).collect();
    assert_eq!(late, [true, true, false], "a second's delay is not late");
    assert_eq!(life.actor.next_wakeup(), None);
}

#[test]
fn done_and_deleted_tasks_are_silent_and_a_reopened_one_speaks_again() {
    let mut life = Life::new();
    let draft = json!({"title": "a", "due": {"at": "2026-11-23T12:00:00"}, "reminders": [{"before": "PT1H"}, {"before": "PT0S"}]});
    let task = life.create(draft).unwrap();
    life.complete(task.id).unwrap();
    assert!(life.until("2026-11-23T10:30:00Z").is_empty());
    life.reopen(task.id).unwrap();
    assert_eq!(
        fired_at(&life.until("2026-11-23T12:00:00Z")),
        ["2026-11-23T11:00:00.000Z"],
        "what passed meanwhile has passed"
    );
}

#[test]
fn moving_the_due_moves_its_reminders_and_fires_what_was_due_before() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "due": {"at": "2026-11-23T12:00:00"}, "reminders": [{"before": "PT1H"}]}))
        .unwrap();
    // The wake-up is late, and the patch comes first.
    life.now = "2026-11-23T10:00:01Z".parse().unwrap();
    let (_, events) = life
        .patch(task.id, json!({"due": {"at": "2026-11-23T18:00:00"}}))
        .unwrap();
    assert_eq!(events, 2);
    assert_eq!(life.inbox(NotificationFilter::All).len(), 1);
    assert_eq!(
        fired_at(&life.until("2026-11-24T00:00:00Z")),
        ["2026-11-23T16:00:00.000Z"]
    );
}

#[test]
fn a_time_of_day_is_on_the_day_of_the_due_or_the_start_by_the_clocks_there() {
    let paris = json!({"at": "2027-03-28T09:00:00"});
    let day = json!({"date": "2027-03-28"});
    for (due, start, reminder, expected) in [
        (&paris, &day, json!({"time": "08:30"}), "2027-03-28T06:30:00.000Z"),
        (
            &paris,
            &day,
            json!({"time": "20:00", "before": "P1D"}),
            "2027-03-27T19:00:00.000Z",
        ),
        (
            &paris,
            &day,
            json!({"time": "08:30", "before": "-P1D"}),
            "2027-03-29T06:30:00.000Z",
        ),
        // Clocks go from two to three that day.
        (&day, &paris, json!({"time": "02:30"}), "2027-03-28T01:30:00.000Z"),
        (
            &json!({"at": "2027-03-28T09:00:00", "time_zone": "Asia/Tokyo"}),
            &paris,
            json!({"time": "08:30"}),
            "2027-03-27T23:30:00.000Z",
        ),
        (
            &json!({"date": "2027-04-30"}),
            &paris,
            json!({"time": "07:00", "related": "start"}),
            "2027-03-28T05:00:00.000Z",
        ),
    ] {
        let mut life = Life::new();
        life.create(json!({"title": "a", "due": due, "start": start, "reminders": [reminder]}))
            .unwrap();
        assert_eq!(
            fired_at(&life.until("2027-06-01T00:00:00Z")),
            [expected],
            "{due} {reminder}"
        );
    }
}

#[test]
fn a_time_of_day_moves_with_the_day_and_not_with_the_time() {
    let mut life = Life::new();
    let due = json!({"at": "2026-11-25T09:00:00"});
    let task = life
        .create(json!({"title": "a", "due": due, "reminders": [{"time": "08:30"}]}))
        .unwrap();
    let at = |text: &str| Some(text.parse().unwrap());
    life.patch(task.id, json!({"due": {"at": "2026-11-25T18:00:00"}}))
        .unwrap();
    assert_eq!(life.actor.next_wakeup(), at("2026-11-25T07:30:00Z"));
    life.patch(task.id, json!({"due": {"at": "2026-11-26T18:00:00"}}))
        .unwrap();
    assert_eq!(life.actor.next_wakeup(), at("2026-11-26T07:30:00Z"));
    life.patch(task.id, json!({"due": null})).unwrap();
    assert_eq!(life.actor.next_wakeup(), None, "there is no day");
}

#[test]
fn a_time_of_day_that_is_none_is_refused() {
    let mut life = Life::new();
    for reminder in [
        json!({"time": "08:30", "at": "2026-11-25T08:00:00Z"}),
        json!({"time": "08:30", "before": "PT1H"}),
        json!({"time": "08:30", "before": "P1DT1H"}),
    ] {
        let refused = life.create(json!({"title": "a", "reminders": [reminder]})).unwrap_err();
        assert_eq!(
            (refused.code, refused.field.as_deref()),
            (Code::Invalid, Some("reminders")),
            "{reminder}"
        );
    }
}

#[test]
fn a_new_zone_moves_all_day_reminders_with_the_user() {
    let mut life = Life::new();
    life.create(json!({"title": "a", "due": {"date": "2026-11-25"}, "reminders": [{"before": "PT0S"}]}))
        .unwrap();
    life.create(json!({"title": "b", "due": {"at": "2026-11-25T09:00:00"}, "reminders": [{"before": "PT0S"}]}))
        .unwrap();
    let time_zone = "America/New_York".into();
    life.run(UserCommand::ChangeUser { time_zone }).unwrap();
    let fired = life.until("2026-11-30T00:00:00Z");
    let titles: Vec<&str> = fired.iter().map(|notification| &*notification.title).collect();
    assert_eq!(titles, ["b", "a"], "a wall time keeps its own zone");
    assert_eq!(
        fired_at(&fired),
        ["2026-11-25T08:00:00.000Z", "2026-11-25T14:00:00.000Z"]
    );
}

#[test]
fn more_reminders_than_a_commit_carries_fire_in_several_at_once() {
    let mut life = Life::new();
    life.checks = false;
    for _ in 0..501 {
        life.create(json!({"title": "a", "reminders": [{"at": "2026-11-23T09:00:00Z"}]}))
            .unwrap();
    }
    life.now = "2026-11-23T09:00:00Z".parse().unwrap();
    assert_eq!(life.wake().len(), 500);
    assert_eq!(life.actor.next_wakeup(), Some(life.now));
    assert_eq!((life.wake().len(), life.actor.next_wakeup()), (1, None));
}

#[test]
fn reminders_with_long_titles_fire_in_commits_of_bounded_size() {
    let mut life = Life::new();
    life.checks = false;
    let due: punctual_events::Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
    let reminders: Vec<_> = (0..20).map(|ms| json!({"at": due.plus_millis(ms)})).collect();
    for _ in 0..100 {
        life.create(json!({"title": "\u{1F600}".repeat(500), "reminders": reminders}))
            .unwrap();
    }
    life.now = due.plus_millis(100);
    let mut fired = 0;
    while life.actor.next_wakeup().is_some() {
        let events = life.wake();
        let bytes: usize = events
            .iter()
            .map(|event| serde_json::to_vec(event).unwrap().len())
            .sum();
        assert!((1..1 << 20).contains(&bytes), "{bytes} bytes in one commit");
        fired += events.len();
    }
    assert_eq!(fired, 2_000);
}
