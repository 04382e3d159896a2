//! Days that pass when they end, and what is done before its day.

use super::*;

#[test]
fn a_day_is_not_missed_while_it_lasts() {
    use OccurrenceOutcome::{Done, Missed};
    let day = |date: &str, instant: &str| Moment::Day {
        date: date.parse().unwrap(),
        instant: instant.parse().unwrap(),
    };
    let outcomes = |policy, closed: &str| {
        let mut life = Life::new();
        let mut days = definition("FREQ=DAILY");
        days.recurrence.late_policy = policy;
        days.due = Some(day("2026-11-23", "2026-11-22T23:00:00Z"));
        life.start(days);
        life.receive(2, 1, close(0, closed));
        outcomes(&life)
    };
    for policy in [LatePolicy::RollToFuture, LatePolicy::KeepOneOpen] {
        // In Paris, the 25th is from 23:00 to 23:00.
        for at in ["2026-11-24T23:00:00Z", "2026-11-25T11:00:00Z", "2026-11-25T22:59:59Z"] {
            assert_eq!(
                outcomes(policy, at),
                [Some(Done), Some(Missed), None],
                "{policy:?}, closed {at}"
            );
        }
        let next_day = outcomes(policy, "2026-11-25T23:00:00Z");
        assert_eq!(next_day, [Some(Done), Some(Missed), Some(Missed), None]);
        // Behind more than are recorded too.
        let years_late = outcomes(policy, "2036-11-25T11:00:00Z");
        assert_eq!(years_late.len(), MAX_MISSED + 2);
    }
    let mut life = Life::new();
    let mut days = definition("FREQ=DAILY");
    days.due = Some(day("2026-11-23", "2026-11-22T23:00:00Z"));
    life.start(days);
    life.receive(2, 1, close(0, "2036-11-25T11:00:00Z"));
    let (_, open) = life.answer().occurrences.pop().unwrap();
    assert_eq!(RecurrenceDate::from(&open.at), date("2036-11-25"));
}

#[test]
fn a_day_that_is_reopened_and_given_up_waits_for_the_next_day() {
    let mut life = Life::new();
    let mut days = definition("FREQ=DAILY");
    days.recurrence.late_policy = LatePolicy::Skip;
    days.due = Some(Moment::Day {
        date: "2026-11-23".parse().unwrap(),
        instant: "2026-11-22T23:00:00Z".parse().unwrap(),
    });
    life.1 = "2026-11-24T11:00:00Z".parse().unwrap();
    life.start(days);
    life.receive(2, 1, close(0, "2026-11-23T08:00:00Z"));
    life.receive(3, 2, HandoverMessage::ReopenOccurrence { occurrence: 0 });
    assert_eq!(life.0.passes_at, Some("2026-11-24T23:00:00Z".parse().unwrap()));
}

#[test]
fn what_is_done_early_is_not_followed_by_itself_where_the_rule_names_days() {
    for (rule, due, done, next) in [
        ("FREQ=WEEKLY;BYDAY=MO", "2027-01-25", "2027-01-20", "2027-02-01"),
        ("FREQ=WEEKLY;BYDAY=MO", "2027-01-25", "2027-01-06", "2027-02-01"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31", "2027-01-20", "2027-02-28"),
        ("FREQ=WEEKLY;BYDAY=MO", "2027-01-25", "2027-02-02", "2027-02-08"),
        // Counted from a Monday, no seventh day is a Sunday: it goes on all the same.
        (
            "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
            "2027-01-24",
            "2027-01-25",
            "2027-01-31",
        ),
        // An interval is counted from when it was done, whatever day that is.
        ("FREQ=DAILY;INTERVAL=3", "2027-01-25", "2027-01-20", "2027-01-23"),
    ] {
        let mut life = Life::new();
        let mut early = definition(rule);
        early.recurrence.anchor = Anchor::Completion;
        early.due = Some(Moment::Time {
            at: format!("{due}T09:00:00").parse().unwrap(),
            floating: false,
            instant: format!("{due}T08:00:00Z").parse().unwrap(),
            time_zone: "Europe/Paris".into(),
        });
        life.start(early);
        life.receive(2, 1, close(0, &format!("{done}T12:00:00Z")));
        let (_, open) = life.answer().occurrences.pop().unwrap();
        assert_eq!(
            RecurrenceDate::from(&open.at),
            date(&format!("{next}T09:00:00")),
            "{rule}"
        );
    }
}
