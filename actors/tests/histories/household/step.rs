//! The steps histories of a household are made of.

use proptest::{collection::vec, option, prelude::*, sample::select};
use punctual_actors::{
    faults::Fault,
    user::{
        SnoozeUntil, UserCommand,
        draft::{TaskDraft, TaskPatch},
    },
};
use punctual_events::{NotificationId, TaskId, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::single::{Single, single};

/// How far a process goes before it is lost, if it is, and what goes wrong on the way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Go {
    /// In halves of an operation; to the end where there is none.
    pub(crate) lost_after: Option<u8>,
    pub(crate) faults: Vec<Fault>,
}

/// One step. Processes and lists are counted around the end.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The user asks for something.
    Ask {
        process: u8,
        ask: Ask,
        key: Option<u8>,
        go: Go,
    },
    /// The user asks for something of a series, by its place among all there ever were.
    Single {
        process: u8,
        which: u8,
        single: Single,
        go: Go,
    },
    /// The client sends something again under its key.
    Retry { process: u8, which: u8, go: Go },
    /// The events of a published commit are delivered to the recurring role, perhaps again.
    Carry { process: u8, which: u8, go: Go },
    /// A wake-up that is due is delivered.
    Wake { process: u8, which: u8, go: Go },
    /// A process publishes what it committed.
    Publish { process: u8, go: Go },
    /// A process saves what it has in memory.
    Save { process: u8, go: Go },
    /// A process is lost.
    Crash { process: u8 },
    /// Something late arrives.
    Arrive { process: u8, which: u8 },
    /// Time passes.
    Advance { ms: u64 },
    /// Audit confirms, and what is not needed is dropped.
    Compact,
}

/// What the user asks for; tasks and notifications by their place among all there ever were.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// A task due in so many minutes, with a rule or none, and a reminder that long before, which nags or not.
    Create {
        due_in_min: i64,
        rule: Option<Repeats>,
        before: Option<&'static str>,
        nags: bool,
    },
    Rename(u8, u8),
    RenameLater(u8, u8),
    RenameAll(u8, u8),
    MoveAll(u8, i64),
    MoveLater(u8, i64),
    Move(u8, i64),
    ChangeRule(u8, Option<Repeats>),
    Complete(u8),
    Reopen(u8),
    Delete(u8),
    EndSeries(u8),
    Dismiss(u8),
    Snooze(u8, i64),
    Quiet(bool),
}

impl Ask {
    /// The command, as of `now`.
    pub(crate) fn command(self, now: Timestamp, tasks: &[TaskId], fired: &[NotificationId]) -> UserCommand {
        let notification = |which: u8| {
            let found = fired.get(usize::from(which) % fired.len().max(1));
            found.copied().unwrap_or(NotificationId(Uuid::nil()))
        };
        let task = |which: u8| {
            tasks
                .get(usize::from(which) % tasks.len().max(1))
                .copied()
                .unwrap_or(TaskId(Uuid::nil()))
        };
        let due = |in_min: i64| {
            let at = now
                .plus_millis(in_min * 60_000)
                .to_utc()
                .format("%Y-%m-%dT%H:%M:%S")
                .to_string();
            json!({"at": at, "time_zone": "UTC"})
        };
        match self {
            Self::Create {
                due_in_min,
                rule,
                before,
                nags,
            } => {
                let repeat = nags.then(|| json!({"every": "PT20M", "times": 2}));
                let reminder = |before: &&str| json!({"before": before, "repeat": repeat});
                let reminders: Vec<Value> = before.iter().map(reminder).collect();
                let recurrence = rule.map(recurrence);
                let draft =
                    json!({"title": "task", "due": due(due_in_min), "recurrence": recurrence, "reminders": reminders});
                let draft: TaskDraft = parse(draft);
                UserCommand::CreateTask {
                    draft: Box::new(draft),
                    imported: None,
                }
            }
            Self::Rename(which, number) => patch(task(which), json!({"title": format!("title {number}")})),
            Self::RenameLater(which, number) => later(task(which), json!({"title": format!("title {number}")})),
            Self::MoveLater(which, in_min) => later(task(which), json!({"due": due(in_min)})),
            Self::RenameAll(which, number) => all(task(which), json!({"title": format!("title {number}")})),
            Self::MoveAll(which, in_min) => all(task(which), json!({"due": due(in_min)})),
            Self::Move(which, in_min) => patch(task(which), json!({"due": due(in_min)})),
            Self::ChangeRule(which, rule) => patch(task(which), json!({"recurrence": rule.map(recurrence)})),
            Self::Complete(which) => UserCommand::CompleteTask {
                if_match: None,
                task: task(which),
            },
            Self::Reopen(which) => UserCommand::ReopenTask {
                if_match: None,
                task: task(which),
            },
            Self::Delete(which) => UserCommand::DeleteTask {
                if_match: None,
                series: false,
                task: task(which),
            },
            Self::EndSeries(which) => UserCommand::DeleteTask {
                if_match: None,
                series: true,
                task: task(which),
            },
            Self::Dismiss(which) => UserCommand::Dismiss {
                notification: notification(which),
            },
            Self::Quiet(is_on) => UserCommand::ChangeQuiet {
                hours: is_on.then(|| parse(json!({"from": "22:00", "until": "07:00"}))),
            },
            Self::Snooze(which, minutes) => UserCommand::Snooze {
                notification: notification(which),
                until: SnoozeUntil::At(now.plus_millis(minutes * 60_000)),
            },
        }
    }
}

fn parse<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("what a client may send")
}

fn patch(task: TaskId, patch: Value) -> UserCommand {
    let patch: TaskPatch = parse(patch);
    UserCommand::PatchTask {
        if_match: None,
        patch: Box::new(patch),
        task,
    }
}

fn later(task: TaskId, patch: Value) -> UserCommand {
    let patch: TaskPatch = parse(patch);
    UserCommand::PatchLater {
        if_match: None,
        patch: Box::new(patch),
        task,
    }
}

fn all(task: TaskId, patch: Value) -> UserCommand {
    let patch: TaskPatch = parse(patch);
    UserCommand::PatchAll {
        if_match: None,
        patch: Box::new(patch),
        task,
    }
}

/// A rule and a late policy.
type Repeats = (&'static str, &'static str);

/// Those whose late policy acts by itself come to an end, so that the household comes to rest.
const RULES: [Repeats; 6] = [
    ("FREQ=DAILY", "roll_to_future"),
    ("FREQ=DAILY;COUNT=3", "roll_to_future"),
    ("FREQ=WEEKLY;BYDAY=MO,TH", "roll_to_future"),
    ("FREQ=DAILY", "catch_up"),
    ("FREQ=DAILY;COUNT=4", "keep_one_open"),
    ("FREQ=HOURLY;COUNT=4", "skip"),
];

fn recurrence((rule, policy): Repeats) -> Value {
    json!({"rrule": rule, "late_policy": policy})
}

fn ask() -> impl Strategy<Value = Ask> {
    let rule = || option::of(select(&RULES[..]));
    let before = option::of(select(&["PT15M", "PT0S", "P1D"][..]));
    prop_oneof![
        4 => (-100..3_000_i64, rule(), before, any::<bool>())
            .prop_map(|(due_in_min, rule, before, nags)| Ask::Create { due_in_min, rule, before, nags }),
        1 => any::<(u8, u8)>().prop_map(|(which, number)| Ask::Rename(which, number)),
        1 => (any::<u8>(), -100..3_000_i64).prop_map(|(which, in_min)| Ask::Move(which, in_min)),
        1 => any::<(u8, u8)>().prop_map(|(which, number)| Ask::RenameLater(which, number)),
        1 => (any::<u8>(), -100..3_000_i64).prop_map(|(which, in_min)| Ask::MoveLater(which, in_min)),
        1 => any::<(u8, u8)>().prop_map(|(which, number)| Ask::RenameAll(which, number)),
        1 => (any::<u8>(), -100..3_000_i64).prop_map(|(which, in_min)| Ask::MoveAll(which, in_min)),
        1 => (any::<u8>(), rule()).prop_map(|(which, rule)| Ask::ChangeRule(which, rule)),
        7 => any::<u8>().prop_map(Ask::Complete),
        3 => any::<u8>().prop_map(Ask::Reopen),
        2 => any::<u8>().prop_map(Ask::Delete),
        1 => any::<u8>().prop_map(Ask::EndSeries),
        1 => any::<u8>().prop_map(Ask::Dismiss),
        1 => any::<bool>().prop_map(Ask::Quiet),
        2 => (any::<u8>(), 1..2_000_i64).prop_map(|(which, minutes)| Ask::Snooze(which, minutes)),
    ]
}

fn go() -> impl Strategy<Value = Go> {
    let fault = prop_oneof![3 => Just(Fault::Nothing), 2 => select(Fault::ALL.to_vec())];
    let faults = prop_oneof![3 => Just(Vec::new()), 1 => vec(fault, 1..6)];
    let lost_after = prop_oneof![6 => Just(None), 1 => (0..30_u8).prop_map(Some)];
    (lost_after, faults).prop_map(|(lost_after, faults)| Go { lost_after, faults })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..2_u8, ask(), option::of(0..6_u8), go()).prop_map(|(process, ask, key, go)| Step::Ask { process, ask, key, go }),
        4 => (0..2_u8, any::<u8>(), single(), go()).prop_map(|(process, which, single, go)| Step::Single { process, which, single, go }),
        2 => (0..2_u8, any::<u8>(), go()).prop_map(|(process, which, go)| Step::Retry { process, which, go }),
        8 => (0..2_u8, any::<u8>(), go()).prop_map(|(process, which, go)| Step::Carry { process, which, go }),
        4 => (0..2_u8, any::<u8>(), go()).prop_map(|(process, which, go)| Step::Wake { process, which, go }),
        6 => (0..2_u8, go()).prop_map(|(process, go)| Step::Publish { process, go }),
        2 => (0..2_u8, go()).prop_map(|(process, go)| Step::Save { process, go }),
        1 => (0..2_u8).prop_map(|process| Step::Crash { process }),
        2 => (0..2_u8, any::<u8>()).prop_map(|(process, which)| Step::Arrive { process, which }),
        3 => prop_oneof![0..20_000_u64, 0..90_000_000_u64].prop_map(|ms| Step::Advance { ms }),
        1 => Just(Step::Compact),
    ]
}

/// A history.
pub(crate) fn history() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..50)
}
