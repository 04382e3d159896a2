//! A change of the user's zone: what stays in its zone, and what travels along.

use super::*;

impl Life {
    fn fly(&mut self, time_zone: &str) -> Vec<UserEvent> {
        let time_zone = time_zone.into();
        self.run(UserCommand::ChangeUser { time_zone }).unwrap().0
    }

    fn due(&self, task: TaskId) -> serde_json::Value {
        serde_json::to_value(&self.actor.tasks().get(&task).unwrap().task.due).unwrap()
    }
}

#[test]
fn a_floating_due_travels_along_and_one_with_a_zone_stays() {
    let mut life = Life::new();
    let create =
        |life: &mut Life, due| life.create(json!({"title": "a", "due": due, "reminders": [{"before": "PT1H"}]}));
    let floating = create(&mut life, json!({"at": "2026-11-25T09:00:00", "floating": true})).unwrap();
    let staying = create(&mut life, json!({"at": "2026-11-25T09:00:00"})).unwrap();
    let in_paris =
        json!({"at": "2026-11-25T09:00:00", "instant": "2026-11-25T08:00:00.000Z", "time_zone": "Europe/Paris"});
    assert_eq!(life.due(staying.id), in_paris);

    life.fly("America/New_York");
    let in_new_york = json!({
        "at": "2026-11-25T09:00:00", "floating": true, "instant": "2026-11-25T14:00:00.000Z", "time_zone": "America/New_York",
    });
    assert_eq!((life.due(floating.id), life.due(staying.id)), (in_new_york, in_paris));
    assert_eq!(
        life.actor.next_wakeup(),
        Some("2026-11-25T07:00:00Z".parse().unwrap()),
        "of the one that stays"
    );
    let fired = life.until("2026-11-30T00:00:00Z");
    let fired: Vec<_> = fired
        .iter()
        .map(|fired| (fired.task, fired.fired_at.to_string()))
        .collect();
    assert_eq!(
        fired,
        [
            (staying.id, "2026-11-25T07:00:00.000Z".to_owned()),
            (floating.id, "2026-11-25T13:00:00.000Z".to_owned()),
        ]
    );
}

#[test]
fn a_wakeup_moves_earlier_with_who_flies_east() {
    let mut life = Life::new();
    let due = json!({"at": "2026-11-25T09:00:00", "floating": true});
    life.create(json!({"title": "a", "due": due, "reminders": [{"before": "PT0S"}]}))
        .unwrap();
    assert_eq!(life.actor.next_wakeup(), Some("2026-11-25T08:00:00Z".parse().unwrap()));
    life.fly("Asia/Tokyo");
    assert_eq!(life.actor.next_wakeup(), Some("2026-11-25T00:00:00Z".parse().unwrap()));
}

#[test]
fn a_floating_due_is_overdue_when_it_has_passed_where_the_user_is() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "due": {"at": "2026-11-23T12:00:00", "floating": true}}))
        .unwrap();
    let is_overdue = |life: &Life| life.actor.tasks().get(&task.id).unwrap().is_overdue(life.now);
    assert!(!is_overdue(&life));
    life.fly("Asia/Tokyo");
    assert!(is_overdue(&life), "it is five in the afternoon there");
    life.fly("America/New_York");
    assert!(!is_overdue(&life));
}

#[test]
fn what_fired_before_a_flight_west_does_not_fire_again_there() {
    let mut life = Life::new();
    let due = json!({"at": "2026-11-23T10:00:00", "floating": true});
    life.create(json!({"title": "a", "due": due, "reminders": [{"before": "PT0S"}]}))
        .unwrap();
    assert_eq!(life.until("2026-11-23T09:30:00Z").len(), 1);
    life.fly("America/New_York");
    assert!(life.until("2026-11-30T00:00:00Z").is_empty());
}

#[test]
fn the_choice_can_be_changed_and_keeps_the_wall_time() {
    let mut life = Life::new();
    let task = life
        .create(json!({"title": "a", "due": {"at": "2026-11-25T09:00:00", "time_zone": "Asia/Tokyo"}}))
        .unwrap();
    let due = |life: &mut Life, patch| {
        let patched = life.patch(task.id, json!({"due": patch})).unwrap().0;
        let due = serde_json::to_value(&patched.due).unwrap();
        (
            due["time_zone"].as_str().unwrap().to_owned(),
            due["floating"] == true,
            due["at"].clone(),
        )
    };
    let at = json!("2026-11-25T09:00:00");
    let is = |zone: &str, floating| (zone.to_owned(), floating, at.clone());
    assert_eq!(due(&mut life, json!({"floating": true})), is("Europe/Paris", true));
    life.fly("America/New_York");
    // Sent back as it was read before the flight.
    let stale = json!({"at": at, "floating": true, "time_zone": "Europe/Paris"});
    assert_eq!(due(&mut life, stale), is("America/New_York", true));
    assert_eq!(due(&mut life, json!({"time_zone": null})), is("America/New_York", true));
    assert_eq!(
        due(&mut life, json!({"floating": false})),
        is("America/New_York", false)
    );
    assert_eq!(due(&mut life, json!({"floating": true})), is("America/New_York", true));
    assert_eq!(
        due(&mut life, json!({"time_zone": "America/New_York"})),
        is("America/New_York", true)
    );
    assert_eq!(
        due(&mut life, json!({"time_zone": "Asia/Tokyo"})),
        is("Asia/Tokyo", false)
    );
    assert_eq!(due(&mut life, json!({"floating": null})), is("Asia/Tokyo", false));
}

#[test]
fn a_day_is_where_the_user_is_anyway_and_has_no_such_choice() {
    let mut life = Life::new();
    let refused = life
        .create(json!({"title": "a", "due": {"date": "2026-11-25", "floating": true}}))
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        (Code::Invalid, Some("due.floating"))
    );
    let task = life
        .create(json!({"title": "a", "due": {"date": "2026-11-25", "floating": false}}))
        .unwrap();
    assert!(life.patch(task.id, json!({"due": {"floating": true}})).is_err());
    let timed = life
        .patch(task.id, json!({"due": {"at": "2026-11-25T09:00:00", "floating": true}}))
        .unwrap()
        .0;
    assert!(
        timed
            .due
            .as_ref()
            .is_some_and(|due| due.follows_user() && !due.is_day())
    );
    let day = life.patch(task.id, json!({"due": {"date": "2026-11-26"}})).unwrap().0;
    assert!(day.due.as_ref().is_some_and(punctual_events::Moment::is_day));
}

#[test]
fn every_live_series_hears_of_a_flight() {
    let mut life = Life::new();
    for due in [
        json!({"at": "2026-11-25T09:00:00", "floating": true}),
        json!({"date": "2026-11-25"}),
    ] {
        life.create(json!({"title": "a", "due": due, "recurrence": {"rrule": "FREQ=DAILY"}}))
            .unwrap();
    }
    life.create(json!({"title": "once", "due": {"date": "2026-11-25"}}))
        .unwrap();
    let told = life.fly("Asia/Tokyo").into_iter().filter(|event| {
        matches!(event, UserEvent::HandoverOffered(offer)
            if matches!(&offer.handover.message, punctual_events::HandoverMessage::ChangeZone { time_zone } if **time_zone == *"Asia/Tokyo"))
    });
    assert_eq!(told.count(), 2);
}

#[test]
fn a_due_that_is_at_no_instant_where_the_user_is_now_is_sent_back_as_it_was_read_and_refused_when_it_is_new() {
    let ends = [
        ("America/New_York", "Asia/Tokyo", json!({"date": "0001-01-01"})),
        (
            "Asia/Tokyo",
            "America/New_York",
            json!({"at": "9999-12-31T23:00:00", "floating": true}),
        ),
    ];
    for (from, to, due) in ends {
        let mut life = Life::new();
        life.fly(from);
        let task = life.create(json!({"title": "a", "due": due})).unwrap().id;
        life.fly(to);
        let read = life.due(task);
        let (sent_back, events) = life.patch(task, json!({"due": read})).unwrap();
        assert_eq!((events, serde_json::to_value(&sent_back.due).unwrap()), (0, read));
        assert_eq!(life.patch(task, json!({"title": "b", "due": due})).unwrap().1, 1);
        assert_eq!(
            life.create(json!({"title": "new", "due": due})).unwrap_err().code,
            Code::Invalid
        );
    }
}

#[test]
fn what_was_read_before_a_flight_is_sent_back_and_changes_nothing() {
    for due in [
        json!({"at": "2026-12-07T09:00:00", "floating": true}),
        json!({"date": "2026-12-07"}),
    ] {
        let mut life = Life::new();
        let task = life.create(json!({"title": "a", "due": due})).unwrap().id;
        let read = life.due(task);
        life.fly("Asia/Tokyo");
        assert_ne!(life.due(task)["instant"], read["instant"], "it travelled along");
        assert_eq!(life.patch(task, json!({"due": read})).unwrap().1, 0, "{due}");
        // What no clock shows at that wall time was never read; nor is an instant by itself a change.
        for refused in [
            json!({"instant": "2026-12-09T08:00:00Z", "date": read["date"], "at": read["at"]}),
            json!({"instant": read["instant"]}),
            json!({"instant": null, "date": read["date"], "at": read["at"]}),
        ] {
            let refusal = life.patch(task, json!({"due": refused})).unwrap_err();
            assert_eq!(refusal.code, Code::ReadOnly, "{refused}");
        }
    }
    // No flight moves what stays in its zone.
    let mut life = Life::new();
    let due = json!({"at": "2026-12-07T09:00:00", "time_zone": "Europe/Paris"});
    let task = life.create(json!({"title": "a", "due": due})).unwrap().id;
    let mut other = life.due(task);
    other["instant"] = json!("2026-12-07T20:00:00Z");
    assert_eq!(
        life.patch(task, json!({"due": other})).unwrap_err().code,
        Code::ReadOnly
    );
}
