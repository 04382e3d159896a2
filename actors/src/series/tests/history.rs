//! A series with a long past: what was done or skipped of it is recorded, however much it is.

use punctual_events::OccurrenceChanges;

use super::{
    single::{complete, daily, days_on, handed_over},
    *,
};
use crate::user::validate::wall_time;

/// So many days were settled, as the log would have it.
fn settled(life: &mut Life, days: impl IntoIterator<Item = i64>, outcome: OccurrenceOutcome) {
    for day in days {
        let settled = punctual_events::Settled {
            closed: life.1,
            outcome,
        };
        let changes = OccurrenceChanges {
            settled: Some(settled),
            ..OccurrenceChanges::default()
        };
        let event = SeriesEvent::OccurrenceChanged(punctual_events::OccurrenceChanged {
            changes,
            recurrence_id: date(&days_on(day)),
        });
        life.0.evolve(&event, &BundledZones);
    }
}

#[test]
fn thousands_of_dates_that_are_done_are_recorded_as_done_and_no_more() {
    let mut life = daily();
    settled(&mut life, 1..=3_999, OccurrenceOutcome::Done);
    let mut done = |day: i64| {
        life.ask(&SeriesCommand::SettleOccurrence {
            closed: None,
            date: date(&days_on(day)),
            imported: false,
            outcome: OccurrenceOutcome::Done,
        })
    };
    done(4_000).unwrap();
    assert_eq!(done(4_001), Err(Code::LimitReached));
    complete(&mut life, 2, 0, "2038-01-01T12:00:00Z");
    let told = outcomes(&life);
    let count = |outcome| told.iter().filter(|told| **told == outcome).count();
    assert_eq!(count(Some(OccurrenceOutcome::Done)), 4_001);
    assert_eq!((count(Some(OccurrenceOutcome::Missed)), count(None)), (57, 1));
}

#[test]
fn what_was_done_after_more_dates_were_missed_than_are_recorded_is_recorded_all_the_same() {
    let late_policies = [LatePolicy::RollToFuture, LatePolicy::Skip, LatePolicy::CatchUp];
    for late_policy in late_policies {
        let mut life = Life::new();
        let mut definition = definition("FREQ=DAILY");
        definition.recurrence.late_policy = late_policy;
        life.start(definition);
        settled(&mut life, (2_000..2_010).chain([3_000]), OccurrenceOutcome::Skipped);
        // Day 2999 at noon: nothing but day 3000 is between now and what comes next.
        complete(&mut life, 2, 0, "2035-02-08T12:00:00Z");
        let answer = life.answer();
        let at = |day: i64| {
            let wall = date(&days_on(day)).wall();
            answer
                .occurrences
                .iter()
                .find(|(_, record)| wall_time(&record.at) == wall)
        };
        let outcome = |day| at(day).and_then(|(_, record)| record.outcome);
        let (is_late, next) = match late_policy {
            LatePolicy::CatchUp => (false, 1),
            LatePolicy::Skip => (true, 2_999),
            LatePolicy::RollToFuture | LatePolicy::KeepOneOpen => (true, 3_001),
        };
        let skipped = is_late.then_some(OccurrenceOutcome::Skipped);
        assert_eq!((outcome(2_000), outcome(2_009)), (skipped, skipped), "{late_policy:?}");
        let settled_to_come = (late_policy == LatePolicy::RollToFuture).then_some(OccurrenceOutcome::Skipped);
        assert_eq!(outcome(3_000), settled_to_come, "{late_policy:?}");
        let (number, open) = answer.occurrences.last().unwrap();
        assert_eq!(at(next).map(|(found, _)| found), Some(number), "{late_policy:?}");
        assert_eq!(open.outcome, None);
    }
}

#[test]
fn a_series_that_catches_up_goes_on_after_thousands_of_dates_that_are_done() {
    let mut life = Life::new();
    let mut definition = definition("FREQ=DAILY");
    definition.recurrence.late_policy = LatePolicy::CatchUp;
    life.start(definition);
    settled(&mut life, 1..=1_500, OccurrenceOutcome::Done);
    let opened = handed_over(&complete(&mut life, 2, 0, "2026-11-23T12:00:00Z"));
    assert_eq!(opened.occurrence, Some(1_501));
}

fn imported(life: &mut Life, day: i64, outcome: OccurrenceOutcome) -> Result<Vec<SeriesEvent>, Code> {
    life.ask(&SeriesCommand::SettleOccurrence {
        closed: Some("2026-11-26T10:00:00Z".parse().unwrap()),
        date: date(&days_on(day)),
        imported: true,
        outcome,
    })
}

#[test]
fn a_date_that_was_missed_is_done_once_an_import_says_so_and_stays_so_when_the_one_before_is_reopened() {
    use OccurrenceOutcome::{Done, Missed, Skipped};
    let mut life = daily();
    complete(&mut life, 2, 0, "2026-11-27T12:00:00Z");
    let with = |third| [Some(Done), Some(Missed), Some(Missed), third, Some(Missed), None];
    assert_eq!(outcomes(&life), with(Some(Missed)));
    assert!(!imported(&mut life, 3, Done).unwrap().is_empty());
    assert_eq!(outcomes(&life), with(Some(Done)));
    let (_, third) = &life.answer().occurrences[3];
    assert_eq!(third.closed, Some("2026-11-26T10:00:00Z".parse().unwrap()));
    assert_eq!(imported(&mut life, 3, Done), Ok(Vec::new()), "it is done");
    assert_eq!(imported(&mut life, 3, Skipped), Err(Code::OccurrenceClosed));
    assert_eq!(imported(&mut life, 0, Done), Ok(Vec::new()));
    assert_eq!(imported(&mut life, 5, Done), Err(Code::OccurrenceOpen));
    life.receive(3, 2, HandoverMessage::ReopenOccurrence { occurrence: 0 });
    assert_eq!(outcomes(&life), [None]);
    complete(&mut life, 4, 0, "2026-11-27T13:00:00Z");
    assert_eq!(outcomes(&life), with(Some(Done)));
}

#[test]
fn a_person_cannot_skip_what_was_missed() {
    let mut life = daily();
    complete(&mut life, 2, 0, "2026-11-27T12:00:00Z");
    let skip = SeriesCommand::SettleOccurrence {
        closed: None,
        date: date(&days_on(3)),
        imported: false,
        outcome: OccurrenceOutcome::Skipped,
    };
    assert_eq!(life.ask(&skip), Err(Code::OccurrenceClosed));
}

#[test]
fn an_import_does_not_make_done_what_is_skipped() {
    use OccurrenceOutcome::{Done, Skipped};
    let mut life = daily();
    assert!(!imported(&mut life, 2, Skipped).unwrap().is_empty());
    assert_eq!(imported(&mut life, 2, Skipped), Ok(Vec::new()));
    assert_eq!(imported(&mut life, 2, Done), Err(Code::OccurrenceClosed));
}

#[test]
fn a_date_behind_those_missed_that_are_recorded_is_past_and_not_unknown() {
    let mut life = daily();
    complete(&mut life, 2, 0, "2032-01-01T12:00:00Z");
    assert!(imported(&mut life, 999, OccurrenceOutcome::Done).is_ok());
    assert_eq!(
        imported(&mut life, 1_500, OccurrenceOutcome::Done),
        Err(Code::OccurrenceClosed)
    );
    assert_eq!(
        imported(&mut life, -1, OccurrenceOutcome::Done),
        Err(Code::OccurrenceUnknown)
    );
}
