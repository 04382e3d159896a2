//! Occurrences to come that are skipped, moved or made different.

use punctual_events::OccurrenceChanges;
use serde_json::json;

use super::*;

fn change(life: &mut Life, day: &str, patch: serde_json::Value) -> Result<Vec<SeriesEvent>, Code> {
    let patch = Box::new(serde_json::from_value(patch).unwrap());
    life.ask(&SeriesCommand::ChangeOccurrence {
        date: date(day),
        external_uid: None,
        patch,
    })
}

fn skip(life: &mut Life, day: &str) -> Result<Vec<SeriesEvent>, Code> {
    let outcome = OccurrenceOutcome::Skipped;
    life.ask(&SeriesCommand::SettleOccurrence {
        closed: None,
        date: date(day),
        imported: false,
        outcome,
    })
}

fn restore(life: &mut Life, day: &str) -> Result<Vec<SeriesEvent>, Code> {
    life.ask(&SeriesCommand::RestoreOccurrence { date: date(day) })
}

pub(super) fn daily() -> Life {
    let mut life = Life::new();
    life.1 = "2026-11-23T07:00:00Z".parse().unwrap();
    life.receive(1, 0, start("FREQ=DAILY"));
    life
}

/// The task that is handed over last.
pub(super) fn handed_over(events: &[SeriesEvent]) -> punctual_events::Task {
    let offers = events.iter().rev().find_map(|event| match event {
        SeriesEvent::HandoverOffered(offer) => Some(&offer.handover.message),
        _ => None,
    });
    match offers {
        Some(HandoverMessage::OpenInstance { task, .. }) => punctual_events::Task::clone(task),
        other => panic!("{other:?}"),
    }
}

pub(super) fn complete(life: &mut Life, number: u64, occurrence: u32, closed: &str) -> Vec<SeriesEvent> {
    let handover = Handover {
        message: close(occurrence, closed),
        number,
        previous: number - 1,
        to: SERIES,
    };
    life.run(&SeriesCommand::Receive { handover }).0
}

#[test]
fn one_that_is_skipped_never_opens_and_says_so() {
    let mut life = daily();
    assert_eq!(skip(&mut life, "2026-11-24T09:00:00").unwrap().len(), 1);
    assert_eq!(skip(&mut life, "2026-11-24T09:00:00").unwrap(), [], "it is skipped");
    let opened = handed_over(&complete(&mut life, 2, 0, "2026-11-23T12:00:00Z"));
    assert_eq!(
        (opened.occurrence, opened.due.unwrap().instant()),
        (Some(2), "2026-11-25T08:00:00Z".parse().unwrap())
    );
    assert_eq!(
        outcomes(&life),
        [Some(OccurrenceOutcome::Done), Some(OccurrenceOutcome::Skipped), None]
    );
    let (_, skipped) = &life.answer().occurrences[1];
    assert_eq!(
        (skipped.task, skipped.closed),
        (None, Some(life.1)),
        "skipped when a person said so"
    );
}

#[test]
fn one_that_is_restored_opens_as_the_series_says() {
    let mut life = daily();
    skip(&mut life, "2026-11-24T09:00:00").unwrap();
    assert_eq!(
        change(&mut life, "2026-11-24T09:00:00", json!({"title": "b"})),
        Err(Code::OccurrenceClosed)
    );
    assert_eq!(restore(&mut life, "2026-11-24T09:00:00").unwrap().len(), 1);
    assert_eq!(restore(&mut life, "2026-11-24T09:00:00").unwrap(), []);
    let opened = handed_over(&complete(&mut life, 2, 0, "2026-11-23T12:00:00Z"));
    assert_eq!((opened.occurrence, &*opened.title), (Some(1), "a"));
}

#[test]
fn one_that_is_changed_opens_changed_and_the_next_as_ever() {
    let mut life = daily();
    let patch = json!({
        "title": "b", "description": "other", "priority": "high", "tags": ["x"], "reminders": [{"before": "PT1H"}],
        "due": {"at": "2026-11-24T15:00:00"},
    });
    change(&mut life, "2026-11-24T09:00:00", patch).unwrap();
    let opened = handed_over(&complete(&mut life, 2, 0, "2026-11-23T12:00:00Z"));
    assert_eq!(
        (&*opened.title, opened.description.as_deref(), opened.tags.len()),
        ("b", Some("other"), 1)
    );
    assert_eq!(
        (opened.priority, opened.reminders.len()),
        (Some(punctual_events::Priority::High), 1)
    );
    assert_eq!(opened.due.unwrap().instant(), "2026-11-24T14:00:00Z".parse().unwrap());
    let (_, record) = life.answer().occurrences.pop().unwrap();
    assert_eq!(
        record.at.instant(),
        "2026-11-24T08:00:00Z".parse().unwrap(),
        "its date by the rule"
    );
    let next = handed_over(&complete(&mut life, 3, 1, "2026-11-24T16:00:00Z"));
    assert_eq!((&*next.title, next.occurrence, next.tags.len()), ("a", Some(2), 0));
}

#[test]
fn one_that_was_moved_ahead_is_not_missed_before_it_is_due() {
    let mut life = daily();
    change(&mut life, "2026-11-24T09:00:00", json!({"due": {"date": "2026-11-27"}})).unwrap();
    let opened = handed_over(&complete(&mut life, 2, 0, "2026-11-26T12:00:00Z"));
    assert_eq!(opened.occurrence, Some(1));
    assert!(opened.due.unwrap().is_day());
}

#[test]
fn a_start_moves_with_the_due_unless_it_is_moved_itself() {
    let mut life = Life::new();
    life.1 = "2026-11-23T07:00:00Z".parse().unwrap();
    let mut definition = definition("FREQ=DAILY");
    let instant = "2026-11-23T07:00:00Z".parse().unwrap();
    let at = "2026-11-23T08:00:00".parse().unwrap();
    definition.start = Some(Box::new(Moment::Time {
        at,
        floating: false,
        instant,
        time_zone: "Europe/Paris".into(),
    }));
    let definition = Box::new(definition);
    life.receive(
        1,
        0,
        HandoverMessage::StartSeries {
            definition,
            first: FIRST,
        },
    );
    change(
        &mut life,
        "2026-11-24T09:00:00",
        json!({"due": {"at": "2026-11-24T15:00:00"}}),
    )
    .unwrap();
    let both = json!({"due": {"at": "2026-11-25T15:00:00"}, "start": {"at": "2026-11-25T10:00:00"}});
    change(&mut life, "2026-11-25T09:00:00", both).unwrap();
    let start_of = |events: &[SeriesEvent]| handed_over(events).start.unwrap().instant().to_string();
    assert_eq!(
        start_of(&complete(&mut life, 2, 0, "2026-11-23T12:00:00Z")),
        "2026-11-24T13:00:00.000Z"
    );
    assert_eq!(
        start_of(&complete(&mut life, 3, 1, "2026-11-24T12:00:00Z")),
        "2026-11-25T09:00:00.000Z"
    );
}

#[test]
fn what_is_as_the_series_says_is_no_change() {
    let mut life = daily();
    let day = "2026-11-24T09:00:00";
    let same = json!({"title": "a", "description": "", "tags": [], "reminders": [], "due": {"at": day}});
    assert_eq!(change(&mut life, day, same).unwrap(), []);
    change(&mut life, day, json!({"title": "b", "tags": ["x"]})).unwrap();
    let events = change(&mut life, day, json!({"tags": null})).unwrap();
    let changes = OccurrenceChanges {
        title: Some("b".into()),
        ..OccurrenceChanges::default()
    };
    assert!(matches!(&events[..], [SeriesEvent::OccurrenceChanged(changed)] if changed.changes == changes));
    let events = change(&mut life, day, json!({"title": "a"})).unwrap();
    assert!(matches!(&events[..], [SeriesEvent::OccurrenceRestored(_)]));
}

#[test]
fn what_cannot_be_changed_says_why() {
    let mut life = daily();
    complete(&mut life, 2, 0, "2026-11-23T12:00:00Z");
    for (day, code) in [
        ("2026-11-23T09:00:00", Code::OccurrenceClosed),
        ("2026-11-24T09:00:00", Code::OccurrenceOpen),
        ("2026-11-22T09:00:00", Code::OccurrenceUnknown),
        ("2026-11-25T10:00:00", Code::OccurrenceUnknown),
        ("2026-11-25", Code::OccurrenceUnknown),
    ] {
        assert_eq!(change(&mut life, day, json!({"title": "b"})), Err(code), "{day}");
        assert_eq!(skip(&mut life, day), Err(code), "{day}");
        assert_eq!(restore(&mut life, day), Err(code), "{day}");
    }
    let day = "2026-11-25T09:00:00";
    assert_eq!(change(&mut life, day, json!({"title": " "})), Err(Code::Invalid));
    let nowhere = json!({"due": {"time_zone": "Mars/Olympus"}});
    assert_eq!(change(&mut life, day, nowhere), Err(Code::UnknownTimeZone));
    life.receive(3, 2, HandoverMessage::EndSeries { closed: None });
    assert_eq!(skip(&mut life, day), Err(Code::SeriesEnded));
}

#[test]
fn what_counts_from_completions_has_no_dates_to_change() {
    let mut life = Life::new();
    let mut definition = definition("FREQ=DAILY");
    definition.recurrence.anchor = Anchor::Completion;
    let definition = Box::new(definition);
    life.receive(
        1,
        0,
        HandoverMessage::StartSeries {
            definition,
            first: FIRST,
        },
    );
    assert_eq!(skip(&mut life, "2026-11-24T09:00:00"), Err(Code::OccurrenceUnknown));
}

/// The date so many days after the first.
pub(super) fn days_on(day: i64) -> String {
    let first: chrono::NaiveDateTime = "2026-11-23T09:00:00".parse().unwrap();
    (first + chrono::TimeDelta::days(day))
        .format("%Y-%m-%dT%H:%M:%S")
        .to_string()
}

#[test]
fn a_series_has_no_more_dates_unlike_the_others_than_there_may_be() {
    let mut life = daily();
    let different = || json!({"title": "b"});
    for day in 1..=366 {
        change(&mut life, &days_on(day), different()).unwrap();
    }
    let (one_more, another) = (days_on(400), days_on(401));
    assert_eq!(change(&mut life, &one_more, different()), Err(Code::LimitReached));
    change(&mut life, &days_on(1), json!({"title": "c"})).unwrap();
    // What is skipped or done is counted by itself.
    skip(&mut life, &one_more).unwrap();
    restore(&mut life, &days_on(1)).unwrap();
    change(&mut life, &another, different()).unwrap();
    assert_eq!(change(&mut life, &days_on(402), different()), Err(Code::LimitReached));
}

#[test]
fn what_was_changed_is_so_again_when_the_one_before_is_closed_anew() {
    let mut life = daily();
    skip(&mut life, "2026-11-24T09:00:00").unwrap();
    change(&mut life, "2026-11-25T09:00:00", json!({"title": "b"})).unwrap();
    let first = handed_over(&complete(&mut life, 2, 0, "2026-11-23T12:00:00Z"));
    life.receive(3, 2, HandoverMessage::ReopenOccurrence { occurrence: 0 });
    let again = handed_over(&complete(&mut life, 4, 0, "2026-11-23T13:00:00Z"));
    assert_eq!((&*again.title, again.occurrence), ("b", Some(2)));
    assert_ne!(again.id, first.id);
    complete(&mut life, 5, 2, "2026-11-25T12:00:00Z");
    assert!(life.0.exceptions.changes.is_empty(), "what is over is forgotten");
}

#[test]
fn a_new_title_leaves_a_title_of_its_own_and_a_new_rule_forgets_dates_it_does_not_have() {
    let mut life = daily();
    change(&mut life, "2026-11-24T09:00:00", json!({"title": "b"})).unwrap();
    change(&mut life, "2026-11-25T09:00:00", json!({"title": "c"})).unwrap();
    let mut later = definition("FREQ=DAILY;INTERVAL=2");
    later.title = "new".into();
    let message = HandoverMessage::ChangeSeries {
        definition: Box::new(later),
        occurrence: 0,
    };
    life.receive(2, 1, message);
    assert_eq!(life.0.exceptions.changes.len(), 1);
    let opened = handed_over(&complete(&mut life, 3, 0, "2026-11-23T12:00:00Z"));
    assert_eq!(&*opened.title, "c");
    assert_eq!(
        &*handed_over(&complete(&mut life, 4, 1, "2026-11-25T12:00:00Z")).title,
        "new"
    );
}

#[test]
fn an_instance_that_is_kept_open_moves_to_where_its_occurrence_was_moved() {
    let mut life = Life::new();
    life.1 = "2026-11-23T07:00:00Z".parse().unwrap();
    let mut kept = definition("FREQ=DAILY");
    kept.recurrence.late_policy = LatePolicy::KeepOneOpen;
    life.receive(
        1,
        0,
        HandoverMessage::StartSeries {
            definition: Box::new(kept),
            first: FIRST,
        },
    );
    skip(&mut life, "2026-11-24T09:00:00").unwrap();
    change(
        &mut life,
        "2026-11-25T09:00:00",
        json!({"due": {"at": "2026-11-25T20:00:00"}}),
    )
    .unwrap();
    life.1 = "2026-11-25T09:00:00Z".parse().unwrap();
    let (events, _) = life.run(&SeriesCommand::Wake);
    let [SeriesEvent::HandoverOffered(offer)] = &events[..] else {
        panic!("{events:?}")
    };
    let HandoverMessage::MoveInstance {
        at, due, occurrence, ..
    } = &offer.handover.message
    else {
        panic!("{offer:?}")
    };
    let at = at.as_deref().unwrap();
    assert_eq!(
        (*occurrence, at.instant().to_string().as_str()),
        (2, "2026-11-25T08:00:00.000Z")
    );
    assert_eq!(due.as_ref().unwrap().instant(), "2026-11-25T19:00:00Z".parse().unwrap());
    let passed = HandoverMessage::PassOccurrence {
        at: at.clone(),
        closed: life.1,
        occurrence: 0,
        time_zone: "Europe/Paris".into(),
        to: 2,
    };
    life.receive(2, 1, passed);
    assert_eq!(
        outcomes(&life),
        [Some(OccurrenceOutcome::Missed), Some(OccurrenceOutcome::Skipped), None]
    );
}

#[test]
fn those_to_come_are_listed_with_what_is_special_about_them() {
    let mut life = daily();
    skip(&mut life, "2026-11-24T09:00:00").unwrap();
    change(&mut life, "2026-11-25T09:00:00", json!({"title": "b"})).unwrap();
    let question = SeriesQuestion::Occurrences {
        after: None,
        limit: 10,
        upcoming: 3,
        time_zone: None,
    };
    let answer = life.0.ask(OWNER, &question, life.1, &BundledZones).unwrap();
    let days: Vec<(u32, String)> = answer
        .upcoming
        .iter()
        .map(|(number, at)| (*number, at.instant().to_string()[..10].to_owned()))
        .collect();
    let expected = [
        (1, "2026-11-24".to_owned()),
        (2, "2026-11-25".to_owned()),
        (3, "2026-11-26".to_owned()),
    ];
    assert_eq!(days, expected);
    let [(_, skipped), (at, renamed)] = &answer.changes[..] else {
        panic!("{:?}", answer.changes)
    };
    assert_eq!(*at, date("2026-11-25T09:00:00"));
    assert!(skipped.settled.is_some() && renamed.title.as_deref() == Some("b"));
    life.ask(&SeriesCommand::Pause).unwrap();
    let answer = life.0.ask(OWNER, &question, life.1, &BundledZones).unwrap();
    assert_eq!(answer.upcoming, [], "while it is paused nothing is to come");
}

#[test]
fn one_that_was_moved_travels_along_and_is_not_missed_before_it_is_due_where_the_user_is() {
    let mut life = Life::new();
    life.1 = "2026-11-27T20:00:00Z".parse().unwrap();
    let mut message = start("FREQ=DAILY");
    let HandoverMessage::StartSeries { definition, .. } = &mut message else {
        panic!("{message:?}")
    };
    let due = json!({"at": "2026-11-28T12:00:00", "floating": true, "time_zone": "Pacific/Kiritimati", "instant": "2026-11-27T22:00:00Z"});
    definition.due = Some(serde_json::from_value(due).unwrap());
    definition.time_zone = "Pacific/Kiritimati".into();
    life.receive(1, 0, message);
    change(
        &mut life,
        "2026-11-29T12:00:00",
        json!({"due": {"at": "2026-11-29T20:00:00"}}),
    )
    .unwrap();
    life.receive(
        2,
        1,
        HandoverMessage::ChangeZone {
            time_zone: "America/New_York".into(),
        },
    );
    let moved = |actor: &SeriesActor| {
        let changes = actor.exceptions.of(date("2026-11-29T12:00:00")).unwrap();
        changes.due.as_ref().unwrap().instant().to_string()
    };
    assert_eq!(moved(&life.0), "2026-11-30T01:00:00.000Z");
    assert_eq!(moved(&restored(&life.0)), "2026-11-30T01:00:00.000Z");

    // Seven hours before it is due there; where the user was, it would be long past.
    let mut message = close(0, "2026-11-29T18:00:00Z");
    if let HandoverMessage::CloseOccurrence { time_zone, .. } = &mut message {
        *time_zone = "America/New_York".into();
    }
    let handover = Handover {
        message,
        number: 3,
        previous: 2,
        to: SERIES,
    };
    let opened = handed_over(&life.run(&SeriesCommand::Receive { handover }).0);
    assert_eq!(
        (opened.occurrence, opened.due.unwrap().instant()),
        (Some(1), "2026-11-30T01:00:00Z".parse().unwrap())
    );
    assert_eq!(
        restored(&life.0).exceptions.changes.len(),
        life.0.exceptions.changes.len()
    );
}
