//! What the model found, kept.

use super::*;

#[test]
fn what_was_snoozed_after_its_reminder_had_moved_comes_though_that_fires_before() {
    let start = |in_minutes| Due { in_minutes, zone: None };
    let remind = Remind {
        when: When::BeforeStart("PT5H"),
        repeat: None,
    };
    let mut both = Both::new();
    for step in [
        Step::Create {
            due: None,
            start: Some(start(1_440)),
            reminders: vec![remind],
        },
        Step::Advance {
            seconds: 93_694,
            outage: false,
        },
        Step::MoveStart(0, Some(start(2_339))),
        Step::Advance {
            seconds: 2_667,
            outage: false,
        },
        Step::Snooze(0, 2_534),
    ] {
        both.take(&step);
    }
    both.advance(20 * 86_400, false);
}

#[test]
fn what_was_snoozed_nags_on_beside_its_reminder_that_moved_where_quiet_hours_have_both_come_at_once() {
    let start = |in_minutes, zone| Some(Due { in_minutes, zone });
    let remind = Remind {
        when: When::BeforeStart("-PT10M"),
        repeat: Some((64, 3)),
    };
    let mut both = Both::new();
    for step in [
        Step::Create {
            due: None,
            start: start(0, None),
            reminders: vec![remind],
        },
        Step::Advance {
            seconds: 32_085,
            outage: false,
        },
        Step::Quiet(Some(("09:00", "08:30"))),
        Step::MoveStart(0, start(5_899, Some(FLOATING))),
        Step::Snooze(3, 2_663),
    ] {
        both.take(&step);
    }
    both.advance(20 * 86_400, false);
}

#[test]
fn what_nags_after_a_snooze_ends_with_its_reminder_that_moved_and_fires_in_between() {
    let start = |in_minutes| Some(Due { in_minutes, zone: None });
    let remind = Remind {
        when: When::BeforeStart("P1D"),
        repeat: Some((51, 1)),
    };
    let mut both = Both::new();
    for step in [
        Step::Create {
            due: None,
            start: start(1_470),
            reminders: vec![remind],
        },
        // Where its instant has passed, so that it fires with the next command.
        Step::Travel("Asia/Tokyo"),
        Step::MoveStart(0, start(1_980)),
        // Rings at 19:10, and would again at 20:01.
        Step::Snooze(0, 790),
        // Where the reminder is due at 20:00.
        Step::Travel("Pacific/Apia"),
    ] {
        both.take(&step);
    }
    both.advance(20 * 86_400, false);
    assert_eq!(both.fired.len(), 4);
}
