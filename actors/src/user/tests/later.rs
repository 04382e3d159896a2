//! Changes of an instance that are meant for others too.

use punctual_events::{HandoverMessage, TaskField};

use super::*;
use crate::recurrence::Rule;

/// What is handed over to the series by a change of all.
fn edit_all(life: &mut Life, task: TaskId, patch: serde_json::Value) -> (Vec<TaskField>, Option<i64>, Arc<Task>) {
    let patch = Box::new(serde_json::from_value(patch).unwrap());
    let command = UserCommand::PatchAll {
        if_match: None,
        patch,
        task,
    };
    let (events, reply) = life.run(command).unwrap();
    let UserReply::Task { task, .. } = reply else {
        panic!("{reply:?}")
    };
    let offered: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            UserEvent::HandoverOffered(offer) => Some(&offer.handover.message),
            _ => None,
        })
        .collect();
    match offered[..] {
        [HandoverMessage::EditSeries { changed, shift_s, .. }] => (changed.clone(), *shift_s, task),
        _ => panic!("{offered:?}"),
    }
}

fn weekly(life: &mut Life) -> Arc<Task> {
    let recurrence =
        json!({"rrule": "FREQ=WEEKLY", "exdate": ["2026-12-07T09:00:00"], "rdate": ["2026-12-01T12:00:00"]});
    life.create(json!({"title": "a", "due": {"at": "2026-11-30T09:00:00"}, "recurrence": recurrence}))
        .unwrap()
}

#[test]
fn all_move_by_as_much_as_the_instance_does_with_dates_added_and_taken_away() {
    let mut life = Life::new();
    let task = weekly(&mut life);
    let (changed, shift_s, task) = edit_all(&mut life, task.id, json!({"due": {"at": "2026-12-01T10:00:00"}}));
    assert_eq!(
        (changed, shift_s),
        (vec![TaskField::Due, TaskField::Recurrence], Some(90_000))
    );
    let recurrence = task.recurrence.as_deref().unwrap();
    let dates = [&recurrence.exdate[0], &recurrence.rdate[0]].map(ToString::to_string);
    assert_eq!(dates, ["2026-12-08T10:00:00", "2026-12-02T13:00:00"]);
    // To days, and what the change says itself it says of the new dates.
    let patch = json!({"due": {"date": "2026-12-01"}, "recurrence": {"exdate": ["2026-12-15"]}});
    let (_, shift_s, task) = edit_all(&mut life, task.id, patch);
    assert_eq!(shift_s, Some(-36_000));
    let recurrence = task.recurrence.as_deref().unwrap();
    let dates = [&recurrence.exdate[0], &recurrence.rdate[0]].map(ToString::to_string);
    assert_eq!(dates, ["2026-12-15", "2026-12-02"]);
}

#[test]
fn a_change_of_the_rule_of_all_is_handed_over_once_and_moves_nothing() {
    let mut life = Life::new();
    let task = weekly(&mut life);
    let patch = json!({"title": "b", "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=9"}});
    let (changed, shift_s, _) = edit_all(&mut life, task.id, patch);
    assert_eq!(
        (changed, shift_s),
        (vec![TaskField::Recurrence, TaskField::Title], Some(0))
    );
}

#[test]
fn all_is_said_of_the_open_instance_of_a_series_that_goes_on() {
    let mut life = Life::new();
    let task = weekly(&mut life).id;
    life.complete(task).unwrap();
    let patch = Box::new(serde_json::from_value(json!({"title": "b"})).unwrap());
    let command = UserCommand::PatchAll {
        if_match: None,
        patch,
        task,
    };
    assert_eq!(code(life.run(command)), Code::Invalid);
}

#[test]
fn until_moves_along_with_all() {
    for (until, patch, moved) in [
        (
            "20261228T090000",
            json!({"at": "2026-11-30T18:00:00"}),
            "20261228T180000",
        ),
        (
            "20261228T080000Z",
            json!({"at": "2026-12-01T10:00:00"}),
            "20261229T090000Z",
        ),
        ("20261228", json!({"at": "2026-12-01T10:00:00"}), "20261229"),
        ("20261228", json!({"at": "2026-11-30T18:00:00"}), "20261228"),
        ("20261228", json!({"date": "2026-12-02"}), "20261230"),
        // For ever, as many write it: what would have no year of four digits stays.
        ("99991231", json!({"at": "2026-12-01T09:00:00"}), "99991231"),
        (
            "99991231T235959",
            json!({"at": "2026-11-30T10:00:00"}),
            "99991231T235959",
        ),
    ] {
        let recurrence = json!({"rrule": format!("FREQ=WEEKLY;UNTIL={until}")});
        // Sent back as it was read, the rule is no other.
        for patch in [json!({"due": patch}), json!({"due": patch, "recurrence": recurrence})] {
            let mut life = Life::new();
            let task = life
                .create(json!({"title": "a", "due": {"at": "2026-11-30T09:00:00"}, "recurrence": recurrence}))
                .unwrap();
            let (_, _, task) = edit_all(&mut life, task.id, patch.clone());
            let rrule = &task.recurrence.as_deref().unwrap().rrule;
            assert_eq!(&**rrule, format!("FREQ=WEEKLY;UNTIL={moved}"), "{patch}");
            assert!(rrule.parse::<Rule>().is_ok(), "{rrule}");
        }
    }
}

#[test]
fn a_change_of_the_recurrence_hands_over_what_the_request_changed_and_nothing_else() {
    for is_later in [false, true] {
        let mut life = Life::new();
        let task = weekly(&mut life).id;
        let alone = json!({"title": "b", "due": {"at": "2026-11-30T15:00:00"}});
        life.patch(task, alone).unwrap();
        let patch = json!({"recurrence": {"late_policy": "skip"}, "priority": "high"});
        let patch = Box::new(serde_json::from_value(patch).unwrap());
        let command = if is_later {
            UserCommand::PatchLater {
                if_match: None,
                patch,
                task,
            }
        } else {
            UserCommand::PatchTask {
                if_match: None,
                patch,
                task,
            }
        };
        let (events, _) = life.run(command).unwrap();
        let offered = events.iter().filter_map(|event| match event {
            UserEvent::HandoverOffered(offer) => Some(&offer.handover.message),
            _ => None,
        });
        let [HandoverMessage::EditSeries { changed, shift_s, .. }] = offered.collect::<Vec<_>>()[..] else {
            panic!("{events:?}")
        };
        assert_eq!(changed[..], [TaskField::Priority, TaskField::Recurrence]);
        assert_eq!(*shift_s, None);
    }
}

#[test]
fn all_move_only_where_every_date_that_the_rule_names_moves_along() {
    for (rule, due, to, moves) in [
        // Up to Friday they do.
        (
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "2026-12-07T09:00:00",
            "2026-12-08T09:00:00",
            false,
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            "2026-12-07T09:00:00",
            "2026-12-09T09:00:00",
            false,
        ),
        (
            "FREQ=WEEKLY;BYDAY=TU,TH,SU",
            "2026-12-07T17:30:00",
            "2026-12-09T17:30:00",
            false,
        ),
        (
            "FREQ=WEEKLY;BYDAY=TU,TH",
            "2026-12-02T09:00:00",
            "2026-12-03T09:00:00",
            false,
        ),
        // No day for 25 days, and then two.
        (
            "FREQ=DAILY;BYMONTHDAY=1,2,3,4,5,6,7,8,9",
            "2026-12-01T09:00:00",
            "2026-12-02T09:00:00",
            false,
        ),
        (
            "FREQ=DAILY;BYMONTH=1,2,3,4,5,6,7,8,9,10,12",
            "2026-12-01T09:00:00",
            "2026-12-02T09:00:00",
            false,
        ),
        (
            "FREQ=MINUTELY;BYHOUR=9,10,11,12,13,14,15,16,17",
            "2026-12-07T09:00:00",
            "2026-12-07T10:00:00",
            false,
        ),
        (
            "FREQ=MINUTELY;BYDAY=MO,TU,WE,TH,FR",
            "2026-12-07T09:00:00",
            "2026-12-07T10:00:00",
            false,
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=15",
            "2026-12-15T09:00:00",
            "2027-01-15T09:00:00",
            false,
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            "2026-12-07T09:00:00",
            "2026-12-07T10:00:00",
            true,
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            "2026-12-07T09:00:00",
            "2026-12-14T10:00:00",
            true,
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20290101",
            "2026-12-31T09:00:00",
            "2026-12-31T23:00:00",
            true,
        ),
    ] {
        let mut life = Life::new();
        let recurrence = json!({"rrule": rule});
        let task = life.create(json!({"title": "a", "due": {"at": due}, "recurrence": recurrence}));
        let command = UserCommand::PatchAll {
            if_match: None,
            patch: Box::new(serde_json::from_value(json!({"due": {"at": to}})).unwrap()),
            task: task.unwrap().id,
        };
        let outcome = life.run(command).map(|_| ());
        let expected = if moves { Ok(()) } else { Err(Code::Invalid) };
        assert_eq!(outcome.map_err(|refusal| refusal.code), expected, "{rule} to {to}");
    }
}

#[test]
fn the_late_policy_can_be_changed_where_nothing_of_the_rule_is_left() {
    let policy = |life: &mut Life, task| {
        life.patch(task, json!({"recurrence": {"late_policy": "skip"}}))
            .map(|_| ())
    };
    // Put off to behind the last.
    let mut life = Life::new();
    let recurrence = json!({"rrule": "FREQ=DAILY;UNTIL=20261201T090000"});
    let draft = json!({"title": "a", "due": {"at": "2026-12-01T09:00:00"}, "recurrence": recurrence});
    let task = life.create(draft).unwrap().id;
    life.patch(task, json!({"due": {"at": "2026-12-05T09:00:00"}})).unwrap();
    policy(&mut life, task).unwrap();
    // It became a day by itself, beside dates that are times.
    let task = weekly(&mut life).id;
    life.patch(task, json!({"due": {"date": "2026-12-01"}})).unwrap();
    policy(&mut life, task).unwrap();
    // What does not go together is refused all the same.
    let anchor = life.patch(task, json!({"recurrence": {"anchor": "completion"}}));
    assert_eq!(code(anchor), Code::RecurrenceInvalid);
    let rule = life.patch(
        task,
        json!({"recurrence": {"rrule": "FREQ=DAILY;UNTIL=20261101", "rdate": [], "exdate": []}}),
    );
    assert_eq!(code(rule), Code::RecurrenceNeverOccurs);
}
