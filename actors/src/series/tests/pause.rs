//! Pausing and resuming a series.

use super::*;

fn started(rrule: &str, policy: LatePolicy, anchor: Anchor) -> Life {
    let mut life = Life::new();
    let mut definition = definition(rrule);
    definition.recurrence.late_policy = policy;
    definition.recurrence.anchor = anchor;
    life.start(definition);
    life
}

fn at(life: &mut Life, instant: &str) {
    life.1 = instant.parse().unwrap();
}

fn resume(life: &mut Life) -> Vec<SeriesEvent> {
    let time_zone = "Europe/Paris".into();
    life.ask(&SeriesCommand::Resume { time_zone }).unwrap()
}

/// Day of the month and outcome of each occurrence.
fn story(life: &Life) -> Vec<(String, Option<OccurrenceOutcome>)> {
    let occurrences = life.answer().occurrences.into_iter();
    let told = occurrences.map(|(_, record)| (record.at.instant().to_string()[5..10].to_owned(), record.outcome));
    told.collect()
}

fn told(days: &[(&str, Option<OccurrenceOutcome>)]) -> Vec<(String, Option<OccurrenceOutcome>)> {
    days.iter()
        .map(|(day, outcome)| ((*day).to_owned(), *outcome))
        .collect()
}

const DONE: Option<OccurrenceOutcome> = Some(OccurrenceOutcome::Done);
const SKIPPED: Option<OccurrenceOutcome> = Some(OccurrenceOutcome::Skipped);
const MISSED: Option<OccurrenceOutcome> = Some(OccurrenceOutcome::Missed);

#[test]
fn what_is_paused_makes_no_instance_and_goes_on_with_the_next_date_to_come() {
    for policy in [
        LatePolicy::RollToFuture,
        LatePolicy::CatchUp,
        LatePolicy::KeepOneOpen,
        LatePolicy::Skip,
    ] {
        let mut life = started("FREQ=DAILY", policy, Anchor::Schedule);
        at(&mut life, "2026-11-23T07:00:00Z");
        assert_eq!(life.ask(&SeriesCommand::Pause).unwrap().len(), 1);
        assert_eq!(life.ask(&SeriesCommand::Pause).unwrap(), [], "it is paused");
        assert_eq!(life.answer().paused, Some(life.1));
        assert_eq!(life.receive(2, 1, close(0, "2026-11-23T12:00:00Z")), (2, 2));
        assert_eq!(life.0.next_wakeup(), None, "nothing is handed over, nothing will be");
        assert!(!life.answer().ended);
        at(&mut life, "2026-11-26T12:00:00Z");
        resume(&mut life);
        assert_eq!(resume(&mut life), []);
        let expected = [
            ("11-23", DONE),
            ("11-24", SKIPPED),
            ("11-25", SKIPPED),
            ("11-26", SKIPPED),
            ("11-27", None),
        ];
        assert_eq!(
            (story(&life), life.answer().paused),
            (told(&expected), None),
            "{policy:?}"
        );
    }
}

#[test]
fn an_instance_that_was_open_stays_and_is_followed_by_a_date_after_the_pause() {
    let mut life = started("FREQ=DAILY", LatePolicy::CatchUp, Anchor::Schedule);
    at(&mut life, "2026-11-24T12:00:00Z");
    life.ask(&SeriesCommand::Pause).unwrap();
    at(&mut life, "2026-11-26T12:00:00Z");
    resume(&mut life);
    life.receive(2, 1, close(0, "2026-11-28T12:00:00Z"));
    let expected = [
        ("11-23", DONE),
        ("11-24", MISSED),
        ("11-25", SKIPPED),
        ("11-26", SKIPPED),
        ("11-27", None),
    ];
    assert_eq!(
        story(&life),
        told(&expected),
        "the 27th came after the pause, and is made up for"
    );
    // What was passed over is so again when the one before is closed anew.
    life.receive(3, 2, HandoverMessage::ReopenOccurrence { occurrence: 0 });
    life.receive(4, 3, close(0, "2026-11-28T13:00:00Z"));
    assert_eq!(story(&life), told(&expected));
}

#[test]
fn the_late_policy_counts_no_date_of_the_pause() {
    let mut life = started("FREQ=DAILY", LatePolicy::KeepOneOpen, Anchor::Schedule);
    at(&mut life, "2026-11-23T12:00:00Z");
    let passes_at = life.0.passes_at;
    assert!(passes_at.is_some());
    life.ask(&SeriesCommand::Pause).unwrap();
    assert_eq!(life.0.passes_at, None);
    at(&mut life, "2026-11-26T12:00:00Z");
    resume(&mut life);
    assert_eq!(life.0.passes_at, Some("2026-11-27T08:00:00Z".parse().unwrap()));
}

#[test]
fn what_counts_from_completions_comes_as_it_would_have_or_counts_from_the_end_of_the_pause() {
    for (resumed, next) in [("2026-11-24T06:00:00Z", "11-26"), ("2026-12-01T12:00:00Z", "12-04")] {
        let mut life = started("FREQ=DAILY;INTERVAL=3", LatePolicy::RollToFuture, Anchor::Completion);
        life.ask(&SeriesCommand::Pause).unwrap();
        life.receive(2, 1, close(0, "2026-11-23T12:00:00Z"));
        at(&mut life, resumed);
        resume(&mut life);
        assert_eq!(story(&life), told(&[("11-23", DONE), (next, None)]));
    }
}

#[test]
fn a_rule_that_ran_out_in_the_pause_has_ended_when_it_is_resumed() {
    let mut life = started("FREQ=DAILY;COUNT=3", LatePolicy::RollToFuture, Anchor::Schedule);
    life.ask(&SeriesCommand::Pause).unwrap();
    life.receive(2, 1, close(0, "2026-11-23T12:00:00Z"));
    at(&mut life, "2026-12-01T12:00:00Z");
    resume(&mut life);
    assert!(life.answer().ended);
    assert_eq!(story(&life).len(), 3);
    assert_eq!(life.ask(&SeriesCommand::Pause), Err(Code::SeriesEnded));
    let time_zone = "Europe/Paris".into();
    assert_eq!(life.ask(&SeriesCommand::Resume { time_zone }), Err(Code::SeriesEnded));
}

#[test]
fn a_series_that_is_ended_is_not_paused_any_more() {
    let mut life = started("FREQ=DAILY", LatePolicy::RollToFuture, Anchor::Schedule);
    life.ask(&SeriesCommand::Pause).unwrap();
    life.receive(2, 1, HandoverMessage::EndSeries { closed: None });
    assert_eq!((life.answer().paused, life.answer().ended), (None, true));
}

#[test]
fn days_to_come_begin_in_the_zone_the_owner_lives_in_when_it_is_resumed() {
    let mut life = days();
    life.ask(&SeriesCommand::Pause).unwrap();
    life.receive(2, 1, close(0, "2026-11-23T12:00:00Z"));
    at(&mut life, "2026-11-23T20:00:00Z");
    // In Tokyo it is the 24th already.
    let time_zone = "Asia/Tokyo".into();
    life.ask(&SeriesCommand::Resume { time_zone }).unwrap();
    let (_, open) = life.answer().occurrences.pop().unwrap();
    assert_eq!(open.at.instant(), "2026-11-24T15:00:00Z".parse().unwrap());
    assert_eq!(&*life.answer().definition.time_zone, "Asia/Tokyo");
}

#[test]
fn only_the_owner_pauses_and_only_actors_hand_over() {
    let mut life = started("FREQ=DAILY", LatePolicy::RollToFuture, Anchor::Schedule);
    let other = Principal::User(UserId(Uuid::from_u128(2)), SessionId(Uuid::nil()));
    for by in [other, Principal::System] {
        assert_eq!(life.decide(by, &SeriesCommand::Pause).unwrap_err().code, Code::NotFound);
    }
    assert_eq!(life.ask(&SeriesCommand::Wake), Err(Code::NotFound));
}

/// A series of days, the first of them open.
fn days() -> Life {
    let mut life = Life::new();
    let mut days = definition("FREQ=DAILY");
    let instant = "2026-11-22T23:00:00Z".parse().unwrap();
    days.due = Some(Moment::Day {
        date: "2026-11-23".parse().unwrap(),
        instant,
    });
    life.start(days);
    life
}

#[test]
fn a_date_that_was_moved_is_where_the_owner_lives_when_it_is_resumed() {
    let mut life = days();
    let patch = serde_json::from_value(serde_json::json!({"due": {"date": "2026-11-25"}})).unwrap();
    life.ask(&SeriesCommand::ChangeOccurrence {
        date: "2026-11-24".parse().unwrap(),
        external_uid: None,
        patch: Box::new(patch),
    })
    .unwrap();
    life.ask(&SeriesCommand::Pause).unwrap();
    life.receive(2, 1, close(0, "2026-11-23T12:00:00Z"));
    // The 25th has begun in Paris, and not yet in New York.
    at(&mut life, "2026-11-25T01:00:00Z");
    let time_zone = "America/New_York".into();
    life.ask(&SeriesCommand::Resume { time_zone }).unwrap();
    let (number, open) = life.answer().occurrences.pop().unwrap();
    assert_eq!(
        (number, RecurrenceDate::from(&open.at).to_string()),
        (1, "2026-11-24".to_owned())
    );
    assert_eq!(open.outcome, None);
}

#[test]
fn a_paused_series_is_shown_where_its_owner_lives() {
    let mut life = days();
    life.ask(&SeriesCommand::Pause).unwrap();
    let question = SeriesQuestion::Occurrences {
        after: None,
        limit: 9,
        upcoming: 0,
        time_zone: Some("Asia/Tokyo".into()),
    };
    let seen = |life: &Life| {
        let answer = life.0.ask(OWNER, &question, life.1, &BundledZones).unwrap();
        let due = answer.definition.due.map(|due| due.instant().to_string());
        (answer.definition.time_zone.to_string(), due.unwrap())
    };
    let in_paris = ("Europe/Paris".to_owned(), "2026-11-22T23:00:00.000Z".to_owned());
    assert_eq!(seen(&life), in_paris, "its open instance tells it");
    life.receive(2, 1, close(0, "2026-11-23T12:00:00Z"));
    assert_eq!(
        seen(&life),
        ("Asia/Tokyo".to_owned(), "2026-11-22T15:00:00.000Z".to_owned())
    );
}
