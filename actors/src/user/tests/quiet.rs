//! Quiet hours: what falls into them comes at their end, once; nothing is lost in them.

use punctual_events::QuietHours;

use super::*;

/// A user in Paris who is not to be disturbed at night.
fn sleeper() -> Life {
    let mut life = Life::new();
    quiet(&mut life, json!({"from": "22:00", "until": "07:00"}));
    life
}

fn quiet(life: &mut Life, hours: serde_json::Value) {
    let hours: Option<QuietHours> = serde_json::from_value(hours).unwrap();
    life.run(UserCommand::ChangeQuiet { hours }).unwrap();
}

fn times(fired: &[Notification]) -> Vec<String> {
    let clock = |notification: &Notification| notification.fired_at.to_string()[5..16].to_owned();
    fired.iter().map(clock).collect()
}

fn remind(life: &mut Life, at: &str, priority: Option<&str>) -> TaskId {
    let reminders = json!([{"at": at, "repeat": {"every": "PT10M", "times": 2}}]);
    let task = life.create(json!({"title": "a", "priority": priority, "reminders": reminders}));
    task.unwrap().id
}

const AT_NIGHT: &str = "2026-11-23T22:30:00Z";

#[test]
fn what_falls_into_them_comes_at_their_end_once_and_is_not_late() {
    let mut life = sleeper();
    remind(&mut life, AT_NIGHT, None);
    remind(&mut life, "2026-11-24T05:00:00Z", Some("high"));
    let fired = life.until("2026-11-24T06:05:00Z");
    assert_eq!(times(&fired), ["11-24T06:00", "11-24T06:00"]);
    let end = "2026-11-24T06:00:00Z".parse().ok();
    assert!(fired.iter().all(|fired| !fired.late && fired.held_until == end));
    assert_eq!(fired[0].due_at, AT_NIGHT.parse().unwrap());
    assert_eq!(
        times(&life.until("2026-11-25T00:00:00Z")).len(),
        4,
        "and nags on in the morning"
    );
}

#[test]
fn nagging_that_runs_into_them_comes_once_at_their_end_and_goes_on() {
    let mut life = sleeper();
    remind(&mut life, "2026-11-23T20:55:00Z", None);
    let fired = life.until("2026-11-25T00:00:00Z");
    assert_eq!(times(&fired), ["11-23T20:55", "11-24T06:00", "11-24T06:05"]);
    assert_eq!(fired[1].due_at.to_string(), "2026-11-23T21:05:00.000Z");
}

#[test]
fn which_priorities_come_at_once_is_the_users_choice() {
    let mut life = sleeper();
    remind(&mut life, AT_NIGHT, Some("urgent"));
    assert_eq!(times(&life.until("2026-11-23T22:30:00Z")), ["11-23T22:30"]);
    quiet(
        &mut life,
        json!({"from": "22:00", "until": "07:00", "at_once": ["low"]}),
    );
    remind(&mut life, "2026-11-23T22:45:00Z", Some("low"));
    assert_eq!(
        times(&life.until("2026-11-23T22:49:00Z")),
        ["11-23T22:45"],
        "the urgent one nags in the morning"
    );
}

#[test]
fn what_is_held_comes_at_once_when_the_hours_end_or_the_task_gets_urgent() {
    let mut life = sleeper();
    let task = remind(&mut life, AT_NIGHT, None);
    assert!(life.until("2026-11-23T23:00:00Z").is_empty());
    life.patch(task, json!({"priority": "urgent"})).unwrap();
    assert_eq!(times(&life.until("2026-11-23T23:00:00Z")), ["11-23T23:00"]);

    let mut life = sleeper();
    remind(&mut life, AT_NIGHT, None);
    life.until("2026-11-23T23:00:00Z");
    quiet(&mut life, json!(null));
    assert_eq!(times(&life.until("2026-11-23T23:00:00Z")), ["11-23T23:00"]);
}

#[test]
fn what_is_held_outlives_edits_of_its_task_and_moves_with_the_due() {
    let mut life = sleeper();
    let draft = json!({"title": "a", "due": {"at": "2026-11-23T23:30:00"}, "reminders": [{"at": AT_NIGHT}, {"before": "PT15M"}]});
    let task = life.create(draft).unwrap().id;
    assert!(life.until("2026-11-24T00:00:00Z").is_empty());
    life.patch(task, json!({"due": {"at": "2026-11-26T12:00:00"}})).unwrap();
    assert_eq!(
        times(&life.until("2026-12-01T00:00:00Z")),
        ["11-24T06:00", "11-26T10:45"]
    );
}

#[test]
fn a_reminder_that_has_just_passed_when_it_is_set_at_night_comes_in_the_morning() {
    let mut life = sleeper();
    life.now = "2026-11-23T22:30:30Z".parse().unwrap();
    remind(&mut life, AT_NIGHT, None);
    assert_eq!(times(&life.until("2026-11-24T06:00:00Z")), ["11-24T06:00"]);
}

#[test]
fn what_has_fired_does_not_come_again_where_its_due_moves_away_and_back() {
    for becomes_quiet in [false, true] {
        let mut life = Life::new();
        let due = |at: &str| json!({"due": {"at": at}});
        let mut draft = due("2026-11-23T23:00:00");
        (draft["title"], draft["reminders"]) = (json!("a"), json!([{"before": "PT15M"}]));
        let task = life.create(draft).unwrap().id;
        assert_eq!(times(&life.until("2026-11-23T21:45:30Z")), ["11-23T21:45"]);
        if becomes_quiet {
            quiet(&mut life, json!({"from": "22:00", "until": "07:00"}));
        }
        life.patch(task, due("2026-11-26T12:00:00")).unwrap();
        life.patch(task, due("2026-11-23T23:00:00")).unwrap();
        assert_eq!(
            life.inbox(NotificationFilter::All).len(),
            1,
            "becomes quiet: {becomes_quiet}"
        );
        assert_eq!(
            times(&life.until("2026-11-25T00:00:00Z")),
            [""; 0],
            "becomes quiet: {becomes_quiet}"
        );
    }
}

#[test]
fn a_snooze_that_ends_at_night_comes_in_the_morning() {
    let mut life = sleeper();
    remind(&mut life, "2026-11-23T20:00:00Z", None);
    let fired = life.until("2026-11-23T20:00:00Z").remove(0);
    let until = crate::user::SnoozeUntil::At(AT_NIGHT.parse().unwrap());
    life.run(UserCommand::Snooze {
        notification: fired.id,
        until,
    })
    .unwrap();
    assert_eq!(times(&life.until("2026-11-24T06:00:00Z")), ["11-24T06:00"]);
}

#[test]
fn hours_of_no_length_are_refused_and_the_same_ones_again_are_nothing_new() {
    let mut life = sleeper();
    let hours = |hours| UserCommand::ChangeQuiet {
        hours: serde_json::from_value(hours).unwrap(),
    };
    assert_eq!(
        code(life.run(hours(json!({"from": "07:00", "until": "07:00"})))),
        Code::Invalid
    );
    let same = json!({"from": "22:00", "until": "07:00", "at_once": ["urgent", "urgent"]});
    assert_eq!(life.run(hours(same)).unwrap().0, []);
    life.run(UserCommand::DeleteUser).unwrap();
    assert_eq!(life.actor.profile().quiet_hours, None, "they go with the account");
}
