//! Changes of all instances, as against those of the later ones.

use punctual_events::TaskField;

use super::*;

fn moment(at: &str, zone: &str) -> Moment {
    let at: punctual_events::WallTime = at.parse().unwrap();
    Moment::Time {
        at,
        floating: false,
        instant: BundledZones.resolve(zone, at.get()).unwrap(),
        time_zone: zone.into(),
    }
}

/// A series of which two are closed; the third is open.
fn third_is_open(rrule: &str, days: [&str; 2]) -> Life {
    let mut life = Life::new();
    life.receive(1, 0, start(rrule));
    for (occurrence, day) in (0..).zip(days) {
        let number = 2 + u64::from(occurrence);
        life.receive(number, number - 1, close(occurrence, &format!("{day}T12:00:00Z")));
    }
    life
}

fn edit(life: &mut Life, changed: &[TaskField], instance: SeriesDefinition, shift_s: Option<i64>) {
    let message = HandoverMessage::EditSeries {
        changed: changed.into(),
        occurrence: instance.first_occurrence,
        definition: Box::new(instance),
        shift_s,
    };
    life.receive(4, 3, message);
}

/// Wall times of all occurrences once those from the third on were completed in time.
fn run_out(life: &mut Life, days: &[&str]) -> Vec<String> {
    for (occurrence, day) in (2..).zip(days) {
        let number = 3 + u64::from(occurrence);
        life.receive(number, number - 1, close(occurrence, &format!("{day}T23:00:00Z")));
    }
    let occurrences = life.answer().occurrences.into_iter();
    occurrences
        .map(|(_, record)| RecurrenceDate::from(&record.at).to_string()[5..].to_owned())
        .collect()
}

fn instance(rrule: &str, at: &str) -> SeriesDefinition {
    let mut instance = definition(rrule);
    instance.first_occurrence = 2;
    instance.due = Some(moment(at, "Europe/Paris"));
    instance
}

#[test]
fn a_due_that_moves_with_all_keeps_count_and_interval_where_the_later_ones_begin_anew() {
    let rule = "FREQ=DAILY;INTERVAL=2;COUNT=5";
    let days = ["2026-11-23", "2026-11-25"];
    // From the 27th at 9 to the 28th at 10.
    let moved = instance(rule, "2026-11-28T10:00:00");
    let mut all = third_is_open(rule, days);
    edit(&mut all, &[TaskField::Due], moved.clone(), Some(90_000));
    assert_eq!(all.answer().definition.first_occurrence, 0);
    let rest = ["2026-11-28", "2026-11-30", "2026-12-02"];
    let expected = [
        "11-23T09:00:00",
        "11-25T09:00:00",
        "11-28T10:00:00",
        "11-30T10:00:00",
        "12-02T10:00:00",
    ];
    assert_eq!(run_out(&mut all, &rest), expected);
    assert!(all.answer().ended);
    let mut later = third_is_open(rule, days);
    edit(&mut later, &[TaskField::Due], moved, None);
    assert_eq!(later.answer().definition.first_occurrence, 2);
    assert_eq!(
        run_out(&mut later, &rest),
        expected,
        "COUNT goes on there too, as the rule is the same"
    );
}

#[test]
fn a_new_count_of_all_counts_what_there_was_and_of_the_later_ones_does_not() {
    let days = ["2026-11-23", "2026-11-24"];
    let rest = ["2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29"];
    let changed = instance("FREQ=DAILY;COUNT=4", "2026-11-25T09:00:00");
    let mut all = third_is_open("FREQ=DAILY", days);
    edit(&mut all, &[TaskField::Recurrence], changed.clone(), Some(0));
    assert_eq!(run_out(&mut all, &rest).len(), 4);
    let mut later = third_is_open("FREQ=DAILY", days);
    edit(&mut later, &[TaskField::Recurrence], changed, None);
    assert_eq!(run_out(&mut later, &rest).len(), 2 + 4);
}

#[test]
fn what_a_new_count_of_all_counts_is_counted_once_where_all_count_from_completion_later() {
    let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
    let mut changed = instance("FREQ=DAILY;COUNT=5", "2026-11-25T09:00:00");
    edit(&mut life, &[TaskField::Recurrence], changed.clone(), Some(0));
    changed.recurrence.anchor = Anchor::Completion;
    let message = HandoverMessage::EditSeries {
        changed: [TaskField::Recurrence].into(),
        occurrence: 2,
        definition: Box::new(changed),
        shift_s: Some(0),
    };
    life.receive(5, 4, message);
    for (occurrence, day) in (2..).zip(["2026-11-25", "2026-11-26", "2026-11-27"]) {
        assert!(!life.answer().ended, "{day}");
        let number = 4 + u64::from(occurrence);
        life.receive(number, number - 1, close(occurrence, &format!("{day}T12:00:00Z")));
    }
    assert_eq!((life.answer().occurrences.len(), life.answer().ended), (5, true));
}

#[test]
fn a_new_count_of_all_counts_what_there_was_also_where_the_new_rule_has_other_dates() {
    let run_out_after = |before: &str, days: [&str; 2], rule: &str, (open, rest): (&str, &[&str])| {
        let mut life = third_is_open(before, days);
        let changed = instance(rule, &format!("2026-{open}T09:00:00"));
        edit(&mut life, &[TaskField::Recurrence], changed, Some(0));
        let days = run_out(&mut life, rest).split_off(2);
        assert!(life.answer().ended, "{rule}: {days:?}");
        days
    };
    let rarer = run_out_after(
        "FREQ=DAILY;COUNT=5",
        ["2026-11-23", "2026-11-24"],
        "FREQ=WEEKLY;COUNT=5",
        ("11-25", &["2026-11-25", "2026-11-30", "2026-12-07"]),
    );
    assert_eq!(rarer, ["11-25T09:00:00", "11-30T09:00:00", "12-07T09:00:00"]);
    let more_often = run_out_after(
        "FREQ=WEEKLY",
        ["2026-11-23", "2026-11-30"],
        "FREQ=DAILY;INTERVAL=3;COUNT=5",
        ("12-07", &["2026-12-07", "2026-12-08", "2026-12-11"]),
    );
    assert_eq!(
        more_often,
        ["12-07T09:00:00", "12-08T09:00:00", "12-11T09:00:00"],
        "in its rhythm"
    );
    let over = run_out_after(
        "FREQ=DAILY",
        ["2026-11-23", "2026-11-24"],
        "FREQ=WEEKLY;COUNT=2",
        ("11-25", &["2026-11-25"]),
    );
    assert_eq!(over, ["11-25T09:00:00"], "there have been more already");
}

#[test]
fn a_new_count_of_all_does_not_count_a_date_that_was_added_and_is_open() {
    let open = "2026-11-26T18:00:00";
    let mut life = Life::new();
    let mut dated = definition("FREQ=DAILY;INTERVAL=2");
    dated.recurrence.rdate = [date(open)].into();
    life.start(dated.clone());
    life.receive(2, 1, close(0, "2026-11-23T08:00:00Z"));
    life.receive(3, 2, close(1, "2026-11-25T08:00:00Z"));
    let mut changed = instance("FREQ=DAILY;INTERVAL=2;COUNT=4", open);
    changed.recurrence.rdate = dated.recurrence.rdate;
    edit(&mut life, &[TaskField::Recurrence], changed, Some(0));
    let days = run_out(&mut life, &["2026-11-26", "2026-11-27", "2026-11-29"]);
    assert_eq!(days[2..], ["11-26T18:00:00", "11-27T09:00:00", "11-29T09:00:00"]);
    assert!(life.answer().ended);
}

#[test]
fn what_was_changed_of_dates_to_come_moves_along_with_all() {
    let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
    let outcome = OccurrenceOutcome::Skipped;
    let skip = date("2026-11-26T09:00:00");
    life.ask(&SeriesCommand::SettleOccurrence {
        closed: None,
        date: skip,
        imported: false,
        outcome,
    })
    .unwrap();
    edit(
        &mut life,
        &[TaskField::Due],
        instance("FREQ=DAILY", "2026-11-25T10:00:00"),
        Some(3_600),
    );
    let rest = ["2026-11-25", "2026-11-27"];
    let days = run_out(&mut life, &rest[..1]);
    assert_eq!(days[2..], ["11-25T10:00:00", "11-26T10:00:00", "11-27T10:00:00"]);
    assert_eq!(
        outcomes(&life)[2..],
        [Some(OccurrenceOutcome::Done), Some(OccurrenceOutcome::Skipped), None]
    );
}

#[test]
fn an_instance_that_was_put_off_by_itself_stays_so_when_all_move() {
    let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
    // Put off from the 25th to the 29th before, now to the 29th at 10.
    edit(
        &mut life,
        &[TaskField::Due],
        instance("FREQ=DAILY", "2026-11-29T10:00:00"),
        Some(3_600),
    );
    let days = run_out(&mut life, &["2026-11-25"]);
    assert_eq!(days[2..], ["11-25T10:00:00", "11-26T10:00:00"]);
}

#[test]
fn all_can_become_days_and_get_another_zone() {
    let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
    let mut days = instance("FREQ=DAILY", "2026-11-25T09:00:00");
    let instant = "2026-11-24T23:00:00Z".parse().unwrap();
    days.due = Some(Moment::Day {
        date: "2026-11-25".parse().unwrap(),
        instant,
    });
    edit(&mut life, &[TaskField::Due], days, Some(-9 * 3_600));
    assert_eq!(run_out(&mut life, &["2026-11-24"])[2..], ["11-25", "11-26"]);

    let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
    let mut elsewhere = instance("FREQ=DAILY", "2026-11-25T09:00:00");
    elsewhere.due = Some(moment("2026-11-25T09:00:00", "Asia/Tokyo"));
    edit(&mut life, &[TaskField::Due], elsewhere, Some(0));
    let at = life.answer().occurrences[2].1.at.instant();
    assert_eq!(
        at,
        "2026-11-25T00:00:00Z".parse().unwrap(),
        "the open one's own date too"
    );
    life.receive(5, 4, close(2, "2026-11-25T12:00:00Z"));
    let (_, open) = life.answer().occurrences.pop().unwrap();
    assert_eq!(open.at.instant(), "2026-11-26T00:00:00Z".parse().unwrap());
}

#[test]
fn a_start_keeps_the_distance_it_was_given() {
    let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
    let mut early = instance("FREQ=DAILY", "2026-11-25T09:00:00");
    early.start = Some(Box::new(moment("2026-11-24T20:00:00", "Europe/Paris")));
    edit(&mut life, &[TaskField::Start], early, Some(0));
    let definition = life.answer().definition;
    assert_eq!(
        definition.start.unwrap().instant(),
        "2026-11-22T19:00:00Z".parse().unwrap()
    );
    assert_eq!(definition.due, Some(moment("2026-11-23T09:00:00", "Europe/Paris")));
}

fn skip(life: &mut Life, day: &str) {
    life.ask(&SeriesCommand::SettleOccurrence {
        closed: None,
        date: date(day),
        imported: false,
        outcome: OccurrenceOutcome::Skipped,
    })
    .unwrap();
}

/// What is special about dates to come.
fn special(life: &Life) -> Vec<String> {
    let changes = life.0.exceptions.changes.iter();
    changes.map(|(date, _)| date.to_string()[5..].to_owned()).collect()
}

#[test]
fn what_was_changed_of_dates_to_come_stays_where_the_later_ones_begin_anew_at_the_first() {
    for (due, left) in [
        ("2026-11-24T09:00:00", &["11-26T09:00:00"][..]),
        ("2026-11-23T10:00:00", &[]),
    ] {
        let mut life = Life::new();
        life.receive(1, 0, start("FREQ=DAILY"));
        skip(&mut life, "2026-11-26T09:00:00");
        for number in [2, 3] {
            // The second time too, when the definition begins at the open instance already.
            let mut moved = instance("FREQ=DAILY", due);
            moved.first_occurrence = 0;
            moved.tags = [number.to_string().into()].into();
            let message = HandoverMessage::EditSeries {
                changed: vec![TaskField::Due, TaskField::Tags],
                occurrence: 0,
                definition: Box::new(moved),
                shift_s: None,
            };
            life.receive(number, number - 1, message);
            assert_eq!(special(&life), left, "{due}");
        }
    }
}

#[test]
fn what_an_older_release_made_of_the_same_occurrence_moves_what_is_special_as_it_did() {
    let mut life = Life::new();
    life.receive(1, 0, start("FREQ=DAILY"));
    skip(&mut life, "2026-11-26T09:00:00");
    let mut moved = instance("FREQ=DAILY", "2026-11-24T09:00:00");
    moved.first_occurrence = 0;
    life.0.evolve(&SeriesEvent::SeriesChanged(moved), &BundledZones);
    assert_eq!(special(&life), ["11-27T09:00:00"]);
}

#[test]
fn a_change_of_the_recurrence_takes_over_nothing_that_is_of_the_instance_alone() {
    for rule in ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=2"] {
        let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
        let mut put_off = instance(rule, "2026-11-25T15:00:00");
        (put_off.title, put_off.recurrence.late_policy) = ("b".into(), LatePolicy::CatchUp);
        edit(&mut life, &[TaskField::Recurrence], put_off, None);
        let definition = life.answer().definition;
        let first = if rule == "FREQ=DAILY" { 0 } else { 2 };
        assert_eq!((&*definition.title, definition.first_occurrence), ("a", first));
        assert_eq!(definition.recurrence.late_policy, LatePolicy::CatchUp);
        let next = if rule == "FREQ=DAILY" { "11-26" } else { "11-27" };
        let expected = ["11-25T09:00:00".to_owned(), format!("{next}T09:00:00")];
        assert_eq!(run_out(&mut life, &["2026-11-25"])[2..], expected);
    }
}

#[test]
fn a_put_off_instance_that_became_a_day_takes_the_series_along_only_with_dates_that_are_days() {
    for (rdate, is_day) in [(None, false), (Some(date("2026-12-01")), true)] {
        let mut life = third_is_open("FREQ=DAILY", ["2026-11-23", "2026-11-24"]);
        let mut put_off = instance("FREQ=DAILY", "2026-11-25T09:00:00");
        let instant = "2026-11-24T23:00:00Z".parse().unwrap();
        put_off.due = Some(Moment::Day {
            date: "2026-11-25".parse().unwrap(),
            instant,
        });
        put_off.recurrence.rdate = rdate.into_iter().collect();
        edit(&mut life, &[TaskField::Recurrence], put_off, None);
        assert_eq!(life.answer().definition.due.unwrap().is_day(), is_day);
    }
}

#[test]
fn a_series_of_days_takes_the_time_of_an_instance_with_a_rule_that_has_hours() {
    for (rrule, is_day) in [
        ("FREQ=WEEKLY", true),
        ("FREQ=HOURLY;INTERVAL=4", false),
        ("FREQ=DAILY;BYHOUR=9,18", false),
    ] {
        let mut life = Life::new();
        let mut days = instance("FREQ=DAILY", "2026-11-23T09:00:00");
        days.due = Some(Moment::Day {
            date: "2026-11-23".parse().unwrap(),
            instant: "2026-11-22T23:00:00Z".parse().unwrap(),
        });
        days.first_occurrence = 0;
        life.start(days);
        let mut put_off = instance(rrule, "2026-11-23T15:00:00");
        put_off.first_occurrence = 0;
        let message = HandoverMessage::EditSeries {
            changed: [TaskField::Recurrence].into(),
            occurrence: 0,
            definition: Box::new(put_off),
            shift_s: None,
        };
        life.receive(2, 1, message);
        assert_eq!(life.answer().definition.due.unwrap().is_day(), is_day, "{rrule}");
    }
}

#[test]
fn count_goes_on_after_more_were_missed_than_are_recorded() {
    let left = |change: Option<&[TaskField]>| {
        let mut life = Life::new();
        life.receive(1, 0, start("FREQ=DAILY;COUNT=2600"));
        // The 2,527th day.
        life.receive(3, 0, close(0, "2033-10-22T12:00:00Z"));
        let (open, record) = life.answer().occurrences.pop().unwrap();
        assert_eq!(usize::try_from(open).unwrap(), MAX_MISSED + 1);
        if let Some(changed) = change {
            let mut at = instance("FREQ=DAILY;COUNT=2600", "2033-10-23T10:00:00");
            at.first_occurrence = open;
            if !changed.contains(&TaskField::Due) {
                at.due = Some(record.at);
            }
            at.recurrence.late_policy = LatePolicy::CatchUp;
            edit(&mut life, changed, at, None);
        }
        let question = SeriesQuestion::Occurrences {
            after: None,
            limit: 0,
            upcoming: 5_000,
            time_zone: None,
        };
        let now = "2033-10-22T12:00:00Z".parse().unwrap();
        life.0.ask(OWNER, &question, now, &BundledZones).unwrap().upcoming.len()
    };
    assert_eq!(left(None), 73);
    assert_eq!(left(Some(&[TaskField::Recurrence])), 73);
    assert_eq!(left(Some(&[TaskField::Due])), 73);
}

#[test]
fn a_change_counts_the_dates_of_the_rule_before_it_and_no_others() {
    // Of 5: the 23rd, the 24th, which is taken away, and the 25th; what was added on the 24th at noon is none of them.
    let mut life = Life::new();
    let mut dated = definition("FREQ=DAILY;COUNT=5");
    dated.recurrence.exdate = [date("2026-11-24T09:00:00")].into();
    dated.recurrence.rdate = [date("2026-11-24T12:00:00")].into();
    life.start(dated.clone());
    life.receive(2, 1, close(0, "2026-11-23T08:00:00Z"));
    life.receive(3, 2, close(1, "2026-11-24T08:00:00Z"));
    let mut changed = instance("FREQ=DAILY;COUNT=5", "2026-11-25T09:00:00");
    changed.recurrence = dated.recurrence;
    changed.recurrence.late_policy = LatePolicy::CatchUp;
    edit(&mut life, &[TaskField::Recurrence], changed, None);
    let days = run_out(&mut life, &["2026-11-25", "2026-11-26", "2026-11-27"]);
    assert_eq!(days[2..], ["11-25T09:00:00", "11-26T09:00:00", "11-27T09:00:00"]);
    assert!(life.answer().ended);
}

#[test]
fn what_leaves_the_rule_alone_leaves_its_dates_while_one_that_was_added_is_open() {
    let rule = "FREQ=DAILY;INTERVAL=2";
    let open = "2026-11-26T18:00:00";
    let change = |change: &dyn Fn(&mut Recurrence)| {
        let mut life = Life::new();
        let mut dated = definition(rule);
        dated.recurrence.rdate = [date(open)].into();
        life.start(dated.clone());
        life.receive(2, 1, close(0, "2026-11-23T08:00:00Z"));
        life.receive(3, 2, close(1, "2026-11-25T08:00:00Z"));
        let mut changed = instance(rule, open);
        changed.recurrence = dated.recurrence;
        change(&mut changed.recurrence);
        edit(&mut life, &[TaskField::Recurrence], changed, None);
        run_out(&mut life, &["2026-11-26", "2026-11-27"]).split_off(2)
    };
    let same = ["11-26T18:00:00", "11-27T09:00:00", "11-29T09:00:00"];
    assert_eq!(change(&|of| of.late_policy = LatePolicy::CatchUp), same);
    assert_eq!(change(&|of| of.exdate = [date("2026-12-01T09:00:00")].into()), same);
    let added = change(&|of| of.rdate = [date(open), date("2026-11-28T12:00:00")].into());
    assert_eq!(added, ["11-26T18:00:00", "11-27T09:00:00", "11-28T12:00:00"]);
    let another = change(&|of| of.rrule = "FREQ=DAILY;INTERVAL=3".into());
    assert_eq!(another, ["11-26T18:00:00", "11-29T18:00:00", "12-02T18:00:00"]);
    let counted = change(&|of| of.anchor = Anchor::Completion);
    assert_eq!(counted, ["11-26T18:00:00", "11-29T18:00:00", "11-30T18:00:00"]);
}
