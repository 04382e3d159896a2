//! Random histories: people act, events arrive late, twice, in another order or never, calls fail before or after they were carried out, actors
//! leave memory. Whatever happens, a series never has two open instances, and once everything has arrived the user and the series agree.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use punctual_actors::{
    recurrence::{Rule, Schedule},
    series::SeriesAnswer,
    zone::BundledZones,
};
use punctual_events::{Commit, LatePolicy, SeriesId, Task, TaskId};
use serde_json::json;

use super::{
    faults::Fault,
    world::{World, is_open},
};

#[derive(Clone, Debug)]
enum Step {
    /// A person acts on one of the tasks there are, whatever state it is in.
    Complete(usize),
    Reopen(usize),
    Delete(usize),
    EndSeries(usize),
    Retitle(usize),
    RetitleLater(usize),
    MoveLater(usize, u8),
    ChangeRule(usize, usize),
    ChangePolicy(usize, usize),
    Move(usize, u8),
    /// One of the commits that were published arrives; it may arrive again.
    Deliver(usize),
    /// One that was published is lost.
    Lose(usize),
    /// The next calls of the role fail like this.
    Fail(Vec<Option<Fault>>),
    /// Time passes, in hours, with its wake-ups.
    Pass(u8),
    /// Every actor leaves memory, its pages saved or not.
    Forget(bool),
}

const RULES: [&str; 5] = [
    "FREQ=DAILY",
    "FREQ=WEEKLY",
    "FREQ=DAILY;COUNT=3",
    "FREQ=DAILY;INTERVAL=2",
    "FREQ=MONTHLY",
];

const POLICIES: [&str; 4] = ["roll_to_future", "catch_up", "keep_one_open", "skip"];

fn step() -> impl Strategy<Value = Step> {
    let task = 0..64_usize;
    let fault = prop::option::of(prop_oneof![Just(Fault::Before), Just(Fault::After)]);
    prop_oneof![
        6 => task.clone().prop_map(Step::Complete),
        4 => task.clone().prop_map(Step::Reopen),
        2 => task.clone().prop_map(Step::Delete),
        1 => task.clone().prop_map(Step::EndSeries),
        1 => task.clone().prop_map(Step::Retitle),
        1 => task.clone().prop_map(Step::RetitleLater),
        1 => (task.clone(), 1..28_u8).prop_map(|(task, day)| Step::MoveLater(task, day)),
        1 => (task.clone(), 0..RULES.len()).prop_map(|(task, rule)| Step::ChangeRule(task, rule)),
        1 => (task.clone(), 0..POLICIES.len()).prop_map(|(task, policy)| Step::ChangePolicy(task, policy)),
        1 => (task.clone(), 1..28_u8).prop_map(|(task, day)| Step::Move(task, day)),
        12 => task.clone().prop_map(Step::Deliver),
        1 => task.prop_map(Step::Lose),
        2 => prop::collection::vec(fault, 1..4).prop_map(Step::Fail),
        2 => (1..60_u8).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Forget),
    ]
}

/// What was published and what of it may still arrive.
struct History {
    world: World,
    in_flight: Vec<Arc<Commit>>,
}

impl History {
    async fn new() -> Self {
        let world = World::new("2026-03-27T00:00:00Z", "Europe/Paris").await;
        for (rule, policy) in RULES
            .iter()
            .zip(POLICIES.iter().cycle())
            .chain(RULES.iter().zip(POLICIES.iter().skip(2)))
        {
            let due = json!({"at": "2026-03-27T02:30:00"});
            let recurrence = json!({"rrule": rule, "late_policy": policy});
            world
                .create(json!({"title": rule, "due": due, "recurrence": recurrence}))
                .await;
        }
        Self {
            world,
            in_flight: Vec::new(),
        }
    }

    async fn tasks(&self) -> Vec<Arc<Task>> {
        let user = self.world.user().await;
        let records = user.tasks().iter().map(|(_, record)| record);
        records
            .filter(|record| record.deleted.is_none())
            .map(|record| Arc::clone(&record.task))
            .collect()
    }

    async fn task(&self, index: usize) -> Option<TaskId> {
        let tasks = self.tasks().await;
        (!tasks.is_empty()).then(|| tasks[index % tasks.len()].id)
    }

    /// Refusals are answers like others here.
    async fn act(&mut self, step: &Step) {
        let index = match step {
            Step::Complete(task) | Step::Reopen(task) | Step::Delete(task) | Step::EndSeries(task) => *task,
            Step::Retitle(task)
            | Step::RetitleLater(task)
            | Step::MoveLater(task, _)
            | Step::ChangeRule(task, _)
            | Step::ChangePolicy(task, _)
            | Step::Move(task, _) => *task,
            _ => return self.befall(step).await,
        };
        let Some(task) = self.task(index).await else { return };
        let world = &self.world;
        match step {
            Step::Complete(_) => drop(world.complete(task).await),
            Step::Reopen(_) => drop(world.reopen(task).await),
            Step::Delete(_) => drop(world.delete(task, false).await),
            Step::EndSeries(_) => drop(world.delete(task, true).await),
            Step::ChangeRule(_, rule) => drop(world.patch(task, json!({"recurrence": {"rrule": RULES[*rule]}})).await),
            Step::RetitleLater(_) => drop(world.patch_later(task, json!({"title": "all are touched"})).await),
            Step::MoveLater(_, day) => {
                let at = format!("2026-04-{day:02}T18:00:00");
                drop(world.patch_later(task, json!({"due": {"at": at}})).await);
            }
            Step::ChangePolicy(_, policy) => {
                let recurrence = json!({"late_policy": POLICIES[*policy]});
                drop(world.patch(task, json!({"recurrence": recurrence})).await);
            }
            Step::Move(_, day) => {
                let at = format!("2026-04-{day:02}T08:00:00");
                drop(world.patch(task, json!({"due": {"at": at}})).await);
            }
            _ => drop(world.patch(task, json!({"title": "touched"})).await),
        }
    }

    async fn befall(&mut self, step: &Step) {
        self.in_flight.extend(self.world.published());
        match step {
            Step::Deliver(index) if !self.in_flight.is_empty() => {
                let commit = Arc::clone(&self.in_flight[index % self.in_flight.len()]);
                // A failure leaves it in flight, and so does success now and then.
                let delivered = self.world.deliver(&commit).await.is_ok();
                if delivered && index % 4 != 0 {
                    self.in_flight.retain(|other| !Arc::ptr_eq(other, &commit));
                }
            }
            Step::Lose(index) if !self.in_flight.is_empty() => {
                self.in_flight.swap_remove(index % self.in_flight.len());
            }
            Step::Fail(faults) => self.world.stage.faults.plan(faults.clone()),
            Step::Pass(hours) => {
                self.world.pass_hours(i64::from(*hours)).await;
            }
            Step::Forget(saved) => self.world.forget(*saved).await,
            _ => {}
        }
    }

    async fn check_never_two_open(&self) {
        let mut open: BTreeMap<SeriesId, u32> = BTreeMap::new();
        for task in self.tasks().await.iter().filter(|task| is_open(task)) {
            if let Some(series) = task.series {
                *open.entry(series).or_default() += 1;
            }
        }
        assert!(open.values().all(|count| *count == 1), "{open:?}");
    }

    /// Everything arrives, at last.
    async fn settle(&mut self) {
        self.world.stage.faults.plan(Vec::new());
        for commit in std::mem::take(&mut self.in_flight) {
            self.world.deliver(&commit).await.unwrap();
        }
        self.world.settle().await;
        // What was lost is offered again, each receiver's first one first.
        for _ in 0..64 {
            self.world.wake().await;
            self.world.settle().await;
            let now = self.world.now();
            if !self.world.is_owing() && self.world.next_wakeup().await.is_none_or(|next| next > now) {
                return;
            }
            self.world.pass_hours(1).await;
            self.world.settle().await;
        }
        panic!("something is owed for ever");
    }

    /// The user's tasks and what each series knows are the same story.
    async fn check_agreement(&self) {
        let tasks = self.tasks().await;
        for (series, reference) in self.world.references().await {
            let answer = self.world.series(series).await.unwrap();
            let open = tasks.iter().find(|task| task.series == Some(series) && is_open(task));
            let expected = answer.occurrences.iter().find(|(_, record)| record.outcome.is_none());
            let expected = expected.and_then(|(_, record)| record.task);
            if reference.ended {
                assert!(answer.ended);
                // One that was reopened after its successors does not count there any more.
                assert!(expected.is_none() || expected == open.map(|task| task.id), "{series}");
                continue;
            }
            assert_eq!(open.map(|task| task.id), expected, "{series}");
            assert_eq!(open.is_none(), answer.ended, "open until the rule has no more");
            if let Some(open) = open {
                let there = answer
                    .occurrences
                    .iter()
                    .find(|(_, record)| record.task == Some(open.id) && record.outcome.is_none());
                assert_eq!(there.map(|(number, _)| *number), open.occurrence, "{series}");
            }
            self.check_schedule(&answer);
        }
    }
}

impl History {
    /// Whatever happened: the occurrences of a series whose rule is the one it began with are those of the rule, none left out and none twice; and
    /// where the late policy has a say, the open one is the newest that has come.
    fn check_schedule(&self, answer: &SeriesAnswer) {
        let definition = &answer.definition;
        let first = definition.due.as_ref().unwrap();
        let rule = Rule::parse(&definition.recurrence.rrule).unwrap();
        let schedule = Schedule::from_moment(rule, first, &definition.time_zone);
        let mut expected = schedule.occurrences(&BundledZones).unwrap();
        if definition.first_occurrence == 0 {
            let numbers: Vec<u32> = answer.occurrences.iter().map(|(number, _)| *number).collect();
            assert!(numbers.iter().copied().eq(0..numbers.len() as u32), "{numbers:?}");
            for (number, record) in &answer.occurrences {
                let at = expected.next().map(|occurrence| schedule.moment(occurrence));
                assert_eq!(
                    at.as_ref(),
                    Some(&record.at),
                    "{number} of {}",
                    definition.recurrence.rrule
                );
            }
        }
        // Of a rule that was kept when other things changed, part of its `COUNT` is spent.
        let is_spent = definition.first_occurrence > 0 && definition.recurrence.rrule.contains("COUNT");
        if definition.recurrence.late_policy != LatePolicy::KeepOneOpen || is_spent {
            return;
        }
        if let Some((_, open)) = answer.occurrences.iter().find(|(_, record)| record.outcome.is_none()) {
            let now = self.world.now();
            let newer = schedule
                .occurrences(&BundledZones)
                .unwrap()
                .find(|other| other.instant > open.at.instant());
            assert!(
                newer.is_none_or(|newer| newer.instant > now),
                "{newer:?} has come: {open:?}"
            );
        }
    }
}

/// A history is hundreds of turns: a fifth of the usual number of cases.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases / 5,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_series_never_has_two_open_instances_and_all_agree_in_the_end(steps in prop::collection::vec(step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut history = History::new().await;
            for step in &steps {
                history.act(step).await;
                history.check_never_two_open().await;
            }
            history.settle().await;
            history.check_never_two_open().await;
            history.check_agreement().await;
        });
    }
}
