//! Histories that went wrong once, or nearly, each under the name of what holds now.

mod wake_ups;

use punctual_actors::{
    Code,
    faults::Fault::{Late, Nothing, ReplyLost, RequestLost},
    ports::Store as _,
    turn::{Answered, TurnError},
};
use punctual_events::Seq;

use crate::{
    check,
    ledger::Ledger,
    machine::{
        Answer,
        Command::{self, Add, Ask, Bump, ClearAlarm, Remove, SetAlarm},
    },
    play,
    process::ready,
    step::{Go, Setting, Step, Work},
    world::World,
};

/// More halves of operations than any single turn has.
const ANY_STEP: std::ops::Range<u8> = 0..24;

fn several() -> Setting {
    Setting { skews_ms: vec![0, 0] }
}

fn alone() -> Setting {
    Setting { skews_ms: vec![0] }
}

fn start(process: u8, work: Work) -> Step {
    let go = Go {
        polls: None,
        faults: Vec::new(),
    };
    Step::Start { process, work, go }
}

fn ask(process: u8, command: Command) -> Step {
    start(process, Work::Commands(vec![(command, None)]))
}

/// The same, but only the first `polls` halves of operations.
fn begin(process: u8, work: Work, polls: u8) -> Step {
    let go = Go {
        polls: Some(polls),
        faults: Vec::new(),
    };
    Step::Start { process, work, go }
}

fn go_on(process: u8) -> Step {
    let go = Go {
        polls: None,
        faults: Vec::new(),
    };
    Step::Go { process, go }
}

fn with_faults(process: u8, command: Command, faults: &[punctual_actors::faults::Fault]) -> Step {
    let go = Go {
        polls: None,
        faults: faults.to_vec(),
    };
    Step::Start {
        process,
        work: Work::Commands(vec![(command, None)]),
        go,
    }
}

fn world_after(setting: &Setting, steps: &[Step]) -> World {
    let mut world = World::new(setting, |_| Ledger::default());
    steps.iter().for_each(|step| world.take(step));
    world
}

#[test]
fn a_process_lost_between_any_two_steps_leaves_nothing_undone() {
    for setting in [alone(), several()] {
        for polls in ANY_STEP {
            play(
                &setting,
                &[
                    ask(0, Add(1)),
                    begin(
                        0,
                        Work::Commands(vec![(SetAlarm(0, 5_000), Some(1)), (Add(2), Some(2))]),
                        polls,
                    ),
                    Step::Crash { process: 0 },
                    start(0, Work::Retry(0)),
                    start(0, Work::Retry(1)),
                ],
            );
        }
    }
}

#[test]
fn a_process_that_was_overtaken_refuses_nothing_from_its_old_state() {
    let world = world_after(
        &several(),
        &[ask(0, Add(1)), ask(1, Ask), ask(0, Remove(1)), ask(1, Add(1))],
    );
    let answer = &world.attempts[3].outcome;
    assert!(
        matches!(
            answer,
            Some(Ok(Answered {
                reply: Answer::Did(_),
                seq: Seq(3),
                ..
            }))
        ),
        "{answer:?}"
    );
}

#[test]
fn one_key_twice_in_a_batch_takes_effect_once() {
    let both = vec![(Bump(1), Some(1)), (Bump(1), Some(1)), (Bump(10), Some(1))];
    let mut world = world_after(&alone(), &[start(0, Work::Commands(both))]);
    let [first, second, other] = [0, 1, 2].map(|index| world.attempts[index].outcome.clone().expect("an outcome"));
    let (first, second) = (first.expect("done"), second.expect("replayed"));
    assert!(!first.replayed && second.replayed);
    assert_eq!((first.reply, first.seq), (second.reply, second.seq));
    assert!(matches!(other, Err(TurnError::Refused(refusal)) if refusal.code == Code::IdempotencyKeyReused));
    world.come_to_rest();
    check::check(&world);
}

#[test]
fn a_key_is_remembered_across_saving_compacting_and_loading() {
    let mut world = world_after(
        &alone(),
        &[
            start(0, Work::Commands(vec![(Bump(1), Some(1))])),
            start(0, Work::Publish),
            ask(0, Bump(1)),
            start(0, Work::Save),
            Step::Confirm,
            Step::Compact { age_ms: 0 },
            Step::Crash { process: 0 },
            start(0, Work::Retry(0)),
        ],
    );
    let replay = world.attempts.last().and_then(|attempt| attempt.outcome.clone());
    assert!(
        matches!(replay, Some(Ok(Answered { replayed: true, .. }))),
        "{replay:?}"
    );
    world.come_to_rest();
    check::check(&world);
}

#[test]
fn processes_that_save_in_turns_do_not_mix_their_pages() {
    let mut steps = Vec::new();
    for round in 0..6 {
        let process = round % 2;
        steps.push(ask(process, Add(round)));
        steps.push(ask(process, if round % 3 == 2 { Remove(round - 1) } else { Bump(1) }));
        steps.push(start(process, Work::Save));
    }
    play(&several(), &steps);
}

#[test]
fn when_nothing_can_be_appended_the_outcome_is_unknown_and_late_appends_are_shut_out() {
    let lost = [
        Nothing,
        Late,
        Nothing,
        RequestLost,
        Nothing,
        RequestLost,
        Nothing,
        RequestLost,
    ];
    let mut world = world_after(&alone(), &[ask(0, Bump(1)), with_faults(0, Bump(1), &lost[1..])]);
    assert!(
        matches!(world.attempts[1].outcome, Some(Err(TurnError::Unknown(_)))),
        "{:?}",
        world.attempts[1]
    );
    // "Nothing to do" is not said while the append may still arrive: it is said with an append that shuts it out.
    world.take(&ask(0, Ask));
    assert!(
        matches!(world.attempts[2].outcome, Some(Ok(Answered { seq: Seq(2), .. }))),
        "{:?}",
        world.attempts[2]
    );
    world.take(&Step::Arrive { process: 0, which: 0 });
    assert_eq!(world.shared.ledger.len(), 2);
    world.come_to_rest();
    check::check(&world);
}

#[test]
fn an_attempt_that_may_have_been_compacted_away_is_unknown() {
    let mut world = world_after(
        &several(),
        &[
            ask(0, Bump(1)),
            // The append is done, its reply and the next load are lost: the turn stops there.
            Step::Start {
                process: 0,
                work: Work::Commands(vec![(Bump(1), None)]),
                go: Go {
                    polls: Some(4),
                    faults: vec![ReplyLost],
                },
            },
            ask(1, Bump(1)),
            ask(1, Bump(1)),
            start(1, Work::Publish),
            start(1, Work::Save),
            Step::Confirm,
            Step::Compact { age_ms: -1_000 },
            go_on(0),
        ],
    );
    assert!(
        matches!(world.attempts[1].outcome, Some(Err(TurnError::Unknown(_)))),
        "{:?}",
        world.attempts[1]
    );
    world.come_to_rest();
    check::check(&world);
}
