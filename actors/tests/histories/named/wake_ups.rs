//! What wake-ups, guards and fences are for.

use punctual_events::Timestamp;

use super::*;

#[test]
fn a_wake_up_that_covers_a_later_alarm_too_is_armed_anew_by_whoever_takes_it() {
    play(
        &several(),
        &[
            ask(0, SetAlarm(0, 10_000)),
            ask(0, SetAlarm(1, 20_000)),
            ask(0, ClearAlarm(0)),
            ask(1, Ask),
            Step::Advance { ms: 11_000 },
            start(1, Work::Wake(0)),
        ],
    );
}

#[test]
fn a_wake_up_taken_elsewhere_does_not_count_as_armed_here() {
    play(
        &several(),
        &[
            ask(0, SetAlarm(0, 10_000)),
            ask(0, SetAlarm(1, 60_000)),
            ask(0, ClearAlarm(0)),
            Step::Advance { ms: 11_000 },
            start(1, Work::Wake(0)),
            ask(0, SetAlarm(2, 20_000)),
        ],
    );
}

#[test]
fn a_writer_stalled_anywhere_across_its_own_wake_up_arms_again() {
    for polls in ANY_STEP {
        play(
            &several(),
            &[
                ask(1, Bump(1)),
                ask(0, Ask),
                begin(0, Work::Commands(vec![(SetAlarm(0, 5_000), None)]), polls),
                Step::Advance { ms: 6_000 },
                start(1, Work::Wake(0)),
                go_on(0),
            ],
        );
    }
}

#[test]
fn a_writer_that_counts_on_an_earlier_wake_up_loses_against_whoever_takes_that() {
    for polls in ANY_STEP {
        play(
            &several(),
            &[
                ask(0, SetAlarm(0, 5_000)),
                ask(0, ClearAlarm(0)),
                ask(1, Ask),
                begin(0, Work::Commands(vec![(SetAlarm(1, 9_000), None)]), polls),
                Step::Advance { ms: 6_000 },
                start(1, Work::Wake(0)),
                go_on(0),
            ],
        );
    }
}

#[test]
fn a_wake_up_of_another_activation_is_never_taken_for_ones_own() {
    for polls in ANY_STEP {
        play(
            &several(),
            &[
                ask(0, SetAlarm(0, 5_000)),
                ask(0, ClearAlarm(0)),
                ask(1, Ask),
                // This one makes a wake-up too, the first of its activation, for the same place in the log; arming it fails.
                with_faults(1, SetAlarm(2, 1_000), &[RequestLost]),
                begin(0, Work::Commands(vec![(SetAlarm(1, 9_000), None)]), polls),
                Step::Advance { ms: 6_000 },
                start(1, Work::Wake(0)),
                go_on(0),
            ],
        );
    }
}

#[test]
fn a_wake_up_that_finds_nothing_due_appends_nothing_and_what_comes_next_is_armed() {
    for setting in [alone(), several()] {
        let mut world = world_after(
            &setting,
            &[
                ask(0, SetAlarm(0, 5_000)),
                ask(0, SetAlarm(1, 60_000)),
                ask(0, ClearAlarm(0)),
                Step::Advance { ms: 6_000 },
                start(0, Work::Wake(0)),
            ],
        );
        assert_eq!(world.shared.ledger.len(), 3, "{setting:?}");
        world.come_to_rest();
        check::check(&world);
    }
}

#[test]
fn a_wake_up_that_finds_nothing_due_appends_nothing_where_the_actor_left_memory_and_is_alone() {
    let mut world = world_after(
        &alone(),
        &[
            ask(0, SetAlarm(0, 5_000)),
            ask(0, SetAlarm(1, 60_000)),
            Step::Crash { process: 0 },
            ask(0, ClearAlarm(0)),
            Step::Crash { process: 0 },
            ask(0, SetAlarm(0, 5_000)),
            ask(0, ClearAlarm(0)),
            Step::Advance { ms: 6_000 },
            start(0, Work::Wake(0)),
        ],
    );
    assert_eq!(world.shared.ledger.len(), 5);
    world.come_to_rest();
    check::check(&world);
}

#[test]
fn a_wake_up_the_head_is_behind_of_is_fenced_also_where_the_actor_is_alone() {
    let mut world = world_after(
        &alone(),
        &[
            ask(0, Bump(1)),
            with_faults(0, SetAlarm(0, 5_000), &[ReplyLost]),
            Step::Advance { ms: 6_000 },
            start(0, Work::Wake(0)),
        ],
    );
    assert_eq!(world.shared.ledger.len(), 2);
    world.come_to_rest();
    check::check(&world);
}

#[test]
fn the_fence_holds_where_the_first_try_meets_a_log_that_has_moved_on() {
    for polls in ANY_STEP {
        play(
            &several(),
            &[
                ask(1, Ask),
                ask(0, Bump(1)),
                begin(0, Work::Commands(vec![(SetAlarm(0, 5_000), None)]), polls),
                Step::Advance { ms: 6_000 },
                start(1, Work::Wake(0)),
                go_on(0),
            ],
        );
    }
}

#[test]
fn the_first_commit_of_an_actor_is_fenced_too() {
    for polls in ANY_STEP {
        play(
            &several(),
            &[
                begin(0, Work::Commands(vec![(SetAlarm(0, 5_000), None)]), polls),
                Step::Advance { ms: 6_000 },
                start(1, Work::Wake(0)),
                go_on(0),
            ],
        );
    }
}

#[test]
fn a_wake_up_for_a_commit_that_never_came_is_harmless() {
    for polls in ANY_STEP {
        play(
            &several(),
            &[
                begin(0, Work::Commands(vec![(SetAlarm(0, 5_000), None)]), polls),
                Step::Crash { process: 0 },
                Step::Advance { ms: 6_000 },
                start(1, Work::Wake(0)),
                ask(1, Add(1)),
            ],
        );
    }
}

#[test]
fn a_guard_lost_between_any_two_steps_of_its_delivery_is_not_lost_for_good() {
    for polls in ANY_STEP {
        play(
            &several(),
            &[
                ask(0, Bump(1)),
                Step::Crash { process: 0 },
                Step::Advance { ms: 400_000 },
                begin(1, Work::Wake(0), polls),
                Step::Crash { process: 1 },
            ],
        );
    }
}

#[test]
fn guards_end_when_everything_is_published() {
    let mut world = world_after(&several(), &[ask(0, Bump(1)), ask(1, Bump(1))]);
    world.come_to_rest();
    check::check(&world);
    // Each guard that another process takes while audit hears nothing may append a fence.
    assert!(world.shared.ledger.len() < 14, "{} commits", world.shared.ledger.len());
}

#[test]
fn the_last_guard_notes_in_the_head_that_everything_is_published() {
    let world = world_after(
        &several(),
        &[
            ask(0, Bump(1)),
            start(0, Work::Publish),
            Step::Confirm,
            Step::Advance { ms: 400_000 },
            start(0, Work::Wake(0)),
        ],
    );
    let head = ready(world.shared.ledger.head(world.shared.actor))
        .expect("read")
        .expect("a head");
    assert_eq!((head.seq, head.published), (Seq(2), Seq(1)));
    assert_eq!(world.shared.wake_ups.earliest(), None);
}

#[test]
fn guards_end_also_where_the_actor_left_memory_before_each() {
    let mut steps = vec![ask(0, Bump(1))];
    for _ in 0..3 {
        steps.extend([
            start(0, Work::Publish),
            Step::Confirm,
            Step::Crash { process: 0 },
            Step::Advance { ms: 400_000 },
            start(0, Work::Wake(0)),
        ]);
    }
    let mut world = world_after(&several(), &steps);
    assert_eq!(world.shared.wake_ups.earliest(), None);
    world.come_to_rest();
    check::check(&world);
}

#[test]
fn a_guard_publishes_the_last_commit_again_until_audit_has_it() {
    let mut steps = vec![ask(0, Bump(1)), ask(0, Bump(1)), start(0, Work::Publish)];
    for ms in [310_000, 620_000] {
        steps.extend([Step::Advance { ms }, start(0, Work::Wake(0))]);
    }
    let world = world_after(&several(), &steps);
    let published = |world: &World| {
        let published = world.shared.publisher.published();
        published.iter().map(|commit| commit.header.seq.0).collect::<Vec<_>>()
    };
    assert_eq!(published(&world), [1, 2, 2, 2]);
    let guards = world.shared.wake_ups.due(Timestamp::MAX);
    let ahead_ms = guards[0].1.at.as_millis() - world.now().as_millis();
    assert_eq!(guards.len(), 1);
    // What it has waited by now, and five minutes: about twice as far ahead as the one before.
    assert!((1_230_000..1_231_000).contains(&ahead_ms), "{ahead_ms}");

    steps.extend([Step::Confirm, Step::Advance { ms: 1_240_000 }, start(0, Work::Wake(0))]);
    let world = world_after(&several(), &steps);
    assert_eq!(published(&world), [1, 2, 2, 2]);
    assert_eq!(world.shared.wake_ups.earliest(), None);
}

#[test]
fn what_audit_has_confirmed_is_not_published_again_by_a_wake_up_that_has_more_to_do() {
    let world = world_after(
        &several(),
        &[
            ask(0, SetAlarm(0, 200_000)),
            start(0, Work::Publish),
            Step::Confirm,
            Step::Advance { ms: 200_000 },
            start(0, Work::Wake(0)),
        ],
    );
    assert_eq!(world.shared.publisher.published().len(), 1);
}

#[test]
fn a_commit_whose_reply_was_lost_is_published_without_a_guard() {
    play(&alone(), &[ask(0, Bump(1)), with_faults(0, Bump(1), &[ReplyLost])]);
}

#[test]
fn a_wake_up_that_is_early_by_this_clock_waits_and_commits_once() {
    let setting = Setting {
        skews_ms: vec![-400, -400],
    };
    let mut world = world_after(&setting, &[ask(0, SetAlarm(0, 5_000))]);
    world.come_to_rest();
    check::check(&world);
    let fired = world.shared.ledger.of(world.shared.actor).remove(1);
    assert_eq!(fired.events.len(), 1, "the second commit fires the alarm");
}

#[test]
fn an_alarm_set_while_the_wake_up_it_counts_on_is_overdue_fires() {
    play(
        &several(),
        &[
            ask(1, SetAlarm(0, 0)),
            ask(2, Add(0)),
            start(0, Work::Save),
            start(2, Work::Publish),
            Step::Advance { ms: 81_020 },
            ask(0, SetAlarm(0, 3)),
            Step::Confirm,
            Step::Compact { age_ms: 0 },
        ],
    );
}
