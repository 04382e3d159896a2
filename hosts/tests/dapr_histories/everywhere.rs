//! What random histories come to now and then, at every single place in turn: a writer that stands still while its own wake-up goes by, a writer
//! that is lost, and each fault.

use std::sync::Arc;

use punctual_actors::faults::Fault;

use crate::{
    machine::Command::{self, Add, Ask, Bump, ClearAlarm, SetAlarm},
    play, random,
    stage::Stage,
    step::{Go, Setting, Step, Work},
};

/// More halves of calls than any single turn here has.
const ANYWHERE: std::ops::Range<u8> = 0..24;

/// More calls than any single turn here makes that can go wrong, those to the wake-ups included.
const MOST_CALLS: usize = 6;

const fn go(polls: Option<u8>) -> Go {
    Go {
        polls,
        faults: Vec::new(),
    }
}

fn start(process: u8, work: Work) -> Step {
    let go = go(None);
    Step::Start { process, work, go }
}

fn ask(process: u8, command: Command) -> Step {
    start(process, Work::Commands(vec![(command, None)]))
}

/// The same, but only so many halves of calls.
fn begin(process: u8, work: Work, polls: u8) -> Step {
    let go = go(Some(polls));
    Step::Start { process, work, go }
}

/// An alarm is set as far as `polls` goes; a wake-up is delivered to another process; then it is let go on.
fn stall(first: Vec<Step>, polls: u8, in_ms: i64) -> Vec<Step> {
    let meanwhile = [
        begin(0, Work::Commands(vec![(SetAlarm(1, in_ms), None)]), polls),
        Step::Advance { ms: 6_000 },
        start(1, Work::Wake(0)),
    ];
    let after = Step::Go {
        process: 0,
        go: go(None),
    };
    first.into_iter().chain(meanwhile).chain([after]).collect()
}

/// A writer whose commit counts on the wake-up it has just armed, one whose commit counts on an earlier one, and the first of all commits.
fn stalled_writers(polls: u8) -> [Vec<Step>; 3] {
    let covered = vec![ask(0, SetAlarm(0, 5_000)), ask(0, ClearAlarm(0)), ask(1, Ask)];
    [
        stall(vec![ask(1, Bump(1)), ask(0, Ask)], polls, 5_000),
        stall(covered, polls, 9_000),
        stall(Vec::new(), polls, 5_000),
    ]
}

/// Two writers that are lost on their way, the second before it has loaded anything, and what their client then does.
fn lost_writers(polls: u8) -> Vec<Step> {
    let commands = |key| Work::Commands(vec![(SetAlarm(0, 5_000), Some(key)), (Add(2), None)]);
    vec![
        ask(0, Add(1)),
        begin(0, commands(1), polls),
        Step::Crash { process: 0 },
        begin(1, commands(2), polls),
        Step::Crash { process: 1 },
        start(1, Work::Retry(0)),
        Step::Arrive { process: 0, which: 0 },
        start(0, Work::Retry(1)),
    ]
}

/// A writer whose calls are well up to one of them; what is late arrives after somebody else has written.
fn faulty_writer(well: usize, fault: Fault) -> Vec<Step> {
    let faulty = Go {
        polls: None,
        faults: std::iter::repeat_n(Fault::Nothing, well).chain([fault]).collect(),
    };
    vec![
        ask(0, Add(1)),
        Step::Start {
            process: 0,
            work: Work::Commands(vec![(SetAlarm(0, 5_000), None), (Add(2), None)]),
            go: faulty,
        },
        ask(1, Bump(1)),
        Step::Arrive { process: 0, which: 0 },
        ask(0, Bump(1)),
    ]
}

/// Plays them all.
pub(crate) fn play_all(stage: &Arc<Stage>) {
    let setting = Setting { skews_ms: vec![0, 0] };
    for polls in ANYWHERE {
        play(stage, &setting, &lost_writers(polls));
    }
    // Every third place is before a call as often as after one.
    let every = if random::is_long() { 1 } else { 3 };
    for polls in ANYWHERE {
        let [first, others @ ..] = stalled_writers(polls);
        play(stage, &setting, &first);
        if polls % every == 0 {
            others.iter().for_each(|history| play(stage, &setting, history));
        }
    }
    for well in 0..MOST_CALLS {
        for fault in Fault::ALL {
            play(stage, &setting, &faulty_writer(well, fault));
        }
    }
}
