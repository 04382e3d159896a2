//! Random lives of a series that counts from completions: done early or late, paused and resumed, it goes on for ever, each instance after the completion of the one before it.

use chrono::{Datelike, Days, Months, NaiveDateTime, TimeDelta, Timelike, Weekday};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Whether a date is one of the rule's, by itself and after a completion.
type IsRight = fn(NaiveDateTime, NaiveDateTime) -> bool;

const RULES: &[(&str, IsRight)] = &[
    ("FREQ=DAILY;INTERVAL=3", |at, done| {
        at.date() == done.date() + Days::new(3)
    }),
    ("FREQ=MONTHLY", |at, done| at.date() == done.date() + Months::new(1)),
    ("FREQ=WEEKLY;BYDAY=MO,TH", |at, _| {
        matches!(at.weekday(), Weekday::Mon | Weekday::Thu)
    }),
    ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", |at, _| at.weekday() == Weekday::Mon),
    ("FREQ=MONTHLY;INTERVAL=3;BYMONTH=2,5,8,11;BYMONTHDAY=23", |at, _| {
        at.month() % 3 == 2 && at.day() == 23
    }),
    ("FREQ=HOURLY;INTERVAL=4;BYHOUR=9,13,17,21", |at, _| {
        at.hour() % 4 == 1 && at.hour() > 8
    }),
    ("FREQ=HOURLY;INTERVAL=5", |at, done| {
        at - done <= TimeDelta::hours(5) && at.second() == 0
    }),
    // An hour more where clocks are set back.
    ("FREQ=MINUTELY;INTERVAL=30", |at, done| {
        at - done <= TimeDelta::minutes(90) && at.second() == 0
    }),
];

#[derive(Clone, Copy, Debug)]
enum Step {
    Complete,
    Pause,
    Resume,
    /// Minutes.
    Advance(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Complete),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        3 => (0..6_000_i64).prop_map(Step::Advance),
        2 => (0..200_000_i64).prop_map(Step::Advance),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_counts_from_completions_goes_on_for_ever(
        (rule, is_right) in select(RULES),
        steps in vec(step(), 1..40),
    ) {
        let mut life = Life::new();
        life.1 = "2026-11-23T07:00:00Z".parse().unwrap();
        let mut series = definition(rule);
        series.recurrence.anchor = Anchor::Completion;
        life.start(series);
        let (mut sent, mut paused) = (1, false);
        for step in steps {
            let known = life.answer().occurrences.len();
            let now = life.1;
            match step {
                Step::Advance(minutes) => life.1 = now.plus_millis(minutes * 60_000),
                Step::Pause => {
                    life.ask(&SeriesCommand::Pause).unwrap();
                    paused = true;
                }
                Step::Resume => {
                    let time_zone = "Europe/Paris".into();
                    life.ask(&SeriesCommand::Resume { time_zone }).unwrap();
                    paused = false;
                }
                Step::Complete => {
                    let occurrence = u32::try_from(known).unwrap() - 1;
                    life.receive(sent + 1, sent, close(occurrence, &now.to_string()));
                    sent += 1;
                }
            }
            let answer = life.answer();
            prop_assert!(!answer.ended, "ended by {step:?}");
            let is_open = answer.occurrences.last().is_some_and(|(_, last)| last.outcome.is_none());
            prop_assert!(is_open || paused, "nothing is open after {step:?}");
            for (place, (number, record)) in answer.occurrences.iter().enumerate() {
                prop_assert_eq!(usize::try_from(*number).unwrap(), place, "left out or twice");
                prop_assert!(record.outcome.is_some() || place + 1 == answer.occurrences.len(), "two are open");
            }
            if answer.occurrences.len() > known {
                let Moment::Time { at, instant, .. } = &answer.occurrences[known].1.at else { panic!("a time") };
                prop_assert!(*instant > now, "{at} is over");
                let done = match step {
                    Step::Complete => now,
                    // As it would have come, or counted from now.
                    _ => answer.occurrences[known - 1].1.closed.unwrap(),
                };
                let wall = |instant| BundledZones.wall_time("Europe/Paris", instant).unwrap();
                let is_right = is_right(at.get(), wall(done)) || is_right(at.get(), wall(now));
                prop_assert!(is_right, "{at} after {}", wall(done));
            }
        }
    }
}

#[test]
fn what_is_done_while_clocks_show_an_hour_again_is_followed_by_what_is_still_to_come() {
    for (rule, done, next) in [
        // Clocks show 02:10 for the first time, and for the second.
        (
            "FREQ=MINUTELY;INTERVAL=30",
            "2027-10-31T00:10:00Z",
            "2027-10-31T00:40:00.000Z",
        ),
        (
            "FREQ=MINUTELY;INTERVAL=30",
            "2027-10-31T01:10:00Z",
            "2027-10-31T02:10:00.000Z",
        ),
        (
            "FREQ=DAILY;BYHOUR=2;BYMINUTE=15,45",
            "2027-10-31T01:30:00Z",
            "2027-11-01T01:15:00.000Z",
        ),
        ("FREQ=DAILY", "2027-10-31T01:30:00Z", "2027-11-01T08:00:00.000Z"),
    ] {
        let mut life = Life::new();
        life.1 = done.parse().unwrap();
        let mut series = definition(rule);
        series.recurrence.anchor = Anchor::Completion;
        life.start(series);
        life.receive(2, 1, close(0, done));
        let answer = life.answer();
        let (_, record) = answer.occurrences.last().unwrap();
        assert_eq!(record.at.instant().to_string(), next, "{rule} done {done}");
    }
}
