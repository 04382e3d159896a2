//! The steps histories are made of.

use proptest::{collection::vec, option, prelude::*, sample::select};
use punctual_actors::faults::Fault;

use crate::machine::Command;

/// In what a history takes place.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// By how much the clock of each process is ahead. One process: the embedded runtime, which has no guard and starts anew from the heads.
    pub(crate) skews_ms: Vec<i64>,
}

impl Setting {
    pub(crate) fn is_alone(&self) -> bool {
        self.skews_ms.len() == 1
    }

    pub(crate) fn most_ahead_ms(&self) -> i64 {
        self.skews_ms.iter().copied().max().unwrap_or(0).max(0)
    }
}

/// One step. Processes are counted around the end.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A process begins something, unless it is at it.
    Start { process: u8, work: Work, go: Go },
    /// A process goes on with what it does.
    Go { process: u8, go: Go },
    /// A process is lost, in the middle of whatever it does.
    Crash { process: u8 },
    /// Something late arrives.
    Arrive { process: u8, which: u8 },
    /// Time passes.
    Advance { ms: u64 },
    /// The wall clock is set.
    Jump { ms: i64 },
    /// Audit confirms what was published.
    Confirm,
    /// Commits that are older than this and not needed are dropped.
    Compact { age_ms: i64 },
}

/// What a process can be at.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Commands arrive together, some with a key.
    Commands(Vec<(Command, Option<u8>)>),
    /// A client sends a command with a key again.
    Retry(u8),
    /// One of the wake-ups that are due is delivered.
    Wake(u8),
    /// One that was delivered before is delivered again.
    WakeAgain(u8),
    /// The head is compared with the store's.
    Recheck,
    /// The outbox publishes.
    Publish,
    /// The state is saved.
    Save,
}

/// How far a process goes, and what goes wrong on the way.
#[derive(Clone, Debug)]
pub(crate) struct Go {
    /// In halves of an operation; to the end where there is none.
    pub(crate) polls: Option<u8>,
    /// What goes wrong with the next operations.
    pub(crate) faults: Vec<Fault>,
}

fn command() -> impl Strategy<Value = Command> {
    let in_ms = prop_oneof![4 => -1_000..60_000_i64, 2 => 0..600_000_i64, 1 => 0..100_000_000_i64];
    prop_oneof![
        6 => (0..12_u8).prop_map(Command::Add),
        3 => (0..12_u8).prop_map(Command::Remove),
        6 => (0..3_u8, in_ms).prop_map(|(alarm, in_ms)| Command::SetAlarm(alarm, in_ms)),
        2 => (0..3_u8).prop_map(Command::ClearAlarm),
        4 => Just(Command::Bump(1)),
        1 => prop_oneof![29 => Just(Command::Bump(10)), 1 => Just(Command::Bump(300_000))],
        2 => Just(Command::Ask),
        1 => Just(Command::Refuse),
    ]
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![3 => Just(Fault::Nothing), 2 => select(Fault::ALL.to_vec())];
    prop_oneof![3 => Just(Vec::new()), 2 => vec(fault, 1..6)]
}

fn go() -> impl Strategy<Value = Go> {
    (prop_oneof![1 => Just(None), 1 => (0..14_u8).prop_map(Some)], faults())
        .prop_map(|(polls, faults)| Go { polls, faults })
}

fn work() -> impl Strategy<Value = Work> {
    let keyed = (command(), option::of(0..6_u8));
    prop_oneof![
        8 => vec(keyed, 1..4).prop_map(Work::Commands),
        3 => any::<u8>().prop_map(Work::Retry),
        5 => any::<u8>().prop_map(Work::Wake),
        1 => any::<u8>().prop_map(Work::WakeAgain),
        1 => Just(Work::Recheck),
        3 => Just(Work::Publish),
        2 => Just(Work::Save),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..3_u8, work(), go()).prop_map(|(process, work, go)| Step::Start { process, work, go }),
        8 => (0..3_u8, go()).prop_map(|(process, go)| Step::Go { process, go }),
        2 => (0..3_u8).prop_map(|process| Step::Crash { process }),
        3 => (0..3_u8, any::<u8>()).prop_map(|(process, which)| Step::Arrive { process, which }),
        5 => prop_oneof![3 => 0..70_000_u64, 1 => 0..4_000_000_u64].prop_map(|ms| Step::Advance { ms }),
        1 => prop_oneof![4 => -600_000..600_000_i64, 1 => -100_000_000..100_000_000_i64].prop_map(|ms| Step::Jump { ms }),
        1 => Just(Step::Confirm),
        1 => (0..3_600_000_i64).prop_map(|age_ms| Step::Compact { age_ms }),
    ]
}

/// A setting and a history in it.
pub(crate) fn history() -> impl Strategy<Value = (Setting, Vec<Step>)> {
    let skew = || prop_oneof![2 => Just(0), 1 => -900..900_i64];
    let skews = prop_oneof![
        1 => Just(vec![0]),
        2 => vec(skew(), 2),
        2 => vec(skew(), 3),
    ];
    (skews.prop_map(|skews_ms| Setting { skews_ms }), vec(step(), 1..60))
}
