//! Creating, changing, completing, reopening and deleting tasks.

use punctual_events::{SeriesId, Status, TaskField};

use super::*;
use crate::user::tasks::MAX_SERIES;

#[test]
fn a_new_task_has_nothing_that_was_not_said() {
    let mut life = Life::new();
    let task = life.create(json!({"title": "  call  "})).unwrap();
    let mut shown = serde_json::to_value(&*task).unwrap();
    for field in ["id", "created", "updated"] {
        assert!(shown[field].take().is_string());
    }
    assert_eq!(
        shown,
        json!({
            "id": null, "list": null, "title": "call", "description": null, "status": "open", "priority": null, "tags": [],
            "start": null, "due": null, "overdue": false, "reminders": [], "recurrence": null, "series": null,
            "occurrence": null, "external_uid": null, "version": 1, "created": null, "updated": null, "completed": null,
        })
    );
}

#[test]
fn what_a_task_cannot_be_is_refused_and_says_where() {
    let mut life = Life::new();
    let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let reminders = vec![json!({"before": "PT1M"}); 21];
    for (draft, code, field) in [
        (json!({"title": " "}), Code::Invalid, "title"),
        (json!({"title": "x".repeat(501)}), Code::Invalid, "title"),
        (json!({"title": "a\u{0}b"}), Code::Invalid, "title"),
        (
            json!({"title": "a", "description": "x".repeat(16_385)}),
            Code::Invalid,
            "description",
        ),
        (json!({"title": "a", "list": "work"}), Code::Invalid, "list"),
        (json!({"title": "a", "tags": many(51)}), Code::Invalid, "tags"),
        (json!({"title": "a", "tags": [""]}), Code::Invalid, "tags"),
        (
            json!({"title": "a", "reminders": reminders}),
            Code::Invalid,
            "reminders",
        ),
        (json!({"title": "a", "reminders": [{}]}), Code::Invalid, "reminders"),
        (json!({"title": "a", "due": {}}), Code::Invalid, "due"),
        (
            json!({"title": "a", "due": {"date": "2026-12-01", "at": "2026-12-01T09:00:00"}}),
            Code::Invalid,
            "due",
        ),
        (
            json!({"title": "a", "due": {"at": "2026-12-01T09:00:00", "time_zone": "Mars/Base"}}),
            Code::UnknownTimeZone,
            "due",
        ),
        (
            json!({"title": "a", "recurrence": {"rrule": "FREQ=DAILY"}}),
            Code::RecurrenceWithoutDate,
            "recurrence",
        ),
        (
            json!({"title": "a", "due": {"date": "2026-12-01"}, "recurrence": {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}}),
            Code::RecurrenceNeverOccurs,
            "recurrence",
        ),
    ] {
        let refusal = life.create(draft.clone()).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (code, Some(field)), "{draft}");
    }
    assert!(life.actor.tasks().is_empty());
}

#[test]
fn a_due_without_a_zone_is_meant_in_the_users() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "due": {"at": "2026-12-01T09:00:00"}}))
        .unwrap();
    assert_eq!(
        serde_json::to_value(&task.due).unwrap(),
        json!({"at": "2026-12-01T09:00:00", "instant": "2026-12-01T08:00:00.000Z", "time_zone": "Europe/Paris"})
    );
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let mut life = Life::new();
    let draft = json!({"title": "a", "description": "b", "tags": ["x", "y"], "due": {"at": "2026-12-01T09:00:00"}, "priority": "low"});
    let task = life.create(draft).unwrap();
    life.now = life.now.plus_millis(5);
    let (patched, events) = life
        .patch(
            task.id,
            json!({"description": null, "due": {"time_zone": "Asia/Tokyo"}, "tags": ["z"]}),
        )
        .unwrap();
    assert_eq!(
        (&*patched.title, &patched.description, patched.priority),
        ("a", &None, task.priority)
    );
    let due = patched.due.as_ref().unwrap();
    assert_eq!(
        due.instant(),
        "2026-12-01T00:00:00Z".parse().unwrap(),
        "the wall time stays"
    );
    assert_eq!(
        (patched.version, patched.updated, patched.created, events),
        (2, life.now, task.created, 1)
    );
}

#[test]
fn an_update_says_which_fields_a_person_changed() {
    let mut life = Life::new();
    let task = life.create(json!({"title": "a"})).unwrap();
    let patch = Box::new(serde_json::from_value(json!({"title": "b", "tags": ["x"], "description": null})).unwrap());
    let command = UserCommand::PatchTask {
        if_match: Some(1),
        patch,
        task: task.id,
    };
    let (events, _) = life.run(command).unwrap();
    let [UserEvent::TaskUpdated(change)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(change.changed, [TaskField::Tags, TaskField::Title]);
}

#[test]
fn a_patch_that_changes_nothing_is_no_event() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "due": {"date": "2026-12-01"}, "tags": ["x"]}))
        .unwrap();
    life.now = life.now.plus_millis(5);
    for patch in [
        json!({}),
        json!({"title": "a", "tags": ["x", "x"]}),
        serde_json::to_value(&*task).unwrap(),
    ] {
        let (same, events) = life.patch(task.id, patch).unwrap();
        assert_eq!((&same, events), (&task, 0));
    }
}

#[test]
fn what_only_the_server_sets_can_be_sent_back_but_not_changed() {
    let mut life = Life::new();
    let task = life.create(json!({"title": "a"})).unwrap();
    let (patched, _) = life
        .patch(
            task.id,
            json!({"title": "b", "status": "open", "version": 1, "series": null}),
        )
        .unwrap();
    for patch in [
        json!({"status": "done"}),
        json!({"version": 1}),
        json!({"completed": "2026-01-01T00:00:00Z"}),
    ] {
        let refusal = life.patch(task.id, patch).unwrap_err();
        assert_eq!(refusal.code, Code::ReadOnly);
    }
    assert_eq!(patched.version, 2);
}

#[test]
fn a_stale_version_is_refused_with_the_task_as_it_is() {
    let mut life = Life::new();
    let task = life.create(json!({"title": "a"})).unwrap();
    let (second, _) = life.patch(task.id, json!({"title": "b"})).unwrap();
    for command in [
        UserCommand::CompleteTask {
            if_match: Some(1),
            task: task.id,
        },
        UserCommand::ReopenTask {
            if_match: Some(1),
            task: task.id,
        },
        UserCommand::DeleteTask {
            if_match: Some(1),
            series: false,
            task: task.id,
        },
    ] {
        let refusal = life.run(command).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.current),
            (Code::VersionMismatch, Some(second.clone()))
        );
    }
}

#[test]
fn completing_and_reopening_twice_is_once() {
    let mut life = Life::new();
    let task = life.create(json!({"title": "a"})).unwrap();
    let (done, events) = life.complete(task.id).unwrap();
    assert_eq!(
        (done.status, done.completed, done.version, events),
        (Status::Done, Some(life.now), 2, 1)
    );
    assert_eq!(life.complete(task.id).unwrap(), (done, 0));
    let (open, events) = life.reopen(task.id).unwrap();
    assert_eq!(
        (open.status, open.completed, open.version, events),
        (Status::Open, None, 3, 1)
    );
    assert_eq!(life.reopen(task.id).unwrap(), (open, 0));
}

#[test]
fn a_deleted_task_is_gone_for_every_command() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "reminders": [{"at": "2026-11-23T09:00:00Z"}]}))
        .unwrap();
    assert_eq!(life.delete(task.id), Ok(1));
    assert_eq!(code(life.delete(task.id)), Code::NotFound);
    assert_eq!(code(life.complete(task.id)), Code::NotFound);
    assert_eq!(code(life.patch(task.id, json!({"title": "b"}))), Code::NotFound);
    assert_eq!(code(life.ask(&UserQuestion::Task { task: task.id })), Code::NotFound);
    assert_eq!(life.actor.next_wakeup(), None);
}

#[test]
fn a_task_becomes_overdue_by_itself_and_is_not_once_it_is_done() {
    let mut life = Life::new();
    let timed = life
        .create(json!({"title": "a", "due": {"at": "2026-11-23T10:00:00"}}))
        .unwrap();
    let all_day = life
        .create(json!({"title": "b", "due": {"date": "2026-11-23"}}))
        .unwrap();
    let overdue = |life: &Life, task: TaskId| match life.ask(&UserQuestion::Task { task }).unwrap() {
        UserAnswer::Task { task } => (task.overdue, task.version),
        other => panic!("{other:?}"),
    };
    life.until("2026-11-23T08:59:59.999Z");
    assert_eq!(overdue(&life, timed.id), (false, 1));
    life.until("2026-11-23T09:00:00Z");
    assert_eq!(
        (overdue(&life, timed.id), overdue(&life, all_day.id)),
        ((true, 1), (false, 1))
    );
    life.until("2026-11-23T23:00:00Z");
    assert_eq!(overdue(&life, all_day.id), (true, 1), "its day has ended in Paris");
    let (done, _) = life.complete(timed.id).unwrap();
    assert!(!done.overdue);
}

#[test]
fn an_imported_task_is_taken_once_per_uid() {
    let mut life = Life::new();
    let first = life.import("uid-1", Imported::default());
    assert_eq!(life.import("uid-1", Imported::default()), first);
    assert_ne!(life.import("uid-2", Imported::default()).id, first.id);
    life.delete(first.id).unwrap();
    assert_ne!(
        life.import("uid-1", Imported::default()).id,
        first.id,
        "what was deleted can be imported again"
    );
}

#[test]
fn two_tasks_of_one_uid_do_not_hide_each_other() {
    let mut life = Life::new();
    let first = life.create(json!({"title": "a", "external_uid": "uid"})).unwrap();
    let second = life.create(json!({"title": "b", "external_uid": "uid"})).unwrap();
    life.patch(first.id, json!({"external_uid": null})).unwrap();
    assert_eq!(life.import("uid", Imported::default()).id, second.id);
    life.patch(first.id, json!({"external_uid": "uid"})).unwrap();
    life.delete(second.id).unwrap();
    assert_eq!(life.import("uid", Imported::default()).id, first.id);
}

#[test]
fn a_task_that_arrives_done_does_not_recur() {
    let mut life = Life::new();
    let draft = json!({"title": "a", "due": {"date": "2026-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}});
    let imported = Imported {
        completed: Some("2026-01-02T00:00:00Z".parse().unwrap()),
        done: true,
    };
    let completed = imported.completed;
    let command = UserCommand::CreateTask {
        draft: Box::new(serde_json::from_value(draft).unwrap()),
        imported: Some(imported),
    };
    let (task, events) = life.task(command).unwrap();
    assert_eq!(
        (task.status, task.completed, &task.recurrence, task.series, events),
        (Status::Done, completed, &None, None, 1)
    );
}

#[test]
fn a_patch_reaches_into_a_due_and_what_comes_of_it_has_to_be_one() {
    for (patch, code) in [
        (json!({"due": {"at": null}}), Code::Invalid),
        (json!({"due": {"at": null, "time_zone": null}}), Code::Invalid),
        (json!({"due": {"instant": "1999-01-01T00:00:00Z"}}), Code::ReadOnly),
        (json!({"due": {"instant": null}}), Code::ReadOnly),
    ] {
        let mut life = Life::new();
        let due = json!({"at": "2026-12-01T09:00:00", "time_zone": "Asia/Tokyo"});
        let task = life.create(json!({"title": "a", "due": due})).unwrap();
        assert_eq!(life.patch(task.id, patch.clone()).unwrap_err().code, code, "{patch}");
        let patched = life.patch(task.id, json!({"due": {"time_zone": null}})).unwrap().0;
        assert_eq!(serde_json::to_value(&patched.due).unwrap()["time_zone"], "Europe/Paris");
        let due = serde_json::to_value(&patched.due).unwrap();
        assert_eq!(life.patch(task.id, json!({"due": due})).unwrap().0.version, 2);
        let patched = life.patch(task.id, json!({"due": {"date": "2026-12-02"}})).unwrap().0;
        assert!(patched.due.as_ref().unwrap().is_day());
    }
}

#[test]
fn the_last_date_of_what_recurs_stays_until_it_recurs_no_more() {
    for (dates, patch, field) in [
        (json!({"due": {"date": "2026-12-01"}}), json!({"due": null}), "due"),
        (
            json!({"start": {"date": "2026-12-01"}}),
            json!({"start": null}),
            "start",
        ),
        (
            json!({"due": {"date": "2026-12-01"}, "start": {"date": "2026-11-30"}}),
            json!({"due": null, "start": null}),
            "due",
        ),
    ] {
        for edit in ["this", "later", "all"] {
            let mut life = Life::new();
            let mut draft = dates.clone();
            draft["title"] = json!("a");
            draft["recurrence"] = json!({"rrule": "FREQ=DAILY"});
            let task = life.create(draft).unwrap();
            let mut edited = |patch: &serde_json::Value| {
                let patch = Box::new(serde_json::from_value(patch.clone()).unwrap());
                let (if_match, task) = (None, task.id);
                life.task(match edit {
                    "this" => UserCommand::PatchTask { if_match, patch, task },
                    "later" => UserCommand::PatchLater { if_match, patch, task },
                    _ => UserCommand::PatchAll { if_match, patch, task },
                })
            };
            let refusal = edited(&patch).unwrap_err();
            let said = (refusal.code, refusal.field.as_deref());
            assert_eq!(said, (Code::RecurrenceWithoutDate, Some(field)), "{edit} {patch}");
            let mut at_once = patch.clone();
            at_once["recurrence"] = json!(null);
            let (task, _) = edited(&at_once).unwrap();
            assert!(
                task.recurrence.is_none() && task.due.is_none() && task.start.is_none(),
                "{patch}"
            );
        }
    }
    let mut life = Life::new();
    let both = json!({"title": "a", "due": {"date": "2026-12-01"}, "start": {"date": "2026-11-30"}, "recurrence": {"rrule": "FREQ=DAILY"}});
    let task = life.create(both).unwrap();
    assert!(
        life.patch(task.id, json!({"due": null})).is_ok(),
        "it still has a start"
    );
}

#[test]
fn a_patch_reaches_into_a_recurrence_and_null_is_the_default() {
    let mut life = Life::new();
    let recurrence = json!({"rrule": "FREQ=DAILY", "anchor": "completion"});
    let task = life
        .create(json!({"title": "a", "due": {"date": "2026-12-01"}, "recurrence": recurrence}))
        .unwrap();
    let refused = life.patch(task.id, json!({"recurrence": {"rrule": null}})).unwrap_err();
    assert_eq!(refused.code, Code::RecurrenceInvalid);
    let patched = life.patch(task.id, json!({"recurrence": {"anchor": null}})).unwrap().0;
    let recurrence = serde_json::to_value(&patched.recurrence).unwrap();
    assert_eq!(
        (&recurrence["anchor"], &recurrence["rrule"]),
        (&json!("schedule"), &json!("FREQ=DAILY"))
    );
}

#[test]
fn null_for_an_array_of_a_new_task_is_an_empty_one() {
    let task = Life::new()
        .create(json!({"title": "a", "tags": null, "reminders": null}))
        .unwrap();
    assert!(task.tags.is_empty() && task.reminders.is_empty());
}

#[test]
fn a_whole_task_can_be_sent_back_after_it_became_overdue() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "due": {"at": "2026-11-23T10:00:00", "time_zone": "Europe/Paris"}}))
        .unwrap();
    let mut whole = serde_json::to_value(&*task).unwrap();
    whole["title"] = json!("b");
    whole["due"] = json!({"at": "2026-11-23T10:00:00", "time_zone": "Europe/Paris"});
    life.now = "2026-11-24T00:00:00Z".parse().unwrap();
    let (patched, _) = life.patch(task.id, whole).unwrap();
    assert_eq!((&*patched.title, patched.overdue), ("b", true));
}

#[test]
fn a_user_has_no_more_series_than_there_may_be_and_goes_on_with_those() {
    let mut life = Life::new();
    let recurring =
        |title: &str| json!({"title": title, "due": {"date": "2026-12-01"}, "recurrence": {"rrule": "FREQ=DAILY"}});
    let first = life.create(recurring("first")).unwrap();
    let known = Arc::clone(life.actor.series.get(&first.series.unwrap()).unwrap());
    for number in 0..MAX_SERIES as u128 - 2 {
        let series = SeriesId(Uuid::from_u128(number));
        life.actor.series.insert(series, Arc::clone(&known));
    }
    life.checks = false;
    life.create(recurring("last")).unwrap();
    assert_eq!(life.actor.series.len(), MAX_SERIES);

    assert_eq!(code(life.create(recurring("one too many"))), Code::LimitReached);
    let once = life
        .create(json!({"title": "once", "due": {"date": "2026-12-01"}}))
        .unwrap();
    let recur = json!({"recurrence": {"rrule": "FREQ=DAILY"}});
    assert_eq!(code(life.patch(once.id, recur)), Code::LimitReached);
    let weekly = json!({"recurrence": {"rrule": "FREQ=WEEKLY"}});
    life.patch(first.id, weekly).unwrap();
    assert_eq!(life.actor.series.len(), MAX_SERIES);
}

#[test]
fn tasks_beside_a_series_come_in_answers_of_a_thousand_and_none_of_another_uid() {
    let mut life = Life::new();
    life.checks = false;
    let uid = |number: u32| format!("plants;RECURRENCE-ID={number:04}");
    for number in 0..1_001 {
        life.create(json!({"title": "a", "external_uid": uid(number)})).unwrap();
    }
    for other in ["plants", "plants2;RECURRENCE-ID=1", "plant;RECURRENCE-ID=1"] {
        life.create(json!({"title": "a", "external_uid": other})).unwrap();
    }
    let ask = |after: Option<&str>| {
        let (uid, after) = ("plants".into(), after.map(Into::into));
        let question = UserQuestion::TasksBesideSeries { after, uid };
        match life.actor.ask(ME, &question, life.now).unwrap() {
            UserAnswer::TasksBesideSeries { items, more } => (items, more),
            other => panic!("{other:?}"),
        }
    };
    let (first, more) = ask(None);
    assert_eq!((first.len(), more), (1_000, true));
    let last = &first.last().unwrap().external_uid;
    assert_eq!(**last, uid(999));
    let (rest, more) = ask(Some(last));
    assert_eq!((rest.len(), &*rest[0].external_uid, more), (1, &*uid(1_000), false));
}
