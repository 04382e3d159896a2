//! Random lives of a series beside a plain record of what a person did: completed early, late or anew, paused, skipped and moved, no date is left out
//! and none comes twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, TimeDelta};
use proptest::{collection::vec, prelude::*, sample::select};
use punctual_events::Task;
use serde_json::json;

use super::*;

const FIRST_DAY: &str = "2026-11-23T09:00:00";

#[derive(Clone, Copy, Debug)]
enum Step {
    Complete,
    Reopen,
    Delete,
    Pause,
    Resume,
    /// So many days after the last that is known.
    Skip(i64),
    Move(i64, i64),
    Rename(i64),
    Restore(i64),
    /// The recurrence is set on the open instance, which has a title and a due of its own: the rule begins anew there.
    SetRecurrence,
    /// Hours.
    Advance(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Complete),
        2 => Just(Step::Reopen),
        1 => Just(Step::Delete),
        2 => Just(Step::Pause),
        2 => Just(Step::Resume),
        2 => (0..6_i64).prop_map(Step::Skip),
        2 => (0..6_i64, -50..80_i64).prop_map(|(day, hours)| Step::Move(day, hours)),
        1 => (0..6_i64).prop_map(Step::Rename),
        1 => (0..6_i64).prop_map(Step::Restore),
        2 => Just(Step::SetRecurrence),
        5 => (0..80_i64).prop_map(Step::Advance),
    ]
}

/// The series, and the owner's side of it, where every hand-over arrives at once.
struct Both {
    life: Life,
    policy: LatePolicy,
    sent: u64,
    open: Option<Task>,
    /// The instance that was completed last, if it can be reopened.
    completed: Option<Task>,
    done: BTreeSet<u32>,
    skipped: BTreeSet<RecurrenceDate>,
    moved: BTreeMap<RecurrenceDate, NaiveDateTime>,
    renamed: BTreeSet<RecurrenceDate>,
    /// From when until when, the last perhaps still.
    pauses: Vec<(Timestamp, Option<Timestamp>)>,
}

fn day(number: i64) -> NaiveDateTime {
    FIRST_DAY.parse::<NaiveDateTime>().unwrap() + TimeDelta::days(number)
}

fn written(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

impl Both {
    fn new(policy: LatePolicy) -> Self {
        let mut life = Life::new();
        life.1 = "2026-11-23T07:00:00Z".parse().unwrap();
        let mut series = definition("FREQ=DAILY");
        series.recurrence.late_policy = policy;
        let first = super::super::instance::instance(
            SeriesId(Uuid::from_u128(5)),
            (&series, None),
            (0, FIRST),
            series.due.as_ref().unwrap(),
            &BundledZones,
        );
        let mut both = Self {
            life,
            policy,
            sent: 0,
            open: Some(first),
            completed: None,
            done: BTreeSet::new(),
            skipped: BTreeSet::new(),
            moved: BTreeMap::new(),
            renamed: BTreeSet::new(),
            pauses: Vec::new(),
        };
        both.send(HandoverMessage::StartSeries {
            definition: Box::new(series),
            first: FIRST,
        });
        both
    }

    fn is_paused(&self) -> bool {
        self.life.0.exceptions.paused.is_some()
    }

    fn send(&mut self, message: HandoverMessage) {
        self.sent += 1;
        let handover = Handover {
            message,
            number: self.sent,
            previous: self.sent - 1,
            to: SERIES,
        };
        let (events, _) = self.life.run(&SeriesCommand::Receive { handover });
        self.hear(&events);
    }

    fn ask(&mut self, command: &SeriesCommand) -> bool {
        let outcome = self.life.ask(command);
        self.hear(outcome.as_deref().unwrap_or_default());
        outcome.is_ok()
    }

    /// What the series hands over.
    fn hear(&mut self, events: &[SeriesEvent]) {
        for event in events {
            let SeriesEvent::HandoverOffered(offer) = event else {
                continue;
            };
            let number = offer.handover.number;
            self.life.run(&SeriesCommand::Acknowledge { number });
            match offer.handover.message.clone() {
                HandoverMessage::OpenInstance { cause, task } => {
                    assert_eq!((cause, &self.open), (self.sent, &None), "two instances");
                    assert!(!self.is_paused(), "opened in a pause");
                    self.check_opened(&task);
                    self.open = Some(*task);
                }
                HandoverMessage::MoveInstance {
                    at, due, occurrence, ..
                } => {
                    let task = self.open.as_mut().unwrap();
                    let was = task.occurrence.replace(occurrence).unwrap();
                    self.completed = None;
                    let at = at.map_or(due.unwrap(), |at| *at);
                    let (closed, time_zone) = (self.life.1, "Europe/Paris".into());
                    self.send(HandoverMessage::PassOccurrence {
                        at,
                        closed,
                        occurrence: was,
                        time_zone,
                        to: occurrence,
                    });
                }
                HandoverMessage::SkipInstance { .. } => self.close(OccurrenceOutcome::Skipped),
                other => panic!("{other:?}"),
            }
        }
    }

    fn check_opened(&self, task: &Task) {
        let own = day(task.occurrence.unwrap().into());
        let date = date(&written(own));
        assert!(!self.skipped.contains(&date), "a skipped one is opened");
        let due = self.moved.get(&date).copied().unwrap_or(own);
        let Some(Moment::Time { at, .. }) = &task.due else {
            panic!("{task:?}")
        };
        assert_eq!(at.get(), due, "where it was moved");
        assert_eq!(&*task.title, if self.renamed.contains(&date) { "b" } else { "a" });
    }

    fn close(&mut self, outcome: OccurrenceOutcome) {
        let Some(task) = self.open.take() else { return };
        let occurrence = task.occurrence.unwrap();
        let expected = self.next_to_come();
        self.completed = (outcome == OccurrenceOutcome::Done).then_some(task);
        if outcome == OccurrenceOutcome::Done {
            self.done.insert(occurrence);
        }
        let (closed, time_zone) = (self.life.1, "Europe/Paris".into());
        self.send(HandoverMessage::CloseOccurrence {
            closed,
            done: None,
            occurrence,
            outcome,
            time_zone,
        });
        assert_eq!(
            self.open.as_ref().and_then(|task| task.occurrence),
            expected,
            "what the list said would come"
        );
    }

    /// What the list of occurrences says is to come if the open one is completed now.
    fn next_to_come(&self) -> Option<u32> {
        let question = SeriesQuestion::Occurrences {
            after: None,
            limit: 0,
            upcoming: 20,
            time_zone: None,
        };
        let answer = self.life.0.ask(OWNER, &question, self.life.1, &BundledZones).unwrap();
        let is_settled = |at: &Moment| {
            let mut special = answer.changes.iter();
            special.any(|(date, changes)| *date == RecurrenceDate::from(at) && changes.settled.is_some())
        };
        let mut upcoming = answer.upcoming.iter();
        upcoming.find(|(_, at)| !is_settled(at)).map(|(number, _)| *number)
    }

    fn take(&mut self, step: Step) {
        let last = self
            .life
            .answer()
            .occurrences
            .last()
            .map_or(0, |(number, _)| i64::from(*number));
        let ahead = |days: i64| date(&written(day(last + days)));
        match step {
            Step::Complete => self.close(OccurrenceOutcome::Done),
            Step::Delete => self.close(OccurrenceOutcome::Skipped),
            Step::Reopen => {
                if let Some(task) = self.completed.take() {
                    let occurrence = task.occurrence.unwrap();
                    self.done.remove(&occurrence);
                    self.open = Some(task);
                    self.send(HandoverMessage::ReopenOccurrence { occurrence });
                }
            }
            Step::Pause => {
                if !self.is_paused() {
                    self.pauses.push((self.life.1, None));
                }
                assert!(self.ask(&SeriesCommand::Pause));
            }
            Step::Resume => {
                if let Some((_, until)) = self.pauses.last_mut().filter(|(_, until)| until.is_none()) {
                    *until = Some(self.life.1);
                }
                let (was_open, time_zone) = (self.open.is_some(), "Europe/Paris".into());
                assert!(self.ask(&SeriesCommand::Resume { time_zone }));
                if let Some(task) = self.open.as_ref().filter(|_| !was_open) {
                    let own = BundledZones
                        .resolve("Europe/Paris", day(task.occurrence.unwrap().into()))
                        .unwrap();
                    assert!(
                        own.max(task.due.as_ref().unwrap().instant()) > self.life.1,
                        "not to come"
                    );
                }
            }
            Step::Skip(days) => {
                let (date, outcome) = (ahead(days), OccurrenceOutcome::Skipped);
                let is_taken = self.ask(&SeriesCommand::SettleOccurrence {
                    closed: None,
                    date,
                    imported: false,
                    outcome,
                });
                assert_eq!(is_taken, days > 0);
                self.skipped.extend(is_taken.then_some(date));
            }
            Step::Move(days, hours) => {
                let to = day(last + days) + TimeDelta::hours(hours);
                let patch = Box::new(serde_json::from_value(json!({"due": {"at": written(to)}})).unwrap());
                let date = ahead(days);
                let is_taken = self.ask(&SeriesCommand::ChangeOccurrence {
                    date,
                    external_uid: None,
                    patch,
                });
                assert_eq!(is_taken, days > 0 && !self.skipped.contains(&date));
                self.moved.extend(is_taken.then_some((date, to)));
            }
            Step::Rename(days) => {
                let patch = Box::new(serde_json::from_value(json!({"title": "b"})).unwrap());
                let date = ahead(days);
                let is_taken = self.ask(&SeriesCommand::ChangeOccurrence {
                    date,
                    external_uid: None,
                    patch,
                });
                self.renamed.extend(is_taken.then_some(date));
            }
            Step::Restore(days) => {
                let date = ahead(days);
                if self.ask(&SeriesCommand::RestoreOccurrence { date }) {
                    self.skipped.remove(&date);
                    self.moved.remove(&date);
                    self.renamed.remove(&date);
                }
            }
            Step::SetRecurrence => self.set_recurrence(),
            Step::Advance(hours) => self.advance(hours),
        }
        self.check();
    }

    fn set_recurrence(&mut self) {
        let Some(task) = &self.open else { return };
        let occurrence = task.occurrence.unwrap();
        // It has been changed: the one before cannot be reopened.
        self.completed = None;
        // Another rule, of the same days.
        let before = self.life.answer().definition.recurrence;
        let rules = ["FREQ=DAILY", "FREQ=DAILY;BYHOUR=9"];
        let another = rules.into_iter().find(|rule| **rule != *before.rrule);
        let mut instance = definition(another.unwrap());
        instance.recurrence.late_policy = self.policy;
        instance.first_occurrence = occurrence;
        instance.title = "own".into();
        let Some(Moment::Time { at, instant, .. }) = &mut instance.due else {
            panic!("{instance:?}")
        };
        *at = written(day(occurrence.into()) + TimeDelta::hours(30)).parse().unwrap();
        *instant = BundledZones.resolve("Europe/Paris", at.get()).unwrap();
        self.send(HandoverMessage::EditSeries {
            changed: vec![punctual_events::TaskField::Recurrence],
            definition: Box::new(instance),
            occurrence,
            shift_s: None,
        });
        let known = &self.life.0.exceptions;
        let is_there = |date: &RecurrenceDate| known.of(*date).is_some();
        let last = self.life.0.occurrences.iter().next_back().unwrap().0;
        let to_come = |date: &&RecurrenceDate| date.wall() > day(i64::from(*last));
        let special = self.skipped.iter().chain(&self.renamed);
        assert!(
            special.filter(to_come).all(is_there),
            "what was changed of dates to come stays"
        );
    }

    fn advance(&mut self, hours: i64) {
        let end = self.life.1.plus_millis(hours * 3_600_000);
        while let Some(at) = self.life.0.next_wakeup().filter(|at| *at <= end) {
            self.life.1 = at.max(self.life.1);
            let (events, _) = self.life.run(&SeriesCommand::Wake);
            assert!(!events.is_empty(), "woken for nothing");
            self.hear(&events);
        }
        self.life.1 = end;
    }

    /// What is missed fell into no pause, and was not still to come where it was moved.
    fn check_missed(&self, record: &OccurrenceRecord) {
        let own = record.at.instant();
        let moved = self.moved.get(&RecurrenceDate::from(&record.at));
        let moved = moved.map_or(own, |moved| BundledZones.resolve("Europe/Paris", *moved).unwrap());
        let closed = record.closed.unwrap();
        if self.policy == LatePolicy::RollToFuture {
            assert!(own.max(moved) <= closed, "missed before it was due: {record:?}");
        }
        let mut pauses = self.pauses.iter();
        // At the very instant at which a pause began it may have been missed before.
        let fell =
            pauses.any(|(from, until)| until.is_some_and(|until| *from < own && own <= until && until <= closed));
        assert!(!fell || moved != own, "missed in a pause: {record:?}");
    }

    fn check(&self) {
        let occurrences = self.life.answer().occurrences;
        for (place, (number, record)) in occurrences.iter().enumerate() {
            assert_eq!(usize::try_from(*number).unwrap(), place, "left out or twice");
            let Moment::Time { at, .. } = &record.at else {
                panic!("{record:?}")
            };
            assert_eq!(at.get(), day(place.try_into().unwrap()), "each date once");
            let is_done = record.outcome == Some(OccurrenceOutcome::Done);
            assert_eq!(
                is_done,
                self.done.contains(number),
                "what a person completed, and nothing else"
            );
            if self.skipped.contains(&RecurrenceDate::from(&record.at)) {
                assert_eq!(record.outcome, Some(OccurrenceOutcome::Skipped));
            }
            if record.outcome == Some(OccurrenceOutcome::Missed) {
                let may_miss = !matches!(self.policy, LatePolicy::CatchUp | LatePolicy::Skip);
                assert!(may_miss || !self.pauses.is_empty(), "{:?} misses nothing", self.policy);
            }
        }
        for (_, record) in &occurrences {
            let never_opened = record.outcome == Some(OccurrenceOutcome::Missed) && record.task.is_none();
            if never_opened {
                self.check_missed(record);
            }
        }
        let open = occurrences.iter().filter(|(_, record)| record.outcome.is_none());
        let open: Vec<u32> = open.map(|(number, _)| *number).collect();
        let here: Vec<u32> = self.open.iter().filter_map(|task| task.occurrence).collect();
        assert_eq!(open, here);
        assert!(!open.is_empty() || self.is_paused(), "it goes on");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_time: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_date_is_left_out_and_none_comes_twice(
        policy in select(&[LatePolicy::RollToFuture, LatePolicy::CatchUp, LatePolicy::KeepOneOpen, LatePolicy::Skip][..]),
        steps in vec(step(), 1..60),
    ) {
        let mut both = Both::new(policy);
        steps.iter().for_each(|step| both.take(*step));
    }
}
